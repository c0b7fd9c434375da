"""What others took away: messages, threads, channels and guilds. Nothing of it is posted again."""

from __future__ import annotations

from aiosqlite import Connection as Transaction

from bot.store import subscriptions
from bot.store.reasons import REMOVED, UNFOLLOWED

_UNKEPT = "('pending', 'inflight', 'held')"


async def message_gone(tx: Transaction, message_id: int) -> None:
    """A moderator deleted a message of ours."""
    sql = """UPDATE deliveries SET state = 'gone', reason = 'a moderator deleted it'
        WHERE message_id = ? AND state = 'live'"""
    await tx.execute(sql, (message_id,))
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


async def guild_gone(tx: Transaction, guild_id: int) -> None:
    """A guild removed the bot: its rows stop at once, its configuration stays."""
    await subscriptions.pause_guild(tx, guild_id, REMOVED)
    await _end(tx, "guild_id", guild_id, REMOVED)


async def unfollowed(tx: Transaction, channel_id: int) -> None:
    """An admin unfollowed a channel: what was posted stays and follows its source, what was not is not posted."""
    sql = f"""UPDATE deliveries SET state = 'dead', reason = ?
        WHERE channel_id = ? AND state IN {_UNKEPT} AND message_id IS NULL"""
    await tx.execute(sql, (UNFOLLOWED, channel_id))


async def followed_again(tx: Transaction, channel_id: int) -> None:
    """What stands in the channel since before the bot was removed is ours again; nothing is posted by this."""
    sql = "UPDATE deliveries SET state = 'live', reason = NULL WHERE channel_id = ? AND state = 'gone' AND reason = ?"
    await tx.execute(sql, (channel_id, REMOVED))


async def _end(tx: Transaction, column: str, value: int, reason: str) -> None:
    await tx.execute(
        f"""UPDATE deliveries SET state = CASE state WHEN 'live' THEN 'gone' ELSE 'dead' END, reason = ?
        WHERE {column} = ? AND (state IN {_UNKEPT} OR state = 'live')""",
        (reason, value),
    )
