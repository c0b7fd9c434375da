"""A discussion as a file that only the asking member gets."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord

from bot.chat.views import gathered
from bot.discussion_tree import arrange
from bot.export import Format, file_of
from bot.markdown import clean_line, escape
from bot.words import say

TITLE_LIMIT = 100


async def send_export(interaction: discord.Interaction[Any], story_id: int, kind: Format) -> None:
    """Answer with the whole discussion as the member may see it, oldest first."""
    found = await gathered(interaction, story_id)
    await interaction.response.defer(ephemeral=True, thinking=True)
    now, limit = interaction.client.clock.now(), interaction.filesize_limit
    made = await asyncio.to_thread(file_of, found, kind, now, limit)
    count = sum(not node.deleted for node in arrange(found))
    text = say("export.done", title=escape(clean_line(found.story.story.title)[:TITLE_LIMIT]), count=count)
    await interaction.edit_original_response(content=text, attachments=[discord.File(io.BytesIO(made.data), made.name)])
