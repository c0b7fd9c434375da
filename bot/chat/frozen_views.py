"""The two buttons of a frozen story: its vanished comments are deleted, or they stay. Each press is checked anew."""

from __future__ import annotations

import re
from typing import Any, Self, get_args

import discord

from bot import freezing
from bot.chat.failures import guarded
from bot.chat.source_views import require_manager
from bot.markdown import clean_line
from bot.store.frozen import Choice
from bot.words import say

PREFIX = "story:vanished:"
LABEL_ROOM = 40

Button = discord.ui.Button[discord.ui.View]


def choice_id(choice: Choice, story_id: int) -> str:
    """Return the id of a button, which carries all that it needs."""
    return f"{PREFIX}{choice}:{story_id}"


def label_of(choice: Choice) -> str:
    """Return what a button says."""
    return say("frozen.confirm" if choice == "confirm" else "frozen.keep")


class ChoiceButton(
    discord.ui.DynamicItem[Button],
    template=rf"{PREFIX}(?P<choice>{'|'.join(get_args(Choice))}):(?P<story>\d{{1,18}})",
):
    """Decides about a frozen story; it works for ever, under a notice or a list."""

    def __init__(self, choice: Choice, story_id: int, title: str = "") -> None:
        label = label_of(choice)
        label += f" ({clean_line(title)[:LABEL_ROOM]})" if title else ""
        super().__init__(discord.ui.Button(label=label, custom_id=choice_id(choice, story_id)))
        self.choice, self.story_id = choice, story_id

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button again from its id."""
        return cls("confirm" if match["choice"] == "confirm" else "keep", int(match["story"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Decide."""
        await guarded(interaction, lambda: _decide(interaction, self.choice, self.story_id))


async def _decide(interaction: discord.Interaction[Any], choice: Choice, story_id: int) -> None:
    guild, bot = require_manager(interaction), interaction.client
    number = await freezing.decide(bot.database, guild, story_id, choice, bot.clock.now())
    bot.deliverer.wake()
    text = say("frozen.confirmed" if choice == "confirm" else "frozen.kept", number=number)
    await interaction.response.send_message(text, ephemeral=True)
