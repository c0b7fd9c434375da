"""Tell members of new comments on what they follow: written down first, sent once, looked for where in doubt."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
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
from bot.store.database import Database
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
            return await self._again(known, known.telling)
        try:
            member = await guild.fetch_member(known.user_id)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MEMBER:
                return await self._forget(known, "the member left")
            return await self._later(known, self._pause(known))
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError):
            return await self._later(known, self._pause(known))
        return await self._tell_member(known, guild, member)

    async def _tell_member(self, known: Follow, guild: discord.Guild, member: discord.Member) -> bool:
        def sees(channel_id: int) -> bool:
            channel = guild.get_channel(channel_id)
            return channel is not None and channel.permissions_for(member).view_channel

        async with self._database.read() as tx:
            try:
                stored = await stories.visible(tx, known.guild_id, known.story_id)
            except NotFound:
                stored = None
            fresh = await tellings.fresh(tx, known)
            thread = following.open_thread(await tellings.cards(tx, known.guild_id, known.story_id), sees)
        if stored is None:
            return await self._end(known, following.OUT_OF_SIGHT)
        decision = following.decide(known, fresh, self._clock.now())
        if decision.waiting:
            return await self._later(known, SOON)
        if not decision.tell:
            return await self._told(known, decision.upto, said=False)
        news = _News(known, stored, decision.tell, decision.upto, guild.name, thread, sees)
        return await (self._ping(news) if known.how is How.THREAD else self._write(news))

    async def _write(self, news: _News) -> bool:
        """Write to the member in person; who takes no direct messages is told so in the thread, once."""
        try:
            direct = await self._bot.create_dm(discord.Object(news.follow.user_id))
        except discord.HTTPException as error:
            if error.code in NO_DIRECT:
                return await self._refused_in_person(news)
            return await self._later(news.follow, self._pause(news.follow))
        except (discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError):
            return await self._later(news.follow, self._pause(news.follow))
        answer = await self._intend_and_say(news, direct.id, news.text(None))
        if isinstance(answer, Refused) and answer.code in NO_DIRECT:
            return await self._refused_in_person(news)
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
        direct = not telling.text.startswith("<@")
        mentions = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(known.user_id)])
        extras: dict[str, Any] = {"view": end_view(known.id)} if direct else {"allowed_mentions": mentions}
        return await answer_of(target.send(telling.text, nonce=telling.nonce, **extras), creates=True)

    async def _again(self, known: Follow, telling: Telling) -> bool:
        """Settle a telling of which nobody knows whether Discord has it."""
        if self._clock.now() - telling.attempt_at > GIVE_UP:
            log.warning("gave up telling follow=%d: always in doubt or refused", known.id)
            return await self._told(known, telling.upto, said=False)
        place, post = Place(known.guild_id, telling.place_id), Post(content=telling.text)
        answer = await self._messenger.find(place, post, telling.attempt_at - LOOK_BACK, ())
        if answer is None:
            await self._later(known, self._pause(known))
            answer = await self._say(known, telling)
        return await self._after(known, telling.upto, answer, last=telling.last)

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
        pause = timedelta(seconds=answer.seconds) if isinstance(answer, Wait) else LONGEST_PAUSE
        async with self._database.write() as tx:
            await tellings.unsay(tx, known.id)
            await tellings.postpone(tx, known.id, self._clock.now() + pause)
        return False

    async def _told(self, known: Follow, upto: int, *, said: bool) -> bool:
        async with self._database.write() as tx:
            await tellings.told(tx, known, upto, self._clock.now())
        return said

    async def _later(self, known: Follow, pause: timedelta) -> bool:
        async with self._database.write() as tx:
            await tellings.postpone(tx, known.id, self._clock.now() + pause)
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
    def _pause(known: Follow) -> timedelta:
        return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(known.tries, 12)))
