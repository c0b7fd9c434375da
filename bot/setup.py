"""A guided start: what an admin chose so far, what it would look like, and all of it done in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot import interests, library, sourcing
from bot.allowance import Offers
from bot.clock import Clock
from bot.errors import Conflict, NotFound, SourceError, as_sentence
from bot.interests import EVERYTHING, Own, wants
from bot.model import Layout, Options, Source, State, StoredStory, Subscription
from bot.poll import Poller
from bot.poll_one import PollReport
from bot.previews import Desk, preview
from bot.sources.base import Web
from bot.sources.kinds import Kinds
from bot.starter import Starter
from bot.store import history, removals, stories, subscriptions, threads
from bot.store.database import Database, Transaction
from bot.store.history import Entry
from bot.topics import DEFAULT
from bot.words import say

KEPT = timedelta(minutes=15)  # as long as Discord lets an answer be changed after the last press
MOST_OFFERED = 25
MOST_GLANCES = 5  # sources that are read for one preview
GLANCE_SECONDS = 20.0
READING_SECONDS = 60.0
POSTING_SECONDS = 15.0
COMMENTS_SECONDS = 8.0
_LOOKED_THROUGH = 100
_SETTLED = (State.LIVE, State.HELD, State.DEAD)

# What came of reading the sources so far: None is still under way.
Reports = Mapping[int, PollReport | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """What one admin chose so far; nothing of it is stored.

    ``offered`` are sources to choose from, ``chosen`` those that were, ``read`` those whose stories come here already.
    ``topics`` is () for everything; ``known`` is what the channel gets today.
    """

    guild_id: int
    user_id: int
    offered: tuple[Starter, ...]
    chosen: frozenset[Starter]
    read: frozenset[tuple[str, str]]
    abouts: Mapping[str, str]
    channel_id: int | None = None
    topics: tuple[str, ...] = (DEFAULT,)
    layout: Layout = Layout.THREAD
    known: Subscription | None = None

    @property
    def lacking(self) -> tuple[Starter, ...]:
        """The chosen sources whose stories do not come here yet, in the order of the offer."""
        return tuple(one for one in self.offered if one in self.chosen and not self.reads(one))

    @property
    def ready(self) -> bool:
        """Whether there is a channel, and something to read."""
        return self.channel_id is not None and bool(self.chosen or self.read)

    def reads(self, one: Starter) -> bool:
        """Tell whether the stories of a source come here already."""
        return (one.kind, one.address) in self.read

    def choose(self, places: Sequence[str]) -> Draft:
        """Choose sources by their places in the offer; what is no place chooses nothing."""
        fitting = {int(place) for place in places if place.isascii() and place.isdigit() and len(place) < 3}
        return replace(self, chosen=frozenset(one for n, one in enumerate(self.offered) if n in fitting))

    def offer(self, one: Starter) -> Draft | None:
        """Offer and choose one more source, in the place of the last that is not chosen; None where all are."""
        same = next((old for old in self.offered if (old.kind, old.address) == (one.kind, one.address)), None)
        if same:
            return replace(self, chosen=self.chosen | {same})
        kept = list(self.offered)
        if len(kept) >= MOST_OFFERED:
            spare = next((old for old in reversed(kept) if old not in self.chosen), None)
            if spare is None:
                return None
            kept.remove(spare)
        return replace(self, offered=(*kept, one), chosen=self.chosen | {one})

    def about(self, topic: str) -> Draft:
        """Choose a topic by its name; what is none leaves all as it is."""
        if topic == EVERYTHING:
            return replace(self, topics=())
        return replace(self, topics=(topic,)) if topic in self.abouts else self

    def into(self, channel_id: int, known: Subscription | None, *, forum: bool) -> Draft:
        """Choose a channel; one that is followed already brings what it gets today."""
        layout = known.options.layout if known else self.layout
        if forum or layout is Layout.FORUM:
            layout = Layout.FORUM if forum else Layout.THREAD
        topics = known.topics if known else self.topics
        return replace(self, channel_id=channel_id, known=known, layout=layout, topics=topics)


class Setups:
    """The setups under way, in memory alone, each under a token and for the very person who began it."""

    def __init__(self) -> None:
        self._open = Offers[Draft](KEPT)

    def begin(self, draft: Draft, now: datetime) -> str:
        """Keep a new one and return its token."""
        return self._open.put(draft, now)

    def get(self, token: str, guild_id: int, user_id: int, now: datetime) -> Draft:
        """Return a setup; raises ``NotFound``, the same for foreign, absent and old."""
        draft = self._open.get(token, now)
        if draft is None or (draft.guild_id, draft.user_id) != (guild_id, user_id):
            raise NotFound(say("setup.too_old"))
        return draft

    def keep(self, token: str, draft: Draft, now: datetime) -> None:
        """Remember what it has become; its time begins anew."""
        self._open.renew(token, draft, now)

    def end(self, token: str) -> None:
        """Forget it."""
        self._open.drop(token)


async def begin(database: Database, starters: Sequence[Starter], guild_id: int, user_id: int) -> Draft:
    """Return the first draft: where nothing is read yet, the first source of the list is chosen."""
    found = await sourcing.listing(database, guild_id)
    read = frozenset((source.kind, source.address) for source in [*found.own, *found.everyone])
    built_in, own = await interests.listed(database, guild_id)
    chosen = frozenset() if read else frozenset(starters[:1])
    return Draft(guild_id, user_id, tuple(starters), chosen, read, built_in | own)


async def known(database: Database, guild_id: int, channel_id: int) -> Subscription | None:
    """Return what a channel of the server gets today, None where it is not followed."""
    found = await library.followed_channels(database, guild_id)
    return next((one for one in found if one.channel_id == channel_id), None)


async def detect(web: Web, kinds: Kinds, desk: Desk, text: str, *, guild_id: int, now: datetime) -> Starter | str:
    """Find out how what an admin pasted can be read; returns the sentence to show where it cannot."""
    try:
        desk.may_read(guild_id, now)
        found = await preview(web, kinds, text)
    except (SourceError, Conflict) as error:
        return as_sentence(error)
    return Starter(found.name, found.kind, found.address)


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest story that fits, of ``looked_at``; ``refused`` are sources that could not be read, and why."""

    story: StoredStory | None
    looked_at: int
    refused: tuple[tuple[str, str], ...]


async def sample(database: Database, web: Web, kinds: Kinds, desk: Desk, draft: Draft, *, now: datetime) -> Sample:
    """Read the chosen sources that are new here (at most five), and find the newest story that the channel would get.

    Nothing is stored. Raises ``Conflict`` when a server asked too often.
    """
    lacking = draft.lacking[:MOST_GLANCES]
    if lacking:
        desk.may_read(draft.guild_id, now)
    glances = await asyncio.gather(*(_glance(web, kinds, one, now) for one in lacking))
    async with database.read() as tx:
        own = await interests.own_topics(tx, draft.guild_id)
        found = await stories.latest_news(tx, draft.guild_id, _LOOKED_THROUGH) if draft.read else []
    found += [story for glance in glances if not isinstance(glance, str) for story in glance]
    refused = tuple((one.name, glance) for one, glance in zip(lacking, glances, strict=True) if isinstance(glance, str))
    return Sample(await asyncio.to_thread(_newest, found, draft, own), len(found), refused)


async def _glance(web: Web, kinds: Kinds, one: Starter, now: datetime) -> list[StoredStory] | str:
    """Return a source's newest stories, or the sentence that says why it cannot be read."""
    try:
        async with asyncio.timeout(GLANCE_SECONDS):
            items = (await kinds[one.kind].read(web, one.address, {})).items
    except SourceError as error:
        return as_sentence(error)
    except TimeoutError:
        return say("setup.too_slow")
    pages = [item.page for item in items[:_LOOKED_THROUGH]]
    return [StoredStory(0, page.story, 1, now, len(page.comments)) for page in pages]


def _newest(found: Sequence[StoredStory], draft: Draft, own: Own) -> StoredStory | None:
    never = datetime.min.replace(tzinfo=UTC)
    by_age = sorted(found, key=lambda one: one.story.published_at or never, reverse=True)
    return next((one for one in by_age if wants(draft.topics, one.story, own)), None)


async def carry_out(
    database: Database, desk: Desk, draft: Draft, options: Options, now: datetime
) -> tuple[Subscription, list[Source]]:
    """Add the sources that lack and follow the channel, all or nothing; returns what to read now.

    A channel that is followed already gets the topics and layout that were chosen and keeps its other options;
    ``options`` are those of a new one. Raises ``Conflict`` or ``NotFound``.
    """
    async with database.write() as tx:
        given = [
            await sourcing.give(tx, one, guild_id=draft.guild_id, user_id=draft.user_id, now=now)
            for one in draft.lacking
        ]
        added = [source for source in given if source]
        if added:
            desk.may_add(draft.guild_id, now)
        return await _follow(tx, desk, draft, options, now), added


async def _follow(tx: Transaction, desk: Desk, draft: Draft, options: Options, now: datetime) -> Subscription:
    assert draft.channel_id is not None, "asked for before"
    guild, channel = draft.guild_id, draft.channel_id
    topics = await interests.chosen_topics(tx, guild, " ".join(draft.topics) or EVERYTHING)
    found = await subscriptions.of_channel(tx, channel)
    found = found if found and found.guild_id == guild else None
    options = replace(found.options if found else options, layout=draft.layout)
    if found is None or found.paused_reason:
        desk.may_follow(guild, now)
        await removals.followed_again(tx, channel)
        return await subscriptions.follow(tx, guild, channel, draft.user_id, now, topics=topics, options=options)
    await subscriptions.choose_topics(tx, guild, channel, topics)
    await subscriptions.choose_options(tx, guild, channel, options)
    return await subscriptions.get(tx, guild, channel)


async def read_all(poller: Poller, found: Sequence[Source], progress: Callable[[Reports], Awaitable[None]]) -> Reports:
    """Read sources at once, for a minute at most, and tell after each what came of it; raises ``StoreError``.

    What is not answered by then is read again by itself soon.
    """
    reports: dict[int, PollReport | None] = dict.fromkeys((source.id for source in found), None)
    tasks = {asyncio.create_task(poller.poll(source.id)): source.id for source in found}
    waiting = set(tasks)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(READING_SECONDS):
                while waiting:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        with suppress(NotFound):  # somebody removed it meanwhile
                            reports[tasks[task]] = task.result()
                    await progress(reports)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return reports


async def comments_read(database: Database, draft: Draft, clock: Clock) -> None:
    """Wait until the comments of the newest story that fits were read once, for eight seconds at most.

    Comments that come along with a story are posted with it; later ones wait for the channel's grace.
    """
    async with database.read() as tx:
        own = await interests.own_topics(tx, draft.guild_id)
        found = await stories.latest_news(tx, draft.guild_id, _LOOKED_THROUGH)
    newest = await asyncio.to_thread(_newest, found, draft, own)
    until = clock.now() + timedelta(seconds=COMMENTS_SECONDS)
    while newest and clock.now() < until:
        async with database.read() as tx:
            known = await threads.of_story(tx, newest.id)
        if all(thread.last_read_at for thread in known[:1]):
            return
        await clock.sleep(0.2)


async def standing(database: Database, subscription: Subscription, clock: Clock) -> Entry | None:
    """Wait until the story promised last stands in its channel, or is known not to; None after 15 seconds."""
    until = clock.now() + timedelta(seconds=POSTING_SECONDS)
    while clock.now() < until:
        async with database.read() as tx:
            entries = await history.newest(tx, subscription.guild_id, subscription.channel_id, _LOOKED_THROUGH)
        card = next((entry for entry in entries if entry.delivery.comment_id is None), None)
        if card and card.delivery.state in _SETTLED:
            return card
        await clock.sleep(0.2)
    return None
