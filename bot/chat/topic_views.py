"""The button that saves a topic after its trial."""

from __future__ import annotations

from typing import Any

import discord

from bot import interests
from bot.chat.failures import guarded
from bot.errors import NotFound

MINUTES = 15  # as long as Discord lets a command be answered


class SaveTopic(discord.ui.View):
    """A Save button for whoever tried the topic; what may be saved is checked again when it is pressed."""

    def __init__(self, user_id: int, name: str, words: str, *, new: bool) -> None:
        super().__init__(timeout=MINUTES * 60)
        self._user_id, self._name, self._words, self._new = user_id, name, words, new

    @discord.ui.button(label="Save", style=discord.ButtonStyle.primary)
    async def save(self, interaction: discord.Interaction[Any], _: discord.ui.Button[SaveTopic]) -> None:
        """Save the topic once."""
        await guarded(interaction, lambda: self._save(interaction))

    async def _save(self, interaction: discord.Interaction[Any]) -> None:
        guild = interaction.guild_id
        if guild is None or interaction.user.id != self._user_id or not interaction.permissions.manage_guild:
            raise NotFound("Only the admin who tried this topic can save it.")
        database, now = interaction.client.database, interaction.client.clock.now()
        name = self._name.strip().casefold()
        if self._new:
            name = await interests.add(database, guild, self._user_id, self._name, self._words, now=now)
        else:
            await interests.edit(database, guild, self._name, self._words)
        self.stop()
        text = f"Saved. `/channels follow` and `/channels edit` can choose **{name}** now."
        await interaction.response.edit_message(content=text, embed=None, view=None)
