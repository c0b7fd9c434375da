"""The same database for transactions of a few small statements, which are quicker run at once than sent to a thread.

A hop to a connection's thread and back costs several times what a look by key does. So only what may wait for
others or for the disk hops: BEGIN IMMEDIATE and COMMIT. Whoever reads much uses ``Database`` itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

from bot.store.database import Database, Transaction, told


class BriefDatabase(Database):
    """A view of an open database; both have one lock and the same connections."""

    def __init__(self, whole: Database) -> None:
        self.path = whole.path
        self._writer, self._readers, self._lock = whole._writer, whole._readers, whole._lock

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Run one transaction, as ``Database.write`` does."""
        async with super().write() as tx:
            yield _direct(tx)

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
