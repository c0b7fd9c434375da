"""Comment threads in SQLite: where a story's comments are read from, how far they were, and stories without one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aiosqlite import Connection as Transaction

from bot.errors import NotFound
from bot.model import StoredThread
from bot.store.values import FURTHEST, from_ms, text, to_ms


async def of_story(tx: Transaction, story_id: int) -> list[StoredThread]:
    """Return a story's threads, the best first."""
    sql = "SELECT * FROM threads WHERE story_id = ? ORDER BY rank, id"
    return [_thread(row) for row in await tx.execute_fetchall(sql, (story_id,))]


async def get(tx: Transaction, thread_id: int) -> StoredThread:
    """Return a thread; raises ``NotFound``."""
    for row in await tx.execute_fetchall("SELECT * FROM threads WHERE id = ?", (thread_id,)):
        return _thread(row)
    raise NotFound("There is no such thread.")


async def insert(
    tx: Transaction,
    story_id: int,
    kind: str,
    address: str,
    signal: str | None,
    *,
    rank: int,
    born_at: datetime,
) -> None:
    """Store a thread that a story was not known to have; ``save`` says when it is read."""
    await tx.execute(
        """INSERT OR IGNORE INTO threads (story_id, kind, address, signal, rank, born_at)
        VALUES (:story, :kind, :address, :signal, :rank, :born_at)""",
        {
            "story": story_id,
            "kind": kind,
            "address": text(address),
            "signal": text(signal),
            "rank": rank,
            "born_at": to_ms(born_at),
        },
    )


async def save(tx: Transaction, thread: StoredThread) -> None:
    """Store how far a thread was read and when it is read next, all at once."""
    times = ("woken_at", "next_at", "last_read_at", "last_full_at", "failing_since")
    values: dict[str, Any] = {name: to_ms(getattr(thread, name)) for name in times}  # SQLite's values
    await tx.execute(
        """UPDATE threads SET rank = :rank, signal = :signal, read_signal = :read_signal, woken_at = :woken_at,
            cursor = :cursor, next_at = :next_at, last_read_at = :last_read_at, last_full_at = :last_full_at,
            fails = :fails, failing_since = :failing_since, last_error = :last_error WHERE id = :id""",
        {
            **values,
            "id": thread.id,
            "rank": thread.rank,
            "signal": text(thread.signal),
            "read_signal": text(thread.read_signal),
            "cursor": text(json.dumps(dict(thread.cursor))),
            "fails": thread.fails,
            "last_error": text(thread.last_error),
        },
    )


async def drop(tx: Transaction, found: Iterable[StoredThread]) -> None:
    """Forget threads; what they gave stays."""
    await tx.executemany("DELETE FROM threads WHERE id = ?", [(thread.id,) for thread in found])


async def due(tx: Transaction, now: datetime, limit: int) -> list[StoredThread]:
    """Return the threads whose time has come, the longest due first."""
    sql = """SELECT * FROM threads WHERE next_at <= :now
        UNION ALL SELECT * FROM threads WHERE next_at > :never ORDER BY next_at LIMIT :limit"""
    values = {"now": to_ms(now), "never": to_ms(now + FURTHEST), "limit": limit}
    return [_thread(row) for row in await tx.execute_fetchall(sql, values)]


async def probe(tx: Transaction, story_id: int, when: datetime | None) -> None:
    """Plan to look for a thread on a story's page, or plan it no more."""
    sql = "UPDATE stories SET probe_tries = probe_tries + (probe_at IS NOT NULL), probe_at = ? WHERE id = ?"
    await tx.execute(sql, (to_ms(when), story_id))


async def probe_fetched(tx: Transaction, story_id: int, now: datetime, since: datetime) -> None:
    """Plan to look for a thread of a story that a member fetched: where none is known, once, if it is so new."""
    await tx.execute(
        """UPDATE stories SET probe_at = :now WHERE id = :id AND url IS NOT NULL AND probe_at IS NULL
            AND probe_tries = 0 AND published_at > :since
            AND NOT EXISTS (SELECT 1 FROM threads WHERE story_id = :id)""",
        {"id": story_id, "now": to_ms(now), "since": to_ms(since)},
    )


async def probes_due(tx: Transaction, now: datetime, limit: int) -> list[tuple[int, str, int]]:
    """Return stories whose page is to be searched for a thread: number, address, and how often it failed."""
    sql = "SELECT id, url, probe_tries FROM stories WHERE probe_at <= ? AND url IS NOT NULL ORDER BY probe_at LIMIT ?"
    return [(row[0], row[1], row[2]) for row in await tx.execute_fetchall(sql, (to_ms(now), limit))]


async def next_due(tx: Transaction, now: datetime) -> datetime | None:
    """Return when the next thread or page will be due that is not due now."""
    ((earliest,),) = await tx.execute_fetchall(
        """SELECT min(at) FROM (SELECT min(next_at) AS at FROM threads WHERE next_at > :now
        UNION ALL SELECT min(probe_at) FROM stories WHERE probe_at > :now)""",
        {"now": to_ms(now)},
    )
    return from_ms(earliest)


def _thread(row: sqlite3.Row) -> StoredThread:
    born_at = from_ms(row["born_at"])
    assert born_at is not None, "the column is NOT NULL"
    return StoredThread(
        id=row["id"],
        story_id=row["story_id"],
        kind=row["kind"],
        address=row["address"],
        rank=row["rank"],
        born_at=born_at,
        cursor=json.loads(row["cursor"]),
        signal=row["signal"],
        read_signal=row["read_signal"],
        woken_at=from_ms(row["woken_at"]),
        next_at=from_ms(row["next_at"]),
        last_read_at=from_ms(row["last_read_at"]),
        last_full_at=from_ms(row["last_full_at"]),
        fails=row["fails"],
        failing_since=from_ms(row["failing_since"]),
        last_error=row["last_error"],
    )
