"""Rows B17 to B19: tasks that are cancelled, tasks that write at once, and one that reads for long.

Not here: the alarm at a log of 256 MB (B19), which is not built.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.store import database as database_module
from bot.store import deliveries, meta
from bot.store.database import Database
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, page, rows, store

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def database(tmp_path: Path):
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        await library.follow(opened, GUILD, CHANNEL, ADMIN, NOW)
        yield opened


async def test_b17_a_task_cancelled_between_statement_and_commit_leaves_nothing(database):
    written, never = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with database.write() as tx:
            await meta.put(tx, "x", "1")
            written.set()
            await never.wait()

    task = asyncio.create_task(work())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not database._lock.locked() and not database._writer.in_transaction
    assert rows(database.path, "SELECT * FROM meta WHERE key = 'x'") == []
    assert (await store(database)).status == "stored"


async def test_b17_a_task_cancelled_during_the_commit_ends_it_first(database, monkeypatch):
    committing, go_on = asyncio.Event(), asyncio.Event()
    real = database._writer.commit

    async def commit() -> None:
        committing.set()
        await go_on.wait()
        await real()

    monkeypatch.setattr(database._writer, "commit", commit)
    task = asyncio.create_task(store(database))
    await committing.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rows(database.path, "SELECT count(*) FROM stories") == [(1,)]
    assert (await store(database)).status == "unchanged"


@pytest.mark.parametrize("turns", range(6))
async def test_b17_cancelled_readers_come_back(database, turns):
    async def look() -> None:
        async with database.read() as tx:
            await deliveries.counts(tx)

    for _ in range(5):
        task = asyncio.create_task(look())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert database._readers.qsize() == database_module.READERS


async def test_b17_a_reader_cancelled_during_its_rollback_comes_back(database, monkeypatch):
    reading, rolling, go_on = database._readers._queue[0], asyncio.Event(), asyncio.Event()
    real = reading.rollback

    async def rollback() -> None:
        rolling.set()
        await go_on.wait()
        await real()

    monkeypatch.setattr(reading, "rollback", rollback)
    task = asyncio.create_task(library.latest(database, GUILD, 1))
    await rolling.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert database._readers.qsize() == database_module.READERS


async def test_b18_two_tasks_do_not_mix_their_transactions(database):
    written, go_on = asyncio.Event(), asyncio.Event()

    async def one() -> None:
        async with database.write() as tx:
            await meta.put(tx, "one", "kept")
            written.set()
            await go_on.wait()

    async def other() -> None:
        await written.wait()
        async with database.write() as tx:
            await meta.put(tx, "other", "lost")
            raise RuntimeError("of the other")

    tasks = [asyncio.create_task(one()), asyncio.create_task(other())]
    await written.wait()
    await asyncio.sleep(0)
    go_on.set()
    first, second = await asyncio.gather(*tasks, return_exceptions=True)
    assert first is None and isinstance(second, RuntimeError)
    assert rows(database.path, "SELECT key FROM meta WHERE key IN ('one', 'other')") == [("one",)]


async def test_b19_a_reader_that_stays_open_holds_nobody_up(database):
    log = database.path.with_name(database.path.name + "-wal")
    async with database.read() as tx:
        before = await deliveries.counts(tx)
        for number in range(60):
            await store(database, page(number, comments=5))
        assert await deliveries.counts(tx) == before
        assert len(await library.latest(database, GUILD, 100)) == 60
    grown = log.stat().st_size
    for number in range(60, 120):
        await store(database, page(number, comments=5))
    assert log.stat().st_size <= grown + 2_000_000
    assert len(await library.latest(database, GUILD, 200)) == 120
