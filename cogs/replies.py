"""Listens to what members write, edit and delete below mirrored stories."""

from __future__ import annotations

import asyncio
import logging

import discord
from discord.ext import commands

from bot import replies
from bot.chat.client import Rendezvous
from bot.chat.reply_check import catch_up
from bot.store import member_replies

log = logging.getLogger(__name__)

KINDS = (discord.MessageType.default, discord.MessageType.reply)


class Replies(commands.Cog):
    """Events become calls, one after the other: a deletion must not overtake the message."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot
        self._turn = asyncio.Lock()  # first come, first served; discord.py calls us in the order of the events

    async def cog_load(self) -> None:
        """Warn where replies are wanted that cannot be read."""
        async with self.bot.database.read() as tx:
            wanted = await member_replies.any_on(tx)
        if wanted and not self.bot.intents.message_content:
            log.warning("members' replies are wanted somewhere, but MESSAGE_CONTENT is not yes: none are kept")

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """A new session: what was edited and deleted before it came by no event."""
        async with self._turn:
            await catch_up(self.bot, self.bot.database, self.bot.clock.now())

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Keep a member's message that belongs to a mirrored story."""
        if not self.bot.intents.message_content or message.guild is None or message.type not in KINDS:
            return
        if message.author.bot or message.webhook_id is not None:
            return
        answered = message.reference.message_id if message.reference and message.type is KINDS[1] else None
        written = replies.Written(
            message.id,
            message.guild.id,
            message.channel.id,
            answered,
            message.author.id,
            message.author.display_name,
            message.clean_content,
            message.created_at,
        )
        async with self._turn:
            await replies.take(self.bot.database, written)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Follow an edit; what we may not read any more is forgotten. Link previews change messages too."""
        message = event.message
        if message.edited_at is None or message.author.bot:
            return
        text = message.clean_content if self.bot.intents.message_content else ""
        async with self._turn:
            await replies.edited(self.bot.database, message.id, message.author.display_name, text, message.edited_at)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Follow a deletion."""
        async with self._turn:
            await replies.gone(self.bot.database, [event.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Follow many."""
        async with self._turn:
            await replies.gone(self.bot.database, event.message_ids)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """Forget what was written in a thread."""
        async with self._turn:
            await replies.place_gone(self.bot.database, event.thread_id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget what was written in a channel and its threads."""
        async with self._turn:
            await replies.place_gone(self.bot.database, channel.id)


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(Replies(bot))
