"""What the store's tests share: a fixed time, small stories, and hands on the file from outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.ingest import IngestReport, ingest
from bot.model import Comment, Delivery, State, Story, StoryPage
from bot.store import lanes
from bot.store.database import Database, Transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GUILD, CHANNEL, ADMIN = 1, 22, 333
PAGE = StoryPage(
    Story("Two agencies share a dish", url="https://example.org/dish"),
    (Comment("a", "Ann", "first"), Comment("b", "Bob", "answer to Ann", parent="a")),
)


def page(number: int, comments: int = 1) -> StoryPage:
    """Return one of many different stories."""
    said = tuple(Comment(f"c{index}", "Ann", f"comment {index} of story {number}") for index in range(comments))
    return StoryPage(Story(f"Story {number}", url=f"https://example.org/{number}"), said)


async def store(database: Database, read: StoryPage = PAGE, *, deliver: bool = True) -> IngestReport:
    """Ingest a page at the fixed time."""
    return await ingest(database, read, NOW, deliver=deliver)


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file beside the bot, as a person with the sqlite3 shell would."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the file's write lock; a ROLLBACK lets go of it early."""
    with raw(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def dump(path: Path) -> list[str]:
    """Return everything that a file says."""
    with raw(path) as connection:
        return list(connection.iterdump())


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask a file from outside."""
    with raw(path) as connection:
        return connection.execute(sql).fetchall()


async def fill_disk(database: Database, state: str) -> None:
    """Let SQLite behave as on a full disk, and a row's way into a state need space; ``free_disk`` ends it."""
    writer = database._writer
    await writer.execute("CREATE TABLE filler (what BLOB)")
    await writer.execute(
        f"""CREATE TEMP TRIGGER fills AFTER UPDATE ON deliveries WHEN new.state = '{state}' AND old.state <> '{state}'
        BEGIN INSERT INTO filler VALUES (zeroblob(1000000)); END"""
    )
    ((pages,),) = await writer.execute_fetchall("PRAGMA page_count")
    await writer.execute(f"PRAGMA max_page_count = {pages + 20}")


async def free_disk(database: Database) -> None:
    """Give the disk its space back."""
    await database._writer.execute("PRAGMA max_page_count = 1000000")


async def due(tx: Transaction, now: datetime) -> list[Delivery]:
    """Return the first due row of every lane, but cards that only wait for their thread."""
    return [row for row in await _heads(tx, now) if not _is_threadless(row)]


async def threadless(tx: Transaction, now: datetime) -> list[Delivery]:
    """Return the cards whose thread is due."""
    return [row for row in await _heads(tx, now) if _is_threadless(row)]


async def _heads(tx: Transaction, now: datetime) -> list[Delivery]:
    rows = [await lanes.head(tx, lane, now) for lane in await lanes.due(tx, now)]
    assert None not in rows
    return [row for row in rows if row]


def _is_threadless(row: Delivery) -> bool:
    return row.state is State.LIVE and row.comment_id is None and row.thread_id is None
