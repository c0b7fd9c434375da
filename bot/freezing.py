"""What admins decide when very many comments of a story vanished at once; see docs/decisions/0011-frozen-threads.md."""

from __future__ import annotations

from datetime import datetime

from bot.errors import Conflict, NotFound
from bot.ingest import take_away
from bot.model import StoredStory
from bot.store import frozen, stories
from bot.store.database import Database
from bot.store.frozen import Choice
from bot.words import say


async def decide(database: Database, guild_id: int, story_id: int, choice: Choice, now: datetime) -> int:
    """Delete or keep the comments that a frozen story lacks; returns how many.

    Raises ``NotFound`` where the story does not stand in that guild, ``Conflict`` where it is not frozen any more.
    """
    async with database.write() as tx:
        if guild_id not in {subscription.guild_id for subscription in await frozen.mirrored_by(tx, story_id)}:
            raise NotFound(say("frozen.not_here"))
        if await frozen.since(tx, story_id) is None:
            raise Conflict(say("frozen.decided"))
        missing = await frozen.missing(tx, story_id)
        if choice == "confirm":
            await take_away(tx, missing, now)
        else:
            await frozen.keep(tx, story_id)
        await frozen.thaw(tx, story_id, choice)
    return len(missing)


async def undecided(database: Database, guild_id: int) -> list[StoredStory]:
    """Return the frozen stories of a guild, the newest first."""
    async with database.read() as tx:
        return [await stories.get(tx, story_id) for story_id in await frozen.of_guild(tx, guild_id)]
