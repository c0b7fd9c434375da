"""What a topic is about, and the button that saves one after its trial."""

from __future__ import annotations

from typing import Any

import discord

from bot import interests
from bot.chat.embeds import within
from bot.chat.failures import guarded
from bot.chat.messages import COLOUR
from bot.chat.tree import mention
from bot.errors import NotFound
from bot.explaining import Explanation
from bot.markdown import escape
from bot.topics.shown import Sign
from bot.words import say

FIELD_LIMIT = 1024
MINUTES = 15  # as long as Discord lets a command be answered


def shown_embed(client: Any, found: Explanation) -> discord.Embed:
    """Return what a topic is about, what speaks for and against it, and how much fits."""
    trial = found.trial
    fits = say("topic.fits", count=len(trial.fitting), all=trial.looked_at, test=mention(client, "topics test"))
    if found.expression:
        own = f"`{found.expression.replace('`', chr(39))}`"
        lines = [say("topic.own"), own, "", fits, say("topic.change", edit=mention(client, "topics edit"))]
        return discord.Embed(title=say("topic.title", name=found.name), description=within(lines), colour=COLOUR)
    embed = discord.Embed(
        title=say("topic.title", name=found.name), description=f"{escape(found.about)}\n\n{fits}", colour=COLOUR
    )
    for name, speaks_for in ((say("topic.for"), True), (say("topic.against"), False)):
        lines = [_sign(sign) for sign in found.signs if sign.speaks_for is speaks_for]
        if lines:
            embed.add_field(name=name, value=within(lines, FIELD_LIMIT), inline=False)
    return embed


def _sign(sign: Sign) -> str:
    words = ", ".join(f"`{phrase}`" for phrase in sign.phrases)
    return f"• {sign.meaning}: {words}, …" if words else f"• {sign.meaning}"


class SaveTopic(discord.ui.View):
    """A Save button for whoever tried the topic; what may be saved is checked again when it is pressed."""

    def __init__(self, user_id: int, name: str, words: str, *, new: bool) -> None:
        super().__init__(timeout=MINUTES * 60)
        self._user_id, self._name, self._words, self._new = user_id, name, words, new
        self.save.label = say("topic.save")

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def save(self, interaction: discord.Interaction[Any], _: discord.ui.Button[SaveTopic]) -> None:
        """Save the topic once."""
        await guarded(interaction, lambda: self._save(interaction))

    async def _save(self, interaction: discord.Interaction[Any]) -> None:
        guild = interaction.guild_id
        if guild is None or interaction.user.id != self._user_id or not interaction.permissions.manage_guild:
            raise NotFound(say("topic.not_yours"))
        database, now = interaction.client.database, interaction.client.clock.now()
        name = self._name.strip().casefold()
        if self._new:
            name = await interests.add(database, guild, self._user_id, self._name, self._words, now=now)
        else:
            await interests.edit(database, guild, self._name, self._words)
        self.stop()
        text = say("topic.saved", name=name)
        await interaction.response.edit_message(content=text, embed=None, view=None)
