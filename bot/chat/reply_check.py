"""Looks once, after the bot was away, whether kept replies still stand and what they say now."""

from __future__ import annotations

import logging
from datetime import datetime

import aiohttp
import discord

from bot import replies
from bot.store.database import Database
from bot.store.values import to_ms

log = logging.getLogger(__name__)


async def catch_up(bot: discord.Client, database: Database, now: datetime) -> None:
    """Follow the edits and deletions that came by no event, with one request for each place; what fails stays."""
    for guild_id, place_id in await replies.lately(database, now):
        try:
            await _check(bot, database, guild_id, place_id)
        except discord.NotFound:
            await replies.place_gone(database, place_id)
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("could not look for replies place=%d cause=%s", place_id, error)


async def _check(bot: discord.Client, database: Database, guild_id: int, place_id: int) -> None:
    kept = await replies.kept_in(database, place_id)
    place = bot.get_partial_messageable(place_id, guild_id=guild_id)
    shown = {message.id: message async for message in place.history(limit=replies.ONE_LOOK)}
    if not shown:
        return  # so it looks without Read Message History as well
    # Behind a full page there may be more: of what is older than it, it says nothing.
    since = min(shown) if len(shown) == replies.ONE_LOOK else 0
    await replies.gone(
        database, [one.message_id for one in kept if one.message_id >= since and one.message_id not in shown]
    )
    for one in kept:
        message = shown.get(one.message_id)
        if message is None or message.edited_at is None or to_ms(message.edited_at) == to_ms(one.edited_at):
            continue
        text = message.clean_content if bot.intents.message_content else ""
        await replies.edited(database, message.id, message.author.display_name, text, message.edited_at)
