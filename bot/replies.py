"""What members write below mirrored stories: kept where an admin wants it, changed and forgotten as they do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.markdown import clean_line, from_text, plain
from bot.model import MemberReply
from bot.store import member_replies
from bot.store.database import Database

NAME_LIMIT = 100
LOOK_BACK = timedelta(days=30)
MOST_PLACES, ONE_LOOK = 50, 100


@dataclass(frozen=True, slots=True)
class Written:
    """A member's message; ``text`` is Discord's own Markdown with names for mentions, ``answered`` a message's id."""

    message_id: int
    guild_id: int
    place_id: int
    answered: int | None
    author_id: int
    author: str
    text: str
    posted_at: datetime


async def take(database: Database, written: Written) -> bool:
    """Keep a message that belongs to a mirrored story, where an admin wants that; tells whether it was kept."""
    body = _body(written.text)
    if not body:
        return False  # a picture or sticker alone, which is not kept
    async with database.read() as tx:
        spot = await member_replies.spot(tx, written.guild_id, written.place_id, written.answered)
    if spot is None:
        return False
    async with database.write() as tx:
        # Asked again, as an admin may have turned it off meanwhile.
        spot = await member_replies.spot(tx, written.guild_id, written.place_id, written.answered)
        return spot is not None and await member_replies.put(
            tx,
            MemberReply(
                message_id=written.message_id,
                guild_id=written.guild_id,
                channel_id=spot.channel_id,
                place_id=written.place_id,
                story_id=spot.story_id,
                author_id=written.author_id,
                author=clean_line(written.author)[:NAME_LIMIT],
                body=body,
                posted_at=written.posted_at,
                comment_id=spot.comment_id,
                answers=spot.answers,
            ),
        )


async def edited(database: Database, message_id: int, author: str, text: str, at: datetime) -> None:
    """Let a kept reply say what its author made of it; one without words any more is forgotten."""
    async with database.read() as tx:
        if not await member_replies.known(tx, [message_id]):
            return
    body = _body(text)
    async with database.write() as tx:
        if body:
            await member_replies.edit(tx, message_id, clean_line(author)[:NAME_LIMIT], body, at)
        else:
            await member_replies.remove(tx, [message_id])


async def gone(database: Database, message_ids: Collection[int]) -> None:
    """Forget messages that were deleted, by whomever."""
    async with database.read() as tx:
        found = await member_replies.known(tx, message_ids)
    if found:
        async with database.write() as tx:
            await member_replies.remove(tx, found)


async def place_gone(database: Database, place_id: int) -> None:
    """Forget what was written in a thread or channel that was deleted."""
    async with database.write() as tx:
        await member_replies.place_gone(tx, place_id)


async def lately(database: Database, now: datetime) -> list[tuple[int, int]]:
    """Return servers and places where replies were written that may have changed while nobody listened."""
    async with database.read() as tx:
        return await member_replies.recent_places(tx, now - LOOK_BACK, MOST_PLACES)


async def kept_in(database: Database, place_id: int) -> list[MemberReply]:
    """Return the newest replies in a place, as many as one look at it shows."""
    async with database.read() as tx:
        return await member_replies.of_place(tx, place_id, ONE_LOOK)


def _body(text: str) -> str:
    """Return what a reader saw of a message, escaped: its marks would act on what stands around it."""
    return from_text(plain(text))
