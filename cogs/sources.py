"""/sources: where the stories come from; for admins."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import sourcing
from bot.backfill import MOST
from bot.backfill import backfill as post_older
from bot.chat import source_embeds
from bot.chat.access import manage_guild
from bot.chat.client import Rendezvous
from bot.chat.source_views import AddButton, RestartButton, offer_view, restart_view
from bot.chat.tree import word
from bot.errors import NotFound
from bot.words import say
from cogs.stories import guild_of

Interaction = discord.Interaction[Any]


async def source_id(interaction: Interaction, value: str, *, everyone: bool = True) -> int:
    """Read a source as autocomplete gives it, or as an admin types it; raises ``NotFound``."""
    number = await sourcing.numbered(interaction.client.database, guild_of(interaction), value, everyone=everyone)
    if number is None:
        raise NotFound(say("sources.unknown"))
    return number


@app_commands.guild_only()  # on the class: on its instance it would do nothing
@app_commands.default_permissions(manage_guild=True)
class Sources(commands.GroupCog, name="sources", group_description=word("command.sources")):
    """Commands for people who may manage the server; the permission is checked again at run time."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot

    @app_commands.command(description=word("command.sources.add"))
    @app_commands.describe(address=word("command.sources.add.address"))
    @manage_guild
    async def add(self, interaction: Interaction, address: str) -> None:
        """Preview a source, with a button that adds it."""
        guild, bot = guild_of(interaction), self.bot
        await interaction.response.defer(ephemeral=True, thinking=True)
        user, now = interaction.user.id, bot.clock.now()
        look = await sourcing.look(
            bot.database, bot.web, bot.kinds, bot.desk, address, guild_id=guild, user_id=user, now=now
        )
        embed = source_embeds.preview_embed(look)
        await interaction.edit_original_response(embed=embed, view=offer_view(look.token))

    @app_commands.command(description=word("command.sources.starter"))
    @manage_guild
    async def starter(self, interaction: Interaction) -> None:
        """Add what the server lacks of the starter list."""
        guild, bot, user = guild_of(interaction), self.bot, interaction.user.id
        await interaction.response.defer(ephemeral=True, thinking=True)
        names, channels = await sourcing.add_starters(
            bot.database, bot.desk, guild_id=guild, user_id=user, now=bot.clock.now()
        )
        bot.poller.wake()
        await interaction.edit_original_response(content=source_embeds.added(names, channels))

    @app_commands.command(name="list", description=word("command.sources.list"))
    @manage_guild
    async def list_(self, interaction: Interaction) -> None:
        """List the sources, with a Restart button for those that stopped."""
        listing = await sourcing.listing(self.bot.database, guild_of(interaction))
        embed = source_embeds.list_embed(listing, sourcing.labels(self.bot.kinds))
        view = restart_view(listing.own) or discord.utils.MISSING
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @app_commands.command(description=word("command.sources.check"))
    @app_commands.describe(source=word("command.sources.check.source"))
    @manage_guild
    async def check(self, interaction: Interaction, source: str) -> None:
        """Poll one source."""
        guild, bot = guild_of(interaction), self.bot
        await interaction.response.defer(ephemeral=True, thinking=True)
        number = await source_id(interaction, source)
        found = await sourcing.checkable(bot.database, bot.desk, guild, number, bot.clock.now())
        report = await bot.poller.poll(found.id)
        bot.deliverer.wake()
        await interaction.edit_original_response(content=source_embeds.checked(report))

    @app_commands.command(description=word("command.sources.remove"))
    @app_commands.describe(source=word("command.sources.remove.source"))
    @manage_guild
    async def remove(self, interaction: Interaction, source: str) -> None:
        """Take a source from this server."""
        number = await source_id(interaction, source, everyone=False)
        gone = await sourcing.remove(self.bot.database, guild_of(interaction), number)
        await interaction.response.send_message(source_embeds.removed(gone), ephemeral=True)

    @app_commands.command(description=word("command.sources.backfill"))
    @app_commands.describe(source=word("command.sources.backfill.source"), count=word("command.sources.backfill.count"))
    @manage_guild
    async def backfill(
        self, interaction: Interaction, source: str, count: app_commands.Range[int, 1, MOST] = 5
    ) -> None:
        """Promise older stories to the followed channels."""
        guild, bot = guild_of(interaction), self.bot
        await interaction.response.defer(ephemeral=True, thinking=True)
        number = await source_id(interaction, source)
        promised, channels = await post_older(bot.database, guild, number, count, bot.clock.now())
        bot.deliverer.wake()
        await interaction.edit_original_response(content=source_embeds.backfilled(promised, channels))

    @remove.autocomplete("source")
    async def _own(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._choices(interaction, current, everyone=False)

    @check.autocomplete("source")
    @backfill.autocomplete("source")
    async def _readable(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._choices(interaction, current, everyone=True)

    async def _choices(
        self, interaction: Interaction, current: str, *, everyone: bool
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            return []
        found = await sourcing.suggest(self.bot.database, interaction.guild_id, current, everyone=everyone)
        return [app_commands.Choice(name=f"#{s.id} {s.name or s.address}"[:100], value=str(s.id)) for s in found]


async def setup(bot: Rendezvous) -> None:
    """Add the cog and its buttons; discord.py calls this."""
    bot.add_dynamic_items(AddButton, RestartButton)
    await bot.add_cog(Sources(bot))
