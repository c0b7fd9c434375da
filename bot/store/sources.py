"""Sources in SQLite: one row an address, however many servers added it, with how far it was read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiosqlite import Connection as Transaction

from bot.errors import Conflict, NotFound
from bot.model import Follower, Source
from bot.store.values import FURTHEST, from_ms, is_id, text, to_ms
from bot.words import say

LIMIT = 25
FIRST_INTERVAL = timedelta(minutes=15)
SHOWN_TO_A_NEWCOMER = 500


async def add(
    tx: Transaction, kind: str, address: str, name: str | None, now: datetime, *, everyone: bool = False
) -> Source:
    """Return the source at an address, stored and due now where it is new; one that had stopped starts again.

    ``everyone`` makes it the operator's own: its stories become public, those that it told of before too.
    """
    await tx.execute(
        """INSERT INTO sources (kind, address, name, added_at, interval_s, next_at)
        VALUES (:kind, :address, :name, :now, :interval, :now) ON CONFLICT (kind, address) DO NOTHING""",
        {
            "kind": kind,
            "address": text(address),
            "name": text(name),
            "now": to_ms(now),
            "interval": int(FIRST_INTERVAL.total_seconds()),
        },
    )
    source = await at(tx, kind, text(address) or "")
    assert source is not None, "it was stored just now"
    if everyone and not source.everyone:
        await tx.execute("UPDATE sources SET everyone = 1 WHERE id = ?", (source.id,))
        sql = "UPDATE stories SET public = 1 WHERE id IN (SELECT story_id FROM source_stories WHERE source_id = ?)"
        await tx.execute(sql, (source.id,))
    if source.stopped_reason:
        await restart(tx, source.id, now)
    return await get(tx, source.id)


async def share(tx: Transaction, source_id: int, guild_id: int, user_id: int, now: datetime) -> None:
    """Add a source to a server: what it told of before becomes visible there, and nothing of it is posted.

    Raises ``Conflict`` when it is there already, or the server has too many.
    """
    rows = await tx.execute_fetchall("SELECT source_id FROM guild_sources WHERE guild_id = ?", (guild_id,))
    known = {row[0] for row in rows}
    if source_id in known:
        raise Conflict(say("sources.known_already"))
    if len(known) >= LIMIT:
        raise Conflict(say("sources.full_own", most=LIMIT))
    await tx.execute(
        "INSERT INTO guild_sources (guild_id, source_id, added_by, added_at) VALUES (?, ?, ?, ?)",
        (guild_id, source_id, user_id, to_ms(now)),
    )
    await tx.execute(
        """INSERT OR IGNORE INTO guild_stories (guild_id, story_id, fetched_by, fetched_at)
        SELECT :guild, story_id, :user, :now FROM source_stories WHERE source_id = :source
        ORDER BY story_id DESC LIMIT :most""",
        {
            "guild": guild_id,
            "user": user_id,
            "now": to_ms(now),
            "source": source_id,
            "most": SHOWN_TO_A_NEWCOMER,
        },
    )


async def unshare(tx: Transaction, source_id: int, guild_id: int) -> None:
    """Take a source from a server; one that nobody has any more is forgotten. Raises ``NotFound``."""
    sql = "DELETE FROM guild_sources WHERE source_id = ? AND guild_id = ?"
    if (await tx.execute(sql, (source_id if is_id(source_id) else 0, guild_id))).rowcount == 0:
        raise NotFound(say("sources.unknown"))
    sql = """DELETE FROM sources WHERE id = :id AND NOT everyone
        AND NOT EXISTS (SELECT 1 FROM guild_sources g WHERE g.source_id = :id)"""
    await tx.execute(sql, {"id": source_id})


async def remove(tx: Transaction, source_id: int) -> None:
    """Forget a source for all; its stories stay. Raises ``NotFound``."""
    if (await tx.execute("DELETE FROM sources WHERE id = ?", (source_id if is_id(source_id) else 0,))).rowcount == 0:
        raise NotFound(f"There is no source {source_id}.")


async def get(tx: Transaction, source_id: int) -> Source:
    """Return a source; raises ``NotFound``."""
    for row in await tx.execute_fetchall("SELECT * FROM sources WHERE id = ?", (source_id if is_id(source_id) else 0,)):
        return _source(row)
    raise NotFound(f"There is no source {source_id}.")


async def at(tx: Transaction, kind: str, address: str) -> Source | None:
    """Return the source of a kind at an address, or None."""
    for row in await tx.execute_fetchall("SELECT * FROM sources WHERE kind = ? AND address = ?", (kind, address)):
        return _source(row)
    return None


async def visible(tx: Transaction, guild_id: int, source_id: int) -> Source:
    """Return a source that a server added or that is for all; raises ``NotFound``, the same for absent and foreign."""
    sql = """SELECT s.* FROM sources s WHERE s.id = :id AND (s.everyone
        OR EXISTS (SELECT 1 FROM guild_sources g WHERE g.guild_id = :guild AND g.source_id = s.id))"""
    values = {"id": source_id if is_id(source_id) else 0, "guild": guild_id}
    for row in await tx.execute_fetchall(sql, values):
        return _source(row)
    raise NotFound(say("sources.unknown"))


async def of_guild(tx: Transaction, guild_id: int) -> list[Source]:
    """Return the sources that a server added, oldest first."""
    sql = """SELECT s.* FROM guild_sources g JOIN sources s ON s.id = g.source_id
        WHERE g.guild_id = ? ORDER BY g.added_at, s.id"""
    return [_source(row) for row in await tx.execute_fetchall(sql, (guild_id,))]


async def for_everyone(tx: Transaction) -> list[Source]:
    """Return the operator's own sources."""
    return [_source(row) for row in await tx.execute_fetchall("SELECT * FROM sources WHERE everyone ORDER BY id")]


async def all_(tx: Transaction) -> list[Source]:
    """Return every source, for the operator."""
    return [_source(row) for row in await tx.execute_fetchall("SELECT * FROM sources ORDER BY id")]


async def followers(tx: Transaction, source_id: int) -> list[Follower]:
    """Return the servers that added a source, each with the member who did."""
    sql = "SELECT guild_id, added_by FROM guild_sources WHERE source_id = ? ORDER BY guild_id"
    return [Follower(row[0], row[1]) for row in await tx.execute_fetchall(sql, (source_id,))]


async def due(tx: Transaction, now: datetime, limit: int) -> list[Source]:
    """Return the sources whose time has come, the longest due first."""
    sql = """SELECT * FROM sources WHERE stopped_reason IS NULL AND next_at <= :now
        UNION ALL SELECT * FROM sources WHERE stopped_reason IS NULL AND next_at > :never
        ORDER BY next_at LIMIT :limit"""
    values = {"now": to_ms(now), "never": to_ms(now + FURTHEST), "limit": limit}
    return [_source(row) for row in await tx.execute_fetchall(sql, values)]


async def next_due(tx: Transaction, now: datetime) -> datetime | None:
    """Return when the next source will be due that is not due now."""
    sql = "SELECT min(next_at) FROM sources WHERE stopped_reason IS NULL AND next_at > ?"
    ((earliest,),) = await tx.execute_fetchall(sql, (to_ms(now),))
    return from_ms(earliest)


async def save(tx: Transaction, source: Source) -> None:
    """Store how far a source was read and when it is read next, all at once; nothing where it was removed."""
    await save_all(tx, [source])


async def save_all(tx: Transaction, found: Iterable[Source]) -> None:
    """Like ``save``, for several."""
    await tx.executemany(
        """UPDATE sources SET address = :address, name = :name, cursor = :cursor, interval_s = :interval,
            least_s = :least, skip_hours = :hours, skip_days = :days, next_at = :next_at,
            last_read_at = :last_read_at, last_full_at = :last_full_at, last_change_at = :last_change_at,
            baseline_at = :baseline_at, fails = :fails, failing_since = :failing_since, last_error = :last_error,
            told_at = :told_at, moves = :moves, stopped_reason = :stopped_reason WHERE id = :id""",
        [_values(source) for source in found],
    )


async def restart(tx: Transaction, source_id: int, now: datetime) -> None:
    """Let a source be read again, now and whole, as if it had never failed; raises ``NotFound``."""
    cursor = await tx.execute(
        """UPDATE sources SET stopped_reason = NULL, next_at = :now, fails = 0, failing_since = NULL, told_at = NULL,
            last_error = NULL, cursor = '{}', moves = '[]' WHERE id = :id""",
        {"id": source_id if is_id(source_id) else 0, "now": to_ms(now)},
    )
    if cursor.rowcount == 0:
        raise NotFound(say("sources.unknown"))


async def merge(tx: Transaction, source_id: int, into: int) -> None:
    """Let another source take over all that belongs to this one, which is then forgotten."""
    values = {"old": source_id, "new": into}
    for sql in (
        """INSERT OR IGNORE INTO guild_sources (guild_id, source_id, added_by, added_at)
        SELECT guild_id, :new, added_by, added_at FROM guild_sources WHERE source_id = :old""",
        """INSERT OR IGNORE INTO source_stories (source_id, story_id, seen_at, queued)
        SELECT :new, story_id, seen_at, queued FROM source_stories WHERE source_id = :old""",
        """UPDATE sources SET everyone = max(everyone, (SELECT everyone FROM sources WHERE id = :old))
        WHERE id = :new""",
        """UPDATE subscriptions SET sources = replace(sources, ',' || :old || ',', ',' || :new || ',')
        WHERE sources <> ''""",
        "DELETE FROM sources WHERE id = :old",
    ):
        await tx.execute(sql, values)


def _values(source: Source) -> dict[str, Any]:  # SQLite's values
    times = ("next_at", "last_read_at", "last_full_at", "last_change_at", "baseline_at", "failing_since", "told_at")
    return {
        "id": source.id,
        "address": text(source.address),
        "name": text(source.name),
        "cursor": text(json.dumps(dict(source.cursor))),
        "interval": int(source.interval.total_seconds()),
        "least": None if source.least is None else int(source.least.total_seconds()),
        "hours": _listed(sorted(source.skip_hours)),
        "days": _listed(sorted(source.skip_days)),
        **{name: to_ms(getattr(source, name)) for name in times},
        "fails": source.fails,
        "last_error": text(source.last_error),
        "moves": text(_listed(source.moves)),
        "stopped_reason": text(source.stopped_reason),
    }


def _list(stored: str) -> Any:  # numbers or texts
    """Read a list; nearly all are empty, and JSON would be half of what a row costs."""
    return () if stored == "[]" else json.loads(stored)


def _listed(values: Sequence[object]) -> str:
    return json.dumps(values) if values else "[]"


def _source(row: sqlite3.Row) -> Source:
    added_at = from_ms(row["added_at"])
    assert added_at is not None, "the column is NOT NULL"
    return Source(
        id=row["id"],
        kind=row["kind"],
        address=row["address"],
        name=row["name"],
        everyone=bool(row["everyone"]),
        added_at=added_at,
        interval=timedelta(seconds=row["interval_s"]),
        cursor=json.loads(row["cursor"]),
        least=None if row["least_s"] is None else timedelta(seconds=row["least_s"]),
        skip_hours=frozenset(_list(row["skip_hours"])),
        skip_days=frozenset(_list(row["skip_days"])),
        next_at=from_ms(row["next_at"]),
        last_read_at=from_ms(row["last_read_at"]),
        last_full_at=from_ms(row["last_full_at"]),
        last_change_at=from_ms(row["last_change_at"]),
        baseline_at=from_ms(row["baseline_at"]),
        fails=row["fails"],
        failing_since=from_ms(row["failing_since"]),
        last_error=row["last_error"],
        told_at=from_ms(row["told_at"]),
        moves=tuple(_list(row["moves"])),
        stopped_reason=row["stopped_reason"],
    )
