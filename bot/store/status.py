"""How much is stored, as far as one server may know it, in SQLite."""

from __future__ import annotations

from aiosqlite import Connection as Transaction

# A server sees what came by a source once it follows anything, and what its own members fetched or its sources told.
_SEEN = """SELECT id FROM stories INDEXED BY stories_public
        WHERE public AND EXISTS (SELECT 1 FROM subscriptions WHERE guild_id = :guild)
    UNION SELECT story_id FROM guild_stories WHERE guild_id = :guild"""


async def seen(tx: Transaction, guild_id: int) -> tuple[int, int]:
    """Return how many stories a server may see, and how many comments are stored with them."""
    sql = f"""SELECT count(*), coalesce(sum((SELECT count(*) FROM comments c WHERE c.story_id = v.id)), 0)
        FROM ({_SEEN}) v"""
    ((stories, comments),) = await tx.execute_fetchall(sql, {"guild": guild_id})
    return stories, comments


async def size(tx: Transaction) -> int:
    """Return the bytes that the database takes."""
    ((pages,),) = await tx.execute_fetchall("PRAGMA page_count")
    ((page_size,),) = await tx.execute_fetchall("PRAGMA page_size")
    return int(pages) * int(page_size)
