"""/channels preview and test: what a channel would get, shown to the admin alone or posted there as a test."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import choosing
from bot.chat.access import five_a_minute, guild_of, manage_guild, of_server
from bot.chat.channel_embeds import sample_of, trial_embed
from bot.chat.channel_views import embeds_in
from bot.chat.client import Rendezvous
from bot.chat.tree import word
from bot.chat.trying import post_test
from bot.words import say
from cogs.channel_choices import channel_id, suggest_followed

Interaction = discord.Interaction[Any]


class Trials(commands.Cog):
    """The commands of /channels that show what comes of all choices; a part of that cog, no cog of its own."""

    bot: Rendezvous

    @app_commands.command(description=word("command.channels.preview"))
    @app_commands.describe(channel=word("command.channels.preview.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    @five_a_minute(of_server)
    async def preview(self, interaction: Interaction, channel: str) -> None:
        """Show how each of the newest stories is judged, and the newest that fits as it would stand."""
        guild, where = guild_of(interaction), await channel_id(interaction, channel)
        await interaction.response.defer(ephemeral=True, thinking=True)
        trial = await choosing.trial(self.bot.database, guild, where)
        content, embeds, view = sample_of(trial, embeds=embeds_in(interaction, where))
        embeds.append(trial_embed(trial))
        await interaction.edit_original_response(content=content or None, embeds=embeds, view=view)

    @app_commands.command(description=word("command.channels.test"))
    @app_commands.describe(channel=word("command.channels.test.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    async def test(self, interaction: Interaction, channel: str) -> None:
        """Post the newest fitting story as a test."""
        guild, where = guild_of(interaction), await channel_id(interaction, channel)
        await interaction.response.defer(ephemeral=True, thinking=True)
        link = await post_test(interaction, await choosing.trial(self.bot.database, guild, where))
        await interaction.edit_original_response(content=say("trial.posted", link=link))
