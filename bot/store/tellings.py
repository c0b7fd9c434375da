"""What members who follow a story are to be told, in SQLite: noticed once, written down before it is said."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiosqlite import Connection as Transaction

from bot.model import Comment, State
from bot.store import meta
from bot.store.follows import NEWEST, NOTHING_SENT, SELECT, Follow, Telling, follow_of
from bot.store.values import from_ms, text, to_ms

SEEN = "follows_seen"
MOST_FRESH = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a comment stands in one channel of a server; ``place_id`` is where its message is, a thread or a channel."""

    state: State
    promised_at: datetime
    channel_id: int
    place_id: int | None
    message_id: int | None


@dataclass(frozen=True, slots=True)
class Fresh:
    """A comment that a member was not told of, without its text, and how it stands in the member's server.

    ``missing_since``: it seems to have vanished at its source.
    """

    id: int
    comment: Comment
    missing_since: datetime | None = None
    standing: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """Where a story stands: its message in ``place_id``, and its thread if it has one that is open."""

    channel_id: int
    place_id: int
    message_id: int | None
    thread_id: int | None


async def is_new(tx: Transaction) -> bool:
    """Tell whether any comment came since the last ``notice``, or there never was one."""
    return await meta.get(tx, SEEN) is None or await _newest(tx) > await _seen(tx)


async def notice(tx: Transaction, now: datetime) -> int:
    """Let what came since the last look be told when its time comes; returns how many follows have something new."""
    cursor = await tx.execute(
        """UPDATE follows SET since = :now, next_at = :now + CASE pace WHEN 'now' THEN 0 WHEN 'hour' THEN 3600000
            ELSE 86400000 END
        FROM (SELECT story_id AS story, max(id) AS newest FROM comments NOT INDEXED WHERE id > :seen
            GROUP BY story_id) fresh
        WHERE story_id = fresh.story AND next_at IS NULL AND ended IS NULL AND told_upto < fresh.newest""",
        {"now": to_ms(now), "seen": await _seen(tx)},
    )
    noticed = cursor.rowcount
    await meta.put(tx, SEEN, str(await _newest(tx)))
    return noticed


async def _newest(tx: Transaction) -> int:
    ((newest,),) = await tx.execute_fetchall("SELECT coalesce(max(id), 0) FROM comments")
    return int(newest)


async def _seen(tx: Transaction) -> int:
    """Return the newest comment of the last look; before the first one, what no follow needs to be told of."""
    seen = await meta.get(tx, SEEN)
    if seen is not None:
        return int(seen)
    ((first,),) = await tx.execute_fetchall("SELECT min(told_upto) FROM follows")
    return await _newest(tx) if first is None else int(first)


async def due(tx: Transaction, now: datetime, limit: int) -> list[Follow]:
    """Return the follows with something to be told now, the longest waiting first."""
    sql = f"{SELECT} WHERE f.next_at <= ? AND f.ended IS NULL ORDER BY f.next_at, f.id LIMIT ?"
    return [follow_of(row) for row in await tx.execute_fetchall(sql, (to_ms(now), limit))]


async def fresh(tx: Transaction, follow: Follow) -> list[Fresh]:
    """Return the comments that a member was not told of, in the order in which they became known, deleted ones too."""
    sql = """SELECT c.id, c.key, c.author, c.url, c.deleted, c.missing_since, d.state, d.promised_at, d.channel_id,
            d.message_id, iif(d.layout = 'inline', d.channel_id, card.thread_id) AS place_id
        FROM (SELECT * FROM comments WHERE story_id = :story AND id > :upto ORDER BY id LIMIT :most) c
        LEFT JOIN deliveries d INDEXED BY deliveries_comment
            ON d.comment_id = c.id AND d.part = 0 AND d.guild_id = :guild
        LEFT JOIN deliveries card ON card.story_id = c.story_id AND card.channel_id = d.channel_id
            AND card.comment_id IS NULL ORDER BY c.id, d.id"""
    values = {"story": follow.story_id, "upto": follow.told_upto, "most": MOST_FRESH, "guild": follow.guild_id}
    found: dict[int, Fresh] = {}
    for row in await tx.execute_fetchall(sql, values):
        known = found.get(row["id"])
        before = known.standing if known else ()
        comment = Comment(row["key"], row["author"], "", url=row["url"], deleted=bool(row["deleted"]))
        found[row["id"]] = Fresh(row["id"], comment, from_ms(row["missing_since"]), (*before, *_standing(row)))
    return list(found.values())


async def cards(tx: Transaction, guild_id: int, story_id: int) -> list[Card]:
    """Return where a story stands in a server, the oldest first."""
    sql = """SELECT channel_id, iif(layout = 'forum', thread_id, channel_id) AS place_id,
            iif(state = 'live', message_id, NULL) AS message_id, iif(thread_closed, NULL, thread_id) AS thread_id
        FROM deliveries INDEXED BY deliveries_story
        WHERE story_id = ? AND guild_id = ? AND comment_id IS NULL AND state IN ('live', 'held', 'gone')
            AND message_id IS NOT NULL ORDER BY id"""
    return [Card(*row) for row in await tx.execute_fetchall(sql, (story_id, guild_id))]


async def intend(tx: Transaction, follow_id: int, telling: Telling) -> None:
    """Write what is about to be said; it must be committed before it is sent."""
    await tx.execute(
        """UPDATE follows SET nonce = :nonce, upto = :upto, text = :text, place_id = :place, attempt_at = :now,
            last = :last, tries = 0 WHERE id = :id""",
        {
            "nonce": telling.nonce,
            "upto": telling.upto,
            "text": text(telling.text),
            "place": telling.place_id,
            "now": to_ms(telling.attempt_at),
            "last": telling.last,
            "id": follow_id,
        },
    )


async def postpone(tx: Transaction, follow_id: int, until: datetime, *, failed: bool = True) -> None:
    """Put a telling off; what may have been sent is remembered. ``failed``: it counts as a try."""
    sql = "UPDATE follows SET next_at = ?, tries = tries + ? WHERE id = ?"
    await tx.execute(sql, (to_ms(until), failed, follow_id))


async def told(tx: Transaction, follow: Follow, upto: int, now: datetime) -> None:
    """Record that a member knows all up to a comment; what came meanwhile is gathered anew."""
    sql = f"""UPDATE follows SET told_upto = max(told_upto, :upto), {NOTHING_SENT},
            since = iif({NEWEST} > :upto, :now, NULL), next_at = iif({NEWEST} > :upto, :now + :span, NULL)
        WHERE id = :id"""
    span = follow.pace.span // timedelta(milliseconds=1)
    values = {"upto": upto, "story": follow.story_id, "now": to_ms(now), "span": span, "id": follow.id}
    await tx.execute(sql, values)


async def unsay(tx: Transaction, follow_id: int) -> None:
    """Forget what was about to be said: Discord definitely has it not."""
    await tx.execute(f"UPDATE follows SET {NOTHING_SENT} WHERE id = ?", (follow_id,))


def _standing(row: sqlite3.Row) -> tuple[Standing, ...]:
    promised_at = from_ms(row["promised_at"])
    if row["state"] is None or promised_at is None:
        return ()
    return (Standing(State(row["state"]), promised_at, row["channel_id"], row["place_id"], row["message_id"]),)
