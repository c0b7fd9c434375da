"""Where a server's admins are told what they must know, as one of them says it."""

from __future__ import annotations

from typing import Any

import discord

from bot.chat.access import require_voice
from bot.chat.notices import may_tell
from bot.chat.roles import is_none
from bot.errors import Conflict, NotFound
from bot.words import say

HERE = "here"


def chosen_place(interaction: discord.Interaction[Any], text: str) -> int | None:
    """Return the channel that is meant, None for none; raises ``NotFound`` or ``Conflict`` where it cannot be."""
    if is_none(text):
        return None
    number = text.strip("<#> ")
    if number.casefold() == HERE:
        number = str(interaction.channel_id)
    known = number.isascii() and number.isdigit() and len(number) < 20
    channel = interaction.guild.get_channel(int(number)) if interaction.guild and known else None
    if not isinstance(channel, discord.TextChannel):
        raise NotFound(say("channels.no_text_channel"))
    require_voice(interaction, channel)
    if not may_tell(channel):
        raise Conflict(say("channels.notices_need", channel=channel.mention))
    return channel.id
