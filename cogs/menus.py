"""What a message's own menu offers, and the buttons under a story's card."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.client import Rendezvous
from bot.chat.follow_list import LIST_ITEMS
from bot.chat.follow_views import ITEMS
from bot.chat.tree import word
from bot.chat.views import show_discussion
from bot.chat.why_views import WhyButton, show_why, story_of

Interaction = discord.Interaction[Any]


class Menus(commands.Cog):
    """Commands on a message that stands for a story: its card, a comment, a part of one, a forum post."""

    async def discussion(self, interaction: Interaction, message: discord.Message) -> None:
        """Show the discussion of the story that a message is about."""
        await show_discussion(interaction, await story_of(interaction, message))

    async def why(self, interaction: Interaction, message: discord.Message) -> None:
        """Say why the story that a message is about was posted."""
        await show_why(interaction, await story_of(interaction, message))


async def setup(bot: Rendezvous) -> None:
    """Add the menus, and let the buttons answer on messages of whatever age; discord.py calls this."""
    cog = Menus()
    for name, callback in (
        (word("command.menu.discussion"), cog.discussion),
        (word("command.menu.why"), cog.why),
    ):
        bot.tree.add_command(app_commands.guild_only(app_commands.ContextMenu(name=name, callback=callback)))
    bot.add_dynamic_items(*ITEMS, *LIST_ITEMS, WhyButton)
    await bot.add_cog(cog)
