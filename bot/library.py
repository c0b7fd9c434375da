"""What members and admins ask for: the stored stories and the followed channels of their own server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from bot import query
from bot.interests import EVERYTHING, Own, chosen_topics, own_topics, wants
from bot.model import Options, StoredStory, Subscription
from bot.schedule import FRESH
from bot.store import comments, links, removals, search, sources, stories, subscriptions, threads, wishes
from bot.store.brief import BriefDatabase
from bot.store.database import Database, Transaction
from bot.wanted import judged

MOST_AT_ONCE = 5
LOOKED_THROUGH = 100  # newest stories that are looked through for those that a channel wants
SUGGESTIONS = 25


async def latest(
    database: Database, guild_id: int, limit: int, *, topics: str = EVERYTHING, source_id: int | None = None
) -> list[StoredStory]:
    """Return the newest stories that the guild may see; with topics, of the newest 100 those about any of them.

    Raises ``NotFound`` for a topic or a source that the guild does not have.
    """
    async with database.read() as tx:
        chosen, own = await chosen_topics(tx, guild_id, topics), await own_topics(tx, guild_id)
        most = max(limit, LOOKED_THROUGH) if chosen else limit
        if source_id is None:
            found = await stories.latest(tx, guild_id, most)
        else:
            source = await sources.visible(tx, guild_id, source_id)
            found = await stories.latest_of_source(tx, guild_id, source.id, most)
    if not chosen:
        return found
    about = (one for one in found if wants(chosen, one.story, own))
    return await asyncio.to_thread(lambda: list(islice(about, limit)))  # judging them all takes long


async def show(database: Database, guild_id: int, story_id: int) -> StoredStory:
    """Return one story; raises ``NotFound``, the same for absent and for foreign ones."""
    async with database.read() as tx:
        return await stories.visible(tx, guild_id, story_id)


async def suggest(database: Database, guild_id: int, text: str) -> list[tuple[int, str]]:
    """Return number and title of up to 25 visible stories that fit what a member is typing, the newest first.

    That is the story's number, or words of its title, of which the last may go on.
    """
    text = text.strip()[:100]
    number = text.removeprefix("#")
    async with BriefDatabase(database).read() as tx:
        found = await search.titles(tx, guild_id, query.typed(text), SUGGESTIONS)
        if number.isascii() and number.isdigit() and (title := await stories.title(tx, guild_id, int(number))):
            found = list(dict.fromkeys([(int(number), title), *found]))
    return found[:SUGGESTIONS]


async def fetched(database: Database, guild_id: int, user_id: int, story_id: int, now: datetime) -> None:
    """Make a story visible to the guild whose member fetched it, and have the thread of a fresh one looked for."""
    async with database.write() as tx:
        await stories.fetched(tx, guild_id, story_id, user_id, now)
        await threads.probe_fetched(tx, story_id, now, now - FRESH)


async def follow(
    database: Database,
    guild_id: int,
    channel_id: int,
    user_id: int,
    now: datetime,
    *,
    topics: str | None = None,
    at_first: str = EVERYTHING,
    options: Options | Callable[[Options | None], Options] | None = None,
) -> Subscription:
    """Follow a channel, for topics as a person names them; raises ``Conflict``. Nothing is posted by this alone.

    A paused one goes on, and keeps its topics and options where none are given; a new one takes the topics
    ``at_first``. ``options`` may be made of those that the channel has, None where it is new.
    """
    async with database.write() as tx:
        old = await subscriptions.paused(tx, guild_id, channel_id)
        topics = at_first if topics is None and old is None else topics
        chosen = None if topics is None else await chosen_topics(tx, guild_id, topics)
        made = options(old.options if old else None) if callable(options) else options
        await removals.followed_again(tx, channel_id)
        return await subscriptions.follow(tx, guild_id, channel_id, user_id, now, topics=chosen, options=made)


async def followed(database: Database, guild_id: int, channel_id: int) -> Subscription:
    """Return what is wanted in a channel; raises ``NotFound``."""
    async with database.read() as tx:
        return await subscriptions.get(tx, guild_id, channel_id)


async def edit(
    database: Database,
    guild_id: int,
    channel_id: int,
    topics: str | None,
    options: Options | Callable[[Options], Options],
) -> Subscription:
    """Change what a followed channel gets from now on; raises ``NotFound`` also for a topic that nobody knows.

    ``options`` are best made of those that the channel has by then: others may choose at the same time.
    """
    async with database.write() as tx:
        old = await subscriptions.get(tx, guild_id, channel_id)
        made = options(old.options) if callable(options) else options
        if topics is not None:
            chosen = await chosen_topics(tx, guild_id, topics)
            await subscriptions.choose_topics(tx, guild_id, channel_id, chosen)
        await subscriptions.choose_options(tx, guild_id, channel_id, made)
        return await subscriptions.get(tx, guild_id, channel_id)


async def unfollow(database: Database, guild_id: int, channel_id: int) -> None:
    """Stop posting into a channel; what stands there stays. Raises ``NotFound``."""
    async with database.write() as tx:
        await subscriptions.unfollow(tx, guild_id, channel_id)
        await removals.unfollowed(tx, channel_id)


async def followed_channels(database: Database, guild_id: int) -> list[Subscription]:
    """Return the guild's subscriptions."""
    async with database.read() as tx:
        return await subscriptions.of_guild(tx, guild_id)


async def post_newest(database: Database, subscription: Subscription, count: int, now: datetime) -> int:
    """Promise the newest stories that a channel wants to it, oldest first; returns how many were not there yet."""
    async with database.read() as tx:
        own = await own_topics(tx, subscription.guild_id)
        newest = await _with_sources(tx, await stories.latest_news(tx, subscription.guild_id, LOOKED_THROUGH))
    fitting = await asyncio.to_thread(_fitting, subscription, newest, own, min(count, MOST_AT_ONCE))
    posted = 0
    async with database.write() as tx:
        for story in reversed(fitting):
            found = await comments.of_story(tx, story.id)
            posted += await wishes.want_story(tx, story, found, subscription, now) > 0
    return posted


async def _with_sources(tx: Transaction, found: Sequence[StoredStory]) -> list[tuple[StoredStory, list[int]]]:
    return [(stored, await links.sources_of(tx, stored.id)) for stored in found]


def _fitting(
    subscription: Subscription, newest: Sequence[tuple[StoredStory, list[int]]], own: Own, count: int
) -> list[StoredStory]:
    """Return the first stories that a channel wants; judging them all takes long."""
    wanted = (stored for stored, told in newest if judged(subscription, stored.story, own, told).wanted)
    return list(islice(wanted, count))
