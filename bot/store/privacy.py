"""What is kept about one person, in all servers: one table names every column, so that none is forgotten. SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiosqlite import Connection as Transaction

from bot.store import follows, member_replies

NOBODY = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """A column that holds a person's id. ``told`` are the columns that the person gets, by name.

    ``forget`` says what becomes of their rows: the rows go, or stay without the person (the column as an SQL value).
    """

    name: str
    table: str
    column: str
    told: tuple[str, ...]
    forget: str = f"UPDATE {{table}} SET {{column}} = {NOBODY} WHERE {{column}} = :user"

    @property
    def sql_to_forget(self) -> str:
        """The statement that forgets one person."""
        return self.forget.format(table=self.table, column=self.column)


_ELSEWHERE = ""  # by its own store
_TITLE = "(SELECT title FROM stories WHERE id = story_id) AS story"

KINDS: tuple[Kind, ...] = (
    Kind("follows", "follows", "user_id", ("guild_id", _TITLE, "how", "pace", "language", "created_at"), _ELSEWHERE),
    Kind(
        "replies",
        "member_replies",
        "author_id",
        ("guild_id", "place_id", "message_id", _TITLE, "author", "body", "posted_at", "edited_at"),
        _ELSEWHERE,  # of what was answered the place stays
    ),
    Kind("fetched", "guild_stories", "fetched_by", ("guild_id", _TITLE, "fetched_at")),
    Kind("channels", "subscriptions", "created_by", ("guild_id", "channel_id", "created_at")),
    Kind(
        "sources",
        "guild_sources",
        "added_by",
        ("guild_id", "(SELECT address FROM sources WHERE id = source_id) AS address", "added_at"),
    ),
    Kind("topics", "guild_topics", "created_by", ("guild_id", "name", "created_at")),
    Kind(
        "notices",
        "notices",
        "user_id",
        ("guild_id", "created_at", "sent_at"),
        "UPDATE {table} SET {column} = NULL WHERE {column} = :user",
    ),
)


async def counts(tx: Transaction, user_id: int, guild_id: int | None = None) -> dict[str, int]:
    """Return how many rows there are of each kind about a person, in one server or in all; only what there is."""
    found = {}
    for kind in KINDS:
        sql = f"""SELECT count(*) FROM {kind.table} WHERE {kind.column} = :user
            AND guild_id = coalesce(:guild, guild_id)"""
        ((number,),) = await tx.execute_fetchall(sql, {"user": user_id, "guild": guild_id})
        found[kind.name] = number
    return {name: number for name, number in found.items() if number}


async def rows(tx: Transaction, user_id: int) -> dict[str, list[Mapping[str, object]]]:
    """Return all that is kept about a person, by kind, as it is stored."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for kind in KINDS:
        sql = f"SELECT {', '.join(kind.told)} FROM {kind.table} WHERE {kind.column} = ?"
        found[kind.name] = [dict(row) for row in await tx.execute_fetchall(sql, (user_id,))]
    return found


async def forget(tx: Transaction, user_id: int) -> dict[str, int]:
    """Forget a person; returns how many rows of each kind were touched."""
    touched = await counts(tx, user_id)
    for kind in KINDS:
        if kind.forget:
            await tx.execute(kind.sql_to_forget, {"user": user_id})
    await follows.forget(tx, user_id)
    await member_replies.remove(tx, [reply.message_id for reply in await member_replies.of_author(tx, user_id)])
    return touched
