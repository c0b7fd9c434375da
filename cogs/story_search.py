"""/stories latest and search: find what is stored."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import interests, library, search
from bot.chat import search_views
from bot.chat.access import guild_of
from bot.chat.client import Rendezvous
from bot.chat.embeds import latest_embed
from bot.chat.tree import word
from bot.chat.typing import Typing
from bot.markdown import clean_line

Interaction = discord.Interaction[Any]
Choices = list[app_commands.Choice[str]]
Query = app_commands.Range[str, 1, search_views.TEXT_LIMIT]
Author = app_commands.Range[str, 1, search_views.AUTHOR_LIMIT]
TIMES = ("today", "7d", "30d", "last year")


class Finding(commands.Cog):
    """Commands of /stories that find; a part of that cog, which has the bot and what members type."""

    bot: Rendezvous
    typing: Typing

    @app_commands.command(description=word("command.stories.latest"))
    @app_commands.describe(
        topic=word("command.stories.latest.topic"),
        source=word("command.stories.latest.source"),
        count=word("command.stories.latest.count"),
    )
    async def latest(
        self,
        interaction: Interaction,
        topic: str = interests.EVERYTHING,
        source: str | None = None,
        count: app_commands.Range[int, 1, 20] = 5,
    ) -> None:
        """List the newest stories that this server may see."""
        guild, number = guild_of(interaction), await search_views.source_number(interaction, source)
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await library.latest(self.bot.database, guild, count, topics=topic, source_id=number)
        among = found or await library.latest(self.bot.database, guild, library.LOOKED_THROUGH, source_id=number)
        embed = latest_embed(found, topics=topic, of_source=number is not None, among=len(among))
        await interaction.edit_original_response(embed=embed)

    @app_commands.command(description=word("command.stories.search"))
    @app_commands.rename(kind="in")
    @app_commands.describe(
        query=word("command.stories.search.query"),
        source=word("command.stories.search.source"),
        author=word("command.stories.search.author"),
        since=word("command.stories.search.since"),
        kind=word("command.stories.search.in"),
    )
    async def search(
        self,
        interaction: Interaction,
        query: Query,
        *,
        source: str | None = None,
        author: Author | None = None,
        since: app_commands.Range[str, 1, 30] | None = None,
        kind: Literal["both", "stories", "comments"] = "both",
    ) -> None:
        """Show the first page of what fits."""
        now = self.bot.clock.now()
        number = await search_views.source_number(interaction, source)
        wanted = search_views.wanted(query, now, kind=kind, source=number, author=author, since=since)
        await search_views.show_search(interaction, wanted)

    @search.autocomplete("query")
    async def _queries(self, interaction: Interaction, current: str) -> Choices:
        look = partial(search.suggest, self.bot.database, interaction.guild_id or 0, current)
        return _choices(await self.typing.look_up(interaction.user.id, look))

    @search.autocomplete("author")
    async def _authors(self, interaction: Interaction, current: str) -> Choices:
        look = partial(search.suggest_authors, self.bot.database, interaction.guild_id or 0, current)
        found = await self.typing.look_up(interaction.user.id, look)
        return _choices([name[: search_views.AUTHOR_LIMIT] for name in found])

    @search.autocomplete("since")
    async def _times(self, interaction: Interaction, current: str) -> Choices:
        return _choices([time for time in TIMES if current.casefold().strip() in time])

    @search.autocomplete("source")
    @latest.autocomplete("source")
    async def _sources(self, interaction: Interaction, current: str) -> Choices:
        look = partial(search.suggest_sources, self.bot.database, interaction.guild_id or 0, current)
        found = await self.typing.look_up(interaction.user.id, look)
        names = {str(one.id): clean_line(one.name or one.address) for one in found}
        return [app_commands.Choice(name=f"#{id_} {name}"[:100], value=id_) for id_, name in names.items()]

    @latest.autocomplete("topic")
    async def _topics(self, interaction: Interaction, current: str) -> Choices:
        built_in, own = await interests.listed(self.bot.database, interaction.guild_id or 0)
        return _choices([name for name in (*built_in, *own) if current.casefold().strip() in name][:25])


def _choices(texts: list[str]) -> Choices:
    return [app_commands.Choice(name=text, value=text) for text in texts]
