"""/help and /about: what the bot can do, and how it fares; for everyone."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import library
from bot.chat.about_views import about_embed, help_embeds
from bot.chat.access import guild_of
from bot.chat.client import Rendezvous
from bot.chat.tree import word
from bot.status import status_of

Interaction = discord.Interaction[Any]


class About(commands.Cog):
    """Commands for every member."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot

    @app_commands.command(name="help", description=word("command.help"))
    @app_commands.guild_only()
    async def help_(self, interaction: Interaction) -> None:
        """List what who asks can do."""
        manages = interaction.permissions.manage_guild
        begun = bool(await library.followed_channels(self.bot.database, guild_of(interaction)))
        embeds = help_embeds(self.bot, manages=manages, begun=begun)
        await interaction.response.send_message(embeds=embeds, ephemeral=True)

    @app_commands.command(name="about", description=word("command.about"))
    @app_commands.guild_only()
    async def about(self, interaction: Interaction) -> None:
        """Say how the bot fares."""
        status = await status_of(self.bot.database, guild_of(interaction))
        await interaction.response.send_message(embed=about_embed(self.bot, status), ephemeral=True)


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(About(bot))
