"""Buttons that work for ever: their ids carry all they need, so that a restart forgets nothing."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Self

import discord

from bot import conversation, discussion
from bot.chat.access import guild_of, sees
from bot.chat.failures import guarded
from bot.discussion_tree import Conversation, Sort, has_likes
from bot.render import DISCUSSION_PREFIX
from bot.store.database import Database
from bot.words import say, speak

PAGE_PREFIX, FOLD_PREFIX, SORT_PREFIX = "story:page:", "story:fold:", "story:sort:"
Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]
Select = discord.ui.Select[discord.ui.View]
_LOOK = "(?P<look>[onl][fu])"


@dataclass(frozen=True, slots=True)
class Look:
    """How a discussion is shown; its two letters are kept in buttons, so they must mean the same for ever."""

    sort: Sort = Sort.OLDEST
    folded: bool = False

    def __str__(self) -> str:
        return f"{self.sort[0]}{'f' if self.folded else 'u'}"

    @classmethod
    def of(cls, text: str | None) -> Look:
        """Read what ``str`` wrote; buttons of earlier versions had nothing."""
        if not text:
            return cls()
        return cls(next(sort for sort in Sort if sort[0] == text[0]), text[1] == "f")


class DiscussionButton(discord.ui.DynamicItem[Button], template=rf"{DISCUSSION_PREFIX}(?P<story>\d{{1,18}})"):
    """The Discussion button under a story's card: answers privately with the stored comment tree."""

    def __init__(self, story_id: int) -> None:
        super().__init__(discord.ui.Button(label=say("card.discussion"), custom_id=f"{DISCUSSION_PREFIX}{story_id}"))
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
    template=rf"{PAGE_PREFIX}(?P<story>\d{{1,18}}):(?P<page>\d{{1,6}})(?::{_LOOK})?",
):
    """A step to another page of a discussion."""

    def __init__(
        self, story_id: int, page: int, look: Look | None = None, label: str = "Page", *, disabled: bool = False
    ) -> None:
        self.story_id, self.page, self.look = story_id, page, look or Look()
        custom_id = f"{PAGE_PREFIX}{story_id}:{page}:{self.look}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id, disabled=disabled))

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]), int(match["page"]), Look.of(match["look"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn to the page."""
        await guarded(interaction, lambda: show_discussion(interaction, self.story_id, self.page, self.look, turn=True))


class FoldButton(discord.ui.DynamicItem[Button], template=rf"{FOLD_PREFIX}(?P<story>\d{{1,18}}):{_LOOK}"):
    """Folds a discussion to its top comments, or unfolds it; its id says how it is shown then."""

    def __init__(self, story_id: int, look: Look) -> None:
        label = say("discussion.fold" if look.folded else "discussion.unfold")
        super().__init__(discord.ui.Button(label=label, custom_id=f"{FOLD_PREFIX}{story_id}:{look}"))
        self.story_id, self.look = story_id, look

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]), Look.of(match["look"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page otherwise."""
        await guarded(interaction, lambda: show_discussion(interaction, self.story_id, 0, self.look, turn=True))


class SortSelect(discord.ui.DynamicItem[Select], template=rf"{SORT_PREFIX}(?P<story>\d{{1,18}}):{_LOOK}"):
    """Chooses the order of a discussion."""

    def __init__(self, story_id: int, look: Look, *, likes: bool = True) -> None:
        options = [
            discord.SelectOption(label=label, value=sort, default=sort is look.sort)
            for sort, label in _orders().items()
            if likes or sort is not Sort.LIKES
        ]
        custom_id = f"{SORT_PREFIX}{story_id}:{look}"
        super().__init__(discord.ui.Select(placeholder=say("discussion.sort"), custom_id=custom_id, options=options))
        self.story_id, self.look = story_id, look

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the select again from its id."""
        return cls(int(match["story"]), Look.of(match["look"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page in the chosen order."""
        chosen = [sort for sort in Sort if sort in _values(interaction)]
        look = replace(self.look, sort=chosen[0] if chosen else self.look.sort)
        await guarded(interaction, lambda: show_discussion(interaction, self.story_id, 0, look, turn=True))


DISCUSSION_ITEMS = (DiscussionButton, PageButton, FoldButton, SortSelect)


async def show_discussion(
    interaction: discord.Interaction[Any],
    story_id: int,
    page: int = 0,
    look: Look | None = None,
    *,
    turn: bool = False,
) -> None:
    """Answer with one page of a story's discussion, visible to the asking member only."""
    look = look or Look()
    found = await gathered(interaction, story_id)
    # A discussion of thousands takes longer to write down than Discord waits for an answer.
    await (interaction.response.defer() if turn else interaction.response.defer(ephemeral=True, thinking=True))
    pages = await asyncio.to_thread(_pages, found, look, interaction.locale.value)
    page = min(page, len(pages) - 1)
    view = _controls(found, look, page, len(pages))
    await interaction.edit_original_response(content=pages[page], view=view)


async def gathered(interaction: discord.Interaction[Any], story_id: int) -> Conversation:
    """Return a story's discussion as the asking member may see it; raises ``NotFound``."""
    database: Database = interaction.client.database
    channel = interaction.channel
    here = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
    return await conversation.gather(database, guild_of(interaction), story_id, partial(sees, interaction), here)


@lru_cache(maxsize=8)
def _pages(found: Conversation, look: Look, language: str) -> list[str]:
    """Keep what is being read: turning a page asks for all of them again."""
    speak(language)
    return discussion.pages(found, look.sort, folded=look.folded)


def _controls(found: Conversation, look: Look, page: int, count: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    story_id = found.story.id
    if count > 1:
        view.add_item(PageButton(story_id, max(0, page - 1), look, say("discussion.back"), disabled=page == 0))
        label = say("discussion.page", page=page + 1, count=count)
        view.add_item(discord.ui.Button(label=label, disabled=True, custom_id="story:count"))
        view.add_item(PageButton(story_id, page + 1, look, say("discussion.next"), disabled=page + 1 >= count))
    if len(found.comments) + len(found.replies) > 1:
        view.add_item(FoldButton(story_id, replace(look, folded=not look.folded)))
        view.add_item(SortSelect(story_id, look, likes=has_likes(found) or look.sort is Sort.LIKES))
    view.stop()
    return view


def _orders() -> dict[Sort, str]:
    return {
        Sort.OLDEST: say("discussion.sort_oldest"),
        Sort.NEWEST: say("discussion.sort_newest"),
        Sort.LIKES: say("discussion.sort_likes"),
    }


def _values(interaction: Interaction) -> list[str]:
    """Return what was chosen; the dynamic item's own select was made anew and knows nothing of it."""
    data: Any = interaction.data or {}
    return list(data.get("values") or [])
