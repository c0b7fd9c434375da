"""The topics that servers wrote themselves, in SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aiosqlite import Connection as Transaction
from aiosqlite import Cursor

from bot.errors import Conflict, NotFound
from bot.store.values import to_ms
from bot.words import say

LIMIT = 25


async def of_guild(tx: Transaction, guild_id: int) -> dict[str, str]:
    """Return a guild's own topics: the expression of each name, in order of the names."""
    sql = "SELECT name, expression FROM guild_topics WHERE guild_id = ? ORDER BY name"
    return {row[0]: row[1] for row in await tx.execute_fetchall(sql, (guild_id,))}


def require_room(known: Mapping[str, str], name: str) -> None:
    """Raise ``Conflict`` when the name is among the known topics, or these are as many as there may be."""
    if name in known:
        raise Conflict(say("topic.taken", name=name))
    if len(known) >= LIMIT:
        raise Conflict(say("topic.full", most=LIMIT))


async def add(tx: Transaction, guild_id: int, name: str, expression: str, *, user_id: int, now: datetime) -> None:
    """Store a new topic; raises ``Conflict`` when the name is taken or the guild has too many."""
    require_room(await of_guild(tx, guild_id), name)
    await tx.execute(
        "INSERT INTO guild_topics (guild_id, name, expression, created_by, created_at) VALUES (?, ?, ?, ?, ?)",
        (guild_id, name, expression, user_id, to_ms(now)),
    )


async def edit(tx: Transaction, guild_id: int, name: str, expression: str) -> None:
    """Change a topic; raises ``NotFound``, the same for absent and for foreign ones."""
    sql = "UPDATE guild_topics SET expression = ? WHERE guild_id = ? AND name = ?"
    _require(await tx.execute(sql, (expression, guild_id, name)))


async def remove(tx: Transaction, guild_id: int, name: str) -> None:
    """Remove a topic; raises ``NotFound``."""
    _require(await tx.execute("DELETE FROM guild_topics WHERE guild_id = ? AND name = ?", (guild_id, name)))


def _require(cursor: Cursor) -> None:
    if cursor.rowcount == 0:
        raise NotFound(say("topic.not_own"))
