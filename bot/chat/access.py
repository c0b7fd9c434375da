"""May the member and the bot do what is asked for in that channel?"""

from __future__ import annotations

from typing import Any

import discord

from bot.chat.options import Followable
from bot.errors import Conflict
from bot.model import Layout
from bot.permissions import lacking


def require_posting(interaction: discord.Interaction[Any], channel: Followable, layout: Layout) -> None:
    """Raise ``Conflict`` unless the member may post in the channel and the bot has all that the layout needs there."""
    if channel.guild.id != interaction.guild_id:
        raise Conflict("That channel is not in this server.")
    if not isinstance(interaction.user, discord.Member) or not channel.permissions_for(interaction.user).send_messages:
        raise Conflict(f"You may not post in {channel.mention} yourself, so I will not do it for you.")
    have = channel.permissions_for(channel.guild.me).value
    missing = [need.title for need in lacking(have, layout) if need.required]
    if missing:
        names = ", ".join(f"**{title}**" for title in missing)
        raise Conflict(f"In {channel.mention} I lack: {names}. Please give them to my role, then try again.")


def seen_channel(interaction: discord.Interaction[Any], channel_id: int) -> Followable | None:
    """Return a channel of this server that the bot can see, None for any other."""
    channel = interaction.guild.get_channel(channel_id) if interaction.guild else None
    return channel if isinstance(channel, Followable) else None
