"""Whom a comment answers where it stands: its parent's message, else the parent by name."""

from __future__ import annotations

from aiosqlite import Connection as Transaction

from bot.model import Delivery, Parent
from bot.store import comments

# A message that stands answers for ever what it was posted to.
_PARENT = """SELECT me.parent_key, p.id,
        CASE WHEN first.message_id IS NULL THEN parent.message_id ELSE first.answers END AS answers
    FROM comments me LEFT JOIN comments p ON p.story_id = me.story_id AND p.key = me.parent_key
    LEFT JOIN deliveries first ON first.comment_id = me.id AND first.channel_id = :channel AND first.part = 0
    LEFT JOIN deliveries parent ON parent.comment_id = p.id AND parent.channel_id = :channel AND parent.part = 0
        AND parent.state IN ('live', 'held')
    WHERE me.id = :comment"""


async def parent(tx: Transaction, delivery: Delivery) -> Parent | None:
    """Return whom a comment answers in its channel, None for one that answers nobody."""
    values = {"comment": delivery.comment_id, "channel": delivery.channel_id}
    for key, comment_id, message_id in await tx.execute_fetchall(_PARENT, values):
        if key is None:
            return None
        if message_id is not None:
            return Parent(message_id)
        return Parent(comment=(await comments.get(tx, comment_id)).comment if comment_id is not None else None)
    return None


async def above(tx: Transaction, delivery: Delivery) -> int | None:
    """Return the message under which a comment stands in a channel without threads: its own first part, or the card."""
    comment = delivery.comment_id if delivery.part else None
    sql = """SELECT message_id FROM deliveries WHERE channel_id = ? AND story_id = ? AND comment_id IS ? AND part = 0
        AND state IN ('live', 'held')"""
    rows = await tx.execute_fetchall(sql, (delivery.channel_id, delivery.story_id, comment))
    return next((row[0] for row in rows), None)


async def answers(tx: Transaction, delivery_id: int, message_id: int | None) -> None:
    """Record which message a row's own is about to answer."""
    await tx.execute("UPDATE deliveries SET answers = ? WHERE id = ?", (message_id, delivery_id))


async def renamed(tx: Transaction, comment_id: int) -> list[int]:
    """Make new revisions of the replies that name a comment, as its name is to be shown no more; returns them."""
    sql = """UPDATE comments SET revision = revision + 1 WHERE id IN (SELECT c.id FROM comments me
            JOIN comments c ON c.story_id = me.story_id AND c.parent_key = me.key AND NOT c.deleted
            JOIN deliveries d ON d.comment_id = c.id AND d.part = 0 AND d.answers IS NULL
                AND d.state IN ('inflight', 'live', 'held')
            WHERE me.id = ?) RETURNING id"""
    return [row[0] for row in await tx.execute_fetchall(sql, (comment_id,))]
