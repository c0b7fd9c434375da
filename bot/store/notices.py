"""What admins are to be told, in SQLite: kept until it is said, and the same not said twice."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime, timedelta

from aiosqlite import Connection as Transaction

from bot.model import Notice
from bot.store.values import from_ms, text, to_ms

RECENT = timedelta(days=1)
# A notice on the trouble of a source that has none any more, or is not there.
_WELL_AGAIN = """(n.source_id IS NOT NULL
    AND substr(subject, 1, instr(subject, ':') - 1) IN ('failing', 'refused', 'stopped', 'gone', 'recovered')
    AND NOT EXISTS (SELECT 1 FROM sources s
        WHERE s.id = n.source_id AND (s.failing_since IS NOT NULL OR s.stopped_reason IS NOT NULL)))"""


async def put(
    tx: Transaction,
    guild_id: int,
    subject: str,
    says: str,
    now: datetime,
    *,
    user_id: int | None = None,
    source_id: int | None = None,
    once: bool = False,
    wait: timedelta = timedelta(0),
) -> bool:
    """Promise to tell a server something, unless the same waits or was said within a day; tells which.

    ``once``: nor if it was ever said since it last was ``over``. ``wait``: so long it is not said, and says the
    newest that is put for its subject.
    """
    if wait:
        sql = "UPDATE notices SET text = ? WHERE guild_id = ? AND subject = ? AND next_at IS NOT NULL AND tries = 0"
        await tx.execute(sql, (text(says), guild_id, text(subject)))
    cursor = await tx.execute(
        """INSERT INTO notices (guild_id, user_id, subject, text, source_id, nonce, created_at, next_at)
        SELECT :guild, :user, :subject, :text, :source, :nonce, :now, :due WHERE NOT EXISTS (SELECT 1 FROM notices
            WHERE guild_id = :guild AND subject = :subject AND (next_at IS NOT NULL OR sent_at > :recent OR :once))""",
        {
            "guild": guild_id,
            "user": user_id or None,  # 0 is somebody who asked to be forgotten
            "subject": text(subject),
            "text": text(says),
            "source": source_id,
            "nonce": secrets.token_urlsafe(16),
            "now": to_ms(now),
            "due": to_ms(now + wait),
            "recent": to_ms(now - RECENT),
            "once": once,
        },
    )
    return cursor.rowcount > 0


async def waiting_since(tx: Transaction, guild_id: int, subject: str) -> datetime | None:
    """Return since when a notice waits to be said for the first time."""
    sql = "SELECT created_at FROM notices WHERE guild_id = ? AND subject = ? AND next_at IS NOT NULL AND tries = 0"
    return next((from_ms(row[0]) for row in await tx.execute_fetchall(sql, (guild_id, subject))), None)


async def over(tx: Transaction, guild_id: int, subject: str, *, said: bool = False) -> None:
    """Say that something is well again, so that it may be told anew: what waits (unless ``said``) need not be said."""
    sql = """UPDATE notices SET subject = subject || ' over', next_at = NULL, reason = coalesce(reason, 'it is over')
        WHERE guild_id = ? AND subject = ? AND (sent_at IS NOT NULL OR NOT ?)"""
    await tx.execute(sql, (guild_id, subject, said))


async def due(tx: Transaction, now: datetime, limit: int = 20) -> list[Notice]:
    """Return notices that are to be sent, the oldest first."""
    sql = """SELECT * FROM notices WHERE sent_at IS NULL AND next_at IS NOT NULL AND next_at <= ?
        ORDER BY next_at, id LIMIT ?"""
    return [_notice(row) for row in await tx.execute_fetchall(sql, (to_ms(now), limit))]


async def sent(tx: Transaction, notice_id: int, now: datetime) -> None:
    """Record that a notice was said."""
    await tx.execute("UPDATE notices SET sent_at = ?, next_at = NULL WHERE id = ?", (to_ms(now), notice_id))


async def failed(tx: Transaction, notice_id: int, reason: str, *, until: datetime | None) -> None:
    """Put a notice off, or give it up where ``until`` is None."""
    sql = "UPDATE notices SET next_at = ?, tries = tries + 1, reason = ? WHERE id = ?"
    await tx.execute(sql, (to_ms(until), text(reason), notice_id))


async def untold(tx: Transaction, guild_id: int, limit: int) -> list[str]:
    """Return the texts that a server could not be told and that still hold, the newest first."""
    sql = f"""SELECT text FROM notices n WHERE guild_id = ? AND sent_at IS NULL AND next_at IS NULL
        AND subject NOT LIKE '% over' AND NOT {_WELL_AGAIN} ORDER BY id DESC LIMIT ?"""
    return [row[0] for row in await tx.execute_fetchall(sql, (guild_id, limit))]


async def next_due(tx: Transaction) -> datetime | None:
    """Return when the next notice is due."""
    sql = "SELECT min(next_at) FROM notices WHERE sent_at IS NULL AND next_at IS NOT NULL"
    ((earliest,),) = await tx.execute_fetchall(sql)
    return from_ms(earliest)


def _notice(row: sqlite3.Row) -> Notice:
    created_at = from_ms(row["created_at"])
    assert created_at is not None, "the column is NOT NULL"
    return Notice(
        id=row["id"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        subject=row["subject"],
        text=row["text"],
        nonce=row["nonce"],
        created_at=created_at,
        source_id=row["source_id"],
        tries=row["tries"],
    )
