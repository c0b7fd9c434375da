"""Following a story by buttons and menus: their ids name a story or a follow; each use is checked anew."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot import follows
from bot.chat.access import guild_of, sees
from bot.chat.failures import guarded
from bot.errors import NotFound
from bot.follows import Asker, NoThread
from bot.markdown import clean_line, escape
from bot.render import FOLLOW_PREFIX
from bot.store.follows import Follow, How, Pace
from bot.words import say

END_PREFIX, SET_PREFIX, DM_PREFIX = "follow:end:", "follow:set:", "follow:dm:"
TITLE_LIMIT = 80
MOST_VALUES = 25

Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]
Select = discord.ui.Select[discord.ui.View]
HOW_SAID = {How.DM: "follow.how.dm", How.THREAD: "follow.how.thread"}
PACE_SAID = {Pace.NOW: "follow.pace.now", Pace.HOUR: "follow.pace.hour", Pace.DAY: "follow.pace.day"}


class FollowButton(discord.ui.DynamicItem[Button], template=rf"{FOLLOW_PREFIX}(?P<story>\d{{1,18}})"):
    """The Follow button under a story's card: follows for whoever presses it, and ends that at the next press."""

    def __init__(self, story_id: int, label: str | None = None) -> None:
        super().__init__(discord.ui.Button(label=label or say("card.follow"), custom_id=f"{FOLLOW_PREFIX}{story_id}"))
        self.story_id = story_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Follow, or end it."""
        await guarded(interaction, lambda: _toggle(interaction, self.story_id))


class DirectButton(
    discord.ui.DynamicItem[Button], template=rf"{DM_PREFIX}(?P<story>\d{{1,18}}):(?P<pace>now|hour|day)"
):
    """Offered where a story has no thread: follow it by direct message."""

    def __init__(self, story_id: int, pace: Pace) -> None:
        super().__init__(discord.ui.Button(label=say("follow.by_dm"), custom_id=f"{DM_PREFIX}{story_id}:{pace}"))
        self.story_id, self.pace = story_id, pace

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]), Pace(match["pace"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Follow by direct message."""
        await guarded(interaction, lambda: start(interaction, self.story_id, How.DM, self.pace))


class EndButton(discord.ui.DynamicItem[Button], template=rf"{END_PREFIX}(?P<follow>\d{{1,18}})"):
    """Ends one follow; it works under a direct message too."""

    def __init__(self, follow_id: int) -> None:
        super().__init__(discord.ui.Button(label=say("follow.unfollow"), custom_id=f"{END_PREFIX}{follow_id}"))
        self.follow_id = follow_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["follow"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """End it."""
        await guarded(interaction, lambda: _end(interaction, self.follow_id))


class ChoiceSelect(discord.ui.DynamicItem[Select], template=rf"{SET_PREFIX}(?P<what>how|pace):(?P<follow>\d{{1,18}})"):
    """Chooses anew where, or how often, a member is told."""

    def __init__(self, what: str, follow_id: int, chosen: str = "") -> None:
        names = HOW_SAID if what == "how" else PACE_SAID
        options = [
            discord.SelectOption(label=say(key), value=str(value), default=value == chosen)
            for value, key in names.items()
        ]
        super().__init__(discord.ui.Select(custom_id=f"{SET_PREFIX}{what}:{follow_id}", options=options))
        self.what, self.follow_id = what, follow_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the menu again from its id."""
        return cls(match["what"], int(match["follow"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose."""
        await guarded(interaction, lambda: _choose(interaction, self.follow_id, self.what))


ITEMS = (FollowButton, DirectButton, EndButton, ChoiceSelect)


def asker_of(interaction: Interaction) -> Asker:
    """Return who asks, with the channels that they may look into now; raises ``NotFound`` outside of a server."""
    return Asker(
        guild_of(interaction),
        interaction.user.id,
        interaction.locale.value,
        lambda channel_id: sees(interaction, channel_id),
    )


def end_view(follow_id: int) -> discord.ui.View:
    """Return the button that ends a follow."""
    return _view(EndButton(follow_id))


async def start(interaction: Interaction, story_id: int, how: How | None, pace: Pace | None) -> None:
    """Follow a story for the asking member and say so; where it has no thread to ping in, offer a direct message."""
    asker, bot = asker_of(interaction), interaction.client
    try:
        made = await follows.follow(bot.database, asker, story_id, bot.clock.now(), how=how, pace=pace)
    except NoThread as refusal:
        view = _view(DirectButton(story_id, pace or Pace.NOW))
        await interaction.response.send_message(str(refusal), view=view, ephemeral=True)
        return
    before = await ended_lines(interaction)
    await interaction.response.send_message(before + _said(made), view=_settings(made), ephemeral=True)


async def stop(interaction: Interaction, story_id: int) -> None:
    """End a follow of the asking member and say so."""
    guild, before = guild_of(interaction), await ended_lines(interaction)
    try:
        text = before + _over(await follows.unfollow(interaction.client.database, guild, interaction.user.id, story_id))
    except NotFound:
        if not before:
            raise
        text = before
    await interaction.response.send_message(text, ephemeral=True)


async def _toggle(interaction: Interaction, story_id: int) -> None:
    bot = interaction.client
    known, stands = await follows.toggle(bot.database, asker_of(interaction), story_id, bot.clock.now())
    before = await ended_lines(interaction)
    view = _settings(known) if stands else _view(FollowButton(story_id, say("follow.again")))
    text = _said(known) if stands else _over(known)
    await interaction.response.send_message(before + text, view=view, ephemeral=True)


async def _end(interaction: Interaction, follow_id: int) -> None:
    known = await follows.unfollow_by_id(interaction.client.database, interaction.user.id, follow_id)
    if interaction.guild_id is None:  # under a direct message, which stays
        await interaction.response.send_message(_over(known))
    else:
        view = _view(FollowButton(known.story_id, say("follow.again")))
        await interaction.response.edit_message(content=_over(known), view=view)


async def _choose(interaction: Interaction, follow_id: int, what: str) -> None:
    asker, bot = asker_of(interaction), interaction.client
    value = next(iter(values(interaction)), "")
    how = next((how for how in How if what == "how" and how == value), None)
    pace = next((pace for pace in Pace if what == "pace" and pace == value), None)
    made = await follows.change(bot.database, asker, follow_id, bot.clock.now(), how=how, pace=pace)
    await interaction.response.edit_message(content=_said(made), view=_settings(made))


def values(interaction: Interaction) -> list[str]:
    """Return what was chosen in a menu; whoever forges an interaction may have chosen anything."""
    data: dict[str, Any] = dict(interaction.data or {})  # discord.py's types know no component here
    return [str(value) for value in data.get("values", [])][:MOST_VALUES]


async def ended_lines(interaction: Interaction) -> str:
    """Return what ended by itself and why, as lines that go before an answer; it is said once."""
    found = await follows.ended(interaction.client.database, guild_of(interaction), interaction.user.id)
    return "".join(f"{say(one.ended, title=title(one))}\n" for one in found if one.ended)[:1500]


def _said(known: Follow) -> str:
    return say("follow.done", title=title(known), how=say(HOW_SAID[known.how]), pace=say(PACE_SAID[known.pace]))


def _over(known: Follow) -> str:
    return say("follow.over", title=title(known))


def title(known: Follow) -> str:
    """Return a followed story's title as one escaped line."""
    return escape(clean_line(known.title)[:TITLE_LIMIT])


def _settings(known: Follow) -> discord.ui.View:
    return _view(
        ChoiceSelect("pace", known.id, known.pace), ChoiceSelect("how", known.id, known.how), EndButton(known.id)
    )


def _view(*items: discord.ui.Item[Any]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()  # dynamic items answer for ever, without a view that waits
    return view
