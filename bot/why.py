"""Why a story was or was not posted in each channel that a member may see: its topics, filters, and its delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import history
from bot.interests import Own, own_topics
from bot.model import Delivery, Layout, State, StoredStory, Subscription
from bot.store import deliveries, links, past, stories, subscriptions
from bot.store.database import Database
from bot.store.history import Entry
from bot.store.past import Origin
from bot.urls import jump_link
from bot.wanted import Explanation, judged
from bot.words import say


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a story in one channel: ``says`` it in words, ``link`` leads to the card where it stands.

    ``explanation`` judges it by the channel's topics and filters of now; None for a channel that is not followed.
    """

    channel_id: int
    state: State | None
    says: str
    link: str | None = None
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """A story, and an answer for each channel that the member may see."""

    stored: StoredStory
    answers: tuple[Answer, ...]


async def why(database: Database, guild_id: int, story_id: int, sees: Callable[[int], bool]) -> Why:
    """Return why a story stands where it does; nothing of channels that ``sees`` denies. Raises ``NotFound``."""
    async with database.read() as tx:
        stored = await stories.visible(tx, guild_id, story_id)
        found = {one.channel_id: one for one in await subscriptions.of_guild(tx, guild_id) if sees(one.channel_id)}
        where = [*found, *(id_ for id_ in await past.channels_of(tx, guild_id, stored.id) if id_ not in found)]
        cards = {id_: await deliveries.card(tx, id_, stored.id) for id_ in where if sees(id_)}
        own, told = await own_topics(tx, guild_id), await links.sources_of(tx, stored.id)
        origin = await past.origin(tx, guild_id, stored.id)
    explained = await asyncio.to_thread(_explained, found, stored, own, told)
    answers = []
    for channel_id, card in cards.items():
        explanation = explained.get(channel_id)
        if card is not None:
            answers.append(Answer(channel_id, card.state, _state(stored, card), _link(card), explanation))
        elif explanation is not None:
            absence = _absence(stored, found[channel_id], explanation, origin)
            answers.append(Answer(channel_id, None, absence, None, explanation))
    return Why(stored, tuple(answers))


def _explained(
    found: Mapping[int, Subscription], stored: StoredStory, own: Own, told: Sequence[int]
) -> dict[int, Explanation]:
    """Judge the story for each channel, which takes milliseconds."""
    return {channel_id: judged(one, stored.story, own, told) for channel_id, one in found.items()}


def _state(stored: StoredStory, card: Delivery) -> str:
    return history.state_of(Entry(card, stored.story.title, None, retryable=False, place=None))


def _link(card: Delivery) -> str | None:
    if card.state is not State.LIVE or card.message_id is None:
        return None
    place = card.thread_id if card.layout is Layout.FORUM and card.thread_id else card.channel_id
    return jump_link(card.guild_id, place, card.message_id)


def _absence(stored: StoredStory, where: Subscription, explanation: Explanation, origin: Origin) -> str:
    """Return why a story was never to be posted in a followed channel: the first reason that holds."""
    if not explanation.fits:
        return say("why.off_topic")
    if explanation.refused:
        return say("why.filtered", reason=explanation.refused)
    if where.paused_reason:
        return say("why.paused", reason=where.paused_reason)
    if origin.queued:
        return say("why.queued")
    if origin.told_at is None and not origin.public:
        return say("why.fetched")
    if _known_since(stored, origin) < where.created_at:
        return say("why.before")
    return say("why.baseline") if origin.baseline else say("why.otherwise")


def _known_since(stored: StoredStory, origin: Origin) -> datetime:
    return origin.told_at or stored.first_seen
