"""The same database for small transactions that come in swarms: one commit for all that wait, and few hops.

A hop to a connection's thread and back costs several times what a look by key does, and a commit waits for the disk.
So statements run at once, and transactions that wait for each other share one BEGIN and one COMMIT, each in a
savepoint of its own. Whoever reads or writes much at once uses ``Database`` itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

from bot.store.database import Database, Transaction, told, unbroken

MOST_TOGETHER = 64


class BriefDatabase(Database):
    """A view of an open database; both have one lock and the same connections."""

    def __init__(self, whole: Database) -> None:
        self.path = whole.path
        self._writer, self._readers, self._lock = whole._writer, whole._readers, whole._lock
        self._turn = asyncio.Lock()
        self._group: _Group | None = None
        self._coming = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Run one transaction, as ``Database.write`` does: at the end of the block it is on the disk.

        An error takes back this transaction alone; a failing commit is raised to everyone who shared it.
        """
        with told(self.path):
            self._coming += 1
            try:
                async with self._turn:
                    group = self._group = self._group or _Group(self._together)
                    await asyncio.shield(group.opened)
                    with _Savepoint(self._writer._conn, group):
                        yield _direct(self._writer)
            finally:
                self._coming -= 1
                self._close_group()
            await unbroken(group.wait())

    def _close_group(self) -> None:
        """Let a group be committed when nobody else is coming, or when it is large or spoilt."""
        group = self._group
        if group is None or self._turn.locked():  # whoever has the turn is in the middle of it
            return
        if self._coming == 0 or group.size >= MOST_TOGETHER or group.is_spoilt:
            self._group = None
            group.full.set()

    async def _begin(self) -> None:
        connection = self._writer._conn

        def begin() -> None:
            # The cursor must end in this thread: ending while the other one uses the connection crashes Python.
            connection.execute("BEGIN IMMEDIATE").close()

        await self._writer._execute(begin)  # type: ignore[no-untyped-call]  # aiosqlite's own way to its thread

    async def _together(self, group: _Group) -> None:
        async with self._lock, self._transaction():
            group.opened.set_result(None)
            await group.full.wait()
            if group.is_spoilt:
                raise sqlite3.OperationalError("a failing statement took back all that was not committed")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Give one consistent view, as ``Database.read`` does."""
        connection = await self._readers.get()
        try:
            with told(self.path):
                connection._conn.execute("BEGIN")
                yield _direct(connection)
        finally:
            try:
                connection._conn.rollback()
            finally:
                self._readers.put_nowait(connection)


class _Group:
    """Transactions that are committed together. ``opened`` and its end carry the error that concerns them all."""

    def __init__(self, together: Any) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.full = asyncio.Event()
        self.size = 0
        self.is_spoilt = False
        self._committed = loop.create_task(together(self))
        self._committed.add_done_callback(self._ended)

    async def wait(self) -> None:
        """Wait until it is on the disk; raises what kept it from there."""
        await asyncio.shield(self._committed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if not self.opened.done() and error is not None:
            self.is_spoilt = True
            self.opened.set_exception(error)
            self.opened.exception()  # whoever waits still gets it


class _Savepoint:
    """One member's part of a group."""

    def __init__(self, connection: sqlite3.Connection, group: _Group) -> None:
        self._connection, self._group = connection, group

    def __enter__(self) -> None:
        self._connection.execute("SAVEPOINT member")
        self._group.size += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and not self._connection.in_transaction:
            self._group.is_spoilt = True  # a full disk may end the whole transaction
            return
        if kind is not None:
            self._connection.execute("ROLLBACK TO member")
        self._connection.execute("RELEASE member")


class _Direct:
    """What the functions of this package use of a connection. Its thread is idle: nobody else has it meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes

    async def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    async def executemany(self, sql: str, many: Iterable[Any]) -> sqlite3.Cursor:
        return self._connection.executemany(sql, many)

    async def execute_fetchall(self, sql: str, values: Any = ()) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()


def _direct(tx: Transaction) -> Transaction:
    return cast(Transaction, _Direct(tx._conn))
