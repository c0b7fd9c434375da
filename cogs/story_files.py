"""/stories export: a discussion as a file."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.access import story_id, suggest_stories
from bot.chat.export_files import send_export
from bot.chat.tree import word
from bot.export import Format


class Files(commands.Cog):
    """Commands of /stories that give files; a part of that cog, no cog of its own."""

    @app_commands.command(description=word("command.stories.export"))
    @app_commands.describe(story=word("command.stories.export.story"), format=word("command.stories.export.format"))
    @app_commands.autocomplete(story=suggest_stories)
    @app_commands.checks.cooldown(10, 60.0, key=lambda interaction: interaction.user.id)
    async def export(
        self,
        interaction: discord.Interaction[Any],
        story: str,
        format: Literal["markdown", "json", "html"] = "markdown",
    ) -> None:
        """Give the discussion as a file."""
        await send_export(interaction, story_id(story), Format(format))
