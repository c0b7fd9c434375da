"""Look before adding: what an address would bring, and offers that wait for the yes of who asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.allowance import Allowance, Offers
from bot.errors import Conflict, NotFound
from bot.markdown import clean_line
from bot.model import Story
from bot.sources.base import Web
from bot.sources.kinds import Detected, Kinds
from bot.urls import require_address
from bot.words import say

SHOWN = 5
NAME_LIMIT = 100
KEPT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Preview:
    """What an address would bring: how it is read, and its newest stories (at most five of ``count``)."""

    kind: str
    label: str
    address: str
    name: str
    stories: tuple[Story, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A preview, without its stories, that waits for the yes of the very person who asked."""

    guild_id: int
    user_id: int
    preview: Preview


class Desk:
    """What is remembered between two clicks, in memory alone: how often a server asked, and its open offers."""

    def __init__(self) -> None:
        self.reads = Allowance(10, timedelta(minutes=1))
        self.adds = Allowance(5, timedelta(minutes=1))
        self.follows = Allowance(5, timedelta(minutes=1))
        self.tests = Allowance(2, timedelta(minutes=1))
        self.long = Allowance(5, timedelta(minutes=1))  # each command that takes long, per server or member
        self.offers = Offers[Offer](KEPT)

    def may_read(self, guild_id: int, now: datetime) -> None:
        """Count a read that a server asked for; raises ``Conflict`` when it asked too often."""
        _require(self.reads.take(guild_id, now), "refusal.did_read")

    def may_add(self, guild_id: int, now: datetime) -> None:
        """Count an addition; raises ``Conflict`` when a server added too many just now."""
        _require(self.adds.take(guild_id, now), "refusal.did_add")

    def may_follow(self, guild_id: int, now: datetime) -> None:
        """Count a channel that is followed; raises ``Conflict`` when a server followed too many just now."""
        _require(self.follows.take(guild_id, now), "refusal.did_follow")

    def may_test(self, guild_id: int, now: datetime) -> None:
        """Count a card that is posted as a test; raises ``Conflict`` when a server had too many just now."""
        _require(self.tests.take(guild_id, now), "refusal.did_test")

    def accepted(self, token: str, guild_id: int, user_id: int, now: datetime) -> Preview:
        """Return what was offered to this person here; raises ``NotFound``, the same for foreign, absent and old."""
        offer = self.offers.get(token, now)
        if offer is None or (offer.guild_id, offer.user_id) != (guild_id, user_id):
            raise NotFound(say("sources.too_old"))
        return offer.preview


def _require(wait: timedelta | None, done: str) -> None:
    if wait is not None:
        seconds = max(1, round(wait.total_seconds()))
        raise Conflict(say("refusal.too_often", done=say(done), seconds=seconds))


async def preview(web: Web, kinds: Kinds, text: str) -> Preview:
    """Read what a person pasted, once, and say how it could be followed; nothing is stored.

    Raises ``FetchError``, always with the same sentence, for whatever address cannot be read, with another for what is
    none, and ``SourceError`` for a page that no kind can follow.
    """
    require_address(text)
    return _preview(kinds, await kinds.detect(web, text))


def _preview(kinds: Kinds, found: Detected) -> Preview:
    stories = [item.page.story for item in found.fetched.items]
    name = found.fetched.name or next((story.site for story in stories if story.site), None) or found.address
    name = clean_line(name)[:NAME_LIMIT]
    return Preview(found.kind, kinds[found.kind].label, found.address, name, newest(stories), len(stories))


def newest(stories: Sequence[Story]) -> tuple[Story, ...]:
    """Return the newest five, those without a date last and in their own order."""
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(stories, key=lambda story: story.published_at or never, reverse=True)[:SHOWN])
