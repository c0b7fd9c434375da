"""Tell members of new comments on what they follow: written down first, sent once, looked for where in doubt."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord

from bot import follows as following
from bot.chat.answers import answer_of
from bot.chat.follow_views import end_view
from bot.chat.messenger import DiscordMessenger
from bot.clock import Clock
from bot.errors import NotFound, StoreError
from bot.model import StoredStory
from bot.post import Answer, Duty, Place, Post, Refused, Sent, Unknown, Wait
from bot.store import follows, stories, tellings
from bot.store.database import Database, Transaction
from bot.store.follows import Follow, How, Telling
from bot.store.tellings import Card, Fresh
from bot.words import say, speak

log = logging.getLogger(__name__)

IDLE = 15.0
CRASH_PAUSE = 60.0
AT_ONCE = 20
SOON = timedelta(seconds=15)
AWAY = timedelta(minutes=10)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=3)
GIVE_UP = timedelta(hours=24)
LOOK_BACK = timedelta(seconds=60)
UNKNOWN_MEMBER = 10007
# The member takes no direct messages from us, or shares no server with us.
NO_DIRECT = (50007, 50278)


@dataclass(frozen=True, slots=True)
class _News:
    """What is to be told, to whom and where it may be said."""

    follow: Follow
    stored: StoredStory
    tell: tuple[Fresh, ...]
    upto: int
    server: str
    thread: Card | None
    sees: Callable[[int], bool]

    def text(self, where: Card | None) -> str:
        return following.announcement(
            self.follow, self.stored, self.tell, server=self.server, sees=self.sees, where=where
        )


class FollowSender:
    """Sends what is due. A telling in doubt is looked for before the same is sent again with the same nonce."""

    def __init__(self, bot: discord.Client, database: Database, clock: Clock, messenger: DiscordMessenger) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._messenger = messenger

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            pause = IDLE
            try:
                await self.run_due()
            except StoreError as error:
                log.error("members who follow wait: %s", error)
                pause = CRASH_PAUSE
            await self._clock.sleep(pause)

    async def run_due(self) -> int:
        """Tell what is due; returns how many members were told. Before READY nobody knows which servers there are."""
        await self._notice()
        told, now, full = 0, self._clock.now(), self._bot.is_ready()
        while full:
            async with self._database.read() as tx:
                due = await tellings.due(tx, now, AT_ONCE)
            told += sum([await self._tell(known) for known in due])
            full = len(due) == AT_ONCE  # each has told something, or its time is later than ``now``
        return told

    async def _notice(self) -> None:
        async with self._database.read() as tx:
            fresh = await tellings.is_new(tx)
        if fresh:
            async with self._database.write() as tx:
                await tellings.notice(tx, self._clock.now())

    async def _tell(self, known: Follow) -> bool:
        speak(known.language)
        guild = self._bot.get_guild(known.guild_id)
        if guild is None or guild.unavailable:
            return await self._later(known, AWAY if guild else LONGEST_PAUSE)
        if known.telling is not None:
            return await self._again(known, guild, known.telling)
        async with self._database.read() as tx:
            stored, fresh = await _visible(tx, known), await tellings.fresh(tx, known)
            cards = await tellings.cards(tx, known.guild_id, known.story_id)
        if stored is None:
            return await self._end(known, following.OUT_OF_SIGHT)
        now = self._clock.now()
        decision = following.decide(known, fresh, now)
        if decision.waiting:
            due = known.since + known.pace.span if known.since else now
            return await self._later(known, min(AWAY, max(SOON, now - due)), failed=False)
        if not decision.tell:
            return await self._told(known, decision.upto, said=False)
        member = await self._member(known, guild)
        if member is None:
            return False
        sees = _sight(guild, member)
        thread = following.open_thread(cards, sees)
        news = _News(known, stored, decision.tell, decision.upto, guild.name, thread, sees)
        return await (self._ping(news) if known.how is How.THREAD else self._write(news))

    async def _member(self, known: Follow, guild: discord.Guild) -> discord.Member | None:
        """Return the member as Discord knows them now; for None what follows from it is recorded."""
        found: list[discord.Member] = []

        async def ask() -> None:
            found.append(await guild.fetch_member(known.user_id))

        answer = await answer_of(ask(), creates=False, done=known.user_id)
        if isinstance(answer, Sent):
            return found[0]
        if isinstance(answer, Refused) and answer.code == UNKNOWN_MEMBER:
            await self._forget(known, "the member left")
        else:
            await self._later(known, self._pause(known, answer))
        return None

    async def _write(self, news: _News) -> bool:
        """Write to the member in person; who takes no direct messages is told so in the thread, once."""
        direct = await answer_of(self._bot.create_dm(discord.Object(news.follow.user_id)), creates=True)
        answer = direct
        if isinstance(direct, Sent):
            answer = await self._intend_and_say(news, direct.id, news.text(None))
        if isinstance(answer, Refused) and answer.code in NO_DIRECT:
            return await self._refused_in_person(news)
        if not isinstance(direct, Sent):
            return await self._later(news.follow, self._pause(news.follow, direct))
        return await self._after(news.follow, news.upto, answer)

    async def _ping(self, news: _News) -> bool:
        if news.thread is None or news.thread.thread_id is None:
            return await self._end(news.follow, following.THREADLESS)
        answer = await self._intend_and_say(news, news.thread.thread_id, news.text(news.thread))
        return await self._after(news.follow, news.upto, answer)

    async def _refused_in_person(self, news: _News) -> bool:
        if news.thread is None or news.thread.thread_id is None:
            return await self._end(news.follow, following.NO_DIRECT)
        text = f"{news.text(news.thread)}\n-# {say('follow.last_ping')}"
        answer = await self._intend_and_say(news, news.thread.thread_id, text, last=True)
        if isinstance(answer, Refused):
            return await self._end(news.follow, following.NO_DIRECT)
        return await self._after(news.follow, news.upto, answer, last=True)

    async def _intend_and_say(self, news: _News, place_id: int, text: str, *, last: bool = False) -> Answer:
        there = self._clock.now() + self._messenger.skew
        telling = Telling(secrets.token_urlsafe(16), news.upto, text, place_id, there, last)
        async with self._database.write() as tx:
            await tellings.intend(tx, news.follow.id, telling)
            # Should we end here, the next try looks for the message before it sends again.
            await tellings.postpone(tx, news.follow.id, self._clock.now() + FIRST_PAUSE)
        return await self._say(news.follow, telling)

    async def _say(self, known: Follow, telling: Telling) -> Answer:
        """Send what was written down; it pings the one member in a thread, and nobody in person."""
        target = self._bot.get_partial_messageable(telling.place_id)
        direct = not _is_ping(telling)
        mentions = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(known.user_id)])
        extras: dict[str, Any] = {"view": end_view(known.id)} if direct else {"allowed_mentions": mentions}
        return await answer_of(target.send(telling.text, nonce=telling.nonce, **extras), creates=True)

    async def _again(self, known: Follow, guild: discord.Guild, telling: Telling) -> bool:
        """Settle a telling of which nobody knows whether Discord has it."""
        if self._clock.now() - telling.attempt_at > GIVE_UP:
            log.warning("gave up telling follow=%d: always in doubt or refused", known.id)
            return await self._told(known, telling.upto, said=False)
        place, post = Place(known.guild_id, telling.place_id), Post(content=telling.text)
        answer = await self._messenger.find(place, post, telling.attempt_at - LOOK_BACK, ())
        if answer is None:
            if not await self._may_still(known, guild, telling):
                return False
            await self._later(known, self._pause(known))
            answer = await self._say(known, telling)
        return await self._after(known, telling.upto, answer, last=telling.last)

    async def _may_still(self, known: Follow, guild: discord.Guild, telling: Telling) -> bool:
        """Tell whether what was written down may be said now; what follows from it if not is recorded."""
        async with self._database.read() as tx:
            stored = await _visible(tx, known)
            cards = await tellings.cards(tx, known.guild_id, known.story_id)
        if stored is None:
            await self._end(known, following.OUT_OF_SIGHT)
            return False
        member = await self._member(known, guild)
        if member is None:
            return False
        sees = _sight(guild, member)
        open_to_them = {card.thread_id for card in cards if sees(card.channel_id)}
        if _is_ping(telling) and telling.place_id not in open_to_them:
            await self._unsay(known, SOON)  # it is decided anew where it can be said
            return False
        return True

    async def _after(self, known: Follow, upto: int, answer: Answer, *, last: bool = False) -> bool:
        """Record what came of it. What Discord surely did not do is made anew when its time comes."""
        if isinstance(answer, Sent):
            if last:
                await self._forget(known, "the member takes no direct messages")
                return True
            return await self._told(known, upto, said=True)
        if isinstance(answer, Unknown):
            return await self._later(known, self._pause(known))
        if isinstance(answer, Refused) and answer.duty in (Duty.DEAD, Duty.FALLBACK, Duty.GONE):
            log.warning("telling refused follow=%d code=%d", known.id, answer.code)
            return await self._told(known, upto, said=False)
        if isinstance(answer, Refused):
            log.info("telling refused follow=%d code=%d; again later", known.id, answer.code)
        await self._unsay(known, timedelta(seconds=answer.seconds) if isinstance(answer, Wait) else LONGEST_PAUSE)
        return False

    async def _unsay(self, known: Follow, pause: timedelta) -> None:
        async with self._database.write() as tx:
            await tellings.unsay(tx, known.id)
            await tellings.postpone(tx, known.id, self._clock.now() + pause)

    async def _told(self, known: Follow, upto: int, *, said: bool) -> bool:
        async with self._database.write() as tx:
            await tellings.told(tx, known, upto, self._clock.now())
        return said

    async def _later(self, known: Follow, pause: timedelta, *, failed: bool = True) -> bool:
        async with self._database.write() as tx:
            await tellings.postpone(tx, known.id, self._clock.now() + pause, failed=failed)
        return False

    async def _end(self, known: Follow, reason: str) -> bool:
        log.info("follow ended follow=%d reason=%s", known.id, reason)
        async with self._database.write() as tx:
            await follows.end(tx, known.id, reason)
        return False

    async def _forget(self, known: Follow, reason: str) -> bool:
        log.info("follow forgotten follow=%d reason=%s", known.id, reason)
        async with self._database.write() as tx:
            await follows.remove(tx, known.id)
        return False

    @staticmethod
    def _pause(known: Follow, answer: Answer | None = None) -> timedelta:
        if isinstance(answer, Wait):
            return timedelta(seconds=answer.seconds)
        return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(known.tries, 12)))


async def _visible(tx: Transaction, known: Follow) -> StoredStory | None:
    try:
        return await stories.visible(tx, known.guild_id, known.story_id)
    except NotFound:
        return None


def _sight(guild: discord.Guild, member: discord.Member) -> Callable[[int], bool]:
    def sees(channel_id: int) -> bool:
        channel = guild.get_channel(channel_id)
        may = channel.permissions_for(member) if channel else discord.Permissions.none()
        return may.view_channel and may.read_message_history

    return sees


def _is_ping(telling: Telling) -> bool:
    return telling.text.startswith("<@")
