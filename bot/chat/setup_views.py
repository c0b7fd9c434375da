"""The guided start, press by press: each is checked anew for who presses, where, and with which rights."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self, TypeVar

import discord

from bot import library, setup
from bot.chat import setup_embeds
from bot.chat.access import require_posting
from bot.chat.failures import guarded
from bot.chat.options import KINDS, NEW, Followable
from bot.chat.setup_embeds import BROKEN, DONE, Hindrance, hindrance
from bot.chat.setup_parts import PREFIX, Item, panel_items, preview_items
from bot.chat.source_embeds import name
from bot.chat.source_views import require_manager
from bot.errors import Conflict, NotFound
from bot.markdown import clean_line, escape
from bot.model import Layout
from bot.setup import Draft, Reports
from bot.words import say

BETWEEN_EDITS = timedelta(seconds=1)
ADDRESS_LIMIT = 2000

Interaction = discord.Interaction[Any]
Result = TypeVar("Result")


class SetupPart(discord.ui.DynamicItem[Item], template=rf"{PREFIX}(?P<step>[a-z]{{1,12}}):(?P<token>[\w-]{{22}})"):
    """Any button or select of the guided start; it is answered even where the setup is long forgotten."""

    def __init__(self, item: Item, step: str, token: str) -> None:
        super().__init__(item)
        self.step, self.token = step, token

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make it again from its id."""
        return cls(item, match["step"], match["token"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the step."""
        await guarded(interaction, lambda: STEPS.get(self.step, _unknown)(interaction, self.token))


class AddressForm(discord.ui.Modal):
    """Asks for the address of another source."""

    def __init__(self, token: str) -> None:
        super().__init__(title=say("setup.address_title"), timeout=setup.KEPT.total_seconds())
        self._token = token
        self._text = discord.ui.TextInput[AddressForm](placeholder="https://", max_length=ADDRESS_LIMIT)
        self.add_item(
            discord.ui.Label(
                text=say("setup.address_label"), description=say("setup.address_help"), component=self._text
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Look at what was typed."""
        await guarded(interaction, lambda: _look(interaction, self._token, self._text.value))


async def open_setup(interaction: Interaction) -> None:
    """Answer with the first step, for who asked alone."""
    guild, bot = require_manager(interaction), interaction.client
    draft = await setup.begin(bot.database, bot.starters, guild, interaction.user.id)
    token = bot.setups.begin(draft, bot.clock.now())
    embed = setup_embeds.panel_embed(draft, None)
    await interaction.response.send_message(embed=embed, view=_view(panel_items(draft, token)), ephemeral=True)


def _mine(interaction: Interaction, token: str) -> Draft:
    """Return the setup of the very person who presses, who still manages the server; raises ``NotFound``."""
    guild, bot = require_manager(interaction), interaction.client
    draft: Draft = bot.setups.get(token, guild, interaction.user.id, bot.clock.now())
    return draft


def _values(interaction: Interaction) -> list[str]:
    data: Mapping[str, Any] = interaction.data or {}
    return [str(value) for value in data.get("values") or [""]]


def _place(interaction: Interaction, channel_id: str | int | None) -> Followable:
    """Return a channel of this server in which stories can stand; raises ``NotFound``, the same for all others."""
    text = str(channel_id or "")
    known = interaction.guild and text.isascii() and text.isdigit() and interaction.guild.get_channel(int(text))
    if not isinstance(known, Followable) or known.type not in KINDS:
        raise NotFound(say("setup.no_such_channel"))
    return known


def _trouble(interaction: Interaction, draft: Draft) -> Hindrance | None:
    if draft.channel_id is None:
        return None
    return hindrance(interaction, _place(interaction, draft.channel_id), draft.layout)


async def _panel(interaction: Interaction, token: str, draft: Draft, note: str = "") -> None:
    """Keep what is chosen and show it."""
    interaction.client.setups.keep(token, draft, interaction.client.clock.now())
    embed = setup_embeds.panel_embed(draft, _trouble(interaction, draft), note)
    view = _view(panel_items(draft, token))
    if interaction.response.is_done():
        await interaction.edit_original_response(embed=embed, view=view)
    else:
        await interaction.response.edit_message(embed=embed, view=view)


async def _channel(interaction: Interaction, token: str) -> None:
    draft, channel = _mine(interaction, token), _place(interaction, _values(interaction)[0])
    known = await setup.known(interaction.client.database, draft.guild_id, channel.id)
    draft = _mine(interaction, token)  # what was chosen meanwhile stays
    await _panel(interaction, token, draft.into(channel.id, known, forum=isinstance(channel, discord.ForumChannel)))


async def _sources(interaction: Interaction, token: str) -> None:
    await _panel(interaction, token, _mine(interaction, token).choose(_values(interaction)))


async def _topic(interaction: Interaction, token: str) -> None:
    await _panel(interaction, token, _mine(interaction, token).about(_values(interaction)[0]))


async def _layout(interaction: Interaction, token: str) -> None:
    draft, wanted = _mine(interaction, token), _values(interaction)[0]
    fitting = wanted in list(Layout) and (wanted == Layout.FORUM) == (draft.layout is Layout.FORUM)
    await _panel(interaction, token, replace(draft, layout=Layout(wanted)) if fitting else draft)


async def _back(interaction: Interaction, token: str) -> None:
    await _panel(interaction, token, _mine(interaction, token))


async def _address(interaction: Interaction, token: str) -> None:
    _mine(interaction, token)
    await interaction.response.send_modal(AddressForm(token))


async def _look(interaction: Interaction, token: str, text: str) -> None:
    """Look at an address that was typed; meanwhile the choices can be used."""
    draft, bot = _mine(interaction, token), interaction.client
    await _panel(interaction, token, draft, say("setup.looking", address=escape(clean_line(text)[:100])))
    now = bot.clock.now()
    found = await setup.detect(bot.web, bot.kinds, bot.desk, text, guild_id=draft.guild_id, now=now)
    draft = _mine(interaction, token)
    more = None if isinstance(found, str) else draft.offer(found)
    if isinstance(found, str):
        await _panel(interaction, token, draft, f"{BROKEN} {escape(found)}")
    elif more is None:
        await _panel(interaction, token, draft, f"{BROKEN} {say('setup.enough_sources', most=setup.MOST_OFFERED)}")
    else:
        note = say("setup.found", name=name(found.name), label=bot.kinds[found.kind].label)
        await _panel(interaction, token, more, f"{DONE} {note}")


async def _or_told(interaction: Interaction, token: str, work: Awaitable[Result]) -> Result | None:
    """Await work; what cannot be done is said in the message itself, where it can be changed and tried again."""
    try:
        return await work
    except (Conflict, NotFound) as error:
        await _panel(interaction, token, _mine(interaction, token), f"{BROKEN} {error}")
        return None


async def _preview(interaction: Interaction, token: str) -> None:
    """Read a little and show how the newest story that fits would look."""
    draft, bot = _mine(interaction, token), interaction.client
    channel = _place(interaction, draft.channel_id)
    await _panel(interaction, token, draft, say("setup.glancing"))
    now = bot.clock.now()
    work = setup.sample(bot.database, bot.web, bot.kinds, bot.desk, draft, now=now)
    found = await _or_told(interaction, token, work)
    if found is None:
        return
    trouble = hindrance(interaction, channel, draft.layout)
    embeds = setup_embeds.preview_embeds(draft, found, trouble)
    view = _view(preview_items(token, blocked=trouble.blocks or not draft.ready))
    await interaction.edit_original_response(embeds=embeds, view=view)


async def _confirm(interaction: Interaction, token: str) -> None:
    """Do what was chosen: store it at once, read what is new, and post the first story."""
    draft, bot = _mine(interaction, token), interaction.client
    require_posting(interaction, _place(interaction, draft.channel_id), draft.layout)
    await interaction.response.defer()
    work = setup.carry_out(bot.database, bot.desk, draft, NEW, bot.clock.now())
    carried_out = await _or_told(interaction, token, work)
    if carried_out is None:
        return
    made, found = carried_out
    bot.setups.end(token)
    await interaction.edit_original_response(embeds=[setup_embeds.progress_embed(found, {})], view=None)
    reports = await setup.read_all(bot.poller, found, _Progress(interaction, found))
    bot.poller.wake()  # the comments of what was found
    await setup.comments_read(bot.database, draft, bot.clock)
    if not await _still_manages(interaction):
        await interaction.edit_original_response(content=say("setup.rights_lost"), embeds=[])
        return
    posted = await library.post_newest(bot.database, made, 1, bot.clock.now())
    bot.deliverer.wake()
    card = await setup.standing(bot.database, made, bot.clock) if posted else None
    embed = setup_embeds.done_embed(bot, made, found, reports, setup_embeds.first_words(posted, card))
    await interaction.edit_original_response(embeds=[embed])


async def _still_manages(interaction: Interaction) -> bool:
    """Ask Discord anew: reading took a while, and rights may have been taken away meanwhile."""
    assert interaction.guild is not None, "checked at the press"
    try:
        member = await interaction.guild.fetch_member(interaction.user.id)
    except discord.NotFound:
        return False
    return member.guild_permissions.manage_guild


async def _cancel(interaction: Interaction, token: str) -> None:
    _mine(interaction, token)
    interaction.client.setups.end(token)
    await interaction.response.edit_message(content=say("setup.cancelled"), embeds=[], view=None)


async def _unknown(interaction: Interaction, _: str) -> None:
    raise NotFound(say("setup.too_old"))


class _Progress:
    """Shows how the reading goes, at most once a second; whether anybody still looks does not matter."""

    def __init__(self, interaction: Interaction, found: list[Any]) -> None:
        self._interaction, self._found = interaction, found
        self._next = interaction.client.clock.now()

    async def __call__(self, reports: Reports) -> None:
        now = self._interaction.client.clock.now()
        if now >= self._next:
            self._next = now + BETWEEN_EDITS
            with suppress(discord.HTTPException):
                embed = setup_embeds.progress_embed(self._found, reports)
                await self._interaction.edit_original_response(embeds=[embed])


def _view(items: list[Item]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()  # dynamic items answer for ever, without a view that waits
    return view


STEPS: Mapping[str, Callable[[Interaction, str], Awaitable[None]]] = {
    "channel": _channel,
    "sources": _sources,
    "topic": _topic,
    "layout": _layout,
    "address": _address,
    "preview": _preview,
    "back": _back,
    "confirm": _confirm,
    "cancel": _cancel,
}
