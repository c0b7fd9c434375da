"""How stories stand in a channel, as an admin says it: checked against the kind of the channel, and said back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import discord
from discord import app_commands

from bot.chat.forum import TAG_LENGTH, TAGS_OF_POST
from bot.chat.roles import is_none, mentionable
from bot.errors import Conflict
from bot.looks import colour, shown_colour
from bot.model import Layout, Options
from bot.options import Looks
from bot.words import say

Followable = discord.TextChannel | discord.ForumChannel
KINDS = (discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum)
LayoutName = Literal["thread", "forum", "inline", "story-only"]

NEW = Options(grace=timedelta(seconds=60))
AUTOMATIC = "auto"
_KINDS = {
    Layout.THREAD: "channels.as_thread",
    Layout.FORUM: "channels.as_forum",
    Layout.INLINE: "channels.as_inline",
    Layout.STORY_ONLY: "channels.as_story",
}


class ChannelOption(app_commands.Transformer):
    """A command's option that takes the channels in which stories can stand; discord.py's own takes others as well."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """What Discord asks the member for."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Which channels Discord offers."""
        return list(KINDS)

    async def transform(self, interaction: discord.Interaction[Any], value: Any, /) -> Followable:
        """Return the channel as the gateway's cache knows it."""
        found = value.resolve()
        if not isinstance(found, Followable) or found.type not in KINDS:
            raise app_commands.TransformerError(value, self.type, self)
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What an admin said of a channel's looks and layout; None: nothing. ``role`` and ``colour`` as they are typed."""

    layout: LayoutName | None = None
    comments: int | None = None
    grace: int | None = None
    publish: bool | None = None
    tags: str | None = None
    role: str | None = None
    colour: str | None = None
    replies: bool | None = None


def chosen(interaction: discord.Interaction[Any], channel: Followable | None, old: Options, asked: Asked) -> Options:
    """Return ``old`` with what was chosen instead; raises ``Conflict`` for what does not fit the channel."""
    if asked == Asked() and old is not NEW:
        return old  # nothing is said about it, even where the channel is not to be seen
    if channel is None:
        raise Conflict(say("channels.unseen"))
    options = replace(
        old,
        layout=_layout(channel, Layout(asked.layout) if asked.layout else None, old),
        comment_cap=old.comment_cap if asked.comments is None else asked.comments,
        grace=old.grace if asked.grace is None else timedelta(seconds=asked.grace),
        publish=old.publish if asked.publish is None else asked.publish,
        forum_tags=old.forum_tags if asked.tags is None else _tags(asked.tags),
        looks=_looks(interaction, channel, old.looks, asked),
        replies=_replies(interaction, old, asked.replies),
    )
    if asked.publish and not (isinstance(channel, discord.TextChannel) and channel.is_news()):
        raise Conflict(say("channels.no_news", channel=channel.mention))
    if options.forum_tags and options.layout is not Layout.FORUM:
        raise Conflict(say("channels.no_tags", channel=channel.mention))
    return options


def named(options: Options) -> str:
    """Return how stories stand and look there in words."""
    words = [say(_KINDS[options.layout])]
    if options.layout is not Layout.STORY_ONLY:
        cap, seconds = options.comment_cap, _seconds(options.grace)
        words.append(say("channels.first" if cap else "channels.first_all", comments=cap, seconds=seconds))
    if options.publish:
        words.append(say("channels.published"))
    if options.forum_tags:
        words.append(say("channels.tagged", tags=", ".join(options.forum_tags)))
    if options.looks.role_id:
        words.append(say("channels.mentions", role=f"<@&{options.looks.role_id}>"))
    if options.looks.colour is not None:
        words.append(say("channels.coloured", colour=shown_colour(options.looks.colour)))
    if options.looks.template:
        words.append(say("channels.templated"))
    if options.replies:
        words.append(say("channels.replies"))
    return ", ".join(words)


def _layout(channel: Followable, wanted: Layout | None, old: Options) -> Layout:
    if isinstance(channel, discord.ForumChannel):
        if wanted not in (None, Layout.FORUM):
            raise Conflict(say("channels.is_forum", channel=channel.mention))
        return Layout.FORUM
    if wanted is Layout.FORUM:
        raise Conflict(say("channels.no_forum", channel=channel.mention))
    return wanted or old.layout


def _replies(interaction: discord.Interaction[Any], old: Options, wanted: bool | None) -> bool:
    if wanted and not interaction.client.intents.message_content:
        raise Conflict(say("channels.unreadable"))
    return old.replies if wanted is None else wanted


def _looks(interaction: discord.Interaction[Any], channel: Followable, old: Looks, asked: Asked) -> Looks:
    looks = old
    if asked.role is not None:
        looks = replace(looks, role_id=mentionable(interaction, channel, asked.role))
    if asked.colour is not None:
        looks = replace(looks, colour=None if is_none(asked.colour) else colour(asked.colour))
    return looks


def _tags(text: str) -> tuple[str, ...]:
    """Read names with commas between; none, or the word for it, lets the bot choose."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if tuple(map(str.casefold, names)) in ((), (AUTOMATIC,)):
        return ()
    if len(names) > TAGS_OF_POST or any(len(name) > TAG_LENGTH for name in names):
        raise Conflict(say("channels.too_many_tags", most=TAGS_OF_POST, length=TAG_LENGTH))
    return names


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())
