"""A discussion as a file that only the asking member gets."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime
from typing import Any

import discord

from bot.chat.views import gathered
from bot.discussion_tree import Conversation, arrange
from bot.export import File, Format, file_of
from bot.markdown import clean_line, escape
from bot.words import say

TITLE_LIMIT = 100


def _made(found: Conversation, kind: Format, now: datetime, limit: int) -> tuple[File, int]:
    """Return the file and how many comments it holds; this takes its time where they are many thousands."""
    return file_of(found, kind, now, limit), sum(not node.deleted for node in arrange(found))


async def send_export(interaction: discord.Interaction[Any], story_id: int, kind: Format) -> None:
    """Answer with the whole discussion as the member may see it, oldest first."""
    found = await gathered(interaction, story_id)
    await interaction.response.defer(ephemeral=True, thinking=True)
    now, limit = interaction.client.clock.now(), interaction.filesize_limit
    made, count = await asyncio.to_thread(_made, found, kind, now, limit)
    text = say("export.done", title=escape(clean_line(found.story.story.title)[:TITLE_LIMIT]), count=count)
    await interaction.edit_original_response(content=text, attachments=[discord.File(io.BytesIO(made.data), made.name)])
