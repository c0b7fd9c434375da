"""Pages as stories: real samples where they are at hand, and small pages of our own."""

import contextlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import FetchError, NotAStory
from bot.http import Response
from bot.sources.page import fetch, parse, read_path
from bot.sources.page_decode import charset_text

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
real = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not beside the repository")


def load(name):
    found = next(SAMPLES.glob(f"*/{name}*"))
    return parse(found.read_bytes(), name=found.name, url="http://whizzy.example/" if "whizzy" in name else None)


def depths(page):
    parents = {comment.key: comment.parent for comment in page.comments}

    def depth(key):
        return 1 + (depth(parents[key]) if parents[key] else 0)

    return Counter(map(depth, parents))


@real
def test_the_seed():
    page = load("2017-08-04")
    assert page.story.title == "Russia & China to Increase Space Cooperation"
    assert (page.story.site, page.story.url) == ("Parabolic Arc", None)
    assert [comment.author for comment in page.comments] == ["OldCodger", "windbourne", "duheagle"]
    assert [comment.body.count("\n\n") for comment in page.comments] == [0, 1, 0]
    assert all(comment.key == "" and comment.parent is None for comment in page.comments)
    for text in (page.story.body, page.story.summary):
        assert "full story" not in text and "Twitter" not in text
    assert 0 < len(page.story.summary) <= 350


@real
def test_a_dump_of_comments_only_takes_its_title_from_its_name():
    page = load("2017-08-28")
    assert page.story.title.startswith("Video dream chaser")
    assert len(page.comments) == 5 and page.comments[0].author == "Jimmy S. Overly"


@real
def test_the_new_theme_has_a_byline():
    story = load("2016-01-08").story
    assert (story.title, story.author) == ("Team Elon Crushes All Competitors", "Doug Messier")
    assert story.published_at == datetime(2016, 1, 8, tzinfo=UTC)


@real
@pytest.mark.parametrize("name", ["2009-07-15", "2019-09-18"])
def test_bullets_inside_a_story_are_no_comments(name):
    assert load(name).comments == ()


@real
@pytest.mark.parametrize("name", ["tag_lynx", "furbo", "inessential"])
def test_lists_of_stories_are_refused(name):
    with pytest.raises(NotAStory, match="list of several stories"):
        load(name)


@real
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("whizzy_cisco", {1: 28, 2: 8, 3: 2}),
        ("whizzy_online", {1: 33}),
        ("whizzy_finally-moving-to-a-static-site.html", {}),
        ("dsq_thesocietea", {1: 4, 2: 2, 3: 1}),
    ],
)
def test_comment_trees(name, expected):
    assert depths(load(name)) == expected


TEXT = """Title

The story has a body.

Follow us on Elsewhere.

  • http://site.example/ Ann

    One
    two.

  • Bob

    Three."""


def test_a_dump_of_an_unknown_site():
    page = parse(TEXT.encode())
    assert page.story.body == "The story has a body."
    ann, bob = page.comments
    assert (ann.author, ann.author_url, ann.body, bob.body) == ("Ann", "http://site.example/", "One\ntwo.", "Three.")


def test_a_tombstone_a_pingback_and_further_pages():
    page = parse(
        b"<html><title>T</title><article><p>Text of the story.</p></article><div id=comments><ol>"
        b"<li id=comment-1 class='comment deleted depth-1'><div class=comment-content>gone</div></li>"
        b"<li id=comment-2 class='comment depth-2'><b class=fn>A</b><div class=comment-content>reply</div></li>"
        b"<li id=comment-3 class='pingback depth-1'>x</li></ol>"
        b"<div class=nav-previous><a href=/comment-page-1/>Older</a></div></div>",
        url="https://example.org/x",
    )
    assert [(comment.key, comment.parent, comment.deleted) for comment in page.comments] == [
        ("wp-1", None, True), ("wp-2", "wp-1", False),
    ]  # fmt: skip
    assert not page.complete
    assert page.comments[1].url == "https://example.org/x#comment-2"


def test_json_ld_and_open_graph():
    page = parse(
        b'<html><head><script type="application/ld+json">{"@type":"NewsArticle","headline":"H","author":{"name":"N"},'
        b'"datePublished":"2020-01-02T03:04:05+01:00","image":["/i.png"]}</script>'
        b'<link rel=canonical href="https://evil.example/"></head><body><article><p>Body.</p></article>',
        url="https://example.org/x",
    )
    story = page.story
    assert (story.title, story.author, story.url) == ("H", "N", "https://example.org/x")
    assert story.published_at == datetime(2020, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert story.image_url == "https://example.org/i.png"


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ("Gr\u00fc\u00dfe\n\nText.".encode(), "text/plain; charset=utf-16"),
        ("Gr\u00fc\u00dfe\n\nText.".encode("cp1252"), "text/plain; charset=nonsense"),
        ("Gr\u00fc\u00dfe\n\nText.".encode("cp1252"), "text/plain; charset=utf-8"),
        ("Gr\u00fc\u00dfe\n\nText.".encode("utf-16"), None),
        ("Gr\u00fc\u00dfe\n\nText.".encode("utf-16-le"), "text/plain; charset=utf-16"),
        ("Gr\u00fc\u00dfe\n\nText.".encode(), "text/plain; charset=iso-8859-1"),
    ],
)
def test_S21_the_character_set_is_found(data, label):
    assert parse(data, content_type=label).story.title == "Gr\u00fc\u00dfe"


@pytest.mark.parametrize(
    "data",
    [
        b"", b" \n", b"%PDF-1.7", b"\x89PNG\r\n", bytes(range(256)) * 20, b"x" * (8 * 2**20 + 1), b'{"a": 1}',
        b"<rss/>", b"<html></html>", b"Only a title", b"<html><title>Log in</title><form><input type=password></form>",
    ],
)  # fmt: skip
def test_S28_what_is_no_story_is_refused_in_one_sentence(data):
    with pytest.raises(NotAStory) as caught:
        parse(data)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["T\n\nx &#xD800; \0", "<p>&#xD800;</p>\0<title>T</title>", "<div>" * 20_000 + "x"])
def test_S27_odd_characters_raise_nothing_else(text):
    with contextlib.suppress(NotAStory):
        assert parse(text.encode()).story.title


class FakeWeb:
    async def get(self, url):
        return Response(url, 200 if url.endswith("ok") else 404, "text/plain", TEXT.encode())


@pytest.mark.asyncio
async def test_reading_addresses():
    assert (await fetch(FakeWeb(), "https://example.org/ok")).story.title == "Title"
    with pytest.raises(FetchError):
        await fetch(FakeWeb(), "https://example.org/gone")


@pytest.mark.asyncio
async def test_reading_files(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    assert len((await read_path(tmp_path / "a.txt")).comments) == 2
    with pytest.raises(NotAStory):
        await read_path(tmp_path / "none.txt")
    with pytest.raises(NotAStory, match="not a file but"):
        await read_path(tmp_path)


@pytest.mark.parametrize(
    ("charset", "words"),
    [
        ("euc_jp", "日本と米国は月探査で協力することで合意した。"),
        ("shift_jis", "日本と米国は月探査で協力することで合意した。"),
        ("gb18030", "中国和俄罗斯签署航天合作协议，双方将共同建设月球科研站。"),
        ("euc_kr", "한국과 미국은 우주 협력 협정에 서명했다."),
        ("cp1251", "Россия и Китай подписали соглашение о сотрудничестве в космосе."),
        ("cp1252", "Les deux agences ont signé un accord à Genève, très bientôt."),
    ],
)
def test_a_character_set_that_nobody_names_is_told_by_its_looks(charset, words):
    assert charset_text(words.encode(charset)) == words
