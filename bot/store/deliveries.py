"""The outbox in SQLite: what was tried and what came of it. ``wishes`` makes promises, ``lanes`` says what is due."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.errors import NotFound
from bot.model import Delivery, Layout, State
from bot.store import chores
from bot.store.reasons import PAUSED, STORYLESS
from bot.store.values import from_ms, to_ms
from bot.store.wishes import ensure_parts

__all__ = ["Transaction", "ensure_parts"]

# Rows behind a held one wait with it: they are not under way.
_UNSETTLED = """SELECT count(*) FROM (
    SELECT id, channel_id, story_id FROM deliveries INDEXED BY deliveries_pending WHERE state = 'pending'
    UNION SELECT id, channel_id, story_id FROM deliveries INDEXED BY deliveries_inflight WHERE state = 'inflight'
    UNION SELECT id, channel_id, story_id FROM deliveries INDEXED BY deliveries_stale
        WHERE state = 'live' AND have_rev < want_rev
    UNION SELECT id, channel_id, story_id FROM deliveries INDEXED BY deliveries_threadless
        WHERE state = 'live' AND comment_id IS NULL AND thread_id IS NULL AND layout = 'thread') d
    WHERE NOT EXISTS (SELECT 1 FROM deliveries h INDEXED BY deliveries_held
        WHERE h.state = 'held' AND h.channel_id = d.channel_id AND (h.story_id = d.story_id OR h.lane = 0))"""


async def unsettled(tx: Transaction) -> int:
    """Return how many promises are neither kept nor given up nor held back by a missing permission."""
    ((count,),) = await tx.execute_fetchall(_UNSETTLED)
    return int(count)


async def inflight(tx: Transaction) -> list[Delivery]:
    """Return the rows of which nobody knows whether Discord has them."""
    return [delivery_of(row) for row in await tx.execute_fetchall("SELECT * FROM deliveries WHERE state = 'inflight'")]


async def get(tx: Transaction, delivery_id: int) -> Delivery:
    """Return a row; raises ``NotFound``."""
    for row in await tx.execute_fetchall("SELECT * FROM deliveries WHERE id = ?", (delivery_id,)):
        return delivery_of(row)
    raise NotFound("There is no such delivery.")


async def card(tx: Transaction, channel_id: int, story_id: int) -> Delivery | None:
    """Return the row of a story's card in a channel."""
    sql = "SELECT * FROM deliveries WHERE channel_id = ? AND story_id = ? AND comment_id IS NULL"
    for row in await tx.execute_fetchall(sql, (channel_id, story_id)):
        return delivery_of(row)
    return None


async def has_live_replies(tx: Transaction, delivery: Delivery) -> bool:
    """Tell whether any reply to this comment stands, or is about to, in its channel."""
    sql = """SELECT 1 FROM comments me JOIN comments c ON c.story_id = me.story_id AND c.parent_key = me.key
        JOIN deliveries d ON d.comment_id = c.id AND d.channel_id = :channel
        WHERE me.id = :comment AND d.state IN ('pending', 'inflight', 'live', 'held') LIMIT 1"""
    values = {"channel": delivery.channel_id, "comment": delivery.comment_id}
    return bool(list(await tx.execute_fetchall(sql, values)))


async def message_ids(tx: Transaction, channel_id: int, story_id: int) -> set[int]:
    """Return the messages that are known already where a row of this story would stand."""
    sql = """SELECT message_id FROM deliveries WHERE channel_id = :channel AND message_id IS NOT NULL
        AND (story_id = :story OR comment_id IS NULL)"""
    return {row[0] for row in await tx.execute_fetchall(sql, {"channel": channel_id, "story": story_id})}


async def intend(tx: Transaction, delivery_id: int, *, now: datetime, revision: int, payload: str) -> None:
    """Write the intent, ``now`` by Discord's clock; it must be committed before the request leaves."""
    await tx.execute(
        """UPDATE deliveries SET state = 'inflight', attempt_at = :now, sent_rev = :revision, sent_payload = :payload,
            tries = tries + 1, next_at = NULL, reason = NULL WHERE id = :id""",
        {"id": delivery_id, "now": to_ms(now), "revision": revision, "payload": payload},
    )


async def record_sent(tx: Transaction, delivery_id: int, message_id: int) -> None:
    """Record that Discord has the message at the revision that was sent; a forum post is its card's thread as well."""
    await tx.execute(
        """UPDATE deliveries SET state = 'live', message_id = :message, have_rev = sent_rev, attempt_at = NULL,
            thread_id = iif(layout = 'forum' AND comment_id IS NULL, :message, thread_id),
            sent_payload = NULL, next_at = NULL, tries = 0, reason = NULL WHERE id = :id""",
        {"id": delivery_id, "message": message_id},
    )
    await chores.want_publish(tx, delivery_id)


async def record_edited(
    tx: Transaction, delivery_id: int, revision: int, *, rest_until: datetime | None = None
) -> None:
    """Record that the message shows this revision now, and that its next edit (no deletion) may come from then on."""
    sql = """UPDATE deliveries SET have_rev = ?, next_at = ?, tries = 0, reason = NULL, attempt_at = NULL, editing = 0
        WHERE id = ?"""
    await tx.execute(sql, (revision, to_ms(rest_until), delivery_id))


async def editing(tx: Transaction, delivery_id: int, editing: bool) -> None:
    """Write that an edit is about to leave, or that Discord definitely did not do it."""
    await tx.execute("UPDATE deliveries SET editing = ? WHERE id = ?", (editing, delivery_id))


async def intend_removal(tx: Transaction, delivery_id: int, now: datetime) -> None:
    """Write that a message is about to be removed: should it be wanted again, it may be gone by our own hand."""
    await tx.execute("UPDATE deliveries SET attempt_at = ? WHERE id = ?", (to_ms(now), delivery_id))


async def record_thread(tx: Transaction, delivery_id: int, thread_id: int) -> None:
    """Record the story's thread."""
    sql = "UPDATE deliveries SET thread_id = ?, next_at = NULL, tries = 0, reason = NULL WHERE id = ?"
    await tx.execute(sql, (thread_id, delivery_id))


async def postpone(tx: Transaction, delivery_id: int, *, until: datetime, reason: str) -> None:
    """Put a row off: a create, which Discord definitely did not do, is pending again, a change stays live.

    What came to its end while Discord's answer was on its way keeps that.
    """
    await tx.execute(
        """UPDATE deliveries SET state = CASE WHEN message_id IS NULL THEN 'pending' ELSE state END,
            attempt_at = iif(message_id IS NULL, NULL, attempt_at), next_at = :until, reason = :reason,
            tries = tries + (message_id IS NOT NULL) WHERE id = :id AND state NOT IN ('gone', 'dead')""",
        {"id": delivery_id, "until": to_ms(until), "reason": reason},
    )


async def hold(tx: Transaction, delivery_id: int, reason: str, until: datetime | None = None) -> None:
    """Stop a lane until a permission is back; ``attempt_at`` stays, so that a doubt is settled before anything else."""
    sql = """UPDATE deliveries SET state = 'held', reason = ?, next_at = ?
        WHERE id = ? AND state NOT IN ('gone', 'dead')"""
    await tx.execute(sql, (reason, to_ms(until), delivery_id))


async def held_places(tx: Transaction) -> list[tuple[int, int, Layout]]:
    """Return the guilds and channels where rows are held, and the layout they have there."""
    sql = """SELECT DISTINCT guild_id, channel_id, layout FROM deliveries INDEXED BY deliveries_held
        WHERE state = 'held' AND reason <> ?"""
    return [(row[0], row[1], Layout(row[2])) for row in await tx.execute_fetchall(sql, (PAUSED,))]


async def release_held(tx: Transaction, channel_id: int, now: datetime | None = None) -> None:
    """Let a channel's held rows go on from where they were: all, or those whose time has come by ``now``."""
    await tx.execute(
        """UPDATE deliveries SET reason = NULL, next_at = NULL, state = CASE WHEN message_id IS NOT NULL THEN 'live'
            WHEN attempt_at IS NOT NULL THEN 'inflight' ELSE 'pending' END
        WHERE state = 'held' AND channel_id = :channel AND reason <> :paused
            AND (:now IS NULL OR coalesce(next_at, 0) <= :now)""",
        {"channel": channel_id, "now": to_ms(now), "paused": PAUSED},
    )


async def finish(tx: Transaction, delivery_id: int, state: State, reason: str) -> None:
    """End a row; comments of a story that never got its thread end with it.

    A dead row remembers its last attempt, so that a doubt is settled first should an admin want it tried again.
    """
    await tx.execute(
        """UPDATE deliveries SET state = :state, reason = :reason,
            attempt_at = iif(:state = 'dead', attempt_at, NULL) WHERE id = :id""",
        {"id": delivery_id, "state": str(state), "reason": reason},
    )
    await tx.execute(
        """UPDATE deliveries SET state = 'dead', reason = :storyless || :reason
        WHERE state IN ('pending', 'held') AND comment_id IS NOT NULL AND (channel_id, story_id) IN (SELECT channel_id,
            story_id FROM deliveries WHERE id = :id AND comment_id IS NULL AND thread_id IS NULL)""",
        {"id": delivery_id, "reason": reason, "storyless": STORYLESS},
    )


async def counts(tx: Transaction) -> dict[State, int]:
    """Return how many rows stand in each state."""
    sql = "SELECT state, count(*) FROM deliveries GROUP BY state"
    return {State(row[0]): row[1] for row in await tx.execute_fetchall(sql)}


def delivery_of(row: sqlite3.Row) -> Delivery:
    """Return a row of the table as a value."""
    return Delivery(
        id=row["id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        subscription_id=row["subscription_id"],
        story_id=row["story_id"],
        comment_id=row["comment_id"],
        part=row["part"],
        state=State(row["state"]),
        nonce=row["nonce"],
        want_rev=row["want_rev"],
        want_gone=bool(row["want_gone"]),
        have_rev=row["have_rev"],
        attempt_at=from_ms(row["attempt_at"]),
        sent_rev=row["sent_rev"],
        sent_payload=row["sent_payload"],
        message_id=row["message_id"],
        thread_id=row["thread_id"],
        tries=row["tries"],
        next_at=from_ms(row["next_at"]),
        reason=row["reason"],
        layout=Layout(row["layout"]),
        lane=row["lane"],
        skipped=row["skipped"],
        editing=bool(row["editing"]),
    )
