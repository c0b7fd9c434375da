"""The only mouth: turns rendered posts into Discord calls, and Discord's answers into ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import discord

from bot.chat.answers import answer_of
from bot.chat.forum import Forum
from bot.chat.messages import embed_of, mentions_of, says, view_of
from bot.model import Layout
from bot.permissions import lacking
from bot.post import OTHER_KIND, Answer, Missing, Place, Post, Refused, Sent


class DiscordClock(Protocol):
    """Tells how far Discord's clock is ahead of ours."""

    skew: timedelta


@dataclass(slots=True)
class NoSkew:
    """Discord's clock taken as ours, where nothing is looked for or the look back is long enough."""

    skew: timedelta = timedelta(0)


_TEXTS = (discord.ChannelType.text, discord.ChannelType.news)
_FORUMS = (discord.ChannelType.forum, discord.ChannelType.media)


class DiscordMessenger:
    """Speaks through one discord.py client; every create passes our nonce, and pings at most one role."""

    def __init__(self, client: discord.Client, clock: DiscordClock) -> None:
        self._client = client
        self._clock = clock
        self._forum = Forum(client)

    @property
    def skew(self) -> timedelta:
        """Return how far Discord's clock is ahead of ours, as its last answer said."""
        return self._clock.skew

    def missing(self, place: Place, layout: Layout = Layout.THREAD) -> Missing | None:
        """Return what the bot may not do there, from the gateway's cache; None while the guild is unavailable."""
        guild = self._client.get_guild(place.guild_id)
        if guild is None or guild.unavailable:
            return None
        channel = guild.get_channel_or_thread(place.channel_id)
        if channel is None:
            return Missing(fatal=("View Channel",))
        if channel.type not in (_FORUMS if layout is Layout.FORUM else _TEXTS):
            return Missing(fatal=(OTHER_KIND,))
        have = channel.permissions_for(guild.me)
        fatal = tuple(need.title for need in lacking(have.value, layout) if need.required)
        return Missing(fatal=fatal, embeds=have.embed_links)

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        """Send one message, as a native reply where ``post.reply_to`` is set, or begin a forum post."""
        if post.name is not None:
            return await self._forum.create(place, post)
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        sent: list[discord.Message] = []

        async def send() -> discord.Message:
            extras = _extras(place, post)
            sent.append(await target.send(post.content or None, nonce=nonce, mention_author=False, **extras))
            return sent[0]

        answer = await answer_of(send(), creates=True)
        return _as_sent(sent[0], post) if isinstance(answer, Sent) else answer

    async def forum_tags(self, place: Place, names: Sequence[str]) -> tuple[int, ...] | None:
        """Return a forum's tags of these names; see ``bot.chat.forum``."""
        return await self._forum.tags(place, names)

    async def open_thread(self, place: Place, message_id: int, name: str) -> Answer:
        """Open a public thread on a message."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        return await answer_of(target.get_partial_message(message_id).create_thread(name=name), creates=True)

    async def edit(self, place: Place, message_id: int, post: Post) -> Answer:
        """Replace a message's content, embed and buttons."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        message = target.get_partial_message(message_id)
        call = message.edit(content=post.content or None, embed=embed_of(post.embed), view=view_of(post))
        return await answer_of(call, creates=False)

    async def delete(self, place: Place, message_id: int) -> Answer:
        """Remove a message; one that is already gone counts as removed."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        answer = await answer_of(target.get_partial_message(message_id).delete(), creates=False, done=message_id)
        return Sent(message_id) if isinstance(answer, Refused) and answer.code == 10008 else answer

    async def rename(self, place: Place, name: str) -> Answer:
        """Give a thread another name, unless it has it already."""
        guild = self._client.get_guild(place.guild_id)
        thread = guild.get_thread(place.channel_id) if guild else None
        if thread is not None and thread.name == name:
            return Sent(place.channel_id)
        call = self._client.http.edit_channel(place.channel_id, name=name)
        return await answer_of(call, creates=False, done=place.channel_id)

    async def publish(self, place: Place, message_id: int) -> Answer:
        """Send a message of an announcement channel to the servers that follow it."""
        call = self._client.http.publish_message(place.channel_id, message_id)
        return await answer_of(call, creates=False, done=message_id)

    async def unarchive(self, thread_id: int) -> Answer:
        """Open an archived thread again."""
        call = self._client.http.edit_channel(thread_id, archived=False)
        return await answer_of(call, creates=False, done=thread_id)

    async def find(self, place: Place, post: Post, since: datetime, known: Collection[int]) -> Answer | None:
        """Return our own message that says ``post``, newer than ``since`` by Discord's clock, if unknown."""
        if post.name is not None:
            return await self._forum.find(place, post, since, known)
        found: list[discord.Message] = []

        async def look() -> None:
            target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
            async for message in target.history(limit=None, after=since, oldest_first=True):
                if message.id not in known and says(self._client, message, post):
                    found.append(message)
                    return

        answer = await answer_of(look(), creates=False, done=0)
        if not isinstance(answer, Sent):
            return answer
        return _as_sent(found[0], post) if found else None


def _as_sent(message: discord.Message, post: Post) -> Sent:
    """Return a message of ours as an answer; Discord makes a reply to what is gone a plain message."""
    return Sent(message.id, loose=post.reply_to is not None and message.reference is None)


def _extras(place: Place, post: Post) -> dict[str, Any]:
    """Return the keywords that a post needs; discord.py's types know no None for them."""
    extras: dict[str, Any] = {}
    if post.role_id:
        extras["allowed_mentions"] = mentions_of(post)
    if post.embed:
        extras["embed"] = embed_of(post.embed)
    if post.buttons:
        extras["view"] = view_of(post)
    if post.reply_to:
        extras["reference"] = discord.MessageReference(
            message_id=post.reply_to, channel_id=place.channel_id, fail_if_not_exists=False
        )
    return extras
