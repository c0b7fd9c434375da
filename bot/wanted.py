"""Which channel wants a story, and why: its topics' verdicts, then its filters. For every promise and every "why".

``async explain(tx: Transaction, subscription: Subscription, stored: StoredStory) -> Explanation`` judges one story for
one channel; ``Explanation.verdicts`` has each of its topics with score and reasons, ``.refused`` the sentence of the
filter that refused it or None, ``.wanted`` whether it would go there. ``wanting`` asks that of many channels at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot import topics
from bot.filters import best, refusal
from bot.interests import Own, judge, own_topics
from bot.model import StoredStory, Story, Subscription
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
    """Return those of the subscriptions that want a story; each topic is judged once for all servers."""
    story, shared, own = stored.story, dict[str, Verdict](), dict[int, Own]()
    by_source = any(subscription.options.filters.sources for subscription in found)
    source_ids = await links.sources_of(tx, stored.id) if by_source else []
    wanted = []
    for subscription in found:
        guild = subscription.guild_id
        if guild not in own and any(name not in topics.names() for name in subscription.topics):
            own[guild] = await own_topics(tx, guild)
        verdicts = {name: _verdict(name, story, own.get(guild, {}), shared) for name in subscription.topics}
        if _explanation(subscription, story, verdicts, source_ids).wanted:
            wanted.append(subscription)
    return wanted


def _verdict(name: str, story: Story, own: Own, shared: dict[str, Verdict]) -> Verdict:
    if name in own:
        return judge(name, story, own)
    if name not in shared:
        shared[name] = judge(name, story, {})
    return shared[name]


def _explanation(
    subscription: Subscription, story: Story, verdicts: Mapping[str, Verdict], source_ids: Collection[int]
) -> Explanation:
    found = Explanation(tuple(verdicts.items()))
    if not found.fits:
        return found
    refused = refusal(subscription.options.filters, story, best(verdicts.values()), source_ids)
    return Explanation(found.verdicts, refused)
