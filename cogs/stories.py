"""/stories: what members read."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import library, reading
from bot.chat.access import guild_of, story_id, suggest_stories
from bot.chat.client import Rendezvous
from bot.chat.embeds import card_message
from bot.chat.search_views import SearchButton
from bot.chat.tree import word
from bot.chat.typing import Typing
from bot.chat.views import Look, show_discussion
from bot.discussion_tree import Sort
from cogs.story_files import Files
from cogs.story_follows import Follows
from cogs.story_search import Finding

__all__ = ["Stories", "guild_of", "setup", "story_id"]
Interaction = discord.Interaction[Any]


@app_commands.guild_only()  # on the class: on its instance it would do nothing
class Stories(Finding, Files, Follows, commands.GroupCog, name="stories", group_description=word("command.stories")):
    """Commands for every member."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot
        self.typing = Typing()

    @app_commands.command(description=word("command.stories.show"))
    @app_commands.describe(story=word("command.stories.show.story"))
    async def show(self, interaction: Interaction, story: str) -> None:
        """Show one story's card."""
        stored = await library.show(self.bot.database, guild_of(interaction), story_id(story))
        embed, view = card_message(stored)
        await interaction.response.send_message(embed=embed, view=view)

    @app_commands.command(description=word("command.stories.discussion"))
    @app_commands.describe(story=word("command.stories.discussion.story"), sort=word("command.stories.discussion.sort"))
    async def discussion(
        self, interaction: Interaction, story: str, sort: Literal["oldest", "newest", "likes"] = "oldest"
    ) -> None:
        """Show the stored comment tree in pages."""
        await show_discussion(interaction, story_id(story), look=Look(Sort(sort)))

    @app_commands.command(description=word("command.stories.fetch"))
    @app_commands.describe(url=word("command.stories.fetch.url"))
    @app_commands.checks.cooldown(10, 60.0, key=lambda interaction: interaction.guild_id)
    async def fetch(self, interaction: Interaction, url: str) -> None:
        """Fetch one page."""
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = self.bot
        stored, report = await reading.fetch(
            bot.database,
            bot.web,
            url,
            guild_id=guild,
            user_id=interaction.user.id,
            now=bot.clock.now(),
            kinds=bot.kinds,
        )
        bot.deliverer.wake()
        embed, view = card_message(stored)
        await interaction.edit_original_response(content=reading.summary(report), embed=embed, view=view)

    @show.autocomplete("story")
    @discussion.autocomplete("story")
    async def _suggest(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await suggest_stories(interaction, current)


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    bot.add_dynamic_items(SearchButton)
    await bot.add_cog(Stories(bot))
