"""What members wrote below mirrored stories, in SQLite: where an admin wants that, and as long as it stands there."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.model import MemberReply
from bot.store.values import from_ms, text, to_ms

MOST_OF_STORY = 5000  # in one server; what comes later is not kept

_WANTED = "JOIN subscriptions s ON s.channel_id = {0}.channel_id AND s.guild_id = {0}.guild_id AND s.replies"
_BY_MESSAGE = f"""SELECT d.channel_id, d.story_id, d.comment_id, NULL AS answers FROM deliveries d {_WANTED.format("d")}
    WHERE d.message_id = :answered AND d.guild_id = :guild"""
_BY_REPLY = f"""SELECT r.channel_id, r.story_id, r.comment_id, r.message_id AS answers
    FROM member_replies r {_WANTED.format("r")} WHERE r.message_id = :answered AND r.guild_id = :guild"""
_BY_THREAD = f"""SELECT d.channel_id, d.story_id, NULL AS comment_id, NULL AS answers
    FROM deliveries d INDEXED BY deliveries_thread {_WANTED.format("d")}
    WHERE d.thread_id = :place AND d.guild_id = :guild"""


@dataclass(frozen=True, slots=True)
class Spot:
    """What a message belongs to: the followed channel, the story, and the comment or member's reply it answers."""

    channel_id: int
    story_id: int
    comment_id: int | None
    answers: int | None


async def any_on(tx: Transaction) -> bool:
    """Tell whether any server keeps its members' replies."""
    return bool(list(await tx.execute_fetchall("SELECT 1 FROM subscriptions WHERE replies LIMIT 1")))


async def switched_on(tx: Transaction, guild_id: int) -> tuple[int, ...]:
    """Return the followed channels of a server where members' replies are kept."""
    sql = "SELECT channel_id FROM subscriptions WHERE guild_id = ? AND replies ORDER BY id"
    return tuple(row[0] for row in await tx.execute_fetchall(sql, (guild_id,)))


async def spot(tx: Transaction, guild_id: int, place_id: int, answered: int | None) -> Spot | None:
    """Return what a member's message in a channel or thread belongs to; None for what is not to be kept."""
    if not await switched_on(tx, guild_id):
        return None  # most servers, at every message of theirs
    values = {"guild": guild_id, "place": place_id, "answered": answered}
    for sql in (_BY_MESSAGE, _BY_REPLY, _BY_THREAD) if answered else (_BY_THREAD,):
        for row in await tx.execute_fetchall(sql, values):
            return Spot(row["channel_id"], row["story_id"], row["comment_id"], row["answers"])
    return None


async def put(tx: Transaction, reply: MemberReply) -> bool:
    """Keep a reply; tells whether it was new and there was room."""
    cursor = await tx.execute(
        """INSERT INTO member_replies (message_id, guild_id, channel_id, place_id, story_id, comment_id, answers,
            author_id, author, body, posted_at, edited_at)
        SELECT :message, :guild, :channel, :place, :story, :comment, :answers, :author_id, :author, :body, :posted,
            :edited WHERE (SELECT count(*) FROM member_replies WHERE story_id = :story AND guild_id = :guild) < :most
        ON CONFLICT DO NOTHING""",
        {
            "message": reply.message_id,
            "guild": reply.guild_id,
            "channel": reply.channel_id,
            "place": reply.place_id,
            "story": reply.story_id,
            "comment": reply.comment_id,
            "answers": reply.answers,
            "author_id": reply.author_id,
            "author": text(reply.author),
            "body": text(reply.body),
            "posted": to_ms(reply.posted_at),
            "edited": to_ms(reply.edited_at),
            "most": MOST_OF_STORY,
        },
    )
    return cursor.rowcount > 0


async def edit(tx: Transaction, message_id: int, author: str, body: str, edited_at: datetime) -> None:
    """Let a kept reply say what its author made of it; what it said before is not kept."""
    sql = """UPDATE member_replies SET author = ?, body = ?, edited_at = ?
        WHERE message_id = ? AND NOT deleted AND body <> ?"""
    await tx.execute(sql, (text(author), text(body), to_ms(edited_at), message_id, text(body)))


async def known(tx: Transaction, message_ids: Iterable[int]) -> list[int]:
    """Return which of these messages are kept replies."""
    found = []
    for message_id in message_ids:
        rows = await tx.execute_fetchall("SELECT 1 FROM member_replies WHERE message_id = ?", (message_id,))
        found += [message_id for _ in rows]
    return found


async def remove(tx: Transaction, message_ids: Collection[int]) -> None:
    """Forget replies; of one that was answered the place is kept, as long as an answer stands."""
    await tx.executemany(
        """UPDATE member_replies SET deleted = 1, body = '', author = '', author_id = 0, edited_at = NULL
        WHERE message_id = ?""",
        [(message_id,) for message_id in message_ids],
    )
    bare = """DELETE FROM member_replies WHERE message_id IN (SELECT r.message_id
        FROM member_replies r INDEXED BY member_replies_deleted WHERE r.deleted
            AND NOT EXISTS (SELECT 1 FROM member_replies a WHERE a.answers = r.message_id))"""
    # A place may have been kept for nothing but another that goes now; each round takes at least one away.
    while (await tx.execute(bare)).rowcount:
        pass


async def recent_places(tx: Transaction, since: datetime, limit: int) -> list[tuple[int, int]]:
    """Return servers and the places in them where replies were written lately, the last first."""
    sql = """SELECT guild_id, place_id FROM member_replies WHERE posted_at > ? AND NOT deleted
        GROUP BY guild_id, place_id ORDER BY max(message_id) DESC LIMIT ?"""
    return [(row[0], row[1]) for row in await tx.execute_fetchall(sql, (to_ms(since), limit))]


async def of_place(tx: Transaction, place_id: int, limit: int) -> list[MemberReply]:
    """Return the newest replies in a channel or thread, the last first."""
    sql = "SELECT * FROM member_replies WHERE place_id = ? AND NOT deleted ORDER BY message_id DESC LIMIT ?"
    return [_reply(row) for row in await tx.execute_fetchall(sql, (place_id, limit))]


async def place_gone(tx: Transaction, place_id: int) -> None:
    """A thread or channel was deleted: so is all that was written there."""
    for column in ("place_id", "channel_id"):
        await tx.execute(f"DELETE FROM member_replies WHERE {column} = ?", (place_id,))


async def of_story(tx: Transaction, guild_id: int, story_id: int) -> list[MemberReply]:
    """Return what members of one server wrote below a story, the oldest first."""
    sql = "SELECT * FROM member_replies WHERE story_id = ? AND guild_id = ? ORDER BY message_id"
    return [_reply(row) for row in await tx.execute_fetchall(sql, (story_id, guild_id))]


async def of_author(tx: Transaction, author_id: int) -> list[MemberReply]:
    """Return what one member wrote, in all servers, the oldest first."""
    sql = "SELECT * FROM member_replies WHERE author_id = ? ORDER BY message_id"
    return [_reply(row) for row in await tx.execute_fetchall(sql, (author_id,))]


def _reply(row: sqlite3.Row) -> MemberReply:
    posted_at = from_ms(row["posted_at"])
    assert posted_at is not None, "the column is NOT NULL"
    return MemberReply(
        message_id=row["message_id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        place_id=row["place_id"],
        story_id=row["story_id"],
        author_id=row["author_id"],
        author=row["author"],
        body=row["body"],
        posted_at=posted_at,
        comment_id=row["comment_id"],
        answers=row["answers"],
        edited_at=from_ms(row["edited_at"]),
        deleted=bool(row["deleted"]),
    )
