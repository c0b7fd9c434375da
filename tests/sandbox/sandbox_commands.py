"""Commands, a modal and a view that answer in every way there is."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands

from tests.sandbox.sandbox_client import Client


class Ask(discord.ui.Modal, title="Ask"):
    """A modal with one text."""

    word: discord.ui.Label[Ask] = discord.ui.Label(text="Word", component=discord.ui.TextInput(custom_id="word"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.word.component, discord.ui.TextInput)
        await interaction.response.send_message(f"word {self.word.component.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """One button per kind of answer."""

    @discord.ui.button(label="Update", custom_id="update")
    async def update(self, interaction: discord.Interaction, _: discord.ui.Button[Buttons]) -> None:
        await interaction.response.edit_message(content="updated")

    @discord.ui.button(label="Modal", custom_id="modal")
    async def modal(self, interaction: discord.Interaction, _: discord.ui.Button[Buttons]) -> None:
        await interaction.response.send_modal(Ask())

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, _: discord.ui.Button[Buttons]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later", view=None)

    @discord.ui.select(custom_id="pick", options=[discord.SelectOption(label="a"), discord.SelectOption(label="b")])
    async def pick(self, interaction: discord.Interaction, choice: discord.ui.Select[Buttons]) -> None:
        await interaction.response.send_message(f"picked {choice.values[0]}")


def add_commands(tree: app_commands.CommandTree[Client]) -> None:
    group = app_commands.Group(name="stories", description="Stories")

    @group.command(name="latest", description="Latest")
    async def latest(interaction: discord.Interaction, count: app_commands.Range[int, 1, 5] = 1) -> None:
        await interaction.response.send_message(f"latest {count}", view=Buttons(), ephemeral=count == 5)

    @group.command(name="slow", description="Slow")
    async def slow(interaction: discord.Interaction, channel: discord.TextChannel) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"slow {channel.name}")
        await interaction.followup.send("more", ephemeral=True)

    @group.command(name="find", description="Find")
    async def find(interaction: discord.Interaction, title: str) -> None:
        await interaction.response.send_message(title)

    @find.autocomplete("title")
    async def titles(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current + "!", value=current)]

    @tree.command(name="manage", description="Manage")
    @app_commands.default_permissions(manage_guild=True)
    async def manage(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("done")

    @tree.command(name="silent", description="Never answers")
    async def silent(_: discord.Interaction) -> None:
        await asyncio.sleep(0)

    tree.add_command(group)
