"""Nobody waits for somebody else: guilds share the deliverer fairly, and what is slow gives its place to others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.clock import SystemClock
from bot.deliver import AT_ONCE, Deliverer
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.post import Answer, Place, Post, Sent
from bot.store.database import Database
from tests.fakes import FakeMessenger

pytestmark = pytest.mark.asyncio

BIG, SMALL, ADMIN = 1, 2, 333
STORIES, COMMENTS = 40, 25
PATIENCE = 60


class Watched(FakeMessenger):
    """A messenger that yields to others as a network does, and tells in which guild each message was created."""

    def __init__(self) -> None:
        super().__init__()
        self.guilds: list[int] = []
        self.reached = asyncio.Event()
        self.wanted = 0

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        await asyncio.sleep(0)
        self.guilds.append(place.guild_id)
        if len(self.guilds) >= self.wanted:
            self.reached.set()
        return await super().create(place, post, nonce)

    async def until(self, count: int) -> None:
        self.wanted = count
        self.reached.clear()
        if len(self.guilds) < count:
            await asyncio.wait_for(self.reached.wait(), PATIENCE)


class Slow(Watched):
    """Discord lets nobody open a thread in the big guild for now; whoever asks rests."""

    def __init__(self) -> None:
        super().__init__()
        self.resting = 0
        self.let_go = asyncio.Event()
        self.make_room = lambda: None

    async def open_thread(self, place: Place, message_id: int, name: str) -> Answer:
        if place.guild_id == BIG:
            self.resting += 1
            self.make_room()
            await self.let_go.wait()
            self.resting -= 1
        return Sent(message_id)


def page(name: str, comments: int) -> StoryPage:
    said = tuple(Comment(f"c{number}", "Ann", f"text {number}") for number in range(comments))
    return StoryPage(Story(name, url=f"https://example.org/{name}"), said)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        yield opened


@asynccontextmanager
async def running(deliverer: Deliverer) -> AsyncIterator[None]:
    task = asyncio.create_task(deliverer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def want_no_more(database: Database, channel_id: int) -> None:
    """Let a channel get no further stories, and keep those that it has."""
    async with database.write() as tx:
        await tx.execute("UPDATE subscriptions SET topics = 'nothing-at-all' WHERE channel_id = ?", (channel_id,))


async def test_an_import_in_one_guild_does_not_delay_anothers_new_story(database: Database) -> None:
    clock, messenger = SystemClock(), Watched()
    await library.follow(database, BIG, 11, ADMIN, clock.now())
    for number in range(STORIES):
        await ingest(database, page(f"old-{number}", COMMENTS), clock.now(), deliver=True)
    await want_no_more(database, 11)
    await library.follow(database, SMALL, 22, ADMIN, clock.now())
    deliverer = Deliverer(database, messenger, clock)
    async with running(deliverer):
        await messenger.until(200)
        before = len(messenger.guilds)
        await ingest(database, page("new", 3), clock.now(), deliver=True)
        deliverer.wake()
        while SMALL not in messenger.guilds:
            await messenger.until(len(messenger.guilds) + 1)
        card = messenger.guilds.index(SMALL)
        await messenger.until(card + 8 * AT_ONCE)
    # 50 of them are sent in a second.
    assert card - before <= 4 * AT_ONCE
    assert messenger.guilds.count(SMALL) == 4
    assert messenger.guilds.count(BIG) < STORIES * COMMENTS  # the import was still under way all the time


async def test_lanes_that_wait_for_a_bucket_leave_their_places_to_others(database: Database) -> None:
    clock, messenger = SystemClock(), Slow()
    await library.follow(database, BIG, 11, ADMIN, clock.now())
    stories = 2 * AT_ONCE
    for number in range(stories):
        await ingest(database, page(f"slow-{number}", 1), clock.now(), deliver=True)
    await want_no_more(database, 11)
    await library.follow(database, SMALL, 22, ADMIN, clock.now())
    deliverer = Deliverer(database, messenger, clock, resting=lambda: messenger.resting)
    messenger.make_room = deliverer.make_room
    async with running(deliverer):
        await messenger.until(stories)
        await ingest(database, page("quick", 2), clock.now(), deliver=True)
        deliverer.wake()
        await messenger.until(stories + 3)
        assert messenger.resting == stories
        messenger.let_go.set()
        await messenger.until(2 * stories + 3)
    assert messenger.guilds[stories : stories + 3] == [SMALL] * 3


async def test_no_lane_starts_while_the_deliverer_ends(database: Database) -> None:
    clock, messenger = SystemClock(), Watched()
    await library.follow(database, BIG, 11, ADMIN, clock.now())
    for number in range(2 * AT_ONCE):
        await ingest(database, page(f"old-{number}", 5), clock.now(), deliver=True)
    deliverer = Deliverer(database, messenger, clock)
    async with running(deliverer):
        await messenger.until(AT_ONCE)
    assert not deliverer._lanes
    said = len(messenger.guilds)
    await asyncio.sleep(0)
    assert len(messenger.guilds) == said
