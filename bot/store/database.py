"""One SQLite file, used well: one writer, a few readers, and every write in one short transaction."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import aiosqlite

from bot.errors import StoreError
from bot.store import meta, restore, schema
from bot.store.instance import only_one

log = logging.getLogger(__name__)

Transaction = aiosqlite.Connection
Realm = Literal["discord", "sandbox"]

READERS = 2
BUSY_MS = 30_000
CLOSE_PATIENCE = 10.0
REALM_SAYS = {
    "discord": "this database has known the real Discord; a sandbox run needs a file of its own",
    "sandbox": "this database belongs to a sandbox run; the real Discord needs a file of its own",
}


class Database:
    """An open database. ``write()`` and ``read()`` give connections to the functions of this package."""

    def __init__(self, path: Path, writer: Transaction, readers: Iterable[Transaction]) -> None:
        self.path = path
        self._writer = writer
        self._readers: asyncio.Queue[Transaction] = asyncio.Queue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self._lock = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, realm: Realm | None = None, exclusive: bool = False) -> AsyncIterator[Database]:
        """Open, migrate and check the file; raises ``StoreError`` with what to do.

        ``realm`` binds the file to the real Discord or to a sandbox; ``exclusive`` keeps a second bot out.
        """
        with only_one(path) if exclusive else nullcontext():
            _refuse_what_is_not_ours(path)
            connections = await _open_all(path)
            database = cls(path, connections[0], connections[1:])
            try:
                if realm:
                    await database._bind(realm)
                if exclusive:
                    await database._notice_a_restored_backup()
                yield database
            finally:
                await unbroken(database._close(connections))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Run one transaction: committed at the end, rolled back on any error or cancellation.

        Raises ``StoreError`` when the disk is full, the file locked for too long, or the like; nothing is half done.
        """
        with told(self.path):
            async with self._lock, self._transaction() as writer:
                yield writer

    async def _begin(self) -> None:
        await self._writer.execute("BEGIN IMMEDIATE")

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        try:
            await self._begin()
            yield self._writer
        except BaseException:
            await unbroken(self._writer.rollback())
            raise
        try:
            await unbroken(self._writer.commit())
        except BaseException:
            await unbroken(self._writer.rollback())  # nothing to do where the commit went through
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Give one consistent view; what is written meanwhile is not seen. Raises ``StoreError``."""
        connection = await self._readers.get()
        try:
            with told(self.path):
                await connection.execute("BEGIN")
                yield connection
        finally:
            try:
                await unbroken(connection.rollback())
            finally:
                self._readers.put_nowait(connection)

    async def backup(self, target: Path) -> None:
        """Write a consistent, verified copy while others go on; raises ``StoreError``."""
        if target.exists():
            raise StoreError(f"{target} exists already: choose another name, or move it.")
        async with aiosqlite.connect(self.path) as connection:
            await _copy(connection, target)

    async def check(self) -> None:
        """Look through the whole file; raises ``StoreError`` when it is damaged."""
        problem = await asyncio.to_thread(_problem, self.path)
        if problem:
            raise StoreError(_damaged(self.path, problem))

    async def _close(self, connections: Iterable[Transaction]) -> None:
        """Close once nobody is at work: closed under a statement that ``brief`` runs, SQLite ends the process."""
        async with AsyncExitStack() as taken:
            with suppress(TimeoutError):  # whoever is still at work after that long will not end
                async with asyncio.timeout(CLOSE_PATIENCE):
                    await taken.enter_async_context(self._lock)
                    for _ in range(READERS):
                        taken.callback(self._readers.put_nowait, await self._readers.get())
            await _close(connections)

    async def _notice_a_restored_backup(self) -> None:
        async with self.write() as tx:
            if await restore.notice(tx, self.path, datetime.now(UTC)):
                log.warning("the database is older than what was posted: looking before posting for a week")

    async def _bind(self, realm: Realm) -> None:
        async with self.write() as tx:
            known = await meta.get(tx, "realm")
            if known is None:
                await meta.put(tx, "realm", realm)
            elif known != realm:
                raise StoreError(f"{self.path}: {REALM_SAYS[known]} (DATABASE_PATH, or --database).")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what only the operator can mend into a sentence; errors of ours pass as they are."""
    try:
        yield
    except sqlite3.OperationalError as error:
        advice = "free some space and all goes on" if "full" in str(error) else "look at the disk and its users"
        raise StoreError(f"{path} could not be used ({error}); nothing was half stored: {advice}.") from error


async def unbroken(work: Coroutine[Any, Any, Any]) -> None:
    """Finish ``work`` even when we are cancelled meanwhile; the cancellation follows after it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled from task.exception()
    task.result()


async def _open_all(path: Path) -> list[Transaction]:
    """Return the writer and, behind it, the readers."""
    opened: list[Transaction] = []
    try:
        writer = await _connect(path)
        opened.append(writer)
        await _migrate(path, writer)
        for _ in range(READERS):
            opened.append(await _connect(path, "PRAGMA query_only = ON"))
    except BaseException as error:
        await unbroken(_close(opened))
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{path} cannot be used: {error}. Is the disk full, or is the file in use?") from error
        raise
    return opened


async def _close(connections: Iterable[Transaction]) -> None:
    for connection in connections:
        await connection.close()


async def _connect(path: Path, *more: str) -> Transaction:
    connection = await aiosqlite.connect(path, isolation_level=None, check_same_thread=False)  # for ``brief``
    connection.row_factory = sqlite3.Row
    pragmas = (
        f"PRAGMA busy_timeout = {BUSY_MS}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",  # a commit precedes every send, so it must survive power loss
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
    )
    try:
        for pragma in (*pragmas, *more):
            await connection.execute(pragma)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _migrate(path: Path, writer: Transaction) -> None:
    version = await schema.version(writer)
    if 0 < version < len(schema.MIGRATIONS):
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        await _copy(writer, path.with_name(f"{path.name}.v{version}-{stamp}.backup"))
    await schema.migrate(writer)


async def _copy(connection: Transaction, target: Path) -> None:
    """Write a verified copy. It gets its name when it is whole: killed before, no half one passes for a backup."""
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    try:
        await connection.execute("VACUUM INTO ?", (str(partial),))
        problem = await asyncio.to_thread(_problem, partial)
    except sqlite3.Error as error:
        problem = str(error)
    if problem:
        partial.unlink(missing_ok=True)
        raise StoreError(f"the backup {target} is not sound ({problem}); the database itself was not touched.")
    partial.replace(target)


def _refuse_what_is_not_ours(path: Path) -> None:
    """Raise ``StoreError`` for a file that must not be opened, and never create one over a lost one."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise StoreError(f"the folder {folder} does not exist: create it, or set DATABASE_PATH to another place.")
    if not path.exists() or path.stat().st_size == 0:
        backup = newest_backup(path)
        if backup:
            raise StoreError(
                f"{path} is missing or empty, but {backup.name} stands beside it: copy it back, or move it."
            )
    if not path.exists():
        if not os.access(folder, os.W_OK):
            raise StoreError(f"the folder {folder} cannot be written: change its rights or DATABASE_PATH.")
        return
    if not os.access(path, os.W_OK):
        raise StoreError(f"{path} is read-only: change its rights, or set DATABASE_PATH to another place.")
    if problem := _problem(path):
        raise StoreError(_damaged(path, problem))


def _problem(path: Path) -> str | None:
    """Return what is wrong with a file, or None."""
    try:
        connection = sqlite3.connect(path)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(error)
    if found != "ok":
        return str(found)
    if tables and application != schema.APPLICATION_ID:
        return "it is another program's database"
    if version > len(schema.MIGRATIONS):
        return f"its schema version {version} is newer than this program's {len(schema.MIGRATIONS)}; update the program"
    return None


def _damaged(path: Path, problem: str) -> str:
    backup = newest_backup(path)
    advice = f"The newest backup beside it is {backup.name}." if backup else "Restore a backup, or choose another file."
    return f"{path} cannot be used: {problem}. {advice}"


def newest_backup(path: Path) -> Path | None:
    """Return the newest backup beside a database, if there is one."""
    pattern = re.compile(re.escape(path.name) + r"\..*backup$")
    found = [file for file in path.resolve().parent.iterdir() if pattern.match(file.name)]
    return max(found, key=lambda file: file.stat().st_mtime, default=None)
