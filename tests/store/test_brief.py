"""Small transactions run at once: they keep every promise that the database makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import StoreError
from bot.store import meta
from bot.store.brief import BriefDatabase
from bot.store.database import Database
from tests.store.files import locked

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        yield opened


async def value(database: Database) -> str | None:
    async with database.read() as tx:
        return await meta.get(tx, "key")


async def test_what_one_writes_the_other_reads(database: Database) -> None:
    brief = BriefDatabase(database)
    async with brief.write() as tx:
        await meta.put(tx, "key", "brief")
    assert (await value(brief), await value(database)) == ("brief", "brief")
    async with database.write() as tx:
        await meta.put(tx, "key", "whole")
    assert (await value(brief), await value(database)) == ("whole", "whole")


async def test_an_error_takes_all_back(database: Database) -> None:
    brief = BriefDatabase(database)

    async def fail() -> None:
        async with brief.write() as tx:
            await meta.put(tx, "key", "half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await value(database) is None
    async with brief.write() as tx:
        await meta.put(tx, "key", "after")
    assert await value(database) == "after"


async def test_both_share_one_lock(database: Database) -> None:
    brief, order = BriefDatabase(database), []

    async def late() -> None:
        async with brief.write() as tx:
            order.append("brief")
            await meta.put(tx, "key", "brief")

    async with database.write() as tx:
        task = asyncio.create_task(late())
        await asyncio.sleep(0)
        await meta.put(tx, "key", "whole")
        order.append("whole")
    await task
    assert order == ["whole", "brief"]
    assert await value(database) == "brief"


async def test_a_view_stays_as_it_was_and_cannot_write(database: Database) -> None:
    brief = BriefDatabase(database)
    async with brief.read() as tx:
        assert await meta.get(tx, "key") is None
        async with brief.write() as other:
            await meta.put(other, "key", "new")
        assert await meta.get(tx, "key") is None
    assert await value(brief) == "new"
    with pytest.raises(StoreError, match="readonly"):
        async with brief.read() as tx:
            await meta.put(tx, "key", "never")
    assert await value(brief) == "new"


async def test_a_cancelled_transaction_leaves_nothing_behind(database: Database) -> None:
    brief, entered = BriefDatabase(database), asyncio.Event()

    async def hang() -> None:
        async with brief.write() as tx:
            await meta.put(tx, "key", "half")
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with brief.write() as tx:
        assert await meta.get(tx, "key") is None


async def test_those_who_wait_share_one_commit(database: Database) -> None:
    brief, commits = BriefDatabase(database), []
    commit = brief._writer.commit

    async def counted() -> None:
        commits.append(1)
        await commit()

    brief._writer.commit = counted

    async def one(number: int) -> None:
        async with brief.write() as tx:
            await meta.put(tx, f"key {number}", "x")
        async with database.read() as view:
            assert await meta.get(view, f"key {number}") == "x"

    await asyncio.gather(*map(one, range(150)))
    assert 3 <= len(commits) < 30


async def test_an_error_of_one_leaves_the_others_alone(database: Database) -> None:
    brief = BriefDatabase(database)

    async def one(number: int) -> None:
        async with brief.write() as tx:
            await meta.put(tx, f"key {number}", "x")
            if number % 2:
                raise RuntimeError

    results = await asyncio.gather(*map(one, range(10)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), RuntimeError] * 5
    async with database.read() as tx:
        assert [await meta.get(tx, f"key {number}") for number in range(10)] == ["x", None] * 5


async def test_a_transaction_lost_as_a_whole_is_lost_for_all_and_said_to_all(database: Database) -> None:
    brief = BriefDatabase(database)

    async def one(number: int) -> None:
        async with brief.write() as tx:
            await meta.put(tx, f"key {number}", "x")
            if number == 2:
                await tx.execute("ROLLBACK")  # as SQLite itself does when the disk is full
                raise RuntimeError

    results = await asyncio.gather(*map(one, range(5)), return_exceptions=True)
    assert [type(result) for result in results[:3]] == [StoreError, StoreError, RuntimeError]
    async with database.read() as tx:
        kept = [await meta.get(tx, f"key {number}") == "x" for number in range(5)]
    assert kept == [result is None for result in results]
    async with brief.write() as tx:
        await meta.put(tx, "key", "after")
    assert await value(database) == "after"


async def test_a_file_that_another_holds_too_long_is_an_error_for_all(database: Database) -> None:
    brief = BriefDatabase(database)
    await database._writer.execute("PRAGMA busy_timeout = 10")

    async def one(number: int) -> None:
        async with brief.write() as tx:
            await meta.put(tx, f"key {number}", "x")

    with locked(database.path):
        results = await asyncio.gather(*map(one, range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [StoreError] * 5
    await one(7)


async def test_whoever_is_cancelled_in_the_queue_leaves_the_others_alone(database: Database) -> None:
    brief = BriefDatabase(database)

    async def one(number: int) -> None:
        async with brief.write() as tx:
            await meta.put(tx, f"key {number}", "x")

    tasks = [asyncio.create_task(one(number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with database.read() as tx:
        for number, task in enumerate(tasks):
            assert task.cancelled() or await meta.get(tx, f"key {number}") == "x"
    await one(20)


async def test_nothing_is_closed_under_whoever_is_at_work(tmp_path: Path) -> None:
    """A connection that is closed in its thread while a statement runs here ends the process."""
    async with AsyncExitStack() as opened:
        database = await opened.enter_async_context(Database.open(tmp_path / "closed.sqlite3"))
        brief, write, read, end = BriefDatabase(database), *(asyncio.Event() for _ in range(3))

        async def hold(transaction: AbstractAsyncContextManager[Any], entered: asyncio.Event) -> None:
            async with transaction as tx:
                entered.set()
                await end.wait()
                await tx.execute_fetchall("SELECT * FROM meta")

        users = [asyncio.create_task(hold(brief.write(), write)), asyncio.create_task(hold(brief.read(), read))]
        await write.wait()
        await read.wait()
        closer = asyncio.create_task(opened.pop_all().aclose())
        for _ in range(100):
            await asyncio.sleep(0)
        assert not closer.done()
        end.set()
        await asyncio.gather(closer, *users)
    for late in (brief.read(), brief.write(), database.read(), database.write()):
        with pytest.raises(ValueError, match=r"no active connection|Connection closed"):
            async with late:
                pass


async def test_a_group_is_not_committed_in_the_middle_of_a_member(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.brief.MOST_TOGETHER", 1)
    brief, entered, go_on = BriefDatabase(database), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with brief.write() as tx:
            entered.set()
            await go_on.wait()
            await meta.put(tx, "key", "slow")

    async def impatient() -> None:
        async with brief.write():
            pass

    first, second = asyncio.create_task(slow()), asyncio.create_task(impatient())
    await entered.wait()
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert brief._group is not None
    assert not brief._group.full.is_set()
    go_on.set()
    await first
    assert await value(database) == "slow"
