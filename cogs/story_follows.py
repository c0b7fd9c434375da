"""/stories follow, unfollow, following, why, digest: what a member wants to hear of, and why they do."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import interests
from bot.chat.access import five_a_minute, of_member, story_id, suggest_stories
from bot.chat.follow_list import show_following, suggest_followed
from bot.chat.follow_views import start, stop
from bot.chat.tree import word
from bot.chat.why_views import show_digest, show_why
from bot.digest import Period
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


PERIOD = [
    app_commands.Choice(name=word("command.stories.digest.period.today"), value=str(Period.TODAY)),
    app_commands.Choice(name=word("command.stories.digest.period.week"), value=str(Period.WEEK)),
]


async def suggest_topics(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Return the topics of this server that fit what a member is typing."""
    if interaction.guild_id is None:
        return []
    built_in, own = await interests.listed(interaction.client.database, interaction.guild_id)
    fitting = [name for name in (*own, *built_in) if current.casefold().strip() in name]
    return [app_commands.Choice(name=name, value=name) for name in fitting[:25]]


class Follows(commands.Cog):
    """Commands of /stories for who does not want to miss anything; a part of that cog, no cog of its own."""

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

    @app_commands.command(description=word("command.stories.why"))
    @app_commands.describe(story=word("command.stories.why.story"))
    @app_commands.autocomplete(story=suggest_stories)
    async def why(self, interaction: Interaction, story: str) -> None:
        """Say why a story was posted, or not."""
        await show_why(interaction, story_id(story))

    @app_commands.command(description=word("command.stories.digest"))
    @app_commands.describe(period=word("command.stories.digest.period"), topic=word("command.stories.digest.topic"))
    @app_commands.choices(period=PERIOD)
    @app_commands.autocomplete(topic=suggest_topics)
    @five_a_minute(of_member)
    async def digest(self, interaction: Interaction, period: str = Period.TODAY, topic: str = "") -> None:
        """List the stories of a day or week, the most discussed first."""
        await show_digest(interaction, Period(period), topic)
