"""How the bot fares, as far as one server may know it: nothing of other servers, no paths and no causes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from bot import sourcing
from bot.store import status, subscriptions
from bot.store.database import Database

VERSION = version("rendezvous-bot")


@dataclass(frozen=True, slots=True)
class Status:
    """What is read for a server, what it may see, and where it goes; ``size`` is the whole database's, in bytes.

    ``failing`` counts the sources that could not be read last time or are read no more.
    """

    sources: int
    failing: int
    last_read_at: datetime | None
    stories: int
    comments: int
    channels: int
    resting: int
    size: int


async def status_of(database: Database, guild_id: int) -> Status:
    """Return how things stand for a server."""
    listing = await sourcing.listing(database, guild_id)
    found = list({source.id: source for source in [*listing.own, *listing.everyone]}.values())
    async with database.read() as tx:
        stories, comments = await status.seen(tx, guild_id)
        channels, size = await subscriptions.of_guild(tx, guild_id), await status.size(tx)
    return Status(
        sources=len(found),
        failing=sum(bool(source.failing_since or source.stopped_reason) for source in found),
        last_read_at=max((source.last_read_at for source in found if source.last_read_at), default=None),
        stories=stories,
        comments=comments,
        channels=len(channels),
        resting=sum(bool(channel.paused_reason or channel.held_reason) for channel in channels),
        size=size,
    )
