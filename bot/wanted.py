"""Which channel wants a story, and why: its topics' verdicts, then its filters. For every promise and every "why".

``async explain(tx: Transaction, subscription: Subscription, stored: StoredStory) -> Explanation`` judges one story for
one channel; ``Explanation.verdicts`` has each of its topics with score and reasons, ``.refused`` the sentence of the
filter that refused it or None, ``.wanted`` whether it would go there. ``wanting`` asks that of many channels at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from bot import topics
from bot.filters import best, refusal
from bot.interests import Own, judge, own_topics
from bot.model import StoredStory, Story, Subscription
from bot.patterns import Text, is_regex, text_of
from bot.store import links
from bot.store.database import Transaction
from bot.topics import Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a story goes to a channel or not: each of its topics with its verdict, none where it takes everything.

    ``refused`` is the sentence of the filter that refuses it; None where none does, or no topic fits anyway.
    """

    verdicts: tuple[tuple[str, Verdict], ...] = ()
    refused: str | None = None

    @property
    def fits(self) -> bool:
        """Whether one of the topics fits, or the channel takes everything."""
        return not self.verdicts or any(verdict.match for _, verdict in self.verdicts)

    @property
    def wanted(self) -> bool:
        """Whether the story goes there."""
        return self.fits and self.refused is None


async def explain(tx: Transaction, subscription: Subscription, stored: StoredStory) -> Explanation:
    """Say why a stored story goes to a channel or not, as its topics and filters are now."""
    own = await own_topics(tx, subscription.guild_id)
    return judged(subscription, stored.story, own, await links.sources_of(tx, stored.id))


def judged(subscription: Subscription, story: Story, own: Own, source_ids: Collection[int]) -> Explanation:
    """Judge a story for a channel; ``own`` are the topics of its server. Takes milliseconds: not in the event loop."""
    verdicts = {name: judge(name, story, own) for name in subscription.topics}
    return _explanation(subscription, story, verdicts, source_ids)


async def wanting(tx: Transaction, stored: StoredStory, found: Sequence[Subscription]) -> list[Subscription]:
    """Return those of the subscriptions that want a story; each topic and expression is judged once for all servers."""
    story, shared, own = stored.story, dict[str, Verdict](), dict[int, Own]()
    by_source = any(subscription.options.filters.sources for subscription in found)
    source_ids = await links.sources_of(tx, stored.id) if by_source else []
    fitting = list[tuple[Subscription, Mapping[str, Verdict]]]()
    for subscription in found:
        guild = subscription.guild_id
        if guild not in own and any(name not in topics.names() for name in subscription.topics):
            own[guild] = await own_topics(tx, guild)
        verdicts = {name: _verdict(name, story, own.get(guild, {}), shared) for name in subscription.topics}
        if Explanation(tuple(verdicts.items())).fits:
            fitting.append((subscription, verdicts))
    if not any(map(is_regex, _patterns(fitting))):
        return _passing(story, fitting, source_ids)
    return await asyncio.to_thread(_passing, story, fitting, source_ids)  # 40 expressions of one server take 0.2 s


def _patterns(fitting: Sequence[tuple[Subscription, object]]) -> Iterator[str]:
    filters = (subscription.options.filters for subscription, _ in fitting)
    return chain.from_iterable((*one.include, *one.exclude) for one in filters)


def _passing(
    story: Story, fitting: Sequence[tuple[Subscription, Mapping[str, Verdict]]], source_ids: Collection[int]
) -> list[Subscription]:
    """Return those whose filters let a story pass; it is made ready once, and remembers what was looked for."""
    text = text_of(story) if any(_patterns(fitting)) else None
    judged = ((one, _explanation(one, story, verdicts, source_ids, text)) for one, verdicts in fitting)
    return [subscription for subscription, found in judged if found.wanted]


def _verdict(name: str, story: Story, own: Own, shared: dict[str, Verdict]) -> Verdict:
    if name in own:
        return judge(name, story, own)
    if name not in shared:
        shared[name] = judge(name, story, {})
    return shared[name]


def _explanation(
    subscription: Subscription,
    story: Story,
    verdicts: Mapping[str, Verdict],
    source_ids: Collection[int],
    text: Text | None = None,
) -> Explanation:
    found = Explanation(tuple(verdicts.items()))
    if not found.fits:
        return found
    refused = refusal(subscription.options.filters, story, best(verdicts.values()), source_ids, text)
    return Explanation(found.verdicts, refused)
