"""The role that new stories call: only one that the admin could call as well, by Discord's own rules."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import Conflict, NotFound
from bot.words import say

NONE = "none"
Channel = discord.TextChannel | discord.ForumChannel


def is_none(text: str) -> bool:
    """Tell whether an admin wants an option cleared."""
    return text.strip().casefold() in ("", NONE)


def mentionable(interaction: discord.Interaction[Any], channel: Channel, text: str) -> int | None:
    """Return the role of that name, number or mention, None for none; raises ``NotFound`` or ``Conflict``.

    Discord lets a member mention a role that anyone may mention, or any where they may mention everyone. The bot is
    asked the same, as its mention would call nobody.
    """
    if is_none(text):
        return None
    role = _role(channel.guild, text.strip())
    if role is None:
        raise NotFound(say("channels.no_role"))
    if role.is_default():
        raise Conflict(say("channels.never_everyone"))
    if not may_mention(role, channel, interaction.user):
        raise Conflict(say("channels.not_your_role", role=role.mention))
    if not may_mention(role, channel, channel.guild.me):
        raise Conflict(say("channels.not_my_role", role=role.mention))
    return role.id


def may_mention(role: discord.Role, channel: Channel, who: discord.Member | discord.User) -> bool:
    """Tell whether somebody's mention of a role would call its members in a channel."""
    return role.mentionable or (isinstance(who, discord.Member) and channel.permissions_for(who).mention_everyone)


def suggested(guild: discord.Guild, current: str) -> list[tuple[str, str]]:
    """Return roles that fit what is being typed, the highest first, as name and number; and the word for none."""
    wanted = current.strip().casefold().lstrip("@")
    found = [(f"@{role.name}", str(role.id)) for role in reversed(guild.roles) if not role.is_default()]
    return [pair for pair in [(NONE, NONE), *found] if wanted in pair[0].casefold()]


def _role(guild: discord.Guild, text: str) -> discord.Role | None:
    number = text.removeprefix("<@&").removesuffix(">")
    if number.isascii() and number.isdigit() and len(number) < 20:
        return guild.get_role(int(number))
    name = text.removeprefix("@").casefold()
    same = [role for role in guild.roles if role.name.removeprefix("@").casefold() == name]
    return same[0] if len(same) == 1 else None
