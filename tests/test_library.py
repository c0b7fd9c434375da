"""What members and admins may ask for, and that nothing leaks from one server to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot import conversation, library
from bot.discussion_tree import Conversation, arrange
from bot.errors import Conflict, NotFound
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.store import deliveries
from bot.store.database import Database
from bot.store.subscriptions import LIMIT

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS, NOBODY = 1, 2, 3
CHANNEL, ADMIN = 22, 333
EVERY_TITLE = ["100% done", "snake_case", "it's here", "wow! [x] \\", "Plain Words"]


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        yield opened


async def add(database: Database, title: str, *, public: bool = True, comments: int = 0) -> int:
    said = tuple(Comment(str(number), "Ann", f"comment {number}") for number in range(comments))
    page = StoryPage(Story(title), said)
    return (await ingest(database, page, NOW, deliver=False, public=public)).story_id


async def discussed(database: Database, guild: int, story: int) -> Conversation:
    """Gather a discussion for a member who sees every channel."""
    return await conversation.gather(database, guild, story, lambda _: True)


async def follow(database: Database, guild: int = OURS, channel: int = CHANNEL):
    return await library.follow(database, guild, channel, ADMIN, NOW)


async def titles(database: Database, guild: int, text: str) -> list[str]:
    return [title for _, title in await library.suggest(database, guild, text)]


async def seen(database: Database, guild: int) -> set[int]:
    """Return what a guild sees, by every way there is, which must agree."""
    listed = {stored.id for stored in await library.latest(database, guild, 100)}
    assert listed == {number for number, _ in await library.suggest(database, guild, "")}
    for number in range(1, 10):
        for look in (library.show, discussed):
            try:
                await look(database, guild, number)
                assert number in listed
            except NotFound:
                assert number not in listed
    return listed


async def test_a_server_sees_public_stories_once_it_follows_and_what_its_members_fetched(database):
    public, ours, theirs = [await add(database, name, public=name == "public") for name in ("public", "ours", "theirs")]
    await library.fetched(database, OURS, ADMIN, ours, NOW)
    await library.fetched(database, THEIRS, ADMIN, theirs, NOW)
    assert await seen(database, OURS) == {ours}
    await follow(database)
    assert await seen(database, OURS) == {public, ours}
    assert await seen(database, THEIRS) == {theirs}
    assert await seen(database, NOBODY) == set()
    await library.fetched(database, THEIRS, ADMIN, public, NOW)
    await library.fetched(database, THEIRS, ADMIN, public, NOW)
    assert await seen(database, THEIRS) == {public, theirs}
    await library.unfollow(database, OURS, CHANNEL)
    assert await seen(database, OURS) == {ours}


async def test_foreign_and_absent_are_answered_with_the_same_words(database):
    foreign = await add(database, "secret", public=False)
    await library.fetched(database, THEIRS, ADMIN, foreign, NOW)
    said = set()
    for number in (foreign, 999, -1, 2**70):
        for look in (library.show, discussed):
            with pytest.raises(NotFound) as refusal:
                await look(database, OURS, number)
            said.add(str(refusal.value))
    assert len(said) == 1 and "secret" not in said.pop()
    await follow(database, THEIRS, 44)
    for channel in (44, 999, 2**70):
        with pytest.raises(NotFound) as refusal:
            await library.unfollow(database, OURS, channel)
        said.add(str(refusal.value))
    assert len(said) == 1
    assert [made.channel_id for made in await library.followed_channels(database, THEIRS)] == [44]


async def test_newest_first_and_no_more_than_asked(database):
    await follow(database)
    ids = [await add(database, f"story {number}") for number in range(7)]
    assert [stored.id for stored in await library.latest(database, OURS, 3)] == ids[:-4:-1]
    assert await library.latest(database, OURS, 0) == []


async def test_the_newest_are_found_among_public_and_fetched_ones(database):
    await follow(database)
    ids = [await add(database, f"story {number}", public=number % 2 == 0) for number in range(8)]
    for number in ids[1::2]:
        await library.fetched(database, OURS if number < 6 else THEIRS, ADMIN, number, NOW)
    assert [stored.id for stored in await library.latest(database, OURS, 4)] == [7, 5, 4, 3]


async def test_a_discussion_counts_and_orders_its_comments(database):
    await follow(database)
    story = await add(database, "talk", comments=3)
    found = await discussed(database, OURS, story)
    assert found.story.comment_count == 3
    assert [(node.depth, node.said.comment.key) for node in arrange(found)] == [(0, "0"), (0, "1"), (0, "2")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        *((text, EVERY_TITLE) for text in ("", "%", "_", "'", "!", "\\", "\x00\ud800", "%" * 10_000)),
        ("100%", ["100% done"]),
        ("Snake_C", ["snake_case"]),
        ("cas", ["snake_case"]),
        ("it's", ["it's here"]),
        ("[x]", ["wow! [x] \\"]),
        ("PLAIN w", ["Plain Words"]),
        ("  plain  ", ["Plain Words"]),
        ("5", ["Plain Words"]),
        ("#5", ["Plain Words"]),
        ("1", ["100% done"]),
        ("a_b", []),
        ("'; DROP TABLE stories; --", []),
        ("x" * 10_000, []),
        ("9" * 10_000, []),
    ],
)
async def test_suggestions_are_by_the_words_that_are_typed_and_no_character_has_a_meaning(database, typed, found):
    await follow(database)
    for title in EVERY_TITLE:
        await add(database, title)
    assert sorted(await titles(database, OURS, typed)) == sorted(found)


async def test_at_most_25_suggestions_newest_first(database):
    await follow(database)
    for number in range(30):
        await add(database, f"story number {number}")
    found = await titles(database, OURS, "number")
    assert found == [f"story number {number}" for number in range(29, 4, -1)]


async def cards(database: Database) -> list[tuple[int, int]]:
    async with database.read() as tx:
        sql = "SELECT channel_id, story_id FROM deliveries WHERE comment_id IS NULL ORDER BY id"
        return [tuple(row) for row in await tx.execute_fetchall(sql)]


@pytest.mark.parametrize(
    ("asked", "posted"), [(0, []), (1, [8]), (3, [6, 7, 8]), (5, [4, 5, 6, 7, 8]), (99, [4, 5, 6, 7, 8])]
)
async def test_the_newest_are_posted_oldest_first_and_at_most_five(database, asked, posted):
    for number in range(8):
        await add(database, f"story {number}", comments=2)
    made = await follow(database)
    assert await cards(database) == []
    assert await library.post_newest(database, made, asked, NOW) == len(posted)
    assert await cards(database) == [(CHANNEL, number) for number in posted]
    async with database.read() as tx:
        assert sum((await deliveries.counts(tx)).values()) == 3 * len(posted)
    assert await library.post_newest(database, made, asked, NOW) == 0


async def test_what_only_a_member_fetched_is_not_posted(database):
    fetched = await add(database, "fetched", public=False)
    await library.fetched(database, OURS, ADMIN, fetched, NOW)
    assert await library.post_newest(database, await follow(database), 5, NOW) == 0


async def test_posting_the_newest_here_promises_nothing_elsewhere(database):
    await add(database, "story", comments=2)
    first, second = await follow(database), await follow(database, THEIRS, 44)
    await library.post_newest(database, first, 1, NOW)
    assert await cards(database) == [(CHANNEL, 1)]
    await library.post_newest(database, second, 1, NOW)
    assert await cards(database) == [(CHANNEL, 1), (44, 1)]


async def test_a_channel_is_followed_once(database):
    await follow(database)
    with pytest.raises(Conflict, match="followed already"):
        await follow(database)
    assert len(await library.followed_channels(database, OURS)) == 1


async def test_a_server_follows_a_bounded_number_of_channels(database):
    for number in range(LIMIT):
        await follow(database, channel=1000 + number)
    with pytest.raises(Conflict, match=str(LIMIT)):
        await follow(database)
    await follow(database, THEIRS)
    await library.unfollow(database, OURS, 1000)
    await follow(database, channel=999)
    found = await library.followed_channels(database, OURS)
    assert [made.channel_id for made in found] == [*range(1001, 1000 + LIMIT), 999]


async def test_following_again_says_nothing_twice(database):
    await add(database, "story", comments=2)
    made = await follow(database)
    await library.post_newest(database, made, 1, NOW)
    async with database.write() as tx:
        await tx.execute("UPDATE deliveries SET state = 'live', have_rev = want_rev, message_id = id + 1000")
    await library.unfollow(database, OURS, CHANNEL)
    assert await library.post_newest(database, await follow(database), 1, NOW) == 0
