"""What should stand in which channel: rows of the outbox are made and their wanted revision moved here."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from aiosqlite import Connection as Transaction

from bot.model import StoredComment, StoredStory, Subscription
from bot.plan import oldest
from bot.store import chores, meta
from bot.store.reasons import DELETED, ORPHAN, PAUSED, REMOVED, SHORTER, UNFOLLOWED, UNPOSTED, WITHDRAWN
from bot.store.values import text, to_ms

_INSERT = """INSERT OR IGNORE INTO deliveries (guild_id, channel_id, subscription_id, story_id, comment_id, part,
        position, state, nonce, want_rev, want_gone, layout, next_at, reason, promised_at)
    VALUES (:guild, :channel, :subscription, :story, :comment, :part, :position, 'pending', :nonce, :revision, :gone,
        :layout, :next, :reason, :promised)"""
# Where comments can be posted, how many are there, and how many of those wait.
_CARDS = """SELECT d.id, d.state, d.guild_id, d.channel_id, d.subscription_id, d.layout, s.comment_cap, s.grace_s,
        (SELECT count(*) FROM deliveries c INDEXED BY deliveries_story WHERE c.story_id = d.story_id
            AND c.channel_id = d.channel_id AND c.comment_id > 0 AND c.part = 0) AS mirrored,
        (SELECT count(*) FROM deliveries c INDEXED BY deliveries_pending WHERE c.state = 'pending'
            AND c.channel_id = d.channel_id AND c.story_id = d.story_id AND c.comment_id > 0)
        + (SELECT count(*) FROM deliveries c INDEXED BY deliveries_held WHERE c.state = 'held'
            AND c.channel_id = d.channel_id AND c.story_id = d.story_id AND c.comment_id > 0) AS waiting,
        s.paused_reason IS NOT NULL AS paused
    FROM deliveries d JOIN subscriptions s ON s.channel_id = d.channel_id AND coalesce(s.paused_reason, :pause) = :pause
    WHERE d.story_id = :story AND d.channel_id = coalesce(:channel, d.channel_id) AND d.comment_id IS NULL
        AND d.layout <> 'story-only' AND NOT d.thread_closed
        AND (d.state IN ('pending', 'inflight', 'live', 'held') OR d.state = 'gone' AND d.thread_id IS NOT NULL)"""
# Whether comments can still be posted where a row ``d`` would stand.
_OPEN = """EXISTS (SELECT 1 FROM deliveries card INDEXED BY deliveries_story WHERE card.story_id = d.story_id
    AND card.channel_id = d.channel_id AND card.comment_id IS NULL AND NOT card.thread_closed
    AND (card.state IN ('pending', 'inflight', 'live', 'held')
        OR card.state = 'gone' AND card.thread_id IS NOT NULL))"""
# So many comments may wait in one thread: who floods a page shall not flood a channel.
MOST_WAITING = 500
PARENT_WAIT = timedelta(minutes=10)

# A plus (here and elsewhere) keeps SQLite from the index of message ids: there all that is unsent has one entry, NULL.
# Only what never reached Discord for sure is simply pending again; a doubt is settled first.
_REVIVE = """UPDATE deliveries SET state = CASE WHEN attempt_at IS NULL THEN 'pending' ELSE 'inflight' END,
        reason = NULL, next_at = NULL, tries = 0
    WHERE channel_id = :channel AND story_id = :story AND state = 'dead' AND +message_id IS NULL
        AND reason IN (:first, :second)"""


async def want_story(
    tx: Transaction,
    story: StoredStory,
    found: Sequence[StoredComment],
    where: Subscription,
    now: datetime,
    *,
    since: datetime | None = None,
) -> int:
    """Promise a story with its oldest comments to a subscription's channel; returns how many promises are new.

    It is owed ``since`` then, or since now.
    """
    nonce = await nonce_of(tx, where.channel_id, f"{story.id}", 0)
    row = {"guild": where.guild_id, "channel": where.channel_id, "subscription": where.id, "story": story.id}
    card = {"comment": None, "part": 0, "position": -1, "nonce": nonce, "revision": story.revision, "gone": False}
    when = {"layout": str(where.options.layout), "promised": to_ms(since or now), "next": None, "reason": None}
    promised = (await tx.execute(_INSERT, {**row, **card, **when})).rowcount
    revived = {"channel": where.channel_id, "story": story.id, "first": UNFOLLOWED, "second": REMOVED}
    promised += (await tx.execute(_REVIVE, revived)).rowcount
    for target in await tx.execute_fetchall(_CARDS, _at(story.id, where.channel_id)):
        sql = "SELECT comment_id FROM deliveries WHERE story_id = ? AND channel_id = ? AND comment_id > 0"
        known = {row[0] for row in await tx.execute_fetchall(sql, (story.id, where.channel_id))}
        fresh = [comment for comment in found if comment.id not in known]
        cap = target["comment_cap"]
        room = max(0, cap - len(known)) if cap else len(fresh)
        made, left_out = await _want(tx, target, story.id, fresh, now, limit=room)
        promised += made
        await _leave_out(tx, target, story.id, left_out)
    if where.paused_reason:
        await _pause(tx, where.channel_id, story.id)
    return promised


async def want_comments(
    tx: Transaction, story_id: int, found: Sequence[StoredComment], now: datetime, orphans: Collection[str] = ()
) -> int:
    """Promise new comments wherever the story stands with its comments; returns how many promises are new.

    ``orphans`` are keys of those whose parents may still come: they wait for them, but not long.
    """
    promised = 0
    for target in list(await tx.execute_fetchall(_CARDS, _at(story_id))) if found else ():
        first = target["mirrored"] == 0 and target["comment_cap"]
        room = first or (MOST_WAITING - target["waiting"] if target["mirrored"] else len(found))
        made, left_out = await _want(tx, target, story_id, found, now, limit=max(0, room), new=True, orphans=orphans)
        promised += made
        if left_out:
            await _leave_out(tx, target, story_id, left_out, more=True)
        if target["paused"]:
            await _pause(tx, target["channel_id"], story_id)
    return promised


async def _want(
    tx: Transaction,
    card: sqlite3.Row,
    story_id: int,
    found: Sequence[StoredComment],
    now: datetime,
    *,
    limit: int,
    new: bool = False,
    orphans: Collection[str] = (),
) -> tuple[int, int]:
    """Promise the ``limit`` oldest of comments below a card; returns how many promises are new, and how many left out.

    Deleted ones are not counted as left out.
    """
    alive = [comment for comment in found if not comment.comment.deleted]
    chosen = oldest(alive, limit)
    secret, grace = await _secret(tx), timedelta(seconds=card["grace_s"])
    rows = []
    for comment in [*chosen, *(comment for comment in found if comment.comment.deleted)]:
        orphan = comment.comment.key in orphans
        # What we see for the first time now is new; of what is older, the site says how old it is.
        born = now if new else min(comment.comment.posted_at or datetime.min.replace(tzinfo=UTC), now)
        due = now + PARENT_WAIT if orphan else born + grace
        rows.append({
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
            "next": to_ms(due) if due > now else None,
            "reason": ORPHAN if orphan else None,
            "promised": to_ms(now),
        })  # fmt: skip
    cursor = await tx.executemany(_INSERT, rows)
    return max(0, cursor.rowcount), len(alive) - len(chosen)


async def _leave_out(tx: Transaction, card: sqlite3.Row, story_id: int, number: int, *, more: bool = False) -> None:
    """Have a card say how many comments are not below it; one that stands already is edited for that."""
    sql = """UPDATE deliveries SET skipped = iif(:more, skipped, 0) + :number
        WHERE id = :id AND (:more OR skipped <> :number)"""
    cursor = await tx.execute(sql, {"more": more, "number": number, "id": card["id"]})
    if cursor.rowcount == 0 or card["state"] == "pending":
        return
    sql = "UPDATE stories SET revision = revision + 1 WHERE id = ? RETURNING revision"
    for (revision,) in await tx.execute_fetchall(sql, (story_id,)):
        await tx.execute("UPDATE deliveries SET want_rev = ? WHERE id = ?", (revision, card["id"]))


async def _pause(tx: Transaction, channel_id: int, story_id: int) -> None:
    """Let what was promised to a channel that an admin paused wait there; see ``bot.store.history.pause``."""
    sql = """UPDATE deliveries SET state = 'held', reason = ?, next_at = NULL
        WHERE channel_id = ? AND story_id = ? AND state = 'pending' AND +message_id IS NULL"""
    await tx.execute(sql, (PAUSED, channel_id, story_id))


def _at(story_id: int, channel_id: int | None = None) -> dict[str, object]:
    return {"story": story_id, "channel": channel_id, "pause": PAUSED}


async def withdraw(tx: Transaction, vanished: Iterable[StoredComment]) -> None:
    """Do not post what vanished at its source before it was posted: it may have been spam."""
    sql = """UPDATE deliveries SET state = 'gone', reason = ?
        WHERE comment_id = ? AND state = 'pending' AND tries = 0 AND +message_id IS NULL"""
    await tx.executemany(sql, [(WITHDRAWN, stored.id) for stored in vanished])


async def take_back(tx: Transaction, returned: Iterable[StoredComment]) -> None:
    """Post after all what only seemed to have vanished."""
    sql = f"""UPDATE deliveries AS d SET state = 'pending', reason = NULL
        WHERE comment_id = ? AND state = 'gone' AND reason = ? AND {_OPEN}"""
    await tx.executemany(sql, [(stored.id, WITHDRAWN) for stored in returned])


async def adopt(tx: Transaction, parents: Iterable[StoredComment]) -> None:
    """Let orphans that wait for one of these comments follow right behind it."""
    sql = """UPDATE deliveries SET next_at = NULL, reason = NULL, position = :position
        WHERE state = 'pending' AND reason = :orphan
            AND comment_id IN (SELECT id FROM comments WHERE story_id = :story AND parent_key = :key)"""
    rows = [
        {"position": one.position + 1, "orphan": ORPHAN, "story": one.story_id, "key": text(one.comment.key)}
        for one in parents
    ]
    await tx.executemany(sql, rows)


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
    sql = f"""SELECT id, channel_id, part FROM deliveries d
        WHERE comment_id = ? AND state = 'gone' AND reason IN (?, ?, ?, ?) AND {_OPEN}"""
    rows = list(await tx.execute_fetchall(sql, (comment.id, DELETED, UNPOSTED, SHORTER, WITHDRAWN)))
    for row in rows:
        await post_anew(tx, row["id"], row["channel_id"], row["part"], comment)
    return len(rows)


async def post_anew(tx: Transaction, delivery_id: int, channel_id: int, part: int, comment: StoredComment) -> None:
    """Let a row stand for a new message: with the old nonce Discord could take it for the one that was removed."""
    item = f"{item_of(comment.story_id, comment.comment.key)}@{comment.revision}"
    await tx.execute(
        """UPDATE deliveries SET state = 'pending', message_id = NULL, have_rev = 0, tries = 0, next_at = NULL,
            attempt_at = NULL, reason = NULL, nonce = ? WHERE id = ?""",
        (await nonce_of(tx, channel_id, item, part), delivery_id),
    )


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
            "next": None,
            "reason": None,
            "promised": row["promised_at"],
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
