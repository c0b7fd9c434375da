"""What others took away: messages, threads, channels and guilds. Nothing of it is posted again."""

from __future__ import annotations

from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.store import subscriptions
from bot.store.reasons import DELETED, PAUSED, REMOVED, UNFOLLOWED
from bot.store.values import to_ms

OF_GUILDS = (
    "subscriptions", "guild_sources", "guild_topics", "guild_stories", "guild_settings", "notices", "deliveries",
    "follows", "guilds_gone",
)  # fmt: skip
_UNKEPT = "('pending', 'inflight', 'held')"


async def message_gone(tx: Transaction, message_id: int) -> None:
    """A message of ours is gone: a moderator deleted it, or we did and Discord's answer is not here yet.

    One that we may have removed and that is wanted again by now stays, until its edit finds out.
    """
    sql = """UPDATE deliveries SET state = 'gone', reason = iif(want_gone, ?, 'a moderator deleted it')
        WHERE message_id = ? AND state = 'live' AND (want_gone OR attempt_at IS NULL)"""
    await tx.execute(sql, (DELETED, message_id))
    await tx.execute(
        """UPDATE deliveries SET state = 'dead', reason = 'a moderator deleted its story'
        WHERE state IN ('pending', 'held') AND comment_id IS NOT NULL AND (channel_id, story_id) IN (SELECT channel_id,
            story_id FROM deliveries WHERE message_id = ? AND comment_id IS NULL AND thread_id IS NULL)""",
        (message_id,),
    )


async def thread_gone(tx: Transaction, thread_id: int) -> None:
    """A moderator deleted a story's thread: its mirror ends here and is never opened again; so does a forum post."""
    await tx.execute("UPDATE deliveries SET thread_closed = 1 WHERE thread_id = ?", (thread_id,))
    await tx.execute(
        """UPDATE deliveries SET state = CASE state WHEN 'live' THEN 'gone' ELSE 'dead' END,
            reason = 'a moderator deleted the thread'
        WHERE state IN ('pending', 'inflight', 'held', 'live') AND (comment_id IS NOT NULL OR layout = 'forum')
            AND (channel_id, story_id) IN (SELECT channel_id, story_id FROM deliveries WHERE thread_id = ?)""",
        (thread_id,),
    )


async def channel_gone(tx: Transaction, channel_id: int, reason: str) -> None:
    """A channel vanished: its subscription pauses and nothing more is sent there."""
    await subscriptions.pause(tx, channel_id, reason)
    await _end(tx, "channel_id", channel_id, reason)


async def guild_gone(tx: Transaction, guild_id: int, now: datetime) -> None:
    """A guild removed the bot: its rows stop at once, its configuration stays for a while."""
    await tx.execute("INSERT OR IGNORE INTO guilds_gone (guild_id, since) VALUES (?, ?)", (guild_id, to_ms(now)))
    await subscriptions.pause_guild(tx, guild_id, REMOVED)
    await _end(tx, "guild_id", guild_id, REMOVED)


async def guild_back(tx: Transaction, guild_id: int) -> bool:
    """A guild took the bot back: what it configured stays; tells whether it was known to be gone."""
    cursor = await tx.execute("DELETE FROM guilds_gone WHERE guild_id = ?", (guild_id,))
    return cursor.rowcount > 0


async def gone_guilds(tx: Transaction, before: datetime | None = None) -> set[int]:
    """Return the guilds that removed the bot, at all or before then, and are remembered."""
    sql = "SELECT guild_id FROM guilds_gone WHERE since < coalesce(?, since + 1)"
    return {row[0] for row in await tx.execute_fetchall(sql, (to_ms(before),))}


async def purge(tx: Transaction, before: datetime) -> int:
    """Forget the guilds that removed the bot before then: their configuration and what they were sent."""
    gone = await gone_guilds(tx, before)
    for guild_id in gone:
        for table in OF_GUILDS:
            await tx.execute(f"DELETE FROM {table} WHERE guild_id = ?", (guild_id,))
    return len(gone)


async def unfollowed(tx: Transaction, channel_id: int) -> None:
    """An admin unfollowed a channel: what was posted stays and follows its source, what was not is not posted."""
    sql = f"""UPDATE deliveries SET state = 'dead', reason = ?
        WHERE channel_id = ? AND state IN {_UNKEPT} AND +message_id IS NULL"""
    await tx.execute(sql, (UNFOLLOWED, channel_id))


async def followed_again(tx: Transaction, channel_id: int) -> None:
    """What stands there since before the bot was removed is ours again; what waited as an admin paused it goes on."""
    sql = """UPDATE deliveries SET state = iif(attempt_at IS NULL, 'pending', 'inflight'), reason = NULL
        WHERE state = 'held' AND channel_id = ? AND reason = ? AND +message_id IS NULL"""
    await tx.execute(sql, (channel_id, PAUSED))
    sql = "UPDATE deliveries SET state = 'live', reason = NULL WHERE channel_id = ? AND state = 'gone' AND reason = ?"
    await tx.execute(sql, (channel_id, REMOVED))


async def _end(tx: Transaction, column: str, value: int, reason: str) -> None:
    await tx.execute(
        f"""UPDATE deliveries SET state = CASE state WHEN 'live' THEN 'gone' ELSE 'dead' END, reason = ?
        WHERE {column} = ? AND (state IN {_UNKEPT} OR state = 'live')""",
        (reason, value),
    )
