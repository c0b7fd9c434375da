"""Which source told of which story, in SQLite: it decides for whom a story is news."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.model import Source, StoredStory
from bot.store import stories
from bot.store.values import to_ms


async def link(tx: Transaction, source_id: int, story_id: int, now: datetime) -> bool:
    """Remember that a source told of a story; tells whether that is new."""
    cursor = await tx.execute(
        "INSERT OR IGNORE INTO source_stories (source_id, story_id, seen_at) VALUES (?, ?, ?)",
        (source_id, story_id, to_ms(now)),
    )
    return cursor.rowcount > 0


async def show(tx: Transaction, source_id: int, story_id: int, now: datetime) -> None:
    """Make a story visible to the servers that added its source."""
    await tx.execute(
        """INSERT OR IGNORE INTO guild_stories (guild_id, story_id, fetched_by, fetched_at)
        SELECT guild_id, :story, added_by, :now FROM guild_sources WHERE source_id = :source""",
        {"story": story_id, "source": source_id, "now": to_ms(now)},
    )


async def owns(tx: Transaction, source_id: int | None, story_id: int) -> bool:
    """Tell whether a source was the first to tell of a story; None, for no source, owns what no source told of."""
    sql = "SELECT source_id FROM source_stories WHERE story_id = ? ORDER BY seen_at, source_id LIMIT 1"
    rows = list(await tx.execute_fetchall(sql, (story_id,)))
    return not rows or rows[0][0] == source_id


async def audience(tx: Transaction, source: Source) -> set[int] | None:
    """Return the servers that a source's stories are for; None: all."""
    if source.everyone:
        return None
    rows = await tx.execute_fetchall("SELECT guild_id FROM guild_sources WHERE source_id = ?", (source.id,))
    return {row[0] for row in rows}


async def told_before(tx: Transaction, source_id: int, story_id: int) -> tuple[bool, set[int]]:
    """Return who knew a story before this source told of it: all (by a source for all), or these servers."""
    # Links of one moment are no "before" to each other: that a channel has a story once is kept elsewhere.
    rows = await tx.execute_fetchall(
        """SELECT o.everyone, g.guild_id FROM source_stories mine
        JOIN source_stories l ON l.story_id = mine.story_id AND l.source_id <> mine.source_id
            AND l.seen_at < mine.seen_at
        JOIN sources o ON o.id = l.source_id LEFT JOIN guild_sources g ON g.source_id = l.source_id
        WHERE mine.source_id = ? AND mine.story_id = ?""",
        (source_id, story_id),
    )
    found = list(rows)
    return any(row[0] for row in found), {row[1] for row in found if row[1] is not None}


async def queue(tx: Transaction, source_id: int, story_ids: Iterable[int], *, queued: bool) -> None:
    """Say whether stories still wait to be posted because their source gave too many at once."""
    sql = "UPDATE source_stories SET queued = ? WHERE source_id = ? AND story_id = ?"
    await tx.executemany(sql, [(queued, source_id, story_id) for story_id in story_ids])


async def queued(tx: Transaction, source_id: int, limit: int) -> list[int]:
    """Return stories of a source that wait to be posted, the oldest first."""
    # Named, as SQLite would rather look through all that the source ever told of.
    sql = """SELECT story_id FROM source_stories INDEXED BY source_stories_queued
        WHERE source_id = ? AND queued ORDER BY story_id LIMIT ?"""
    return [row[0] for row in await tx.execute_fetchall(sql, (source_id, limit))]


async def with_queue(tx: Transaction, source_ids: Iterable[int]) -> set[int]:
    """Return those of the sources of which stories wait to be posted."""
    sql = """SELECT DISTINCT source_id FROM source_stories INDEXED BY source_stories_queued
        WHERE queued AND source_id IN (SELECT value FROM json_each(?))"""
    return {row[0] for row in await tx.execute_fetchall(sql, (json.dumps(list(source_ids)),))}


async def sources_of(tx: Transaction, story_id: int) -> list[int]:
    """Return the sources that told of a story."""
    rows = await tx.execute_fetchall("SELECT source_id FROM source_stories WHERE story_id = ?", (story_id,))
    return [row[0] for row in rows]


async def stories_of(tx: Transaction, source_id: int, limit: int) -> list[StoredStory]:
    """Return the stories that a source told of, the newest first."""
    sql = """SELECT l.story_id FROM source_stories l JOIN stories s ON s.id = l.story_id WHERE l.source_id = ?
        ORDER BY coalesce(s.published_at, s.first_seen) DESC, s.id DESC LIMIT ?"""
    return [await stories.get(tx, row[0]) for row in await tx.execute_fetchall(sql, (source_id, limit))]
