"""Which source told of which story, in SQLite: it decides for whom a story is news."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from aiosqlite import Connection as Transaction

from bot.model import Source, StoredStory, Story
from bot.store import stories
from bot.store.values import to_ms
from bot.urls import site_of


class Trust(IntEnum):
    """How far somebody is believed who tells of a story.

    MEMBER had it read once; STRANGER is a server's own source at another site than the story's, HOME one at the same
    site; OPERATOR is a source for all, or an import.
    """

    MEMBER = 0
    STRANGER = 1
    HOME = 2
    OPERATOR = 3


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who gave a story its words; no ``source_id``: an import, a source that was removed, or a member's fetch."""

    trust: Trust
    source_id: int | None = None


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


def trust(address: str, story: Story, *, everyone: bool = False) -> Trust:
    """Return how far a source at an address is believed about a story."""
    if everyone:
        return Trust.OPERATOR
    site = site_of(story.url) if story.url else story.origin
    return Trust.HOME if site is not None and site_of(address) == site.removeprefix("www.") else Trust.STRANGER


async def speaker(tx: Transaction, stored: StoredStory) -> Speaker:
    """Return who speaks for a story: of the sources that told of it the most trusted, and of those the first."""
    sql = """SELECT s.id, s.address, s.everyone FROM source_stories l JOIN sources s ON s.id = l.source_id
        WHERE l.story_id = ? ORDER BY l.seen_at, l.source_id"""
    rows = await tx.execute_fetchall(sql, (stored.id,))
    found = [Speaker(trust(row[1], stored.story, everyone=bool(row[2])), row[0]) for row in rows]
    best = max(found, key=lambda one: one.trust, default=Speaker(Trust.MEMBER))
    if best.trust < Trust.OPERATOR and await stories.is_public(tx, stored.id):
        return Speaker(Trust.OPERATOR)
    return best


async def is_shared(tx: Transaction, source_id: int, story_id: int, *, posted: bool) -> bool:
    """Tell whether servers that did not add this source have a story too: by other sources or ``posted``."""
    sql = """SELECT 1 FROM (
            SELECT g.guild_id FROM source_stories l JOIN guild_sources g ON g.source_id = l.source_id
            WHERE l.story_id = :story
            UNION ALL SELECT guild_id FROM deliveries INDEXED BY deliveries_story WHERE story_id = :story AND :posted)
        WHERE guild_id NOT IN (SELECT guild_id FROM guild_sources WHERE source_id = :source) LIMIT 1"""
    values = {"story": story_id, "source": source_id, "posted": posted}
    return bool(list(await tx.execute_fetchall(sql, values)))


async def is_posted(tx: Transaction, story_id: int) -> bool:
    """Tell whether a story is or was promised to any channel."""
    sql = "SELECT 1 FROM deliveries WHERE story_id = ? LIMIT 1"
    return bool(list(await tx.execute_fetchall(sql, (story_id,))))


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


async def names_of(tx: Transaction, guild_id: int, story_id: int) -> tuple[str, ...]:
    """Return the names of the sources that told of a story, of those that a server has; the first to tell first."""
    sql = """SELECT coalesce(s.name, s.address) FROM source_stories l JOIN sources s ON s.id = l.source_id
        WHERE l.story_id = :story AND (s.everyone
            OR EXISTS (SELECT 1 FROM guild_sources g WHERE g.guild_id = :guild AND g.source_id = s.id))
        ORDER BY l.seen_at, s.id LIMIT 5"""
    return tuple(row[0] for row in await tx.execute_fetchall(sql, {"story": story_id, "guild": guild_id}))


async def stories_of(tx: Transaction, source_id: int, limit: int) -> list[StoredStory]:
    """Return the stories that a source told of, the newest first."""
    sql = """SELECT l.story_id FROM source_stories l JOIN stories s ON s.id = l.story_id WHERE l.source_id = ?
        ORDER BY coalesce(s.published_at, s.first_seen) DESC, s.id DESC LIMIT ?"""
    return [await stories.get(tx, row[0]) for row in await tx.execute_fetchall(sql, (source_id, limit))]
