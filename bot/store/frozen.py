"""Stories of which so many comments vanished at once that people are asked, in SQLite."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from aiosqlite import Connection as Transaction

from bot.model import StoredComment, Subscription
from bot.store import comments, subscriptions
from bot.store.values import from_ms, is_id, to_ms

Choice = Literal["confirm", "keep"]


async def since(tx: Transaction, story_id: int) -> datetime | None:
    """Return since when a story is frozen, None for one that is not."""
    rows = await tx.execute_fetchall("SELECT frozen_at FROM stories WHERE id = ?", (story_id,))
    return next((from_ms(row[0]) for row in rows), None)


async def freeze(tx: Transaction, story_id: int, now: datetime) -> None:
    """Freeze a story until somebody or time decides."""
    await tx.execute("UPDATE stories SET frozen_at = ?, frozen_choice = NULL WHERE id = ?", (to_ms(now), story_id))


async def thaw(tx: Transaction, story_id: int, choice: Choice | None = None) -> None:
    """Go on with a story, by an admin's choice or without one."""
    await tx.execute("UPDATE stories SET frozen_at = NULL, frozen_choice = ? WHERE id = ?", (choice, story_id))


async def missing(tx: Transaction, story_id: int) -> list[StoredComment]:
    """Return the comments that a story's last complete read lacked."""
    return [s for s in await comments.of_story(tx, story_id) if s.missing_reads and not s.comment.deleted]


async def keep(tx: Transaction, story_id: int) -> None:
    """Let the comments that a story lacks stay, whatever later reads lack."""
    sql = """UPDATE comments SET kept = 1, missing_reads = 0, missing_since = NULL
        WHERE story_id = ? AND missing_reads > 0 AND NOT deleted"""
    await tx.execute(sql, (story_id,))


async def mirrored_by(tx: Transaction, story_id: int) -> list[Subscription]:
    """Return the subscriptions of the channels where a story stands, or is about to."""
    sql = """SELECT s.* FROM subscriptions s JOIN deliveries d ON d.channel_id = s.channel_id
        WHERE d.story_id = ? AND d.comment_id IS NULL AND d.state IN ('pending', 'inflight', 'live', 'held')
        ORDER BY s.id"""
    return [subscriptions.subscription_of(row) for row in await tx.execute_fetchall(sql, (story_id,))]


async def of_guild(tx: Transaction, guild_id: int) -> list[int]:
    """Return the frozen stories that stand in a guild, the newest first."""
    sql = """SELECT s.id FROM stories s INDEXED BY stories_frozen WHERE s.frozen_at IS NOT NULL AND EXISTS
            (SELECT 1 FROM deliveries d INDEXED BY deliveries_story WHERE d.story_id = s.id AND d.guild_id = ?)
        ORDER BY s.frozen_at DESC, s.id"""
    return [row[0] for row in await tx.execute_fetchall(sql, (guild_id,))] if is_id(guild_id) else []
