"""B20: what every round asks reads only what is under way, however much was posted before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.ingest import ingest
from bot.model import Comment, State, Story, StoryPage
from bot.store import deliveries, lanes, stories
from bot.store.database import Database, Transaction
from bot.turns import Lane
from tests.store.files import due, threadless

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GUILD, STRANGER, CHANNEL, OTHER, ADMIN = 1, 2, 22, 23, 333
PAST = 5000
# SQLite calls back after this many steps of its machine; a look at each posted row takes several.
STEPS, MOST_CALLS = 100, 30

_STORIES = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :past)
    INSERT INTO stories (id, title, summary, body, digest, revision, first_seen, public)
    SELECT i, 'Story ' || i, '', '', 'x', 1, 0, 1 FROM n"""
_CARDS = """INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, part, position, state, nonce,
        want_rev, have_rev, message_id, thread_id)
    SELECT :guild, :channel, 1, id, 0, -1, 'live', 'n' || id, 1, 1, id, id FROM stories"""


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A store in which thousands of cards stand in one channel."""
    async with Database.open(tmp_path / "bot.sqlite3") as opened:
        await library.follow(opened, GUILD, CHANNEL, ADMIN, NOW)
        async with opened.write() as tx:
            await tx.execute(_STORIES, {"past": PAST})
            await tx.execute(_CARDS, {"guild": GUILD, "channel": CHANNEL})
        yield opened


async def _work(tx: Transaction, question: Callable[[], Awaitable[object]]) -> int:
    """Return how often SQLite called back while it answered."""
    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return 0

    await tx.set_progress_handler(count, STEPS)
    try:
        await question()
    finally:
        await tx.set_progress_handler(lambda: 0, 1_000_000_000)
    return calls


async def _begin_a_story(database: Database, comments: int = 3) -> StoryPage:
    said = tuple(Comment(f"c{number}", "Ann", f"text {number}") for number in range(comments))
    page = StoryPage(Story("New", url="https://example.org/new"), said)
    await ingest(database, page, NOW, deliver=True)
    return page


async def _deliver_all(database: Database) -> None:
    """Post whatever is due, as Discord would take it."""
    message = 10**15
    while True:
        async with database.write() as tx:
            for card in await threadless(tx, NOW):
                assert card.message_id
                await deliveries.record_thread(tx, card.id, card.message_id)
            rows = await due(tx, NOW)
            for row in rows:
                message += 1
                await deliveries.intend(tx, row.id, now=NOW, revision=row.want_rev, payload="{}")
                await deliveries.record_sent(tx, row.id, message)
        if not rows:
            return


QUESTIONS: dict[str, Callable[[Transaction], Awaitable[object]]] = {
    "due": lambda tx: lanes.due(tx, NOW),
    "head of a channel": lambda tx: lanes.head(tx, Lane(GUILD, CHANNEL, 0), NOW),
    "head of a story": lambda tx: lanes.head(tx, Lane(GUILD, CHANNEL, PAST + 1), NOW),
    "in_doubt": lambda tx: lanes.in_doubt(tx, Lane(GUILD, CHANNEL, 0)),
    "next_due": lambda tx: lanes.next_due(tx, NOW),
    "unsettled": deliveries.unsettled,
    "inflight": deliveries.inflight,
    "held_places": deliveries.held_places,
    "latest": lambda tx: stories.latest(tx, GUILD, 5),
    "latest of a guild that follows nothing": lambda tx: stories.latest(tx, STRANGER, 5),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("stage", ["card pending", "card in flight", "comments pending"])
async def test_b20_no_round_reads_what_was_posted_before(database: Database, name: str, stage: str) -> None:
    await _begin_a_story(database)
    async with database.write() as tx:
        (card,) = await due(tx, NOW)
        if stage != "card pending":
            await deliveries.intend(tx, card.id, now=NOW, revision=1, payload="{}")
        if stage == "comments pending":
            await deliveries.record_sent(tx, card.id, 10**15)
            await deliveries.record_thread(tx, card.id, 10**15)
    async with database.read() as tx:
        assert await _work(tx, lambda: QUESTIONS[name](tx)) <= MOST_CALLS


@pytest.mark.asyncio
async def test_b20_the_measure_itself_notices_a_scan(database: Database) -> None:
    async with database.read() as tx:
        assert await _work(tx, lambda: deliveries.counts(tx)) > MOST_CALLS


@pytest.mark.asyncio
async def test_a_story_with_many_edits_leaves_room_for_the_other_lanes(database: Database) -> None:
    await library.follow(database, GUILD, OTHER, ADMIN, NOW)
    page = await _begin_a_story(database, 40)
    await _deliver_all(database)
    edited = tuple(replace(comment, body="edited") for comment in page.comments)
    await ingest(database, replace(page, comments=edited), NOW, deliver=True)
    async with database.read() as tx:
        rows = await due(tx, NOW)
    assert [row.state for row in rows] == [State.LIVE, State.LIVE]
    assert {row.channel_id for row in rows} == {CHANNEL, OTHER}


@pytest.mark.asyncio
async def test_the_newest_stories_are_what_was_fetched_and_what_is_followed(database: Database) -> None:
    await library.fetched(database, STRANGER, ADMIN, 7, NOW)
    private = StoryPage(Story("Private", url="https://example.org/private"))
    hidden = (await ingest(database, private, NOW, deliver=False, public=False)).story_id
    assert [story.id for story in await library.latest(database, STRANGER, 5)] == [7]
    assert [story.id for story in await library.latest(database, GUILD, 2)] == [PAST, PAST - 1]
    await library.fetched(database, GUILD, ADMIN, hidden, NOW)
    assert [story.id for story in await library.latest(database, GUILD, 2)] == [hidden, PAST]
