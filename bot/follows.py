"""Members follow a story and hear of its new comments: what is due to be told, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import markdown
from bot.errors import Conflict, NotFound
from bot.markdown import clean_line, escape
from bot.model import State, StoredStory
from bot.render import comment_link, name
from bot.store import follows, stories, tellings
from bot.store.database import Database, Transaction
from bot.store.follows import Follow, How, Pace
from bot.store.tellings import Card, Fresh
from bot.urls import jump_link
from bot.words import say

MOST = 100
# The comments of one read are posted one after another: so long they are gathered before the first are told.
GATHER = timedelta(minutes=2)
# So long a comment that is to be posted here is waited for; then its source is linked instead.
POSTING = timedelta(hours=1)
# Who presses twice because the answer is slow means one press.
ONE_PRESS = timedelta(seconds=5)
TITLE_LIMIT, NAMES, LINKS, TEXT_LIMIT = 80, 3, 10, 1900
OUT_OF_SIGHT = "follow.ended.out_of_sight"
NO_DIRECT = "follow.ended.no_direct"
THREADLESS = "follow.ended.threadless"

Sees = Callable[[int], bool]


class NoThread(Conflict):
    """The story has no thread here that the member could be pinged in."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where and in which language; ``sees`` tells which channels of the server they may look into."""

    guild_id: int
    user_id: int
    language: str
    sees: Sees


@dataclass(frozen=True, slots=True)
class Decision:
    """What is told now, which may be nothing, and up to which comment that settles; ``waiting``: not now."""

    tell: tuple[Fresh, ...] = ()
    upto: int = 0
    waiting: bool = False


async def follow(
    database: Database, asker: Asker, story_id: int, now: datetime, *, how: How | None = None, pace: Pace | None = None
) -> Follow:
    """Follow a story, or follow it otherwise; what is not chosen stays. Raises ``NotFound`` or ``Conflict``."""
    async with database.write() as tx:
        return await _follow(tx, asker, story_id, now, how=how, pace=pace)


async def toggle(database: Database, asker: Asker, story_id: int, now: datetime) -> tuple[Follow, bool]:
    """Follow a story, or end that; returns the follow and whether it stands. Two quick presses count as one."""
    async with database.write() as tx:
        known = await follows.find(tx, asker.guild_id, asker.user_id, story_id)
        if known is None:
            return await _follow(tx, asker, story_id, now), True
        if now - known.created_at < ONE_PRESS:
            return known, True
        await follows.remove(tx, known.id)
    return known, False


async def unfollow(database: Database, guild_id: int, user_id: int, story_id: int) -> Follow:
    """End a member's follow of a story; raises ``NotFound`` for one that is not followed, whether it exists or not."""
    async with database.write() as tx:
        known = await follows.find(tx, guild_id, user_id, story_id)
        if known is None:
            raise NotFound(say("follow.not_followed"))
        await follows.remove(tx, known.id)
    return known


async def unfollow_by_id(database: Database, user_id: int, follow_id: int) -> Follow:
    """End a follow by its number, as a button names it; raises ``NotFound`` for another member's and for none."""
    async with database.write() as tx:
        known = await follows.get(tx, follow_id)
        if known is None or known.user_id != user_id:
            raise NotFound(say("follow.not_followed"))
        await follows.remove(tx, known.id)
    return known


async def change(
    database: Database, asker: Asker, follow_id: int, now: datetime, *, how: How | None = None, pace: Pace | None = None
) -> Follow:
    """Follow otherwise what a menu names; raises ``NotFound``, the same for another member's or server's and none."""
    async with database.write() as tx:
        known = await follows.get(tx, follow_id)
        if known is None or (known.user_id, known.guild_id) != (asker.user_id, asker.guild_id) or known.ended:
            raise NotFound(say("follow.not_followed"))
        return await _follow(tx, asker, known.story_id, now, how=how, pace=pace)


async def following(database: Database, asker: Asker) -> list[tuple[Follow, Card | None]]:
    """Return what a member follows in a server, the newest first, and where they can jump to it."""
    async with database.read() as tx:
        found = await follows.of_member(tx, asker.guild_id, asker.user_id)
        cards = [await tellings.cards(tx, asker.guild_id, known.story_id) for known in found]
    return [(known, visible_card(where, asker.sees)) for known, where in zip(found, cards, strict=True)]


async def followed(database: Database, guild_id: int, user_id: int) -> list[Follow]:
    """Return what a member follows in a server, the newest first, for a list to choose from."""
    async with database.read() as tx:
        return await follows.of_member(tx, guild_id, user_id)


async def ended(database: Database, guild_id: int, user_id: int) -> list[Follow]:
    """Return what ended by itself since the member was last told of that: it is told once."""
    async with database.read() as tx:
        if not await follows.has_ended(tx, guild_id, user_id):
            return []
    async with database.write() as tx:
        return await follows.take_ended(tx, guild_id, user_id)


def decide(known: Follow, fresh: Sequence[Fresh], now: datetime) -> Decision:
    """Return what a member is told of now, in the order in which it became known.

    What is about to be posted is waited for, so that it can be linked; what was taken away is never told.
    """
    settled: list[Fresh] = []
    for one in fresh:
        if _waits(one, now):
            break
        settled.append(one)
    tell = tuple(one for one in settled if _is_told(one))
    late = known.since is not None and now - known.since >= known.pace.span + GATHER
    if len(settled) < len(fresh) and not (tell and late):
        return Decision(waiting=True)
    return Decision(tell, settled[-1].id if settled else known.told_upto)


def visible_card(cards: Sequence[Card], sees: Sees) -> Card | None:
    """Return the first of a story's cards that stands where a member may look."""
    return next((card for card in cards if card.message_id and sees(card.channel_id)), None)


def open_thread(cards: Sequence[Card], sees: Sees) -> Card | None:
    """Return the first of a story's threads that a member may look into."""
    return next((card for card in cards if card.thread_id and sees(card.channel_id)), None)


def announcement(
    known: Follow, stored: StoredStory, tell: Sequence[Fresh], *, server: str, sees: Sees, where: Card | None
) -> str:
    """Return what a member is told: how many comments by whom, and a link to each; never their text.

    ``where`` is the thread that it is said in, None for a direct message.
    """
    title, names = escape(clean_line(stored.story.title)[:TITLE_LIMIT]), _names(tell)
    if where is None:
        head = say("follow.told", count=len(tell), title=title, names=names, server=escape(clean_line(server)))
    else:
        head = f"<@{known.user_id}> " + say("follow.told_here", count=len(tell), title=title, names=names)
    # No link in the first line: there the messenger looks for a comment's own message.
    return f"{head}\n{_links(known, stored, tell, sees, where)}"


def _links(known: Follow, stored: StoredStory, tell: Sequence[Fresh], sees: Sees, where: Card | None) -> str:
    text = ""
    for number, one in enumerate(tell[:LINKS]):
        link = _jump(known.guild_id, one, sees, where) or comment_link(stored.story, one.comment)
        item = f"[{name(one.comment)}](<{link}>)" if link else name(one.comment)
        if markdown.units(text) + markdown.units(item) > TEXT_LIMIT - 600:
            return f"{text} · {say('follow.more', count=len(tell) - number)}"
        text += f" · {item}" if text else item
    return f"{text} · {say('follow.more', count=len(tell) - LINKS)}" if len(tell) > LINKS else text


def _jump(guild_id: int, one: Fresh, sees: Sees, where: Card | None) -> str | None:
    """Return the link to a comment's message that all who read this may see: in a thread those of its own channel."""
    for standing in one.standing:
        here = sees(standing.channel_id) if where is None else standing.channel_id == where.channel_id
        if here and standing.state is State.LIVE and standing.message_id and standing.place_id:
            return jump_link(guild_id, standing.place_id, standing.message_id)
    return None


def _names(tell: Sequence[Fresh]) -> str:
    names = list(dict.fromkeys(name(one.comment) for one in tell))
    shown = ", ".join(names[:NAMES])
    return shown if len(names) <= NAMES else f"{shown} {say('follow.others', count=len(names) - NAMES)}"


def _waits(one: Fresh, now: datetime) -> bool:
    """Tell whether a comment may stand here soon, or be back at its source."""
    if one.comment.deleted or any(standing.state is State.LIVE for standing in one.standing):
        return False
    waiting = (State.PENDING, State.INFLIGHT, State.HELD)
    since = [standing.promised_at for standing in one.standing if standing.state in waiting]
    since += [one.missing_since] if one.missing_since else []
    return any(now - moment < POSTING for moment in since)


def _is_told(one: Fresh) -> bool:
    states = {standing.state for standing in one.standing}
    if one.comment.deleted or State.LIVE in states:
        return not one.comment.deleted
    return not one.missing_since and states != {State.GONE}


async def _follow(
    tx: Transaction,
    asker: Asker,
    story_id: int,
    now: datetime,
    *,
    how: How | None = None,
    pace: Pace | None = None,
) -> Follow:
    stored = await stories.visible(tx, asker.guild_id, story_id)
    known = await follows.find(tx, asker.guild_id, asker.user_id, stored.id)
    if known is None and len(await follows.of_member(tx, asker.guild_id, asker.user_id)) >= MOST:
        raise Conflict(say("follow.too_many", most=MOST))
    how = how or (known.how if known else How.DM)
    if how is How.THREAD and open_thread(await tellings.cards(tx, asker.guild_id, stored.id), asker.sees) is None:
        raise NoThread(say("follow.no_thread"))
    await follows.put(
        tx,
        asker.guild_id,
        asker.user_id,
        stored.id,
        now,
        how=how,
        pace=pace or (known.pace if known else Pace.NOW),
        language=asker.language,
    )
    made = await follows.find(tx, asker.guild_id, asker.user_id, stored.id)
    assert made is not None, "it was written just now"
    return made
