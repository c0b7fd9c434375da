"""The list of what a member follows, with a menu that ends it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Self

import discord
from discord import app_commands

from bot import follows
from bot.chat.embeds import within
from bot.chat.failures import guarded
from bot.chat.follow_views import HOW_SAID, PACE_SAID, asker_of, ended_lines, title, values
from bot.chat.messages import COLOUR
from bot.errors import NotFound
from bot.follows import MOST
from bot.markdown import clean_line
from bot.store.follows import Follow
from bot.store.tellings import Card
from bot.urls import jump_link
from bot.words import say

LIST_PREFIX = "follow:list:"
PER_PAGE = 20
OPTION_LIMIT = 100

Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]
Select = discord.ui.Select[discord.ui.View]


class EndSelect(discord.ui.DynamicItem[Select], template=rf"{LIST_PREFIX}end:(?P<page>\d{{1,3}})"):
    """Ends what is chosen from the list of what a member follows."""

    def __init__(self, page: int, found: list[Follow] | None = None) -> None:
        options = [
            discord.SelectOption(label=clean_line(one.title)[:OPTION_LIMIT] or "?", value=str(one.id))
            for one in found or []
        ]
        placeholder, most = say("follow.choose_to_end"), max(1, len(options))
        custom_id = f"{LIST_PREFIX}end:{page}"
        super().__init__(
            discord.ui.Select(custom_id=custom_id, placeholder=placeholder, options=options, max_values=most)
        )
        self.page = page

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the menu again from its id."""
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """End what was chosen."""
        await guarded(interaction, lambda: _end_many(interaction, self.page))


class ListButton(discord.ui.DynamicItem[Button], template=rf"{LIST_PREFIX}page:(?P<page>\d{{1,3}})"):
    """A step to another page of what a member follows."""

    def __init__(self, page: int, label: str = "Page", *, disabled: bool = False) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"{LIST_PREFIX}page:{page}", disabled=disabled))
        self.page = page

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn to the page."""
        await guarded(interaction, lambda: show_following(interaction, self.page, turn=True))


LIST_ITEMS = (EndSelect, ListButton)


async def suggest_followed(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Return what the member follows here and fits what they are typing."""
    if interaction.guild_id is None:
        return []
    found = await follows.followed(interaction.client.database, interaction.guild_id, interaction.user.id)
    words = current.casefold().removeprefix("#").strip()
    named = [(f"#{known.story_id} {known.title}", known.story_id) for known in found]
    fitting = [(name, number) for name, number in named if words in name.casefold()]
    return [app_commands.Choice(name=name[:OPTION_LIMIT], value=str(number)) for name, number in fitting[:25]]


async def show_following(interaction: Interaction, page: int = 0, *, turn: bool = False) -> None:
    """Answer with what the asking member follows here."""
    before = await ended_lines(interaction)
    found = await follows.following(interaction.client.database, asker_of(interaction))
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(page, pages - 1)
    shown = found[page * PER_PAGE : (page + 1) * PER_PAGE]
    lines = [_line(known, card) for known, card in shown]
    embed = discord.Embed(title=say("follow.list"), description=within(lines) or say("follow.none"), colour=COLOUR)
    if found:
        embed.set_footer(text=say("follow.count", count=len(found), most=MOST))
    view = discord.ui.View(timeout=None)
    if shown:
        view.add_item(EndSelect(page, [known for known, _ in shown]))
    if pages > 1:
        view.add_item(ListButton(max(0, page - 1), "◀", disabled=page == 0))
        view.add_item(ListButton(page + 1, "▶", disabled=page + 1 >= pages))
    view.stop()
    if turn:
        await interaction.response.edit_message(content=before or None, embed=embed, view=view)
    else:
        await interaction.response.send_message(before or None, embed=embed, view=view, ephemeral=True)


async def _end_many(interaction: Interaction, page: int) -> None:
    for value in values(interaction):
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
        with suppress(NotFound):  # a list that stood open for long: what is gone already is no reason to stop
            await follows.unfollow_by_id(interaction.client.database, interaction.user.id, number)
    await show_following(interaction, page, turn=True)


def _line(known: Follow, card: Card | None) -> str:
    said = f"**{title(known)}**"
    if card is not None and card.message_id:
        said = f"[{said}]({jump_link(known.guild_id, card.place_id, card.message_id)})"
    return f"`#{known.story_id}` {said} · {say(HOW_SAID[known.how])}, {say(PACE_SAID[known.pace])}"
