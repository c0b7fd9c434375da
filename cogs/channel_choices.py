"""What the commands of /channels share: who may use them, how a channel is named, and what is suggested."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot import choosing, library
from bot.chat.roles import NONE, suggested
from bot.errors import NotFound
from bot.looks import COLOURS
from bot.model import Subscription
from bot.permissions import lacking
from bot.words import say

Interaction = discord.Interaction[Any]
Choices = list[app_commands.Choice[str]]
MOST = 25
VALUE_LIMIT = 100


async def channel_id(interaction: Interaction, value: str) -> int:
    """Read a channel as autocomplete gives it, or as an admin types it: its id, or its name; raises ``NotFound``.

    Of several channels of one name the followed one is meant; where that is not one, none is.
    """
    text = value.strip("<#> ")
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    guild = interaction.guild
    named = [one.id for one in guild.channels if one.name.casefold() == text.casefold()] if guild else []
    if guild is not None and len(named) > 1:
        followed = {s.channel_id for s in await library.followed_channels(interaction.client.database, guild.id)}
        named = [id_ for id_ in named if id_ in followed]
    if len(named) != 1:
        raise NotFound(say("channels.choose"))
    return named[0]


def resumed(interaction: Interaction, found: Subscription, waited: int) -> str:
    """Say that a channel goes on, or what it still needs for that."""
    where = f"<#{found.channel_id}>"
    channel = interaction.guild.get_channel(found.channel_id) if interaction.guild else None
    if channel is None:
        return say("channels.unseen")
    have = channel.permissions_for(channel.guild.me).value
    missing = ", ".join(f"**{need.title}**" for need in lacking(have, found.options.layout) if need.required)
    if missing:
        still = say("channels.still_lacking", channel=where, names=missing)
        return f"{still} {say('channels.waits', count=waited)}" if waited else still
    return say("channels.resumed" if waited else "channels.resumed_empty", channel=where, count=waited)


async def suggest_followed(interaction: Interaction, current: str) -> Choices:
    """Return the followed channels of this server that fit what an admin is typing; nothing for other members."""
    if interaction.guild is None or not interaction.permissions.manage_guild:
        return []
    found = await library.followed_channels(interaction.client.database, interaction.guild.id)
    channels = {s.channel_id: interaction.guild.get_channel(s.channel_id) for s in found}
    names = {
        id_: f"#{channel.name}" if channel else say("channels.deleted", channel=id_)
        for id_, channel in channels.items()
    }
    wanted = current.casefold().lstrip("#")
    return _choices([(name, str(id_)) for id_, name in names.items() if wanted in name.casefold()])


async def suggest_roles(interaction: Interaction, current: str) -> Choices:
    """Return the roles of this server that fit what an admin is typing."""
    if interaction.guild is None or not interaction.permissions.manage_guild:
        return []
    return _choices(suggested(interaction.guild, current))


async def suggest_colours(interaction: Interaction, current: str) -> Choices:
    """Return the names of colours that fit what an admin is typing."""
    wanted = current.strip().casefold()
    return _choices([(name, name) for name in (NONE, *COLOURS) if wanted in name])


async def suggest_sources(interaction: Interaction, current: str) -> Choices:
    """Return this server's sources that fit the last of what an admin is typing, behind those named before."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        return []
    names = await choosing.source_names(interaction.client.database, interaction.guild_id)
    before, _, last = current.rpartition(",")
    wanted = last.strip().removeprefix("#").casefold()
    head = f"{before.strip()}, " if before.strip() else ""
    fitting = [
        (f"{head}#{id_} {name}", f"{head}{id_}") for id_, name in names.items() if wanted in f"{id_} {name}".casefold()
    ]
    return _choices([*([] if head or wanted not in NONE else [(NONE, NONE)]), *fitting])


async def suggest_notice_places(interaction: Interaction, current: str) -> Choices:
    """Return "here", "none" and the text channels that fit what an admin is typing."""
    if interaction.guild is None or not interaction.permissions.manage_guild:
        return []
    wanted = current.casefold().lstrip("#")
    words = [(word, word) for word in ("here", NONE) if wanted in word]
    channels = [
        (f"#{one.name}", str(one.id)) for one in interaction.guild.text_channels if wanted in one.name.casefold()
    ]
    return _choices([*words, *channels])


def _choices(pairs: list[tuple[str, str]]) -> Choices:
    """Return at most 25 choices; a value that does not fit is left out, as a cut one would mean something else."""
    fitting = [(name, value) for name, value in pairs if len(value) <= VALUE_LIMIT]
    return [app_commands.Choice(name=name[:VALUE_LIMIT], value=value) for name, value in fitting[:MOST]]
