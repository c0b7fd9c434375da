"""/stories follow, unfollow, following: a member hears of new comments."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.access import story_id, suggest_stories
from bot.chat.follow_list import show_following, suggest_followed
from bot.chat.follow_views import start, stop
from bot.chat.tree import word
from bot.store.follows import How, Pace

Interaction = discord.Interaction[Any]
HOW = [
    app_commands.Choice(name=word("command.stories.follow.how.dm"), value=str(How.DM)),
    app_commands.Choice(name=word("command.stories.follow.how.thread"), value=str(How.THREAD)),
]
PACE = [
    app_commands.Choice(name=word("command.stories.follow.pace.now"), value=str(Pace.NOW)),
    app_commands.Choice(name=word("command.stories.follow.pace.hour"), value=str(Pace.HOUR)),
    app_commands.Choice(name=word("command.stories.follow.pace.day"), value=str(Pace.DAY)),
]


class Follows(commands.Cog):
    """Commands of /stories that are about following; a part of that cog, no cog of its own."""

    @app_commands.command(description=word("command.stories.follow"))
    @app_commands.describe(
        story=word("command.stories.follow.story"),
        how=word("command.stories.follow.how"),
        pace=word("command.stories.follow.pace"),
    )
    @app_commands.choices(how=HOW, pace=PACE)
    @app_commands.autocomplete(story=suggest_stories)
    async def follow(
        self, interaction: Interaction, story: str, how: str | None = None, pace: str | None = None
    ) -> None:
        """Tell the member of new comments."""
        await start(interaction, story_id(story), How(how) if how else None, Pace(pace) if pace else None)

    @app_commands.command(description=word("command.stories.unfollow"))
    @app_commands.describe(story=word("command.stories.unfollow.story"))
    @app_commands.autocomplete(story=suggest_followed)
    async def unfollow(self, interaction: Interaction, story: str) -> None:
        """Tell the member no more."""
        await stop(interaction, story_id(story))

    @app_commands.command(description=word("command.stories.following"))
    async def following(self, interaction: Interaction) -> None:
        """List what the member follows."""
        await show_following(interaction)
