"""/topics: what stories can be about, and a server's own topics; for admins."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import interests
from bot.chat.access import five_a_minute, guild_of, manage_guild, of_server
from bot.chat.client import Rendezvous
from bot.chat.embeds import topics_embed, trial_embed
from bot.chat.topic_views import SaveTopic, shown_embed
from bot.chat.tree import word
from bot.explaining import explain
from bot.words import say

Interaction = discord.Interaction[Any]
Words = app_commands.Range[str, 1, 500]
Name = app_commands.Range[str, 1, 32]


@app_commands.guild_only()  # on the class: on its instance it would do nothing
@app_commands.default_permissions(manage_guild=True)
class Topics(commands.GroupCog, name="topics", group_description=word("command.topics")):
    """Commands for people who may manage the server; the permission is checked again at run time."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot

    @app_commands.command(name="list", description=word("command.topics.list"))
    @manage_guild
    async def list_(self, interaction: Interaction) -> None:
        """List the built-in topics and this server's own."""
        built_in, own = await interests.listed(self.bot.database, guild_of(interaction))
        await interaction.response.send_message(embed=topics_embed(built_in, own), ephemeral=True)

    @app_commands.command(description=word("command.topics.show"))
    @app_commands.describe(topic=word("command.topics.show.topic"))
    @manage_guild
    async def show(self, interaction: Interaction, topic: str) -> None:
        """Say what a topic looks for, and how much of the newest stories fits."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await explain(self.bot.database, guild_of(interaction), topic)
        await interaction.edit_original_response(embed=shown_embed(self.bot, found))

    @app_commands.command(description=word("command.topics.test"))
    @app_commands.describe(topic=word("command.topics.test.topic"))
    @manage_guild
    @five_a_minute(of_server)
    async def test(self, interaction: Interaction, topic: str) -> None:
        """Try a topic on this server's newest stories."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        trial = await interests.trial_of(self.bot.database, guild_of(interaction), topic)
        title = say("topic.title", name=topic.strip().casefold())
        await interaction.edit_original_response(embed=trial_embed(title, trial))

    @app_commands.command(description=word("command.topics.add"))
    @app_commands.describe(name=word("command.topics.add.name"), words=word("command.topics.add.words"))
    @manage_guild
    async def add(self, interaction: Interaction, name: Name, words: Words) -> None:
        """Try a new topic and offer to save it."""
        await self._offer(interaction, name, words, new=True)

    @app_commands.command(description=word("command.topics.edit"))
    @app_commands.describe(name=word("command.topics.edit.name"), words=word("command.topics.edit.words"))
    @manage_guild
    async def edit(self, interaction: Interaction, name: Name, words: Words) -> None:
        """Try a changed topic and offer to save it."""
        await self._offer(interaction, name, words, new=False)

    @app_commands.command(description=word("command.topics.remove"))
    @app_commands.describe(name=word("command.topics.remove.name"))
    @manage_guild
    async def remove(self, interaction: Interaction, name: Name) -> None:
        """Remove a topic that no channel follows."""
        await interests.remove(self.bot.database, guild_of(interaction), name)
        await interaction.response.send_message(say("topic.removed"), ephemeral=True)

    async def _offer(self, interaction: Interaction, name: str, words: str, *, new: bool) -> None:
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interests.require_savable(self.bot.database, guild, name, new=new)
        trial = await interests.trial(self.bot.database, guild, words)
        view = SaveTopic(interaction.user.id, name, words, new=new)
        title = say("topic.trial_title", name=name)
        await interaction.edit_original_response(embed=trial_embed(title, trial), view=view)

    @show.autocomplete("topic")
    @test.autocomplete("topic")
    async def _any(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await topic_choices(interaction, current, everything=False)

    @edit.autocomplete("name")
    @remove.autocomplete("name")
    async def _own(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await topic_choices(interaction, current, everything=False, own_only=True)


async def topic_choices(
    interaction: Interaction, current: str, *, everything: bool = True, own_only: bool = False
) -> list[app_commands.Choice[str]]:
    """Return the topics that fit the last word of what an admin is typing; nothing for other members."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        return []
    built_in, own = await interests.listed(interaction.client.database, interaction.guild_id)
    names = [*([] if own_only else built_in), *own, *([interests.EVERYTHING] if everything else [])]
    before, _, last = current.casefold().replace(",", " ").rpartition(" ")
    fitting = [f"{before} {name}".strip() for name in names if last in name]
    return [app_commands.Choice(name=text[:100], value=text[:100]) for text in fitting[:25]]


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(Topics(bot))
