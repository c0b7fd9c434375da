"""What a hostile page may cost: it is refused by counting, and nothing of another kind waits behind it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.errors import NotAStory
from bot.sources import page as pages
from bot.sources.base import Document
from bot.sources.kinds import Kinds
from bot.sources.page import parse
from bot.sources.page_comments import MOST_COMMENTS
from bot.sources.page_tree import MOST_ELEMENTS, MOST_TAGS, find, remove, text_of, tree

STORY = "<html><head><title>An airlock</title></head><body><article><p>" + "Two agree. " * 20 + "</p>"
TOPIC = b'{"id": 5, "title": "Docking", "slug": "docking", "posts_count": 1, "post_stream": {"posts": [' \
    b'{"id": 50, "post_number": 1, "username": "ann", "cooked": "<p>a</p>", "created_at": "2026-03-01T12:00:00Z"}],' \
    b'"stream": [50]}}'  # fmt: skip


def comment(number: int, inner: str = "") -> str:
    return f'<div class="comment" id="comment-{number}"><b class="fn">Ann</b><p>No. {number}</p>{inner}</div>'


@pytest.mark.parametrize(
    ("part", "count"), [("<p>", MOST_ELEMENTS), ("<a href=x>y</a>", MOST_ELEMENTS // 3), ("<br>", MOST_TAGS)]
)
def test_a_page_of_too_many_elements_is_refused(part, count):
    with pytest.raises(NotAStory, match="more than 30,000 elements"):
        parse((STORY + part * count).encode())


def test_tags_are_counted_before_a_tree_is_built(monkeypatch):
    monkeypatch.setattr("bot.sources.page_tree.etree.HTMLParser", None)
    with pytest.raises(NotAStory, match="more than 30,000 elements"):
        tree("<p>" * (MOST_TAGS + 1))


def test_a_large_page_of_a_story_is_read():
    assert parse((STORY + "<p>A word.</p>" * 5000).encode()).story.body.count("A word.") == 5000


def test_of_very_many_comments_the_first_are_read_and_said_not_to_be_all():
    read = parse((STORY + "</article>" + "".join(map(comment, range(MOST_COMMENTS + 5)))).encode())
    assert [item.key for item in read.comments[:2]] == ["wp-0", "wp-1"]
    assert (len(read.comments), read.complete) == (MOST_COMMENTS, False)


def test_comments_inside_comments_keep_their_own_words():
    nested = ""
    for number in range(300, 0, -1):
        nested = comment(number, nested)
    read = parse((STORY + "</article>" + nested).encode())
    assert [item.body for item in read.comments] == [f"No. {number}" for number in range(1, 301)]
    assert [item.parent for item in read.comments] == [None, *(f"wp-{number}" for number in range(1, 300))]


def test_what_follows_a_removed_element_stays():
    root = tree("<div id=all>one <nav>gone</nav>two<aside>gone <b>too</b></aside> three<hr></div>")
    for part in find(root, ".//nav | .//aside | .//hr | .//b"):
        remove(part)
    assert text_of(find(root, ".//div")[0]) == "one two three"


@pytest.mark.asyncio
async def test_no_other_document_waits_for_pages(monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def blocked(*_: object, **__: object) -> None:
        begun.set()
        ended.wait(60)
        raise NotAStory("At last.")

    monkeypatch.setattr(pages, "parse", blocked)
    async with Kinds.open() as kinds:
        many = [asyncio.create_task(kinds["page"].parse(Document(b"<p>x"))) for _ in range(50)]
        try:
            async with asyncio.timeout(30):
                assert await asyncio.to_thread(begun.wait, 30)
                assert (await kinds["discourse"].parse(Document(TOPIC))).items[0].page.story.title == "Docking"
            assert not any(task.done() for task in many)
        finally:
            ended.set()
            failed = await asyncio.gather(*many, return_exceptions=True)
    assert {str(error) for error in failed} == {"At last."}
