"""Which members want to hear of new comments on a story, in SQLite; ``tellings`` says what they are told."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from aiosqlite import Connection as Transaction

from bot.store.values import from_ms, is_id, text, to_ms


class How(StrEnum):
    """Where a member is told: in person, or by a ping in the story's thread."""

    DM = "dm"
    THREAD = "thread"


class Pace(StrEnum):
    """How long what is new is gathered before it is told."""

    NOW = "now"
    HOUR = "hour"
    DAY = "day"

    @property
    def span(self) -> timedelta:
        """Return the time from the first new comment to its telling."""
        return {Pace.NOW: timedelta(0), Pace.HOUR: timedelta(hours=1), Pace.DAY: timedelta(days=1)}[self]


@dataclass(frozen=True, slots=True)
class Telling:
    """A message that was or is about to be sent: what is new up to the comment ``upto``, at ``place_id``.

    ``last``: the follow ends with it.
    """

    nonce: str
    upto: int
    text: str
    place_id: int
    attempt_at: datetime
    last: bool


@dataclass(frozen=True, slots=True)
class Follow:
    """A member's wish. ``since`` is when something new was seen, ``ended`` the catalogue's key of why it is over."""

    id: int
    guild_id: int
    user_id: int
    story_id: int
    how: How
    pace: Pace
    language: str
    created_at: datetime
    told_upto: int
    title: str
    since: datetime | None = None
    next_at: datetime | None = None
    tries: int = 0
    ended: str | None = None
    telling: Telling | None = None


SELECT = "SELECT f.*, s.title FROM follows f JOIN stories s ON s.id = f.story_id"
NEWEST = "(SELECT coalesce(max(id), 0) FROM comments WHERE story_id = :story)"
NOTHING_SENT = "nonce = NULL, upto = NULL, text = NULL, place_id = NULL, attempt_at = NULL, tries = 0, last = 0"


async def put(
    tx: Transaction,
    guild_id: int,
    user_id: int,
    story_id: int,
    now: datetime,
    *,
    how: How,
    pace: Pace,
    language: str,
) -> None:
    """Follow a story from now on, or follow it otherwise; one that had ended by itself begins anew."""
    await tx.execute(
        f"""INSERT INTO follows (guild_id, user_id, story_id, how, pace, language, created_at, told_upto)
        VALUES (:guild, :user, :story, :how, :pace, :language, :now, {NEWEST})
        ON CONFLICT (guild_id, user_id, story_id) DO UPDATE SET how = :how, pace = :pace, language = :language,
            told_upto = iif(ended IS NULL, told_upto, excluded.told_upto), ended = NULL,
            next_at = iif(nonce IS NULL, since + :span, next_at)""",
        {
            "guild": guild_id,
            "user": user_id,
            "story": story_id,
            "how": str(how),
            "pace": str(pace),
            "language": text(language),
            "now": to_ms(now),
            "span": pace.span // timedelta(milliseconds=1),
        },
    )


async def find(tx: Transaction, guild_id: int, user_id: int, story_id: int) -> Follow | None:
    """Return a member's follow of a story, unless it has ended."""
    sql = f"{SELECT} WHERE f.guild_id = ? AND f.user_id = ? AND f.story_id = ? AND f.ended IS NULL"
    values = (guild_id, user_id, story_id if is_id(story_id) else 0)
    return next((follow_of(row) for row in await tx.execute_fetchall(sql, values)), None)


async def get(tx: Transaction, follow_id: int) -> Follow | None:
    """Return a follow, None for one that is no more."""
    rows = await tx.execute_fetchall(f"{SELECT} WHERE f.id = ?", (follow_id if is_id(follow_id) else 0,))
    return next((follow_of(row) for row in rows), None)


async def of_member(tx: Transaction, guild_id: int, user_id: int) -> list[Follow]:
    """Return what a member follows in a server, the newest first; what has ended is not among it."""
    sql = f"{SELECT} WHERE f.guild_id = ? AND f.user_id = ? AND f.ended IS NULL ORDER BY f.id DESC"
    return [follow_of(row) for row in await tx.execute_fetchall(sql, (guild_id, user_id))]


async def has_ended(tx: Transaction, guild_id: int, user_id: int) -> bool:
    """Tell whether anything of a member's ended by itself and was not said yet."""
    sql = "SELECT 1 FROM follows WHERE guild_id = ? AND user_id = ? AND ended IS NOT NULL LIMIT 1"
    return bool(list(await tx.execute_fetchall(sql, (guild_id, user_id))))


async def take_ended(tx: Transaction, guild_id: int, user_id: int) -> list[Follow]:
    """Return what ended by itself in a server, and forget it."""
    sql = f"{SELECT} WHERE f.guild_id = ? AND f.user_id = ? AND f.ended IS NOT NULL ORDER BY f.id"
    found = [follow_of(row) for row in await tx.execute_fetchall(sql, (guild_id, user_id))]
    sql = "DELETE FROM follows WHERE guild_id = ? AND user_id = ? AND ended IS NOT NULL"
    await tx.execute(sql, (guild_id, user_id))
    return found


async def remove(tx: Transaction, follow_id: int) -> None:
    """Forget a follow."""
    await tx.execute("DELETE FROM follows WHERE id = ?", (follow_id,))


async def forget(tx: Transaction, user_id: int) -> int:
    """Forget all that a person follows, in every server; returns how much it was."""
    return (await tx.execute("DELETE FROM follows WHERE user_id = ?", (user_id,))).rowcount


async def end(tx: Transaction, follow_id: int, reason: str) -> None:
    """End a follow by itself; ``reason`` is a key of the catalogue, which the member is told next time."""
    sql = f"UPDATE follows SET ended = ?, since = NULL, next_at = NULL, {NOTHING_SENT} WHERE id = ?"
    await tx.execute(sql, (reason, follow_id))


def follow_of(row: sqlite3.Row) -> Follow:
    """Return a row of ``SELECT`` as a value."""
    created_at, attempt_at = from_ms(row["created_at"]), from_ms(row["attempt_at"])
    assert created_at is not None, "the column is NOT NULL"
    telling = None
    if row["nonce"] is not None and attempt_at is not None:
        telling = Telling(row["nonce"], row["upto"], row["text"], row["place_id"], attempt_at, bool(row["last"]))
    return Follow(
        id=row["id"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        story_id=row["story_id"],
        how=How(row["how"]),
        pace=Pace(row["pace"]),
        language=row["language"],
        created_at=created_at,
        told_upto=row["told_upto"],
        title=row["title"],
        since=from_ms(row["since"]),
        next_at=from_ms(row["next_at"]),
        tries=row["tries"],
        ended=row["ended"],
        telling=telling,
    )
