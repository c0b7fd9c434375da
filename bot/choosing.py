"""What an admin chooses for a followed channel beyond its topics: filters, a template; and what that comes to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot import dressing, render
from bot.errors import BadOption, Conflict, NotFound
from bot.filters import minimum
from bot.interests import own_topics
from bot.looks import dressed, template
from bot.model import StoredStory, Story, Subscription
from bot.options import Filters
from bot.patterns import listed, require_few
from bot.post import Post
from bot.store import guild_settings, links, sources, stories, subscriptions
from bot.store.database import Database, Transaction
from bot.wanted import Explanation, judged
from bot.words import say

NONE = "none"
TRIED = 100
MOST_SOURCES = 25


@dataclass(frozen=True, slots=True)
class AskedFilters:
    """What an admin said of a channel's filters, as typed; None: nothing."""

    sources: str | None = None
    include: str | None = None
    exclude: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The newest stories as a channel judges them, and the newest that it wants as it would stand there.

    ``post`` with its card, ``plain`` where the bot may not embed; None where none is wanted.
    """

    subscription: Subscription
    judged: tuple[tuple[StoredStory, Explanation], ...]
    sample: StoredStory | None = None
    post: Post | None = None
    plain: Post | None = None

    @property
    def fitting(self) -> int:
        """How many of the stories the channel wants."""
        return sum(found.wanted for _, found in self.judged)


async def choose_filters(database: Database, guild_id: int, channel_id: int, asked: AskedFilters) -> Subscription:
    """Change a channel's filters and return what it is then; raises ``NotFound``, ``BadOption`` or ``Conflict``."""
    async with database.write() as tx:
        old = await subscriptions.get(tx, guild_id, channel_id)
        if asked == AskedFilters():
            return old
        was = old.options.filters
        made = Filters(
            sources=was.sources if asked.sources is None else await _sources(tx, guild_id, asked.sources),
            include=was.include if asked.include is None else _patterns(asked.include),
            exclude=was.exclude if asked.exclude is None else _patterns(asked.exclude),
            minimum=was.minimum if asked.score is None else minimum(asked.score),
        )
        if asked.score and not old.topics:
            raise Conflict(say("filter.no_topic"))
        if {*made.include, *made.exclude} - {*was.include, *was.exclude}:  # less is possible in any case
            others = await subscriptions.of_guild(tx, guild_id)
            kept = [one.options.filters for one in others if one.channel_id != channel_id]
            require_few(pattern for one in (*kept, made) for pattern in (*one.include, *one.exclude))
        await subscriptions.choose_options(tx, guild_id, channel_id, replace(old.options, filters=made))
        return await subscriptions.get(tx, guild_id, channel_id)


async def choose_template(database: Database, guild_id: int, channel_id: int, text: str) -> Subscription:
    """Give a channel another template, "" for none; raises ``NotFound`` or ``BadOption``."""
    async with database.write() as tx:
        old = await subscriptions.get(tx, guild_id, channel_id)
        looks = replace(old.options.looks, template=template(text))
        await subscriptions.choose_options(tx, guild_id, channel_id, replace(old.options, looks=looks))
        return await subscriptions.get(tx, guild_id, channel_id)


async def choose_notices(database: Database, guild_id: int, channel_id: int | None) -> None:
    """Choose where a server's admins are told what they must know; None: where the bot finds a place."""
    async with database.write() as tx:
        await guild_settings.choose_notices_channel(tx, guild_id, channel_id)


async def notices_channel(database: Database, guild_id: int) -> int | None:
    """Return where a server's admins chose to be told what they must know."""
    async with database.read() as tx:
        return await guild_settings.notices_channel(tx, guild_id)


async def trial(database: Database, guild_id: int, channel_id: int, text: str | None = None) -> Trial:
    """Judge the newest stories for a channel, and dress one, with another template than its own where that is given.

    Raises ``NotFound`` for a channel that is not followed here, ``BadOption`` for a template that cannot be used.
    """
    async with database.read() as tx:
        subscription = await subscriptions.get(tx, guild_id, channel_id)
        own = await own_topics(tx, guild_id)
        found = await stories.latest_news(tx, guild_id, TRIED)
        told = [await links.sources_of(tx, stored.id) for stored in found]
    if text is not None:
        looks = replace(subscription.options.looks, template=template(text))
        subscription = replace(subscription, options=replace(subscription.options, looks=looks))
    pairs = list(zip(found, told, strict=True))
    verdicts = await asyncio.to_thread(lambda: [judged(subscription, s.story, own, ids) for s, ids in pairs])
    result = Trial(subscription, tuple(zip(found, verdicts, strict=True)))
    sample = next((stored for stored, verdict in result.judged if verdict.wanted), None)
    if text is not None:  # a template is to be seen in any case
        sample = sample or (found[0] if found else _example())
    return await _dressed(database, result, sample) if sample else result


async def source_names(database: Database, guild_id: int) -> dict[int, str]:
    """Return the sources whose stories come to a server, by number."""
    async with database.read() as tx:
        found = [*await sources.of_guild(tx, guild_id), *await sources.for_everyone(tx)]
    return {source.id: source.name or source.address for source in found}


async def role_gone(database: Database, guild_id: int, role_id: int) -> None:
    """A role was deleted: no channel calls it any more."""
    async with database.write() as tx:
        for found in await subscriptions.of_guild(tx, guild_id):
            if found.options.looks.role_id == role_id:
                looks = replace(found.options.looks, role_id=None)
                options = replace(found.options, looks=looks)
                await subscriptions.choose_options(tx, guild_id, found.channel_id, options)


async def _dressed(database: Database, result: Trial, stored: StoredStory) -> Trial:
    async with database.read() as tx:
        facts = await dressing.facts(tx, result.subscription, stored)
    looks = result.subscription.options.looks
    post = dressed(render.card(stored), looks, stored, facts)
    return replace(result, sample=stored, post=post, plain=dressed(render.plain_card(stored), looks, stored, facts))


def _example() -> StoredStory:
    """Return a story to show a template with while there is none."""
    story = Story(say("template.example"), url="https://example.org/story", site="example.org", author="A. Writer")
    return StoredStory(0, story, 1, datetime(2026, 1, 1, tzinfo=UTC), 0)


def _patterns(text: str) -> tuple[str, ...]:
    return () if text.strip().casefold() in ("", NONE) else listed(text)


async def _sources(tx: Transaction, guild_id: int, text: str) -> tuple[int, ...]:
    """Read numbers of sources, as suggested or typed; raises ``BadOption`` for more than 25.

    Raises ``NotFound``, the same for absent and for foreign ones.
    """
    if text.strip().casefold() in ("", NONE):
        return ()
    numbers = tuple(dict.fromkeys(part.removeprefix("#") for part in text.replace(",", " ").split()))
    if len(numbers) > MOST_SOURCES:
        raise BadOption(say("filter.too_many_sources", most=MOST_SOURCES))
    if not all(number.isascii() and number.isdigit() and len(number) < 18 for number in numbers):
        raise NotFound(say("sources.unknown"))
    found = [await sources.visible(tx, guild_id, number) for number in dict.fromkeys(map(int, numbers))]
    return tuple(source.id for source in found)
