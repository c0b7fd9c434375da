"""Hacker News: recorded items, a small tree of comments, and its bounds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from bot.errors import FetchError, SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.hackernews import API, HackerNews
from tests.sources.json_sites import HOSTILE, OFFLINE, FakeWeb, as_document, hostile, survives

NEWS = HackerNews()
FRONT = "https://news.ycombinator.com/"


def story(number, *kids, **more):
    return {"id": number, "type": "story", "by": "ann", "time": 1_790_000_000, "title": f"Story {number}",
            "url": f"https://news.example/{number}", "descendants": len(kids), "kids": list(kids), **more}  # fmt: skip


def comment(number, *kids, **more):
    return {"id": number, "type": "comment", "by": f"user{number}", "time": 1_790_000_000 + number,
            "text": f"Comment <i>{number}</i><p>and more", "kids": list(kids), **more}  # fmt: skip


def items(*found, **lists):
    web = {f"{API}/item/{item['id']}.json": item for item in found}
    return FakeWeb({**web, **{f"{API}/{name}.json": numbers for name, numbers in lists.items()}}, other=b"null")


def page(number):
    return f"{FRONT}item?id={number}"


@pytest.mark.parametrize(
    ("name", "title", "threads"),
    [
        ("item_8863", "My YC app: Dropbox - Throw away your USB drive", 1),
        ("item_121003", "Ask HN: The Arc Effect", 1),
        ("item_126809", "Poll: What would happen if News.YC had explicit support for polls?", 1),
        ("item_192327", "Justin.tv is looking for a Lead Flash Engineer!", 0),
    ],
)
@pytest.mark.asyncio
async def test_recorded_stories(samples, name, title, threads):
    found = await NEWS.parse(Document((samples / "hn" / f"{name}.json").read_bytes()))
    item = found.items[0]
    assert (item.page.story.title, len(item.threads)) == (title, threads)
    assert item.page.story.native_id == name.removeprefix("item_")
    assert item.page.story.url and item.page.story.author and item.page.story.published_at.tzinfo is UTC
    assert not item.page.complete


@pytest.mark.asyncio
async def test_a_recorded_comment_and_recorded_data_of_other_kinds(samples):
    data = (samples / "hn" / "item_2921983.json").read_bytes()
    found = (await NEWS.parse(Document(data))).items[0].page
    assert [(c.key, c.parent, c.author) for c in found.comments] == [("hn-2921983", "hn-2921506", "norvig")]
    assert found.comments[0].body.count("\n\n") == 1  # its paragraphs are not closed
    for name in ("item_160705", "updates.EXCERPT"):
        with pytest.raises(NotThisKind):
            await NEWS.parse(Document((samples / "hn" / f"{name}.json").read_bytes()))


@pytest.mark.asyncio
async def test_the_front_page():
    gone = [story(4, deleted=True), story(5, dead=True), comment(6)]
    web = items(story(1, 9), story(2, url=""), *gone, topstories=[2, 1, 1, 4, 5, 6, 7])
    found = await NEWS.read(web, FRONT, {})
    assert [item.page.story.native_id for item in found.items] == ["2", "1"]
    own, linked = (item.page.story for item in found.items)
    assert (own.url, linked.url) == (page(2), "https://news.example/1")
    assert linked.published_at == datetime.fromtimestamp(1_790_000_000, UTC)
    assert [(thread.kind, thread.address, thread.signal) for thread in found.items[1].threads] == [
        ("hackernews", page(1), "1")
    ]


@pytest.mark.asyncio
async def test_only_the_first_thirty_stories_are_asked_for():
    web = items(*(story(number) for number in range(1, 50)), newstories=list(range(1, 50)))
    assert len((await NEWS.read(web, f"{FRONT}newest", {})).items) == 30
    assert len(web.asked) == 31


@pytest.mark.asyncio
async def test_a_single_story_is_a_source():
    assert [item.page.story.title for item in (await NEWS.read(items(story(8)), page(8), {})).items] == ["Story 8"]
    for other in (comment(8), story(8, deleted=True), story(8, dead=True)):
        with pytest.raises(SourceError, match="no such story"):
            await NEWS.read(items(other), page(8), {})


@pytest.mark.asyncio
async def test_the_tree_of_comments():
    web = items(
        story(1, 20, 10), comment(10, 11), comment(11, 12), comment(12), comment(20, 21), {**comment(21), "dead": True},
    )  # fmt: skip
    found = await NEWS.discuss(web, page(1), {})
    assert [(c.key, c.parent) for c in found.comments] == [
        ("hn-10", None), ("hn-11", "hn-10"), ("hn-12", "hn-11"), ("hn-20", None),
    ]  # fmt: skip
    assert found.complete
    first = found.comments[0]
    assert (first.author, first.body, first.url) == ("user10", "Comment *10*\n\nand more", page(10))
    assert first.posted_at == datetime.fromtimestamp(1_790_000_010, UTC)
    assert first.author_url == f"{FRONT}user?id=user10"


@pytest.mark.asyncio
async def test_what_was_deleted_or_flagged_away_stays_where_others_replied():
    deleted = {"id": 10, "type": "comment", "deleted": True, "kids": [11], "parent": 1, "time": 1_790_000_000}
    web = items(story(1, 10, 20), deleted, comment(11), comment(20, 21, dead=True), comment(21))
    found = await NEWS.discuss(web, page(1), {})
    assert [(c.key, c.parent, c.deleted) for c in found.comments] == [
        ("hn-10", None, True), ("hn-11", "hn-10", False), ("hn-20", None, True), ("hn-21", "hn-20", False),
    ]  # fmt: skip
    assert (found.comments[2].body, found.complete) == ("", True)


@pytest.mark.asyncio
async def test_S37_a_read_that_lacks_something_is_incomplete():
    missing = await NEWS.discuss(items(story(1, 10, 11), comment(10)), page(1), {})
    assert ([c.key for c in missing.comments], missing.complete) == (["hn-10"], False)

    web = items(story(1, *range(10, 30)), *(comment(number, 99) for number in range(10, 30)))
    web.answers[f"{API}/item/20.json"] = OFFLINE
    failed = await NEWS.discuss(web, page(1), {})
    assert ([c.key for c in failed.comments][:2], failed.complete) == (["hn-10", "hn-11"], False)
    assert len(web.asked) <= 14  # whoever does not answer is not asked for the rest
    with pytest.raises(FetchError):
        await NEWS.discuss(FakeWeb({}, other=OFFLINE), page(1), {})


@pytest.mark.asyncio
async def test_a_read_ends_in_time_with_what_it_found(monkeypatch):
    web = items(story(1, *range(2, 50)), *(comment(number) for number in range(2, 50)))
    monkeypatch.setattr("bot.sources.hackernews.SECONDS_PER_READ", -1.0)
    late = await NEWS.discuss(web, page(1), {})
    assert (late.comments, late.complete, len(web.asked)) == ((), False, 1)


@pytest.mark.asyncio
async def test_S40_circles_and_endless_trees_end():
    circle = await NEWS.discuss(items(story(1, 2), comment(2, 3, 2), comment(3, 2, 1, 3)), page(1), {})
    assert ([c.key for c in circle.comments], circle.complete) == (["hn-2", "hn-3"], True)

    def deep(url):
        number = int(url.rpartition("/")[2].removesuffix(".json"))
        return story(1, 2) if number == 1 else comment(number, number + 1)

    web = FakeWeb({}, other=deep)
    found = await NEWS.discuss(web, page(1), {})
    assert (len(found.comments), found.complete, len(web.asked)) == (500, False, 501)

    web = items(story(1, *range(2, 700)), *(comment(number) for number in range(2, 700)))
    found = await NEWS.discuss(web, page(1), {})
    assert (len(found.comments), found.complete, len(web.asked)) == (500, False, 501)


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        (FRONT, FRONT),
        ("http://news.ycombinator.com", FRONT),
        (f"{FRONT}newest?next=1", f"{FRONT}newest"),
        (f"{FRONT}item?id=8863#9", page(8863)),
        (f"{FRONT}item?id=x", FRONT),
        (f"{FRONT}user?id=pg", FRONT),
        ("https://news.ycombinator.com.evil.example/", None),
        (None, None),
    ],
)
@pytest.mark.asyncio
async def test_the_site_is_known_by_its_host(pasted, address):
    web = FakeWeb({})
    assert await NEWS.find(web, Document(b"", pasted)) == address
    assert web.asked == []


@pytest.mark.asyncio
async def test_refusals_are_sentences():
    with pytest.raises(SourceError, match="not a list of Hacker News"):
        await NEWS.read(FakeWeb({}), "https://news.ycombinator.com/user", {})
    with pytest.raises(SourceError, match="without any story"):
        await NEWS.read(FakeWeb({}, other=b"null"), FRONT, {})
    with pytest.raises(SourceError, match="not the address of a story"):
        await NEWS.discuss(FakeWeb({}), FRONT, {})
    with pytest.raises(SourceError, match="no such story"):
        await NEWS.discuss(items(comment(8)), page(8), {})


@pytest.mark.parametrize(
    ("time", "year"), [(1e999, None), (10**30, None), (-(10**12), None), ("2026", None), (True, None), (1.5e9, 2017)]
)
@pytest.mark.asyncio
async def test_S34_odd_times(time, year):
    published = (await NEWS.parse(as_document(story(1, time=time)))).items[0].page.story.published_at
    assert (published.year if published else None) == year


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio
async def test_S41_broken_json_is_refused(name):
    web = FakeWeb({}, other=HOSTILE[name])
    await survives(NEWS.parse(as_document(HOSTILE[name])))
    with pytest.raises(SourceError):
        await NEWS.read(web, FRONT, {})
    with pytest.raises(SourceError):
        await NEWS.discuss(web, page(1), {})


WORDS = ("id", "type", "by", "time", "text", "kids", "parent", "url", "title", "deleted", "dead", "descendants")


@settings(max_examples=100, deadline=None)
@given(hostile(*WORDS), hostile(*WORDS), hostile(*WORDS))
def test_hostile_answers_raise_nothing_else(data, more, last):
    odd_story = {**story(1), "kids": [2, data], "text": more, "by": last, "url": data, "time": more}
    odd_comment = {**comment(2), "kids": data, "text": more, "by": last, "time": data}

    async def run():
        web = FakeWeb({f"{API}/topstories.json": [1, data, more], f"{API}/item/1.json": odd_story,
                       f"{API}/item/2.json": odd_comment}, other=last)  # fmt: skip
        for answer in (data, odd_story, odd_comment, {**odd_comment, "id": data, "parent": more}):
            await survives(NEWS.parse(as_document(answer)))
        await survives(NEWS.read(web, FRONT, {}))
        await survives(NEWS.discuss(web, page(1), {}))

    asyncio.run(run())
