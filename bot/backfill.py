"""Post older stories of a source because an admin asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from bot.interests import Own, own_topics
from bot.model import StoredStory, Subscription
from bot.store import comments, deliveries, links, sources, subscriptions, wishes
from bot.store.database import Database, Transaction
from bot.wanted import judged

MOST = 20
LOOKED_THROUGH = 200  # newest stories of a source that are looked through for those that a channel lacks

# A story, the channels that never had it, and the sources that told of it.
Lack = tuple[StoredStory, list[Subscription], list[int]]


async def backfill(
    database: Database, guild_id: int, source_id: int, count: int, now: datetime
) -> tuple[int, list[Subscription]]:
    """Promise up to ``count`` (at most 20) older stories of a source to the server's channels that lack and want them.

    The newest that are lacking are chosen, and posted oldest first; asked again, it goes further back. Returns how
    many stories were promised, and the channels that are followed. Raises ``NotFound``.
    """
    async with database.read() as tx:
        source = await sources.visible(tx, guild_id, source_id)
        own = await own_topics(tx, guild_id)
        lacks = await _lacks(tx, await _active(tx, guild_id), await links.stories_of(tx, source.id, LOOKED_THROUGH))
    chosen = await asyncio.to_thread(_wanted, lacks, own, min(count, MOST))
    async with database.write() as tx:
        channels = await _active(tx, guild_id)  # again: a channel may have been unfollowed meanwhile
        active = {channel.id for channel in channels}
        still = [(stored, [channel for channel in where if channel.id in active]) for stored, where, _ in chosen]
        promised = [await _promise(tx, stored, where, now) for stored, where in reversed(still)]
    return sum(promised), channels


async def _promise(tx: Transaction, stored: StoredStory, where: Sequence[Subscription], now: datetime) -> bool:
    found = await comments.of_story(tx, stored.id)
    return any([await wishes.want_story(tx, stored, found, channel, now) > 0 for channel in where])


async def _active(tx: Transaction, guild_id: int) -> list[Subscription]:
    return [found for found in await subscriptions.of_guild(tx, guild_id) if not found.paused_reason]


async def _lacks(tx: Transaction, channels: list[Subscription], found: Sequence[StoredStory]) -> list[Lack]:
    absent = [(s, [c for c in channels if await deliveries.card(tx, c.channel_id, s.id) is None]) for s in found]
    return [(stored, where, await links.sources_of(tx, stored.id)) for stored, where in absent if where]


def _wanted(lacks: Sequence[Lack], own: Own, count: int) -> list[Lack]:
    chosen: list[Lack] = []
    for stored, absent, source_ids in lacks:
        if len(chosen) == count:
            break
        where = [channel for channel in absent if judged(channel, stored.story, own, source_ids).wanted]
        chosen += [(stored, where, source_ids)] if where else []
    return chosen
