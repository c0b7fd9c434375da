"""/channels: where the stories go; for admins."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import library
from bot.chat.access import require_posting
from bot.chat.client import Rendezvous
from bot.chat.embeds import followed_embed
from bot.errors import NotFound
from cogs.stories import guild_of

Interaction = discord.Interaction[Any]
manage_guild = app_commands.checks.has_permissions(manage_guild=True)


@app_commands.default_permissions(manage_guild=True)
class Channels(commands.GroupCog, name="channels", description="Choose the channels that new stories go to"):
    """Commands for people who may manage the server; the permission is checked again at run time."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot

    @app_commands.command(description="Post new stories and their comments into a channel")
    @app_commands.describe(
        channel="The channel", newest="How many stories to post at once (0 to 5; 1 if you do not say)"
    )
    @manage_guild
    async def follow(
        self, interaction: Interaction, channel: discord.TextChannel, newest: app_commands.Range[int, 0, 5] = 1
    ) -> None:
        """Follow, and post the newest stories so that one sees it work."""
        require_posting(interaction, channel)
        guild, now = guild_of(interaction), self.bot.clock.now()
        made = await library.follow(self.bot.database, guild, channel.id, interaction.user.id, now)
        posted = await library.post_newest(self.bot.database, made, newest, now)
        self.bot.deliverer.wake()
        text = f"New stories go to {channel.mention} from now on."
        at_once = f" Posting the newest {posted} now." if posted else ""
        await interaction.response.send_message(text + at_once, ephemeral=True)

    @app_commands.command(name="list", description="List the channels that new stories go to")
    @manage_guild
    async def list_(self, interaction: Interaction) -> None:
        """List the subscriptions of this server."""
        found = await library.followed_channels(self.bot.database, guild_of(interaction))
        await interaction.response.send_message(embed=followed_embed(found), ephemeral=True)

    @app_commands.command(description="Stop posting into a channel; what was posted stays")
    @app_commands.describe(channel="One of the channels that you follow")
    @manage_guild
    async def unfollow(self, interaction: Interaction, channel: str) -> None:
        """Stop following."""
        text = channel.strip("<#> ")
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise NotFound("Please choose the channel from the list.")
        await library.unfollow(self.bot.database, guild_of(interaction), int(text))
        await interaction.response.send_message(f"No more stories go to <#{text}>.", ephemeral=True)

    @unfollow.autocomplete("channel")
    async def _followed(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        if interaction.guild is None or not interaction.permissions.manage_guild:
            return []
        found = await library.followed_channels(self.bot.database, interaction.guild.id)
        channels = {s.channel_id: interaction.guild.get_channel(s.channel_id) for s in found}
        names = {id_: f"#{channel.name}" if channel else f"deleted channel {id_}" for id_, channel in channels.items()}
        wanted = current.casefold().lstrip("#")
        fitting = [(name, id_) for id_, name in names.items() if wanted in name.casefold()]
        return [app_commands.Choice(name=name[:100], value=str(id_)) for name, id_ in fitting[:25]]


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(app_commands.guild_only(Channels(bot)))
