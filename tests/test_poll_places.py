"""Who waits for the disk alone gives its place to the next, and what a whole read is told of earlier ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.poll import MOST_UNDER_WAY
from bot.sources.base import Cursor, Fetched
from bot.store.database import Database
from tests.poll_stage import FEED, FakeKind, Stage, fetched

pytestmark = pytest.mark.asyncio

MANY = 300
DAY = 24 * 3600


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        yield Stage(database)


async def add_unchanged(stage: Stage) -> None:
    """Add sources of as many hosts, whose second read finds nothing new."""
    for number in range(MANY):
        reads = fetched(1), Fetched(unchanged=True)
        await stage.add(*reads, address=f"https://{number}.example.org/", everyone=True)
    while await stage.poller.run_due():
        pass
    stage.clock.turn(3600)
    stage.kind.asked.clear()


async def settled(stage: Stage) -> int:
    """Return how many reads were asked for, once no more are."""
    before = -1
    while before != len(stage.kind.asked):
        before = len(stage.kind.asked)
        await asyncio.sleep(0.1)
    return before


async def test_while_the_disk_hangs_the_others_are_read_but_not_without_end(stage):
    await add_unchanged(stage)
    task = asyncio.create_task(stage.poller.run())
    async with asyncio.timeout(30):
        async with stage.database.write():
            assert await settled(stage) == MOST_UNDER_WAY
            assert stage.rows("SELECT count(*) FROM sources WHERE last_read_at >= ?", now_ms(stage)) == [(0,)]
        while stage.rows("SELECT count(*) FROM sources WHERE last_read_at >= ?", now_ms(stage)) != [(MANY,)]:
            await asyncio.sleep(0.01)
    assert len(stage.kind.asked) == MANY
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_of_what_waits_for_the_disk_at_the_end_nothing_is_lost(stage):
    await add_unchanged(stage)
    task = asyncio.create_task(stage.poller.run())
    async with asyncio.timeout(30), stage.database.write():
        await settled(stage)
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
        stage.poller = stage.new_poller()
    with suppress(asyncio.CancelledError):
        await task
    while await stage.poller.run_due():
        pass
    ((saved,),) = stage.rows("SELECT count(*) FROM sources WHERE last_read_at >= ?", now_ms(stage))
    assert saved == MANY


def now_ms(stage: Stage) -> float:
    return stage.clock.now().timestamp() * 1000


@dataclass
class RememberingKind(FakeKind):
    """A kind that must not forget what it gave."""

    def afresh(self, cursor: Cursor) -> Cursor:
        return {"given": cursor["given"]} if "given" in cursor else {}


@pytest.mark.parametrize(("kind", "whole"), [(FakeKind(), {}), (RememberingKind(), {"given": "1"})])
async def test_once_a_day_a_source_is_read_anew_by_a_cursor_that_its_kind_makes(tmp_path, kind, whole):
    async with Database.open(tmp_path / "t.sqlite3") as database:
        stage, cursor = Stage(database, kind=kind), {"etag": "e", "given": "1"}
        source = await stage.add(fetched(1, cursor=cursor))
        for minutes in (0, 10, DAY / 60):
            await stage.poll(source, minutes)
    assert kind.asked == [(FEED, {}), (FEED, cursor), (FEED, whole)]
