"""A small bot on the unmodified discord.py, to give the page something to show."""

from __future__ import annotations

import discord
from discord import app_commands

SOURCES = ["Hacker News", "Lobsters", "Lemmy"]


class Reason(discord.ui.Modal, title="Why?"):
    """A form with one field."""

    why: discord.ui.TextInput[Reason] = discord.ui.TextInput(label="Your reason", placeholder="Because")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Repeat what was entered."""
        await interaction.response.send_message(f"Reason: {self.why.value}", ephemeral=True)


class Choices(discord.ui.View):
    """Buttons and a select under an answer."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.presses = 0

    @discord.ui.button(label="Count", custom_id="count", style=discord.ButtonStyle.primary)
    async def count(self, interaction: discord.Interaction, _: discord.ui.Button[Choices]) -> None:
        """Count the presses in the message itself."""
        self.presses += 1
        await interaction.response.edit_message(content=f"Pressed {self.presses}")

    @discord.ui.button(label="Give a reason", custom_id="reason", style=discord.ButtonStyle.secondary)
    async def reason(self, interaction: discord.Interaction, _: discord.ui.Button[Choices]) -> None:
        """Open the form."""
        await interaction.response.send_modal(Reason())

    @discord.ui.select(
        custom_id="order",
        placeholder="Order",
        options=[discord.SelectOption(label="Best first"), discord.SelectOption(label="Newest first")],
    )
    async def order(self, interaction: discord.Interaction, select: discord.ui.Select[Choices]) -> None:
        """Tell what was chosen."""
        await interaction.response.edit_message(content=f"Order: {select.values[0]}")


class Pick(discord.ui.View):
    """Selects that Discord itself fills."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="user", placeholder="Who")
    async def user(self, interaction: discord.Interaction, select: discord.ui.UserSelect[Pick]) -> None:
        """Tell who was chosen."""
        await interaction.response.edit_message(content=f"User: {select.values[0].name}")

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="role", placeholder="Which role")
    async def role(self, interaction: discord.Interaction, select: discord.ui.RoleSelect[Pick]) -> None:
        """Tell which role was chosen."""
        await interaction.response.edit_message(content=f"Role: {select.values[0].name}")

    @discord.ui.select(
        cls=discord.ui.ChannelSelect,
        custom_id="channel",
        placeholder="Where",
        channel_types=[discord.ChannelType.forum],
    )
    async def channel(self, interaction: discord.Interaction, select: discord.ui.ChannelSelect[Pick]) -> None:
        """Tell which channel was chosen."""
        await interaction.response.edit_message(content=f"Channel: {select.values[0].name}")


class SmallBot(discord.Client):
    """The bot; its commands are registered before it is ready."""

    def __init__(self) -> None:
        # One guild that comes at once needs no two seconds of waiting for more.
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(stories())
        self.tree.add_command(rules)
        self.tree.add_command(count_words)

    async def setup_hook(self) -> None:
        """Register the commands."""
        await self.tree.sync()


def stories() -> app_commands.Group:
    """Build /stories with its subcommands."""
    group = app_commands.Group(name="stories", description="What is new")

    async def suggest(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = [name for name in SOURCES if typed.lower() in name.lower()]
        return [app_commands.Choice(name=name, value=name.lower()) for name in found]

    @group.command(description="Show the latest stories")
    @app_commands.describe(source="Where they come from", count="How many", loud="Whether all may see it")
    @app_commands.autocomplete(source=suggest)
    async def latest(interaction: discord.Interaction, source: str, count: int = 3, loud: bool = False) -> None:
        text = f"{count} from {source}"
        await interaction.response.send_message(text, ephemeral=not loud, view=Choices())

    @group.command(description="Think for a while")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.followup.send("Thought about it")

    @group.command(description="Answer in steps")
    async def steps(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("First", ephemeral=True)
        await interaction.followup.send("Second", ephemeral=True)
        third = await interaction.followup.send("Third", ephemeral=True, wait=True)
        await interaction.edit_original_response(content="First, changed")
        await third.delete()
        await interaction.followup.send("Last", ephemeral=True)

    @group.command(description="Choose from what there is")
    async def pick(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Choose", ephemeral=True, view=Pick())

    return group


@app_commands.context_menu(name="Count words")
async def count_words(interaction: discord.Interaction, message: discord.Message) -> None:
    """Count the words of a message for who asked."""
    await interaction.response.send_message(f"{len(message.content.split())} words", ephemeral=True)


@app_commands.command(description="Change the rules")
@app_commands.default_permissions(manage_guild=True)
async def rules(interaction: discord.Interaction) -> None:
    """Answer to all, but only when someone who manages the server asks."""
    await interaction.response.send_message("The rules are changed")
