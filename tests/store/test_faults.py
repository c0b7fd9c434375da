"""Rows B01 to B05: what the disk and other programs do while the bot runs, with SQLite's own errors where possible.

Not here: that the operator is told of a full disk (B01).
"""

from __future__ import annotations

import ast
import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.deliver import Deliverer
from bot.errors import StoreError
from bot.model import State
from bot.store import database as database_module
from bot.store import deliveries, meta
from bot.store.database import Database
from tests.fakes import FakeClock, FakeMessenger
from tests.store.files import (
    ADMIN,
    CHANNEL,
    GUILD,
    NOW,
    PAGE,
    dump,
    fill_disk,
    free_disk,
    locked,
    raw,
    rows,
    store,
)

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def database(tmp_path: Path):
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        await library.follow(opened, GUILD, CHANNEL, ADMIN, NOW)
        yield opened


class Bot:
    """A deliverer with its fake surroundings."""

    def __init__(self, database: Database) -> None:
        self.clock, self.messenger = FakeClock(), FakeMessenger()
        self.deliverer = Deliverer(database, self.messenger, self.clock)

    async def drain(self) -> None:
        for _ in range(50):
            if await self.deliverer.settled():
                return
            if not await self.deliverer.run_due():
                self.clock.turn(20)
        raise AssertionError("not settled")


async def states(database: Database) -> dict[State, int]:
    async with database.read() as tx:
        return await deliveries.counts(tx)


def failing_once(error: BaseException, then):
    """Return a coroutine function that fails the first time and then is the real one."""
    failures = [error]

    async def commit() -> None:
        if failures:
            raise failures.pop()
        await then()

    return commit


async def test_b01_disk_full_before_an_intent_sends_nothing_and_goes_on_later(database):
    bot = Bot(database)
    await store(database)
    await fill_disk(database, "inflight")
    for _ in range(3):
        await bot.deliverer.run_due()
        bot.clock.turn(3600)
    assert bot.messenger.calls == []
    with pytest.raises(StoreError, match="full"):
        await store(database, replace(PAGE, story=replace(PAGE.story, body="word " * 50_000)))
    assert [stored.id for stored in await library.latest(database, GUILD, 9)] == [1]
    await free_disk(database)
    await bot.drain()
    assert await states(database) == {State.LIVE: 3}
    assert bot.messenger.calls.count("create") == 3


async def test_b02_disk_full_between_post_and_record_leaves_the_row_inflight_and_adopts_it(database):
    bot = Bot(database)
    await store(database)
    await fill_disk(database, "live")
    await bot.deliverer.run_due()
    assert (await states(database))[State.INFLIGHT] == 1
    assert len(bot.messenger.posted) == 1
    bot.clock.turn(60)
    await bot.deliverer.run_due()
    assert (await states(database))[State.INFLIGHT] == 1
    await free_disk(database)
    await bot.drain()
    assert await states(database) == {State.LIVE: 3}
    assert len(bot.messenger.posted) == bot.messenger.calls.count("create") == 3


async def test_b03_a_database_locked_for_a_while_is_waited_for(database):
    with locked(database.path) as other:
        writing = asyncio.create_task(store(database))
        assert await library.latest(database, GUILD, 9) == []
        assert not writing.done()
        other.execute("ROLLBACK")
        assert (await writing).status == "stored"
    assert (await store(database)).status == "unchanged"


async def test_b03_a_database_locked_too_long_is_an_error_that_leaves_nothing(database):
    await database._writer.execute("PRAGMA busy_timeout = 0")
    before = dump(database.path)
    with locked(database.path), pytest.raises(StoreError, match="locked"):
        await store(database)
    assert dump(database.path) == before
    assert (await store(database)).status == "stored"


async def test_b04_only_a_reader_begins_without_immediate():
    found = []
    for file in Path(database_module.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Constant) and str(node.value).startswith("BEGIN"):
                        found.append((function.name, node.value))
    assert {name for name, begin in found if begin != "BEGIN IMMEDIATE"} == {"read"}
    assert {name for name, begin in found if begin == "BEGIN IMMEDIATE"} == {"_begin", "begin", "migrate"}


async def test_b04_what_another_process_writes_never_makes_our_snapshot_busy(database):
    async with database.write() as tx:
        assert await meta.get(tx, "x") is None
        with raw(database.path) as other:
            other.execute("PRAGMA busy_timeout = 0")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        await meta.put(tx, "x", "1")
    with locked(database.path) as other:
        other.execute("INSERT INTO meta VALUES ('y', '2')")
        other.execute("COMMIT")
    async with database.write() as tx:
        assert await meta.get(tx, "y") == "2"
        await meta.put(tx, "y", "3")
    assert rows(database.path, "SELECT value FROM meta WHERE key IN ('x', 'y') ORDER BY key") == [("1",), ("3",)]


async def test_b05_a_commit_that_fails_counts_as_not_committed(database, monkeypatch):
    before = dump(database.path)
    error = sqlite3.OperationalError("disk I/O error")
    monkeypatch.setattr(database._writer, "commit", failing_once(error, database._writer.commit))
    with pytest.raises(StoreError, match="I/O"):
        await store(database)
    assert dump(database.path) == before
    assert not database._writer.in_transaction
    assert (await store(database)).status == "stored"


async def test_b05_no_send_follows_an_intent_whose_commit_failed(database, monkeypatch):
    bot = Bot(database)
    await store(database)
    error = sqlite3.OperationalError("disk I/O error")
    monkeypatch.setattr(database._writer, "commit", failing_once(error, database._writer.commit))
    await bot.deliverer.run_due()
    assert bot.messenger.calls == []
    await bot.drain()
    assert bot.messenger.calls.count("create") == 3


async def test_b05_a_commit_that_fails_while_we_are_cancelled_is_rolled_back_too(database, monkeypatch):
    committing, go_on = asyncio.Event(), asyncio.Event()
    real = database._writer.commit

    async def commit() -> None:
        committing.set()
        await go_on.wait()
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(database._writer, "commit", commit)
    writing = asyncio.create_task(store(database))
    await committing.wait()
    writing.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert not database._writer.in_transaction
    monkeypatch.setattr(database._writer, "commit", real)
    assert (await store(database)).status == "stored"
