"""The buttons of sources: add what was previewed, and start again what was stopped. Each press is checked anew."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import app_commands

from bot import markdown, sourcing
from bot.chat import source_embeds
from bot.chat.failures import guarded
from bot.errors import NotFound
from bot.model import Source
from bot.words import say

ADD_PREFIX = "source:add:"
RESTART_PREFIX = "source:restart:"
MOST_BUTTONS = 25
LABEL_LIMIT = 80

Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]


class AddButton(discord.ui.DynamicItem[Button], template=rf"{ADD_PREFIX}(?P<token>[\w-]{{22}})"):
    """Adds what a preview showed; its id is an opaque token that only the asking person can use, for ten minutes."""

    def __init__(self, token: str) -> None:
        style = discord.ButtonStyle.success
        label, custom_id = say("sources.add"), f"{ADD_PREFIX}{token}"
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id))
        self.token = token

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(match["token"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Add the source."""
        await guarded(interaction, lambda: _add(interaction, self.token))


class RestartButton(discord.ui.DynamicItem[Button], template=rf"{RESTART_PREFIX}(?P<source>\d{{1,18}})"):
    """Starts a stopped source again; it works for ever, under a list or a notice."""

    def __init__(self, source_id: int, label: str | None = None) -> None:
        label = label or say("sources.restart")
        super().__init__(discord.ui.Button(label=label, custom_id=f"{RESTART_PREFIX}{source_id}"))
        self.source_id = source_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["source"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Restart the source."""
        await guarded(interaction, lambda: _restart(interaction, self.source_id))


def offer_view(token: str) -> discord.ui.View:
    """Return the button that adds what a preview shows."""
    return _view(AddButton(token))


def restart_view(found: list[Source]) -> discord.ui.View | None:
    """Return a Restart button for each stopped source, None where all are well."""
    stopped = [source for source in found if source.stopped_reason]
    buttons = [RestartButton(source.id, _label(source)) for source in stopped[:MOST_BUTTONS]]
    return _view(*buttons) if buttons else None


def _label(source: Source) -> str:
    return say("sources.restart_this", name=markdown.clean_line(source.name or source.address))[:LABEL_LIMIT]


def _view(*items: discord.ui.Item[Any]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()  # dynamic items answer for ever, without a view that waits
    return view


def require_manager(interaction: Interaction) -> int:
    """Return the server in which the member may manage it, now; a command or preview may be older than that right."""
    if interaction.guild_id is None:
        raise NotFound(say("refusal.server_only"))
    if not interaction.permissions.manage_guild:
        raise app_commands.MissingPermissions(["manage_guild"])
    return interaction.guild_id


async def _add(interaction: Interaction, token: str) -> None:
    guild, bot, user = require_manager(interaction), interaction.client, interaction.user.id
    now = bot.clock.now()
    preview = bot.desk.accepted(token, guild, user, now)
    channels = await sourcing.add(bot.database, bot.desk, preview, guild_id=guild, user_id=user, now=now)
    bot.poller.wake()
    text = source_embeds.added([preview.name], channels)
    await interaction.response.edit_message(content=text, embed=None, view=None)


async def _restart(interaction: Interaction, source_id: int) -> None:
    guild, bot = require_manager(interaction), interaction.client
    source = await sourcing.restart(bot.database, guild, source_id, bot.clock.now())
    bot.poller.wake()
    name = source_embeds.name(source.name or source.address)
    text = say("sources.restarted", name=name)
    await interaction.response.send_message(text, ephemeral=True)
