"""Forum posts: a thread that begins with its card. Discord knows no nonce for them, so they are looked for by hand."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

import discord

from bot.chat.answers import answer_of
from bot.chat.messages import embed_of, mentions_of, says, view_of
from bot.post import Answer, Place, Post, Sent, Wait

log = logging.getLogger(__name__)

TAG_LENGTH = 20
TAGS_OF_FORUM = 20
TAGS_OF_POST = 5
LATER = 30.0


class Forum:
    """The messenger's part for forum channels, which are found in the gateway's cache."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def create(self, place: Place, post: Post) -> Answer:
        """Begin a post; its thread has the id of its first message."""
        forum = self._channel(place)
        if forum is None:
            return Wait(LATER)
        extras: dict[str, Any] = {}
        if post.role_id:
            extras["allowed_mentions"] = mentions_of(post)
        if post.embed:
            extras["embed"] = embed_of(post.embed)
        if post.buttons:
            extras["view"] = view_of(post)
        if post.tags:
            extras["applied_tags"] = [discord.Object(tag) for tag in post.tags]

        async def begin() -> discord.Thread:
            made = await forum.create_thread(name=post.name or "", content=post.content or None, **extras)
            return made.thread

        return await answer_of(begin(), creates=True)

    async def tags(self, place: Place, names: Sequence[str]) -> tuple[int, ...] | None:
        """Return the forum's tags of these names, whatever their case; lacking ones are made if the bot may.

        None: the forum asks for a tag on each post and none of these can be had. At most one request; its failure
        costs the post a tag and nothing else.
        """
        forum = self._channel(place)
        if forum is None:
            return ()
        mine = forum.permissions_for(forum.guild.me)
        # Discord lets only moderators set a moderated tag.
        usable = [tag for tag in forum.available_tags if mine.manage_threads or not tag.moderated]
        known = {tag.name.casefold(): tag.id for tag in usable}
        taken = {tag.name.casefold() for tag in forum.available_tags}
        cut = (name.strip()[:TAG_LENGTH].strip() for name in names)
        wanted = list({name.casefold(): name for name in cut if name}.items())[:TAGS_OF_POST]
        new = [name for key, name in wanted if key not in taken][: max(0, TAGS_OF_FORUM - len(taken))]
        if new and mine.manage_channels:
            known |= await self._make(forum, new)
        found = tuple(known[key] for key, _ in wanted if key in known)
        return None if forum.flags.require_tag and not found else found

    async def _make(self, forum: discord.ForumChannel, names: Sequence[str]) -> dict[str, int]:
        """Add tags to a forum: Discord takes the whole list, so a repeat makes none twice."""
        old = [{**tag.to_dict(), "id": str(tag.id)} for tag in forum.available_tags]
        new = [{"name": name, "moderated": False, "emoji_id": None, "emoji_name": None} for name in names]
        made: dict[str, int] = {}

        async def ask() -> None:
            channel: Any = await self._client.http.edit_channel(forum.id, available_tags=[*old, *new])
            made.update({tag["name"].casefold(): int(tag["id"]) for tag in channel.get("available_tags", ())})

        answer = await answer_of(ask(), creates=False, done=forum.id)
        if not isinstance(answer, Sent):
            log.warning("could not make tags forum=%d answer=%s", forum.id, answer)
        return {name.casefold(): made[name.casefold()] for name in names if name.casefold() in made}

    async def find(self, place: Place, post: Post, after: datetime, known: Collection[int]) -> Answer | None:
        """Return our own forum post that says ``post``, begun after a time of Discord's clock."""
        forum = self._channel(place)
        if forum is None:
            return Wait(LATER)
        found: list[int] = []

        async def look() -> None:
            async for thread in _begun(forum, after):
                own = self._client.user is not None and thread.owner_id == self._client.user.id
                if own and thread.id not in known and await self._is(thread, post):
                    found.append(thread.id)
                    return

        answer = await answer_of(look(), creates=False, done=0)
        if not isinstance(answer, Sent):
            return answer
        return Sent(found[0]) if found else None

    async def _is(self, thread: discord.Thread, post: Post) -> bool:
        try:
            return says(self._client, await thread.fetch_message(thread.id), post)
        except discord.NotFound:
            return thread.name == post.name  # a moderator deleted its first message: the post is still there

    def _channel(self, place: Place) -> discord.ForumChannel | None:
        guild = self._client.get_guild(place.guild_id)
        channel = guild.get_channel(place.channel_id) if guild else None
        return channel if isinstance(channel, discord.ForumChannel) else None


async def _begun(forum: discord.ForumChannel, after: datetime) -> AsyncIterator[discord.Thread]:
    """Yield the forum's threads that began after a time, the sleeping ones too."""
    first = discord.utils.time_snowflake(after)
    for thread in await forum.guild.active_threads():
        if thread.parent_id == forum.id and thread.id >= first:
            yield thread
    # They come by when they fell asleep, newest first: what began after the time did that after it as well.
    async for thread in forum.archived_threads(limit=None):
        if thread.archive_timestamp < after:
            return
        if thread.id >= first:
            yield thread
