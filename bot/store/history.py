"""The last deliveries of a server as people ask for them, and those given up tried again, in SQLite."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.model import Delivery
from bot.store.deliveries import delivery_of
from bot.store.reasons import LATE, LOCKED, PAUSED, STORYLESS
from bot.store.values import is_id, to_ms

# What can be tried again: its channel is followed and not paused, and nobody took its place or itself away.
_RETRYABLE = """d.state = 'dead' AND s.id IS NOT NULL AND s.paused_reason IS NULL AND NOT card.thread_closed
    AND (d.comment_id IS NULL OR card.state IN ('pending', 'inflight', 'live', 'held') OR card.thread_id IS NOT NULL)"""
_SELECT = f"""SELECT d.*, st.title, c.author, coalesce({_RETRYABLE}, 0) AS retryable,
        CASE WHEN d.comment_id IS NULL AND d.layout = 'forum' THEN d.thread_id
            WHEN d.comment_id IS NULL OR d.layout = 'inline' THEN d.channel_id ELSE card.thread_id END AS place
    FROM deliveries d JOIN stories st ON st.id = d.story_id LEFT JOIN comments c ON c.id = d.comment_id
    LEFT JOIN subscriptions s ON s.channel_id = d.channel_id
    LEFT JOIN deliveries card ON card.story_id = d.story_id AND card.channel_id = d.channel_id
        AND card.comment_id IS NULL"""
_LET_GO = """reason = NULL, next_at = NULL, state = CASE WHEN message_id IS NOT NULL THEN 'live'
    WHEN attempt_at IS NOT NULL THEN 'inflight' ELSE 'pending' END"""
_IN_TROUBLE = f"""{_SELECT} WHERE d.id IN (
        SELECT id FROM deliveries INDEXED BY deliveries_dead WHERE state = 'dead' AND guild_id = :guild
            AND substr(reason, 1, length(:storyless)) <> :storyless
        UNION ALL SELECT id FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' AND guild_id = :guild
        UNION ALL SELECT id FROM deliveries INDEXED BY deliveries_inflight WHERE state = 'inflight'
            AND guild_id = :guild AND tries > 1)
    AND d.channel_id = coalesce(:channel, d.channel_id) ORDER BY d.id DESC LIMIT :limit"""
_NEWEST = f"""{_SELECT} WHERE d.id IN (SELECT id FROM deliveries INDEXED BY deliveries_guild WHERE guild_id = :guild
        AND channel_id = coalesce(:channel, channel_id) AND part = 0 ORDER BY id DESC LIMIT :limit)
    AND coalesce(substr(d.reason, 1, length(:storyless)), '') <> :storyless ORDER BY d.id DESC"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery with its story's title and, for a comment, its author. ``place`` is where its message stands."""

    delivery: Delivery
    title: str
    author: str | None
    retryable: bool
    place: int | None


async def in_trouble(tx: Transaction, guild_id: int, channel_id: int | None, limit: int) -> list[Entry]:
    """Return what is given up, held or in doubt, the newest first; comments of a story given up go with it."""
    return await _entries(tx, _IN_TROUBLE, guild_id, channel_id, limit)


async def newest(tx: Transaction, guild_id: int, channel_id: int | None, limit: int) -> list[Entry]:
    """Return the deliveries promised last, the newest first."""
    return await _entries(tx, _NEWEST, guild_id, channel_id, limit)


async def find(tx: Transaction, guild_id: int, delivery_id: int) -> Entry | None:
    """Return a delivery of a guild, None for an absent or a foreign one."""
    sql = f"{_SELECT} WHERE d.id = ? AND d.guild_id = ?"
    rows = await tx.execute_fetchall(sql, (delivery_id, guild_id)) if is_id(delivery_id) else []
    return next((_entry(row) for row in rows), None)


async def retry(tx: Transaction, delivery: Delivery, now: datetime) -> None:
    """Try what was given up again; for a story, its comments too. What Discord may have got is settled first."""
    await tx.execute(
        """UPDATE deliveries SET state = CASE WHEN attempt_at IS NULL THEN 'pending' ELSE 'inflight' END,
            reason = NULL, next_at = NULL, tries = 0, promised_at = :now
        WHERE state = 'dead' AND +message_id IS NULL AND (id = :id OR :comment IS NULL AND channel_id = :channel
            AND story_id = :story AND (reason = :late OR substr(reason, 1, length(:storyless)) = :storyless))""",
        {
            "now": to_ms(now),
            "id": delivery.id,
            "comment": delivery.comment_id,
            "channel": delivery.channel_id,
            "story": delivery.story_id,
            "late": LATE,
            "storyless": STORYLESS,
        },
    )


async def pause(tx: Transaction, channel_id: int) -> None:
    """Let what is not posted yet wait, until an admin lets the channel go on; a doubt stays a doubt."""
    sql = """UPDATE deliveries SET state = 'held', reason = ?, next_at = NULL
        WHERE channel_id = ? AND state IN ('pending', 'held') AND +message_id IS NULL"""
    await tx.execute(sql, (PAUSED, channel_id))


async def resume(tx: Transaction, channel_id: int) -> int:
    """Let all that is held in a channel go on at once, for whatever reason; returns how much it is."""
    sql = f"UPDATE deliveries SET {_LET_GO} WHERE state = 'held' AND channel_id = ?"
    return (await tx.execute(sql, (channel_id,))).rowcount


async def unlocked(tx: Transaction, thread_id: int) -> int:
    """Let what waited for a locked thread go on; returns how much it is."""
    sql = f"""UPDATE deliveries SET {_LET_GO} WHERE state = 'held' AND substr(reason, 1, length(:locked)) = :locked
        AND (channel_id, story_id) IN (SELECT channel_id, story_id FROM deliveries WHERE thread_id = :thread)"""
    return (await tx.execute(sql, {"locked": LOCKED, "thread": thread_id})).rowcount


async def _entries(tx: Transaction, sql: str, guild_id: int, channel_id: int | None, limit: int) -> list[Entry]:
    if channel_id is not None and not is_id(channel_id):
        return []
    values = {"guild": guild_id, "channel": channel_id, "limit": limit, "storyless": STORYLESS}
    return [_entry(row) for row in await tx.execute_fetchall(sql, values)]


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(delivery_of(row), row["title"], row["author"], bool(row["retryable"]), row["place"])
