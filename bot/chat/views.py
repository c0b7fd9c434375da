"""Buttons that work for ever: their ids carry all they need, so that a restart forgets nothing."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import Any, Self

import discord

from bot import discussion, library
from bot.chat.failures import guarded
from bot.errors import NotFound
from bot.model import StoredComment, StoredStory
from bot.render import DISCUSSION_PREFIX
from bot.store.database import Database

PAGE_PREFIX = "story:page:"
Interaction = discord.Interaction[Any]


Button = discord.ui.Button[discord.ui.View]


class DiscussionButton(discord.ui.DynamicItem[Button], template=rf"{DISCUSSION_PREFIX}(?P<story>\d{{1,18}})"):
    """The Discussion button under a story's card: answers privately with the stored comment tree."""

    def __init__(self, story_id: int) -> None:
        super().__init__(discord.ui.Button(label="Discussion", custom_id=f"{DISCUSSION_PREFIX}{story_id}"))
        self.story_id = story_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page."""
        await guarded(interaction, lambda: show_discussion(interaction, self.story_id))


class PageButton(
    discord.ui.DynamicItem[Button],
    template=rf"{PAGE_PREFIX}(?P<story>\d{{1,18}}):(?P<page>\d{{1,6}})",
):
    """A step to another page of a discussion."""

    def __init__(self, story_id: int, page: int, label: str = "Page", *, disabled: bool = False) -> None:
        custom_id = f"{PAGE_PREFIX}{story_id}:{page}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id, disabled=disabled))
        self.story_id, self.page = story_id, page

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]), int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn to the page."""
        await guarded(interaction, lambda: show_discussion(interaction, self.story_id, self.page, turn=True))


async def show_discussion(
    interaction: discord.Interaction[Any], story_id: int, page: int = 0, *, turn: bool = False
) -> None:
    """Answer with one page of a story's discussion, visible to the asking member only."""
    if interaction.guild_id is None:
        raise NotFound("This works only in a server.")
    database: Database = interaction.client.database
    stored, tree = await library.discussion(database, interaction.guild_id, story_id)
    # A discussion of thousands takes longer to write down than Discord waits for an answer.
    await (interaction.response.defer() if turn else interaction.response.defer(ephemeral=True, thinking=True))
    pages = await asyncio.to_thread(_pages, stored, tuple(tree))
    page = min(page, len(pages) - 1)
    await interaction.edit_original_response(content=pages[page], view=_pager(story_id, page, len(pages)))


@lru_cache(maxsize=8)
def _pages(stored: StoredStory, tree: tuple[tuple[int, StoredComment], ...]) -> list[str]:
    """Keep what is being read: turning a page asks for all of them again."""
    return discussion.pages(stored, tree)


def _pager(story_id: int, page: int, count: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if count > 1:
        view.add_item(PageButton(story_id, max(0, page - 1), "◀ Back", disabled=page == 0))
        view.add_item(discord.ui.Button(label=f"{page + 1} of {count}", disabled=True, custom_id="story:count"))
        view.add_item(PageButton(story_id, page + 1, "Next ▶", disabled=page + 1 >= count))
    view.stop()
    return view
