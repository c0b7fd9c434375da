"""/setup: from an empty server to the first story, step by step; for admins."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.access import manage_guild
from bot.chat.client import Rendezvous
from bot.chat.setup_views import SetupPart, open_setup
from bot.chat.tree import word

Interaction = discord.Interaction[Any]


class Setup(commands.Cog):
    """One command for people who may manage the server; the permission is checked again at each press."""

    @app_commands.command(name="setup", description=word("command.setup"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    @manage_guild
    async def begin(self, interaction: Interaction) -> None:
        """Begin the guided start."""
        await open_setup(interaction)


async def setup(bot: Rendezvous) -> None:
    """Add the cog and its parts; discord.py calls this."""
    bot.add_dynamic_items(SetupPart)
    await bot.add_cog(Setup())
