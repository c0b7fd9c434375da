"""What a member's fetch of an address brings: the page's own comments, else those of the thread that it names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import library, reading
from bot.errors import FetchError, NotAStory
from bot.http import Response
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Discussion, Fetched, Item, NotThisKind, Thread
from bot.sources.kinds import Kinds
from bot.sources.page import Page
from bot.store.database import Database
from tests.sources.json_sites import OFFLINE, FakeWeb

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://site.example/airlock"
BODY = b"<article><p>" + b"Two agencies agree. " * 20 + b"</p></article>"
EMBED = b"<div id=disqus_thread></div><script>var disqus_shortname = 'orbit';</script>"
COMMENTS = b"<ol class=commentlist><li class='comment depth-1' id=comment-1><b class=fn>A</b>" \
           b"<div class=comment-content>Own.</div></li></ol>"  # fmt: skip
LISTING = b"<body class=home>" + b"".join(
    b"<div><h2><a href=/%d>Story %d</a></h2><p>%s</p></div>" % (n, n, b"Words of an entry. " * 5) for n in range(4)
)


def html(body):
    return b"<!doctype html><html><head><title>An airlock</title></head><body>" + body


class Forum:
    """A kind with one thread, which claims the pages of one host."""

    name = label = "disqus"

    def __init__(self, comments=("One.",), error=None, host="none", stories=1, complete=True):
        self.comments, self.error, self.host, self.stories, self.complete = comments, error, host, stories, complete

    async def parse(self, document):
        raise NotThisKind("No.")

    async def find(self, web, document):
        return document.url if self.host in document.url else None

    async def read(self, web, address, cursor):
        story = Story("From the forum", url=address, native_id="1", origin=self.host)
        return Fetched((Item(StoryPage(story, complete=False), (Thread("disqus", address),)),) * self.stories)

    async def discuss(self, web, address, cursor):
        if self.error:
            raise self.error
        found = tuple(Comment(f"dq-{number}", "B", body) for number, body in enumerate(self.comments))
        return Discussion(found, self.complete)


async def bodies(item, forum, answers=None):
    page, failed = await reading.discussed(FakeWeb(answers or {}), Kinds({"disqus": forum, "page": Page()}), item)
    return [comment.body for comment in page.comments], page.complete, failed


def item(*comments, complete=True, threads=(), url=None):
    found = tuple(Comment(f"wp-{number}", "A", body) for number, body in enumerate(comments))
    return Item(StoryPage(Story("T", url=url), found, complete), threads)


THREAD = (Thread("disqus", "x"),)


@pytest.mark.parametrize(
    ("given", "forum", "expected"),
    [
        (item("Own.", threads=THREAD), Forum(), (["Own."], True, None)),
        (item(threads=THREAD), Forum(), (["One."], True, None)),
        (item(threads=THREAD), Forum(error=OFFLINE), ([], False, str(OFFLINE))),
        (item(threads=THREAD), Forum(()), ([], True, None)),
        (item(threads=THREAD), Forum((), complete=False), ([], False, None)),
        (item("Own.", complete=False, threads=THREAD), Forum(("One.", "Two."), complete=False),
         (["One.", "Two."], False, None)),
        (item("Own.", "More.", complete=False, threads=THREAD), Forum(complete=False),
         (["Own.", "More."], False, None)),
        (item("Own.", complete=False, threads=THREAD), Forum(error=OFFLINE), (["Own."], False, None)),
        (item(), Forum(), ([], True, None)),
        (item(url="https://site.example/gone"), Forum(), ([], False, str(OFFLINE))),
        (item(url=URL), Forum(), (["One."], True, None)),
    ],
)  # fmt: skip
@pytest.mark.asyncio
async def test_comments_come_from_the_best_place_that_has_them(given, forum, expected):
    assert await bodies(given, forum, {URL: html(BODY + EMBED)}) == expected


async def fetch(tmp_path, web, kinds, url=URL):
    async with Database.open(tmp_path / "x.sqlite3") as database:
        return await reading.fetch(database, web, url, guild_id=1, user_id=2, now=NOW, kinds=kinds)


@pytest.mark.parametrize(
    ("body", "forum", "count"),
    [(BODY + EMBED, Forum(("One.", "Two.")), 2), (BODY + COMMENTS, Forum(), 1), (BODY + EMBED, Forum(error=OFFLINE), 0),
     (BODY, Forum(), 0)],
)  # fmt: skip
@pytest.mark.asyncio
async def test_a_members_fetch_stores_the_story_with_its_thread(tmp_path, body, forum, count):
    kinds = Kinds({"disqus": forum, "page": Page()})
    web = FakeWeb({URL: html(body)})
    stored, report = await fetch(tmp_path, web, kinds)
    assert web.asked == [URL], "a page is fetched once"
    assert (stored.story.title, stored.comment_count, report.added) == ("An airlock", count, count)


@pytest.mark.asyncio
async def test_a_thread_that_cannot_be_read_takes_no_comment_away(tmp_path):
    web = FakeWeb({URL: html(BODY + EMBED)})
    await fetch(tmp_path, web, Kinds({"disqus": Forum(("One.", "Two.")), "page": Page()}))
    for _ in range(3):
        stored, report = await fetch(tmp_path, web, Kinds({"disqus": Forum(error=OFFLINE), "page": Page()}))
        assert (stored.comment_count, report.status, report.vanished, report.deleted) == (2, "unchanged", 0, 0)


@pytest.mark.asyncio
async def test_a_topic_of_a_forum_is_read_by_the_forum_and_not_as_a_page(tmp_path):
    topic = "https://forum.example/t/5"
    forum = Forum(host="forum.example")
    stored, _ = await fetch(
        tmp_path, FakeWeb({topic: html(BODY)}), Kinds({"discourse": forum, "disqus": forum, "page": Page()}), topic
    )
    assert (stored.story.title, stored.comment_count) == ("From the forum", 1)


@pytest.mark.parametrize(
    "kinds", [None, Kinds({"page": Page()}), Kinds({"disqus": Forum(host="site"), "page": Page()})]
)
@pytest.mark.asyncio
async def test_what_is_no_story_is_refused_as_ever(tmp_path, kinds):
    class Plain(FakeWeb):
        async def get(self, url, **conditions):
            given = await super().get(url, **conditions)
            return Response(url, given.status, "text/html", given.body)

    web = Plain({URL: LISTING, "https://site.example/": html(BODY)})
    if kinds is None or "disqus" not in kinds:
        with pytest.raises(NotAStory, match="list of several stories"):
            await fetch(tmp_path, web, kinds)
    with pytest.raises(FetchError):
        await fetch(tmp_path, web, kinds, "https://site.example/gone")
    stored, _ = await fetch(tmp_path, web, kinds, "https://site.example/")
    assert stored.story.title == "An airlock"


@pytest.mark.asyncio
async def test_a_list_is_no_story_for_a_member(tmp_path):
    kinds = Kinds({"discourse": Forum(host="site", stories=2), "page": Page()})
    with pytest.raises(NotAStory, match="list of several stories"):
        await fetch(tmp_path, FakeWeb({URL: html(BODY)}), kinds)


@pytest.mark.asyncio
async def test_what_a_member_fetched_is_seen_in_that_server_alone(tmp_path):
    async with Database.open(tmp_path / "x.sqlite3") as database:
        for guild in (1, 9):
            await library.follow(database, guild, guild * 10, 2, NOW)
        stored, _ = await reading.fetch(database, FakeWeb({URL: html(BODY)}), URL, guild_id=1, user_id=2, now=NOW)
        assert [found.id for found in await library.latest(database, 1, 5)] == [stored.id]
        assert await library.latest(database, 9, 5) == []
