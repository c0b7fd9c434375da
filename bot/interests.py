"""What stories can be about: topics, built in or a server's own, judged, tried and changed."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import topics
from bot.errors import BadTopic, Conflict, NotFound, RendezvousError
from bot.markdown import plain
from bot.model import StoredStory, Story
from bot.store import stories, subscriptions
from bot.store import topics as topic_store
from bot.store.database import Database, Transaction
from bot.topics import Verdict
from bot.topics.expression import Node, parse, topics_in
from bot.topics.expression import judge as judge_expression
from bot.words import say

log = logging.getLogger(__name__)

EVERYTHING = "everything"
TESTED = 100
MOST_TOPICS = 10
_BODY_LIMIT = 4000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

# A server's own topics, understood.
Own = Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a topic would have let through of a server's newest stories: how many were looked at, and which fitted."""

    looked_at: int
    fitting: tuple[tuple[StoredStory, Verdict], ...]


def judge(name: str, story: Story, own: Own) -> Verdict:
    """Say whether a story is about a topic, and why; a topic that nobody knows any more fits nothing."""
    body = plain(story.body[:_BODY_LIMIT])
    if name in own:
        title, lede = story.title, plain(story.summary)
        found = judge_expression(own[name], title, lede, body, lambda other: _is_about(other, story))
        return Verdict(found.match, float(found.match), found.reasons)
    try:
        return topics.match(name, story.title, plain(story.summary), body)
    except NotFound:
        return Verdict(False, 0.0, (say("topic.gone", name=name),))


def wants(chosen: Sequence[str], story: Story, own: Own) -> bool:
    """Say whether a channel with these topics wants a story; one without any wants all."""
    return not chosen or any(judge(name, story, own).match for name in chosen)


async def own_topics(tx: Transaction, guild_id: int) -> Own:
    """Return a server's own topics, ready to judge with."""
    return _understood(await topic_store.of_guild(tx, guild_id))


async def listed(database: Database, guild_id: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return the built-in topics with what they are about, and the server's own with their expressions."""
    async with database.read() as tx:
        own = await topic_store.of_guild(tx, guild_id)
    return {name: topics.describe(name) for name in topics.names()}, own


async def chosen_topics(tx: Transaction, guild_id: int, text: str) -> tuple[str, ...]:
    """Return the topics that a person named, with blanks or commas between; () for everything."""
    names = tuple(dict.fromkeys(text.casefold().replace(",", " ").split()))
    if names in ((), (EVERYTHING,)):
        return ()
    own = await topic_store.of_guild(tx, guild_id)
    for name in names:
        if name not in own and name not in topics.names():
            raise NotFound(say("topic.unknown", name=name[:50]))
    if len(names) > MOST_TOPICS:
        raise Conflict(say("topic.too_many", most=MOST_TOPICS))
    return names


async def trial(database: Database, guild_id: int, expression: str) -> Trial:
    """Try an expression on the server's newest stories; raises ``BadTopic``."""
    node = _checked(expression)
    return await _try(database, guild_id, "", {"": node})


async def trial_of(database: Database, guild_id: int, name: str) -> Trial:
    """Try a topic that exists on the server's newest stories; raises ``NotFound``."""
    async with database.read() as tx:
        await chosen_topics(tx, guild_id, name)
        own = await own_topics(tx, guild_id)
    return await _try(database, guild_id, name.strip().casefold(), own)


async def require_savable(database: Database, guild_id: int, name: str, *, new: bool) -> None:
    """Raise what saving a topic of this name would raise, before anybody looks at a trial."""
    async with database.read() as tx:
        own = await topic_store.of_guild(tx, guild_id)
    if new:
        topic_store.require_room(own, _name(name))
    elif name.strip().casefold() not in own:
        raise NotFound(say("topic.not_own"))


async def add(database: Database, guild_id: int, user_id: int, name: str, expression: str, *, now: datetime) -> str:
    """Store a topic of the server's own and return its name; raises ``BadTopic`` or ``Conflict``."""
    name = _name(name)
    _checked(expression)
    async with database.write() as tx:
        await topic_store.add(tx, guild_id, name, expression.strip(), user_id=user_id, now=now)
    return name


async def edit(database: Database, guild_id: int, name: str, expression: str) -> None:
    """Change a topic of the server's own; raises ``BadTopic`` or ``NotFound``."""
    _checked(expression)
    async with database.write() as tx:
        await topic_store.edit(tx, guild_id, name.strip().casefold(), expression.strip())


async def remove(database: Database, guild_id: int, name: str) -> None:
    """Remove a topic of the server's own; raises ``Conflict`` while a channel wants it, ``NotFound``."""
    name = name.strip().casefold()
    async with database.write() as tx:
        users = [found for found in await subscriptions.of_guild(tx, guild_id) if name in found.topics]
        if users:
            where = ", ".join(f"<#{found.channel_id}>" for found in users[:5])
            raise Conflict(say("topic.followed", channels=where, name=name))
        await topic_store.remove(tx, guild_id, name)


def _name(text: str) -> str:
    """Return a new topic's name as it is kept; raises ``BadTopic`` or ``Conflict``."""
    name = text.strip().casefold().replace(" ", "-")
    if not _NAME.fullmatch(name) or name == EVERYTHING:
        raise BadTopic(say("topic.bad_name"))
    if name in topics.names():
        raise Conflict(say("topic.built_in", name=name))
    return name


def _checked(expression: str) -> Node:
    node = parse(expression)
    unknown = [name for name in topics_in(node) if name not in topics.names()]
    if unknown:
        raise BadTopic(say("topic.not_built_in", name=unknown[0][:50], names=", ".join(topics.names())))
    return node


def _understood(expressions: Mapping[str, str]) -> Own:
    own: dict[str, Node] = {}
    for name, expression in expressions.items():
        try:
            own[name] = parse(expression)
        except RendezvousError:
            log.warning("a stored topic cannot be understood name=%s", name)
    return own


def _is_about(name: str, story: Story) -> bool:
    return judge(name, story, {}).match


async def _try(database: Database, guild_id: int, name: str, own: Own) -> Trial:
    async with database.read() as tx:
        newest = await stories.latest(tx, guild_id, TESTED)
    judged = await asyncio.to_thread(lambda: [(stored, judge(name, stored.story, own)) for stored in newest])
    return Trial(len(newest), tuple((stored, verdict) for stored, verdict in judged if verdict.match))
