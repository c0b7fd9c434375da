"""How a story came to be known to a server, and which story a message of ours belongs to, in SQLite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.store.values import from_ms, is_id


@dataclass(frozen=True, slots=True)
class Origin:
    """Since when a server's sources told of a story, None where none did.

    ``baseline``: only by first reads, which post nothing; ``queued``: it waits, as its source gave many at once.
    """

    told_at: datetime | None
    baseline: bool = False
    queued: bool = False
    public: bool = False


async def origin(tx: Transaction, guild_id: int, story_id: int) -> Origin:
    """Return how a story came to a server: by sources for all, and by its own."""
    sql = """SELECT min(l.seen_at), min(coalesce(l.seen_at <= s.baseline_at, 0)), max(l.queued),
            (SELECT public FROM stories WHERE id = :story)
        FROM source_stories l JOIN sources s ON s.id = l.source_id WHERE l.story_id = :story AND (s.everyone
            OR EXISTS (SELECT 1 FROM guild_sources g WHERE g.source_id = s.id AND g.guild_id = :guild))"""
    ((told_at, baseline, queued, public),) = await tx.execute_fetchall(sql, {"story": story_id, "guild": guild_id})
    return Origin(from_ms(told_at), bool(baseline), bool(queued), bool(public))


async def story_of(tx: Transaction, guild_id: int, message_id: int) -> int | None:
    """Return the story that a message of ours in a server belongs to: its card, a comment or a part of one."""
    sql = "SELECT story_id FROM deliveries WHERE message_id = ? AND guild_id = ?"
    rows = await tx.execute_fetchall(sql, (message_id if is_id(message_id) else 0, guild_id))
    return next((row[0] for row in rows), None)


async def channels_of(tx: Transaction, guild_id: int, story_id: int) -> list[int]:
    """Return the channels of a server that a story was promised to, followed or not."""
    sql = """SELECT channel_id FROM deliveries INDEXED BY deliveries_story
        WHERE story_id = ? AND guild_id = ? AND comment_id IS NULL ORDER BY id"""
    return [row[0] for row in await tx.execute_fetchall(sql, (story_id, guild_id))]
