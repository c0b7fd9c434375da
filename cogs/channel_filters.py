"""/channels filter, template and notices: what of the topics goes to a channel, and how it looks there."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import choosing, library
from bot.chat.access import five_a_minute, guild_of, manage_guild, of_server, require_voice, seen_channel
from bot.chat.channel_embeds import filtered
from bot.chat.channel_views import TemplateForm, require_speaker
from bot.chat.client import Rendezvous
from bot.chat.notice_places import chosen_place
from bot.chat.tree import word
from bot.choosing import AskedFilters
from bot.words import say
from cogs.channel_choices import channel_id, suggest_followed, suggest_notice_places, suggest_sources

Interaction = discord.Interaction[Any]
Patterns = app_commands.Range[str, 1, 4500]
Score = app_commands.Range[float, 0, 1]


class Filtering(commands.Cog):
    """The commands of /channels that choose among stories; a part of that cog, no cog of its own."""

    bot: Rendezvous

    @app_commands.command(name="filter", description=word("command.channels.filter"))
    @app_commands.describe(
        channel=word("command.channels.filter.channel"),
        sources=word("command.channels.filter.sources"),
        include=word("command.channels.filter.include"),
        exclude=word("command.channels.filter.exclude"),
        score=word("command.channels.filter.score"),
    )
    @app_commands.autocomplete(channel=suggest_followed, sources=suggest_sources)
    @manage_guild
    @five_a_minute(of_server)
    async def filter_(
        self,
        interaction: Interaction,
        channel: str,
        *,
        sources: str | None = None,
        include: Patterns | None = None,
        exclude: Patterns | None = None,
        score: Score | None = None,
    ) -> None:
        """Change the filters, and say what they leave of the newest stories."""
        guild, where, database = guild_of(interaction), await channel_id(interaction, channel), self.bot.database
        await interaction.response.defer(ephemeral=True, thinking=True)
        await library.followed(database, guild, where)
        if seen := seen_channel(interaction, where):
            require_voice(interaction, seen)
        await choosing.choose_filters(database, guild, where, AskedFilters(sources, include, exclude, score))
        trial, names = await choosing.trial(database, guild, where), await choosing.source_names(database, guild)
        await interaction.edit_original_response(content=filtered(trial, names)[:2000])

    @app_commands.command(description=word("command.channels.template"))
    @app_commands.describe(channel=word("command.channels.template.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    async def template(self, interaction: Interaction, channel: str) -> None:
        """Ask for the text above each card of a channel."""
        found = await library.followed(self.bot.database, guild_of(interaction), await channel_id(interaction, channel))
        require_speaker(interaction, found)
        await interaction.response.send_modal(TemplateForm(found.channel_id, found.options.looks.template))

    @app_commands.command(description=word("command.channels.notices"))
    @app_commands.describe(channel=word("command.channels.notices.channel"))
    @app_commands.autocomplete(channel=suggest_notice_places)
    @manage_guild
    async def notices(self, interaction: Interaction, channel: str) -> None:
        """Choose where admins are told what they must know."""
        place = chosen_place(interaction, channel)
        await choosing.choose_notices(self.bot.database, guild_of(interaction), place)
        text = say("channels.notices_here", channel=f"<#{place}>") if place else say("channels.notices_anywhere")
        await interaction.response.send_message(text, ephemeral=True)
