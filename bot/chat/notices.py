"""Tell admins what they must know: once, in their own channel or the system channel, else in person, else in lists."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import get_args

import discord

from bot import markdown
from bot.chat.answers import answer_of
from bot.chat.frozen_views import choice_id, label_of
from bot.chat.messenger import DiscordMessenger, NoSkew
from bot.chat.source_views import RESTART_PREFIX
from bot.clock import Clock
from bot.errors import NotFound, StoreError
from bot.model import Notice
from bot.post import Button, Place, Post, Refused, Sent, Wait
from bot.store import frozen, guild_settings, notices, sources
from bot.store.database import Database
from bot.store.frozen import Choice
from bot.telling import VANISHED
from bot.words import say

log = logging.getLogger(__name__)

IDLE = 60.0
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=3)
GIVE_UP = timedelta(hours=24)
LOOK_BACK = timedelta(minutes=5)  # Discord's clock may differ from ours
CONTENT_LIMIT = 2000
NOBODY = "there is no system channel that I may write in, and nobody takes a direct message from me"
GONE = "I am not in that server any more"
BLIND = "it may be said already, and I could not look"
TOO_LONG = "Discord did not take it within a day"


class NoticeSender:
    """Sends what is due. Each notice is said once: a doubtful one is looked for before the same nonce is sent again."""

    def __init__(self, bot: discord.Client, database: Database, clock: Clock) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._messenger = DiscordMessenger(bot, NoSkew())

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                await self.run_due()
            except StoreError as error:
                log.error("notices wait: %s", error)
            await self._clock.sleep(IDLE)

    async def run_due(self) -> int:
        """Send what is due now; returns how many were said. Before READY nobody knows which servers there are."""
        if not self._bot.is_ready():
            return 0
        async with self._database.read() as tx:
            due = await notices.due(tx, self._clock.now())
        return sum([await self._tell(notice) for notice in due])

    async def _tell(self, notice: Notice) -> bool:
        guild = self._bot.get_guild(notice.guild_id)
        if guild is None:
            return await self._give_up(notice, GONE)
        if guild.unavailable:
            return await self._later(notice, "the server is unavailable", LONGEST_PAUSE / 18)
        if self._clock.now() - notice.created_at > GIVE_UP:
            return await self._give_up(notice, TOO_LONG)
        channel = await self._chosen(guild) or system_channel(guild)
        if channel is not None:
            post = await self._post(notice)
            said = await self._say(notice, Place(guild.id, channel.id), post)
            if said is not None:
                return said
        return await self._in_person(notice, guild)

    async def _chosen(self, guild: discord.Guild) -> discord.TextChannel | None:
        """Return the channel that admins chose for this, while the bot may write and look back in it."""
        async with self._database.read() as tx:
            chosen = await guild_settings.notices_channel(tx, guild.id)
        channel = guild.get_channel(chosen) if chosen else None
        return channel if isinstance(channel, discord.TextChannel) and may_tell(channel) else None

    async def _in_person(self, notice: Notice, guild: discord.Guild) -> bool:
        """Write to the admin whom it concerns. A button could not check there what they may, so there is none."""
        if notice.user_id is None:
            return await self._give_up(notice, NOBODY)
        direct = await answer_of(self._bot.create_dm(discord.Object(notice.user_id)), creates=True)
        if isinstance(direct, Refused):
            return await self._give_up(notice, NOBODY)
        if not isinstance(direct, Sent):
            return await self._later(notice, "Discord does not answer", _pause(notice.tries))
        text = say("notice.in_person", server=markdown.escape(markdown.clean_line(guild.name)), text=notice.text)
        said = await self._say(notice, Place(guild.id, direct.id), Post(content=text[:CONTENT_LIMIT]))
        return await self._give_up(notice, NOBODY) if said is None else said

    async def _post(self, notice: Notice) -> Post:
        text = notice.text[:CONTENT_LIMIT]
        if notice.subject.startswith(VANISHED):
            return Post(content=text, buttons=await self._choices(int(notice.subject.removeprefix(VANISHED))))
        stopped = False
        async with self._database.read() as tx:
            with suppress(NotFound):
                stopped = bool(notice.source_id and (await sources.get(tx, notice.source_id)).stopped_reason)
        button = Button(say("sources.restart"), custom_id=f"{RESTART_PREFIX}{notice.source_id}")
        return Post(content=text, buttons=(button,) if stopped else ())

    async def _choices(self, story_id: int) -> tuple[Button, ...]:
        async with self._database.read() as tx:
            if await frozen.since(tx, story_id) is None:
                return ()
        return tuple(Button(label_of(choice), custom_id=choice_id(choice, story_id)) for choice in get_args(Choice))

    async def _say(self, notice: Notice, place: Place, post: Post) -> bool | None:
        """Send once; True where it stands, False where it is to be tried again, None where it cannot be said there."""
        if notice.tries:
            found = await self._messenger.find(place, post, notice.created_at - LOOK_BACK, ())
            if isinstance(found, Sent):
                return await self._said(notice)
            if found is not None:
                return None if isinstance(found, Refused) else await self._later(notice, BLIND, _pause(notice.tries))
        # The intent comes first: should we end here, the next try looks for the message before it sends again.
        await self._later(notice, "sent, without an answer yet", _pause(notice.tries))
        answer = await self._messenger.create(place, post, notice.nonce)
        if isinstance(answer, Sent):
            return await self._said(notice)
        if isinstance(answer, Refused):
            log.info("notice refused notice=%d code=%d", notice.id, answer.code)
            return None
        if isinstance(answer, Wait):
            return await self._later(notice, "Discord asks for patience", timedelta(seconds=answer.seconds))
        return False

    async def _said(self, notice: Notice) -> bool:
        async with self._database.write() as tx:
            await notices.sent(tx, notice.id, self._clock.now())
        return True

    async def _later(self, notice: Notice, reason: str, pause: timedelta) -> bool:
        async with self._database.write() as tx:
            await notices.failed(tx, notice.id, reason, until=self._clock.now() + pause)
        return False

    async def _give_up(self, notice: Notice, reason: str) -> bool:
        log.warning("notice not delivered notice=%d guild=%d reason=%s", notice.id, notice.guild_id, reason)
        async with self._database.write() as tx:
            await notices.failed(tx, notice.id, reason, until=None)
        return False


def system_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Return the channel for a server's own messages, if the bot may write and look back in it."""
    channel = guild.system_channel
    return channel if channel is not None and may_tell(channel) else None


def may_tell(channel: discord.TextChannel) -> bool:
    """Tell whether the bot may write and look back in a channel."""
    may = channel.permissions_for(channel.guild.me)
    return may.view_channel and may.send_messages and may.read_message_history


def _pause(tries: int) -> timedelta:
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(tries, 12)))
