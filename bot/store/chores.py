"""Slow wishes about cards in SQLite: new names of threads and publications, at Discord's pace and in no lane."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from aiosqlite import Connection as Transaction

from bot.model import Chore, ChoreKind
from bot.store.values import to_ms

# Discord's limits: 2 names of a channel in 10 minutes, 10 publications of a channel in an hour.
RENAME_EVERY = timedelta(minutes=5)
PUBLISHED = 10
PUBLISH_WINDOW = timedelta(hours=1)

_RENAME = """INSERT INTO chores (delivery_id, kind)
    SELECT d.id, 'rename' FROM deliveries d JOIN stories s ON s.id = d.story_id
        JOIN story_revisions r ON r.story_id = s.id AND r.revision = s.revision - 1 AND r.title <> s.title
    WHERE d.story_id = ? AND d.comment_id IS NULL AND d.layout IN ('thread', 'forum') AND NOT d.thread_closed
        AND (d.attempt_at IS NOT NULL OR d.message_id IS NOT NULL)
    ON CONFLICT DO UPDATE SET wish = wish + 1, tries = 0"""
_PUBLISH = """INSERT OR IGNORE INTO chores (delivery_id, kind)
    SELECT d.id, 'publish' FROM deliveries d JOIN subscriptions s ON s.channel_id = d.channel_id AND s.publish
    WHERE d.id = ? AND d.comment_id IS NULL"""
_DUE = """SELECT c.* FROM chores c INDEXED BY chores_wanted JOIN deliveries d ON d.id = c.delivery_id
    WHERE c.kept < c.wish AND coalesce(c.next_at, 0) <= :now AND iif(c.kind = 'rename',
        d.thread_id IS NOT NULL AND NOT d.thread_closed AND coalesce(c.done_at, 0) <= :renamed,
        d.state = 'live' AND :most > (SELECT count(*) FROM chores o INDEXED BY chores_done JOIN deliveries p
            ON p.id = o.delivery_id WHERE o.kind = 'publish' AND o.done_at > :published
                AND p.channel_id = d.channel_id))
    ORDER BY coalesce(c.next_at, 0), c.delivery_id LIMIT 1"""


async def want_rename(tx: Transaction, story_id: int) -> None:
    """A story changed: let its threads be called by its new title, where that is what changed."""
    await tx.execute(_RENAME, (story_id,))


async def want_publish(tx: Transaction, delivery_id: int) -> None:
    """A message stands: let it be published where it is a card and its channel's subscription says so."""
    await tx.execute(_PUBLISH, (delivery_id,))


async def due(tx: Transaction, now: datetime) -> Chore | None:
    """Return the chore that waits longest of those that Discord's limits allow now."""
    times = {"now": to_ms(now), "renamed": to_ms(now - RENAME_EVERY), "published": to_ms(now - PUBLISH_WINDOW)}
    for row in await tx.execute_fetchall(_DUE, {**times, "most": PUBLISHED}):
        return _chore(row)
    return None


async def done(tx: Transaction, chore: Chore, now: datetime) -> None:
    """Record that Discord did it; a wish that came in meanwhile is a new one and is not lost by this."""
    await tx.execute(
        """UPDATE chores SET kept = :wish, done_at = :now, next_at = NULL, tries = 0, reason = NULL
        WHERE delivery_id = :id AND kind = :kind""",
        {"id": chore.delivery_id, "kind": str(chore.kind), "now": to_ms(now), "wish": chore.wish},
    )


async def postpone(tx: Transaction, chore: Chore, until: datetime, reason: str) -> None:
    """Put a chore off; nothing else waits for it."""
    await tx.execute(
        """UPDATE chores SET next_at = :until, tries = tries + 1, reason = :reason
        WHERE delivery_id = :id AND kind = :kind""",
        {"id": chore.delivery_id, "kind": str(chore.kind), "until": to_ms(until), "reason": reason},
    )


async def wait(tx: Transaction, kind: ChoreKind, channel_id: int, until: datetime) -> None:
    """Discord asks for patience: let all that is like it in its channel wait, as the limit is the channel's."""
    await tx.execute(
        """UPDATE chores SET next_at = :until, reason = 'Discord asked us to wait' WHERE kind = :kind AND kept < wish
            AND (SELECT channel_id FROM deliveries d WHERE d.id = delivery_id) = :channel""",
        {"kind": str(kind), "channel": channel_id, "until": to_ms(until)},
    )


async def give_up(tx: Transaction, chore: Chore, reason: str) -> None:
    """End a wish that Discord refuses."""
    await tx.execute(
        """UPDATE chores SET kept = :wish, next_at = NULL, tries = 0, reason = :reason
        WHERE delivery_id = :id AND kind = :kind""",
        {"id": chore.delivery_id, "kind": str(chore.kind), "wish": chore.wish, "reason": reason},
    )


def _chore(row: sqlite3.Row) -> Chore:
    return Chore(row["delivery_id"], ChoreKind(row["kind"]), row["wish"], row["tries"])
