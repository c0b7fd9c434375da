"""Who asks, from where and for what: may the member and the bot do that here?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot import library
from bot.chat.options import Followable
from bot.errors import Conflict, NotFound
from bot.model import Layout
from bot.permissions import lacking
from bot.words import say

Command = TypeVar("Command")


def guild_of(interaction: discord.Interaction[Any]) -> int:
    """Return the server of an interaction; raises ``NotFound`` outside of one."""
    if interaction.guild_id is None:
        raise NotFound(say("refusal.server_only"))
    return interaction.guild_id


def story_id(value: str) -> int:
    """Read a story's number as autocomplete gives it, or as a member types it."""
    text = value.strip().removeprefix("#").split(" ")[0]
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise NotFound(say("stories.choose"))
    return int(text)


async def suggest_stories(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    """Return the stories of this server that fit what a member is typing."""
    if interaction.guild_id is None:
        return []
    found = await library.suggest(interaction.client.database, interaction.guild_id, current)
    return [app_commands.Choice(name=f"#{number} {title}"[:100], value=str(number)) for number, title in found]


def sees(interaction: discord.Interaction[Any], channel_id: int) -> bool:
    """Tell whether the member may read now what stands in a channel of this server; one that is gone nobody sees."""
    channel = interaction.guild.get_channel(channel_id) if interaction.guild else None
    if channel is None or not isinstance(interaction.user, discord.Member):
        return False
    may = channel.permissions_for(interaction.user)
    return may.view_channel and may.read_message_history


def of_server(interaction: discord.Interaction[Any]) -> int:
    """Let the members of a server share what may be asked of it."""
    return interaction.guild_id or 0


def of_member(interaction: discord.Interaction[Any]) -> int:
    """Let each member ask for themselves."""
    return interaction.user.id


# Asked at each command: Discord hides what is for admins, and a server can show it to others.
manage_guild = app_commands.checks.has_permissions(manage_guild=True)


def five_a_minute(key: Callable[[discord.Interaction[Any]], int]) -> Callable[[Command], Command]:
    """Decorate a command that takes long: a server or a member may give it five times a minute."""

    def check(interaction: discord.Interaction[Any]) -> bool:
        bot, command = interaction.client, interaction.command
        asked = (command.qualified_name if command else "", key(interaction))
        if wait := bot.desk.long.take(asked, bot.clock.now()):
            raise app_commands.CommandOnCooldown(app_commands.Cooldown(5, 60.0), wait.total_seconds())
        return True

    return app_commands.check(check)


def require_posting(interaction: discord.Interaction[Any], channel: Followable, layout: Layout) -> None:
    """Raise ``Conflict`` unless the member may post in the channel and the bot has all that the layout needs there."""
    require_voice(interaction, channel)
    have = channel.permissions_for(channel.guild.me).value
    missing = [need.title for need in lacking(have, layout) if need.required]
    if missing:
        names = ", ".join(f"**{title}**" for title in missing)
        raise Conflict(say("channels.lacking", channel=channel.mention, names=names))


def require_voice(interaction: discord.Interaction[Any], channel: Followable) -> None:
    """Raise ``Conflict`` unless the channel is in this server and the member may post there."""
    if channel.guild.id != interaction.guild_id:
        raise Conflict(say("channels.elsewhere"))
    if not isinstance(interaction.user, discord.Member) or not channel.permissions_for(interaction.user).send_messages:
        raise Conflict(say("channels.not_yours", channel=channel.mention))


def seen_channel(interaction: discord.Interaction[Any], channel_id: int) -> Followable | None:
    """Return a channel of this server that the bot can see, None for any other."""
    channel = interaction.guild.get_channel(channel_id) if interaction.guild else None
    return channel if isinstance(channel, Followable) else None
