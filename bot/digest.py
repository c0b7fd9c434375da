"""The stories of a day or a week, the most discussed first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.follows import Asker, visible_card
from bot.interests import Own, chosen_topics, own_topics, wants
from bot.model import StoredStory
from bot.store import stories, tellings
from bot.store.database import Database
from bot.store.tellings import Card

SHOWN = 15
LOOKED_THROUGH = 1000


class Period(StrEnum):
    """How far back a digest reaches; by hours, as nobody knows where a member's day begins."""

    TODAY = "today"
    WEEK = "week"

    @property
    def span(self) -> timedelta:
        """Return the time that it covers."""
        return timedelta(days=1 if self is Period.TODAY else 7)


@dataclass(frozen=True, slots=True)
class Digest:
    """The stories to be shown with where they stand, and how many there are in all.

    ``at_most`` are those of any topic in the longest period.
    """

    shown: tuple[tuple[StoredStory, Card | None], ...]
    count: int
    at_most: int


async def digest(database: Database, asker: Asker, period: Period, topic: str, now: datetime) -> Digest:
    """Return the stories of the period that a member may see; ``topic`` "" means all. Raises ``NotFound``."""
    async with database.read() as tx:
        chosen = await chosen_topics(tx, asker.guild_id, topic)
        own = await own_topics(tx, asker.guild_id)
        newest = await stories.latest(tx, asker.guild_id, LOOKED_THROUGH)
    found = await asyncio.to_thread(_chosen, newest, now - period.span, chosen, own)
    at_most = len(_since(newest, now - max(one.span for one in Period)))
    found.sort(key=lambda stored: (-stored.comment_count, -stored.id))
    async with database.read() as tx:
        cards = [await tellings.cards(tx, asker.guild_id, stored.id) for stored in found[:SHOWN]]
    shown = [(stored, visible_card(where, asker.sees)) for stored, where in zip(found[:SHOWN], cards, strict=True)]
    return Digest(tuple(shown), len(found), at_most)


def _chosen(newest: Sequence[StoredStory], since: datetime, chosen: Sequence[str], own: Own) -> list[StoredStory]:
    return [stored for stored in _since(newest, since) if wants(chosen, stored.story, own)]


def _since(newest: Sequence[StoredStory], since: datetime) -> list[StoredStory]:
    """Return the stories that appeared since then: what a source's first read brought may be years old."""
    return [stored for stored in newest if (stored.story.published_at or stored.first_seen) >= since]
