"""/privacy: what is kept about the one who asks."""

from __future__ import annotations

import io
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import privacy
from bot.chat.access import guild_of, sees
from bot.chat.client import Rendezvous
from bot.chat.privacy_views import ForgetButton, kept_embed, question
from bot.chat.tree import word
from bot.words import say

Interaction = discord.Interaction[Any]
FILE = "what-rendezvous-keeps-about-you.json"


@app_commands.guild_only()  # on the class: on its instance it would do nothing
class Privacy(commands.GroupCog, name="privacy", description=word("command.privacy")):
    """Commands for every member, about themselves alone; what other servers keep about them is theirs as well."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot

    @app_commands.command(description=word("command.privacy.show"))
    async def show(self, interaction: Interaction) -> None:
        """Say how much is kept, why, and what is not."""
        kept = await privacy.show(self.bot.database, guild_of(interaction), interaction.user.id)
        seen = [channel_id for channel_id in kept.channels if sees(interaction, channel_id)]
        await interaction.response.send_message(embed=kept_embed(kept, seen), ephemeral=True)

    @app_commands.command(description=word("command.privacy.export"))
    @app_commands.checks.cooldown(5, 60.0, key=lambda interaction: interaction.user.id)
    async def export(self, interaction: Interaction) -> None:
        """Give all of it as a file."""
        data = await privacy.export(self.bot.database, interaction.user.id, self.bot.clock.now())
        file = discord.File(io.BytesIO(data), FILE)
        await interaction.response.send_message(say("privacy.file"), file=file, ephemeral=True)

    @app_commands.command(description=word("command.privacy.forget"))
    async def forget(self, interaction: Interaction) -> None:
        """Ask before anything is forgotten."""
        kept = await privacy.show(self.bot.database, guild_of(interaction), interaction.user.id)
        if not kept.everywhere:
            await interaction.response.send_message(say("privacy.nothing"), ephemeral=True)
            return
        embed, view = question(kept, interaction.user.id)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    bot.add_dynamic_items(ForgetButton)
    await bot.add_cog(Privacy(bot))
