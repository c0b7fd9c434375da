"""What people do with sources: look before adding, add, list, remove and start again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import Conflict, NotFound
from bot.interests import Own, own_topics
from bot.markdown import clean_line
from bot.model import Source, Story, Subscription
from bot.options import Filters
from bot.poll_one import PollReport
from bot.previews import Desk, Offer, Preview, preview
from bot.sources.base import Kind, Web
from bot.sources.kinds import Kinds
from bot.starter import STARTERS, Starter
from bot.store import notices, sources, subscriptions
from bot.store.database import Database, Transaction
from bot.wanted import judged
from bot.words import say

SUGGESTIONS = 25
MOST_UNTOLD = 3


@dataclass(frozen=True, slots=True)
class Listing:
    """A server's own sources, those that the operator reads for all, and notices that reached nobody."""

    own: list[Source]
    everyone: list[Source]
    untold: list[str]


@dataclass(frozen=True, slots=True)
class Look:
    """A preview and the token that adds it; ``wanted`` are the channels whose topics fit each story.

    It is empty where no channel has topics, as every story then goes to every channel.
    """

    preview: Preview
    wanted: tuple[tuple[int, ...], ...]
    token: str


async def look(
    database: Database, web: Web, kinds: Kinds, desk: Desk, text: str, *, guild_id: int, user_id: int, now: datetime
) -> Look:
    """Read what an admin pasted, and keep it for ten minutes to be added.

    Raises what ``preview`` raises, and ``Conflict`` where it could not be added anyway or was asked too often.
    """
    desk.may_read(guild_id, now)
    async with database.read() as tx:
        await _room(tx, guild_id)
    found = await preview(web, kinds, text)
    async with database.read() as tx:
        await _news(tx, guild_id, found.kind, found.address)
        channels, own = await _active(tx, guild_id), await own_topics(tx, guild_id)
    wanted = await asyncio.to_thread(_wanted, channels, own, found.stories)
    token = desk.offers.put(Offer(guild_id, user_id, replace(found, stories=())), now)
    return Look(found, wanted, token)


def _wanted(channels: list[Subscription], own: Own, stories: Iterable[Story]) -> tuple[tuple[int, ...], ...]:
    if not any(channel.topics or channel.options.filters != Filters() for channel in channels):
        return ()
    # A source that is not added yet is none of those that a channel takes stories from alone.
    return tuple(tuple(c.channel_id for c in channels if judged(c, story, own, ()).wanted) for story in stories)


async def add(
    database: Database, desk: Desk, chosen: Preview, *, guild_id: int, user_id: int, now: datetime
) -> list[Subscription]:
    """Add a source to a server and return the channels that its stories will go to; raises ``Conflict``."""
    async with database.write() as tx:
        await _news(tx, guild_id, chosen.kind, chosen.address)
        desk.may_add(guild_id, now)
        source = await sources.add(tx, chosen.kind, chosen.address, chosen.name, now)
        await sources.share(tx, source.id, guild_id, user_id, now)
        return await _active(tx, guild_id)


async def add_starters(
    database: Database, desk: Desk, *, guild_id: int, user_id: int, now: datetime
) -> tuple[list[str], list[Subscription]]:
    """Add what a server lacks of the starter list, in one go; returns the names and the channels.

    Raises ``Conflict`` when it has all of them, or has no room for them.
    """
    async with database.write() as tx:
        added = []
        for starter in STARTERS:
            if await give(tx, starter, guild_id=guild_id, user_id=user_id, now=now):
                added.append(starter.name)
        if not added:
            raise Conflict(say("sources.all_starters"))
        desk.may_add(guild_id, now)
        return added, await _active(tx, guild_id)


async def give(tx: Transaction, chosen: Starter, *, guild_id: int, user_id: int, now: datetime) -> Source | None:
    """Add a source to a server and return it, None where its stories come there already; raises ``Conflict``."""
    if await _reader(tx, guild_id, chosen.kind, chosen.address):
        return None
    source = await sources.add(tx, chosen.kind, chosen.address, chosen.name, now)
    await sources.share(tx, source.id, guild_id, user_id, now)
    return source


async def add_everyone(database: Database, kind: str, address: str, name: str | None, now: datetime) -> bool:
    """Add a source for all servers, for the operator; tells whether it is new to them."""
    async with database.write() as tx:
        known = await sources.at(tx, kind, address)
        await sources.add(tx, kind, address, name, now, everyone=True)
    return known is None or not known.everyone


async def overview(database: Database) -> list[tuple[Source, int]]:
    """Return every source with how many servers added it, for the operator."""
    async with database.read() as tx:
        return [(source, len(await sources.followers(tx, source.id))) for source in await sources.all_(tx)]


async def named(database: Database, names: Collection[str]) -> list[Source]:
    """Return the sources that the operator names by id or address, each once, or all; raises ``NotFound``."""
    async with database.read() as tx:
        known = await sources.all_(tx)
    if not names:
        return known
    found: dict[int, Source] = {}
    for name in names:
        fitting = [source for source in known if name.removeprefix("#") == str(source.id) or name == source.address]
        if not fitting:
            raise NotFound(f"There is no source {name}; rendezvous sources list shows all.")
        found |= {source.id: source for source in fitting}
    return list(found.values())


async def remove_everywhere(database: Database, source_id: int) -> None:
    """Forget a source for all servers; its stories stay. Raises ``NotFound``."""
    async with database.write() as tx:
        await sources.remove(tx, source_id)


async def listing(database: Database, guild_id: int) -> Listing:
    """Return the sources whose stories a server gets."""
    async with database.read() as tx:
        untold = await notices.untold(tx, guild_id, MOST_UNTOLD)
        return Listing(await sources.of_guild(tx, guild_id), await sources.for_everyone(tx), untold)


async def checkable(database: Database, desk: Desk, guild_id: int, source_id: int, now: datetime) -> Source:
    """Return a source that a server may have read now; raises ``NotFound``, or ``Conflict`` when asked too often."""
    async with database.read() as tx:
        source = await sources.visible(tx, guild_id, source_id)
    desk.may_read(guild_id, now)
    return source


async def remove(database: Database, guild_id: int, source_id: int) -> Source:
    """Take a source from a server and return what it was; what was posted stays. Raises ``NotFound``."""
    async with database.write() as tx:
        source = await _own(tx, guild_id, source_id)
        await sources.unshare(tx, source_id, guild_id)
    return source


async def restart(database: Database, guild_id: int, source_id: int, now: datetime) -> Source:
    """Let a server's stopped source be read again; raises ``NotFound``, or ``Conflict`` where it is not stopped."""
    async with database.write() as tx:
        source = await _own(tx, guild_id, source_id)
        if not source.stopped_reason:
            raise Conflict(say("sources.not_stopped"))
        await sources.restart(tx, source_id, now)
    return source


async def suggest(database: Database, guild_id: int, text: str, *, everyone: bool = False) -> list[Source]:
    """Return up to 25 sources of a server that fit what an admin is typing; with ``everyone`` the operator's too."""
    found = await listing(database, guild_id)
    words = text.strip().lstrip("#").casefold()[:100]
    fitting = [
        source
        for source in [*found.own, *(found.everyone if everyone else [])]
        if words in f"{source.id} {source.name or ''} {source.address}".casefold()
    ]
    return list({source.id: source for source in fitting}.values())[:SUGGESTIONS]


async def numbered(database: Database, guild_id: int, text: str, *, everyone: bool = True) -> int | None:
    """Return the number of a source as a member types it: "3", "#3 NASA", or its exact name or address.

    None for what names none, or several; only a source that the server gets is known by name.
    """
    text = clean_line(text)
    if (number := _digits(text)) is not None:
        return number
    found = await listing(database, guild_id)
    known = {one.id: one for one in [*found.own, *(found.everyone if everyone else [])]}
    wanted = text.casefold()
    named = [id_ for id_, one in known.items() if wanted in (clean_line(one.name or "").casefold(), one.address)]
    return named[0] if len(named) == 1 else _digits(text.split(" ")[0])


def _digits(text: str) -> int | None:
    digits = text.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None


def read_words(report: PollReport) -> str:
    """Return what a read of a source found, in words that tell nothing of other servers."""
    if report.intake is None:
        error = report.error or ""
        return error if error.startswith("could not") else say("sources.read_failed", error=error)
    intake = report.intake
    if intake.unchanged:
        return say("sources.read_same")
    stories = say("sources.stories", count=intake.found)
    if intake.baseline:
        return say("sources.read_first", stories=stories)
    return say("sources.read_new" if intake.new else "sources.read_none_new", stories=stories, count=intake.new)


def labels(kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Return what people call each kind."""
    return {name: kind.label for name, kind in kinds.items()}


async def _active(tx: Transaction, guild_id: int) -> list[Subscription]:
    return [found for found in await subscriptions.of_guild(tx, guild_id) if not found.paused_reason]


async def _own(tx: Transaction, guild_id: int, source_id: int) -> Source:
    for source in await sources.of_guild(tx, guild_id):
        if source.id == source_id:
            return source
    raise NotFound(say("sources.unknown"))


async def _room(tx: Transaction, guild_id: int) -> None:
    if len(await sources.of_guild(tx, guild_id)) >= sources.LIMIT:
        raise Conflict(say("sources.full", most=sources.LIMIT))


async def _news(tx: Transaction, guild_id: int, kind: str, address: str) -> None:
    """Raise ``Conflict`` where a server gets a source's stories already."""
    reader = await _reader(tx, guild_id, kind, address)
    if reader:
        raise Conflict(reader)


async def _reader(tx: Transaction, guild_id: int, kind: str, address: str) -> str | None:
    """Return who reads a source for a server already, as a sentence."""
    known = await sources.at(tx, kind, address)
    if known is None:
        return None
    if known.everyone:
        return say("sources.for_all")
    if any(source.id == known.id for source in await sources.of_guild(tx, guild_id)):
        return say("sources.known", number=known.id)
    return None
