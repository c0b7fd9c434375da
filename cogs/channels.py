"""/channels: where the stories go; for admins."""

from __future__ import annotations

from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import choosing, freezing, history, library
from bot.chat.access import guild_of, manage_guild, require_posting, seen_channel
from bot.chat.channel_views import EditTemplate, ListPage, SaveTemplate, list_message
from bot.chat.client import Rendezvous
from bot.chat.embeds import topics_named
from bot.chat.frozen_views import ChoiceButton
from bot.chat.history_views import RetryButton, history_message
from bot.chat.options import NEW, Asked, ChannelOption, Followable, LayoutName, chosen, named
from bot.chat.tree import word
from bot.model import Options
from bot.topics import DEFAULT
from bot.words import say
from cogs.channel_choices import channel_id, resumed, suggest_colours, suggest_followed, suggest_roles
from cogs.channel_filters import Filtering
from cogs.channel_trials import Trials
from cogs.topics import topic_choices

Interaction = discord.Interaction[Any]
Cap = app_commands.Range[int, 0, 1000]
Seconds = app_commands.Range[int, 0, 3600]
OPTIONS = {
    "layout": word("command.channels.edit.layout"),
    "comments": word("command.channels.edit.comments"),
    "grace": word("command.channels.edit.grace"),
    "publish": word("command.channels.edit.publish"),
    "tags": word("command.channels.edit.tags"),
    "role": word("command.channels.edit.role"),
    "colour": word("command.channels.edit.colour"),
}


@app_commands.guild_only()  # on the class: on its instance it would do nothing
@app_commands.default_permissions(manage_guild=True)
class Channels(Filtering, Trials, commands.GroupCog, name="channels", group_description=word("command.channels")):
    """Commands for people who may manage the server; the permission is checked again at run time."""

    def __init__(self, bot: Rendezvous) -> None:
        self.bot = bot

    @app_commands.command(description=word("command.channels.follow"))
    @app_commands.describe(
        channel=word("command.channels.follow.channel"),
        topics=word("command.channels.follow.topics"),
        newest=word("command.channels.follow.newest"),
        **OPTIONS,
    )
    @app_commands.autocomplete(role=suggest_roles, colour=suggest_colours)
    @manage_guild
    async def follow(
        self,
        interaction: Interaction,
        channel: app_commands.Transform[Followable, ChannelOption],
        topics: str | None = None,
        newest: app_commands.Range[int, 0, 5] = 1,
        *,
        layout: LayoutName | None = None,
        comments: Cap | None = None,
        grace: Seconds | None = None,
        publish: bool | None = None,
        tags: str | None = None,
        role: str | None = None,
        colour: str | None = None,
    ) -> None:
        """Follow, and post the newest stories so that one sees it work."""
        asked = Asked(layout, comments, grace, publish, tags, role, colour)
        wish = partial(self._begun, interaction, channel, asked)
        guild, user, now = guild_of(interaction), interaction.user.id, self.bot.clock.now()
        made = await library.follow(
            self.bot.database, guild, channel.id, user, now, topics=topics, at_first=DEFAULT, options=wish
        )
        posted = await library.post_newest(self.bot.database, made, newest, now)
        self.bot.deliverer.wake()
        about, where = topics_named(made.topics), channel.mention
        text = say("channels.goes_now" if posted else "channels.goes", topics=about, channel=where, count=posted)
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(description=word("command.channels.edit"))
    @app_commands.describe(
        channel=word("command.channels.edit.channel"),
        topics=word("command.channels.edit.topics"),
        replies=word("command.channels.edit.replies"),
        **OPTIONS,
    )
    @app_commands.autocomplete(channel=suggest_followed, role=suggest_roles, colour=suggest_colours)
    @manage_guild
    async def edit(
        self,
        interaction: Interaction,
        channel: str,
        topics: str | None = None,
        *,
        layout: LayoutName | None = None,
        comments: Cap | None = None,
        grace: Seconds | None = None,
        publish: bool | None = None,
        tags: str | None = None,
        role: str | None = None,
        colour: str | None = None,
        replies: bool | None = None,
    ) -> None:
        """Choose otherwise for a channel; what was posted stays as it is."""
        guild, where = guild_of(interaction), await channel_id(interaction, channel)
        asked = Asked(layout, comments, grace, publish, tags, role, colour, replies)
        wish = partial(_changed, interaction, seen_channel(interaction, where), asked)
        made = await library.edit(self.bot.database, guild, where, topics, wish)
        await self.bot.deliverer.release(guild)  # what waited for a better choice may go on
        about, looks = topics_named(made.topics), named(made.options)
        text = say("channels.changed", channel=f"<#{where}>", topics=about, looks=looks)
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(name="list", description=word("command.channels.list"))
    @manage_guild
    async def list_(self, interaction: Interaction) -> None:
        """List the subscriptions of this server."""
        embed, view = await list_message(interaction)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @app_commands.command(description=word("command.channels.unfollow"))
    @app_commands.describe(channel=word("command.channels.unfollow.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    async def unfollow(self, interaction: Interaction, channel: str) -> None:
        """Stop following."""
        where = await channel_id(interaction, channel)
        await library.unfollow(self.bot.database, guild_of(interaction), where)
        text = say("channels.unfollowed", channel=f"<#{where}>")
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(description=word("command.channels.pause"))
    @app_commands.describe(channel=word("command.channels.pause.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    async def pause(self, interaction: Interaction, channel: str) -> None:
        """Let a channel rest."""
        where = await channel_id(interaction, channel)
        await history.pause(self.bot.database, guild_of(interaction), where)
        text = say("channels.paused_now", channel=f"<#{where}>")
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(description=word("command.channels.resume"))
    @app_commands.describe(channel=word("command.channels.resume.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    async def resume(self, interaction: Interaction, channel: str) -> None:
        """Let a channel go on."""
        guild, where = guild_of(interaction), await channel_id(interaction, channel)
        waited = await history.resume(self.bot.database, guild, where, self.bot.clock.now())
        self.bot.deliverer.wake()
        found = await library.followed(self.bot.database, guild, where)
        await interaction.response.send_message(resumed(interaction, found, waited), ephemeral=True)

    @app_commands.command(name="history", description=word("command.channels.history"))
    @app_commands.describe(channel=word("command.channels.history.channel"))
    @app_commands.autocomplete(channel=suggest_followed)
    @manage_guild
    async def history_(self, interaction: Interaction, channel: str | None = None) -> None:
        """Show the last deliveries of this server."""
        guild, where = guild_of(interaction), await channel_id(interaction, channel) if channel else None
        found = await history.latest(self.bot.database, guild, where)
        embed, view = history_message(found, await freezing.undecided(self.bot.database, guild))
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    def _begun(self, interaction: Interaction, channel: Followable, asked: Asked, old: Options | None) -> Options:
        """Return the options of a channel that is followed now, or goes on; raises ``Conflict``."""
        wish = chosen(interaction, channel, old or NEW, asked)
        require_posting(interaction, channel, wish.layout)
        self.bot.desk.may_follow(guild_of(interaction), self.bot.clock.now())
        return wish

    @follow.autocomplete("topics")
    @edit.autocomplete("topics")
    async def _topics(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await topic_choices(interaction, current)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Call a role no more that is gone."""
        await choosing.role_gone(self.bot.database, role.guild.id, role.id)


def _changed(interaction: Interaction, channel: Followable | None, asked: Asked, old: Options) -> Options:
    """Return what a channel's options become; raises ``Conflict`` where that cannot be, or not by who asks."""
    wish = chosen(interaction, channel, old, asked)
    if channel is not None and wish != old:
        require_posting(interaction, channel, wish.layout)
    return wish


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
    bot.add_dynamic_items(ChoiceButton, RetryButton, SaveTemplate, EditTemplate, ListPage)
    await bot.add_cog(Channels(bot))
