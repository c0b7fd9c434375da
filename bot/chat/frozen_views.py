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

PREFIX = "story:vanished:"
LABEL_ROOM = 40
CHOICES: dict[Choice, str] = {"confirm": "Confirm: they are deleted", "keep": "Keep them"}

Button = discord.ui.Button[discord.ui.View]
_ANSWERS: dict[Choice, str] = {
    "confirm": "Taken as deleted at their source: {number} of its comments. Their messages go now.",
    "keep": "They stay: {number} of its comments are kept here, although their source lacks them.",
}


def choice_id(choice: Choice, story_id: int) -> str:
    """Return the id of a button, which carries all that it needs."""
    return f"{PREFIX}{choice}:{story_id}"


class ChoiceButton(
    discord.ui.DynamicItem[Button],
    template=rf"{PREFIX}(?P<choice>{'|'.join(get_args(Choice))}):(?P<story>\d{{1,18}})",
):
    """Decides about a frozen story; it works for ever, under a notice or a list."""

    def __init__(self, choice: Choice, story_id: int, title: str = "") -> None:
        label = f"{CHOICES[choice]} ({clean_line(title)[:LABEL_ROOM]})" if title else CHOICES[choice]
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
    await interaction.response.send_message(_ANSWERS[choice].format(number=number), ephemeral=True)
