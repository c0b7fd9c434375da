"""What should stand in which channel: rows of the outbox are made and their wanted revision moved here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from aiosqlite import Connection as Transaction

from bot.model import StoredComment, StoredStory, Subscription
from bot.store import chores, meta
from bot.store.reasons import DELETED, REMOVED, SHORTER, UNFOLLOWED, UNPOSTED
from bot.store.values import text

_INSERT = """INSERT OR IGNORE INTO deliveries (guild_id, channel_id, subscription_id, story_id, comment_id, part,
        position, state, nonce, want_rev, want_gone, layout)
    VALUES (:guild, :channel, :subscription, :story, :comment, :part, :position, 'pending', :nonce, :revision, :gone,
        :layout)"""

# Only what never reached Discord for sure is simply pending again; a doubt is settled first.
_REVIVE = """UPDATE deliveries SET state = CASE WHEN attempt_at IS NULL THEN 'pending' ELSE 'inflight' END,
        reason = NULL, next_at = NULL, tries = 0
    WHERE channel_id = :channel AND story_id = :story AND state = 'dead' AND message_id IS NULL
        AND reason IN (:first, :second)"""


async def want_story(tx: Transaction, story: StoredStory, found: Iterable[StoredComment], where: Subscription) -> int:
    """Promise a story with its comments to a subscription's channel; returns how many promises are new."""
    before = tx.total_changes
    nonce = await nonce_of(tx, where.channel_id, f"{story.id}", 0)
    row = {"guild": where.guild_id, "channel": where.channel_id, "subscription": where.id, "story": story.id}
    row["layout"] = str(where.options.layout)
    card = {"comment": None, "part": 0, "position": -1, "nonce": nonce, "revision": story.revision, "gone": False}
    await tx.execute(_INSERT, {**row, **card})
    await tx.execute(_REVIVE, {"channel": where.channel_id, "story": story.id, "first": UNFOLLOWED, "second": REMOVED})
    await want_comments(tx, story.id, found, where.channel_id)
    return tx.total_changes - before


async def want_comments(
    tx: Transaction, story_id: int, found: Iterable[StoredComment], channel_id: int | None = None
) -> int:
    """Promise comments to every channel (or to one) where the story stands, unless alone, and its thread is open."""
    sql = """SELECT guild_id, channel_id, subscription_id, layout FROM deliveries
        WHERE story_id = :story AND channel_id = coalesce(:channel, channel_id) AND comment_id IS NULL
            AND layout <> 'story-only' AND NOT thread_closed
            AND channel_id IN (SELECT channel_id FROM subscriptions WHERE paused_reason IS NULL)
            AND (state IN ('pending', 'inflight', 'live', 'held') OR state = 'gone' AND thread_id IS NOT NULL)"""
    cards = list(await tx.execute_fetchall(sql, {"story": story_id, "channel": channel_id}))
    secret = await _secret(tx) if cards else ""
    rows = [
        {
            "guild": card["guild_id"],
            "channel": card["channel_id"],
            "subscription": card["subscription_id"],
            "story": story_id,
            "comment": comment.id,
            "part": 0,
            "position": comment.position,
            "nonce": _nonce(secret, card["channel_id"], item_of(story_id, comment.comment.key), 0),
            "revision": comment.revision,
            "gone": comment.comment.deleted,
            "layout": card["layout"],
        }
        for card in cards
        for comment in found
    ]
    before = tx.total_changes
    await tx.executemany(_INSERT, rows)
    return tx.total_changes - before


async def want_revision(tx: Transaction, story_id: int, comment: StoredComment | None, revision: int) -> int:
    """Let an item's newest revision be wanted wherever it stands; a deleted comment is wanted gone."""
    if comment is None:
        await chores.want_rename(tx, story_id)
    again = 0 if comment is None or comment.comment.deleted else await _post_again(tx, comment)
    cursor = await tx.execute(
        """UPDATE deliveries SET want_rev = :revision, want_gone = :gone
        WHERE story_id = :story AND comment_id IS :comment AND state IN ('pending', 'inflight', 'live', 'held')""",
        {
            "revision": revision,
            "gone": comment is not None and comment.comment.deleted,
            "story": story_id,
            "comment": comment.id if comment else None,
        },
    )
    return max(again, cursor.rowcount)


async def _post_again(tx: Transaction, comment: StoredComment) -> int:
    """A comment that came back at its source is posted anew where it had been removed: a new message, a new nonce."""
    sql = "SELECT id, channel_id, part FROM deliveries WHERE comment_id = ? AND state = 'gone' AND reason IN (?, ?, ?)"
    rows = list(await tx.execute_fetchall(sql, (comment.id, DELETED, UNPOSTED, SHORTER)))
    for row in rows:
        item = f"{item_of(comment.story_id, comment.comment.key)}@{comment.revision}"
        nonce = await nonce_of(tx, row["channel_id"], item, row["part"])
        await tx.execute(
            """UPDATE deliveries SET state = 'pending', message_id = NULL, have_rev = 0, tries = 0, next_at = NULL,
                attempt_at = NULL, reason = NULL, nonce = ? WHERE id = ?""",
            (nonce, row["id"]),
        )
    return len(rows)


async def move(tx: Transaction, positions: Iterable[tuple[StoredComment, int]]) -> None:
    """Give comments that were not posted yet their new places in the queue."""
    sql = """UPDATE deliveries SET position = ? WHERE comment_id = ? AND state IN ('pending', 'inflight', 'held')"""
    await tx.executemany(sql, [(position, comment.id) for comment, position in positions])


async def ensure_parts(tx: Transaction, delivery_id: int, count: int) -> None:
    """Have as many rows as a comment has messages: add those that lack, want those gone that are too many."""
    sql = "SELECT d.*, c.key FROM deliveries d LEFT JOIN comments c ON c.id = d.comment_id WHERE d.id = ?"
    (row,) = await tx.execute_fetchall(sql, (delivery_id,))
    if row["comment_id"] is None or row["part"] != 0:
        return
    item = item_of(row["story_id"], row["key"])
    for part in range(1, count):
        values = {
            "guild": row["guild_id"],
            "channel": row["channel_id"],
            "subscription": row["subscription_id"],
            "story": row["story_id"],
            "comment": row["comment_id"],
            "part": part,
            "position": row["position"],
            "nonce": await nonce_of(tx, row["channel_id"], item, part),
            "revision": row["want_rev"],
            "gone": False,
            "layout": row["layout"],
        }
        await tx.execute(_INSERT, values)
    await tx.execute(
        """UPDATE deliveries SET want_gone = 1, want_rev = max(want_rev, have_rev + 1)
        WHERE channel_id = ? AND comment_id = ? AND part >= ? AND state IN ('pending', 'inflight', 'live', 'held')""",
        (row["channel_id"], row["comment_id"], count),
    )


def item_of(story_id: int, key: str) -> str:
    """Return the name of a comment among all items."""
    return f"{story_id}:{text(key)}"


async def nonce_of(tx: Transaction, channel_id: int, item: str, part: int) -> str:
    """Return the nonce of one message: 22 characters, the same for ever, different in every installation."""
    return _nonce(await _secret(tx), channel_id, item, part)


async def _secret(tx: Transaction) -> str:
    return await meta.get(tx, "install_secret") or ""


def _nonce(secret: str, channel_id: int, item: str, part: int) -> str:
    name = f"{secret}\x1f{channel_id}\x1f{item}\x1f{part}".encode()
    return base64.urlsafe_b64encode(hashlib.blake2b(name, digest_size=16).digest()).decode().rstrip("=")
