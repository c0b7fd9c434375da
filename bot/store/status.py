"""How much is stored, as far as one server may know it, in SQLite."""

from __future__ import annotations

from aiosqlite import Connection as Transaction

# A server sees what came by a source once it follows anything, and what its own members fetched or its sources told.
_SEEN = """SELECT id FROM stories INDEXED BY stories_public
        WHERE public AND EXISTS (SELECT 1 FROM subscriptions WHERE guild_id = :guild)
    UNION SELECT story_id FROM guild_stories WHERE guild_id = :guild"""


# Both counts come from indexes alone: the rows with their texts would take seconds at a million comments.
_LIVE = """coalesce(sum((SELECT count(*) FROM comments c WHERE c.story_id = v.id)
    - (SELECT count(*) FROM comments c WHERE c.story_id = v.id AND c.deleted)), 0)"""
_ALL_LIVE = "(SELECT count(*) FROM comments) - (SELECT count(*) FROM comments WHERE deleted)"


async def seen(tx: Transaction, guild_id: int) -> tuple[int, int]:
    """Return how many stories a server may see, and how many comments that are not deleted are stored with them."""
    guild = {"guild": guild_id}
    sql = f"SELECT (SELECT count(*) FROM ({_SEEN})), (SELECT count(*) FROM stories)"
    ((stories, every),) = await tx.execute_fetchall(sql, guild)
    if 2 * stories < every:
        sql = f"SELECT {_LIVE} FROM ({_SEEN}) v"
    else:  # what it may not see is less, and sooner counted
        sql = f"SELECT {_ALL_LIVE} - {_LIVE} FROM (SELECT id FROM stories WHERE id NOT IN ({_SEEN})) v"
    ((comments,),) = await tx.execute_fetchall(sql, guild)
    return stories, comments


async def size(tx: Transaction) -> int:
    """Return the bytes that the database takes."""
    ((pages,),) = await tx.execute_fetchall("PRAGMA page_count")
    ((page_size,),) = await tx.execute_fetchall("PRAGMA page_size")
    return int(pages) * int(page_size)
