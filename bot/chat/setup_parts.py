"""The selects, buttons and form of the guided start; their ids carry an opaque token and which step they are."""

from __future__ import annotations

import discord

from bot.chat.options import KINDS
from bot.chat.setup_embeds import layout_words
from bot.interests import EVERYTHING
from bot.markdown import clean_line
from bot.model import Layout
from bot.setup import MOST_OFFERED, Draft
from bot.starter import Starter
from bot.words import say

PREFIX = "setup:"
TEXT_LIMIT = 100
KEPT_TOPICS = "="
_IN_TEXT = (Layout.THREAD, Layout.INLINE, Layout.STORY_ONLY)

Item = discord.ui.Item[discord.ui.View]


def panel_items(draft: Draft, token: str) -> list[Item]:
    """Return the choices, with what is chosen, and the buttons that go on."""
    return [
        _channels(draft, token),
        _sources(draft, token),
        _topics(draft, token),
        _layouts(draft, token),
        button(token, "address", say("setup.another"), row=4),
        _preview(draft, token),
        button(token, "cancel", say("setup.cancel"), row=4),
    ]


def _preview(draft: Draft, token: str) -> Item:
    label, style = say("setup.to_preview"), discord.ButtonStyle.primary
    return button(token, "preview", label, style=style, off=not draft.ready, row=4)


def preview_items(token: str, *, blocked: bool) -> list[Item]:
    """Return the buttons of the preview."""
    go = button(token, "confirm", say("setup.confirm"), style=discord.ButtonStyle.success, off=blocked)
    return [
        go,
        button(token, "preview", say("setup.check_again")),
        button(token, "back", say("setup.back")),
        button(token, "cancel", say("setup.cancel")),
    ]


def button(
    token: str,
    step: str,
    label: str,
    *,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    off: bool = False,
    row: int | None = None,
) -> Item:
    """Return a button of one step."""
    return discord.ui.Button(label=label, style=style, disabled=off, row=row, custom_id=f"{PREFIX}{step}:{token}")


def _channels(draft: Draft, token: str) -> Item:
    chosen = discord.SelectDefaultValue.from_channel(discord.Object(draft.channel_id)) if draft.channel_id else None
    return discord.ui.ChannelSelect(
        custom_id=f"{PREFIX}channel:{token}",
        placeholder=say("setup.pick_channel"),
        channel_types=list(KINDS),
        default_values=[chosen] if chosen else [],
        row=0,
    )


def _sources(draft: Draft, token: str) -> Item:
    options = [_source(draft, number, one) for number, one in enumerate(draft.offered[:MOST_OFFERED])]
    return discord.ui.Select(
        custom_id=f"{PREFIX}sources:{token}",
        placeholder=say("setup.pick_sources"),
        options=options,
        min_values=0,
        max_values=len(options),
        row=1,
    )


def _source(draft: Draft, number: int, one: Starter) -> discord.SelectOption:
    about = say("setup.read_here") if draft.reads(one) else one.address
    return discord.SelectOption(
        label=_cut(one.name), value=str(number), description=_cut(about), default=one in draft.chosen
    )


def _topics(draft: Draft, token: str) -> Item:
    options = [
        discord.SelectOption(label=topic, value=topic, description=_cut(about), default=draft.topics == (topic,))
        for topic, about in draft.abouts.items()
    ]
    everything = discord.SelectOption(
        label=EVERYTHING, value=EVERYTHING, description=say("setup.everything_is"), default=not draft.topics
    )
    kept = []
    if len(draft.topics) > 1:  # several, which /channels edit chose
        kept = [discord.SelectOption(label=_cut(", ".join(draft.topics)), value=KEPT_TOPICS, default=True)]
    shown = [*kept, *options[: MOST_OFFERED - 1 - len(kept)], everything]
    return discord.ui.Select(
        custom_id=f"{PREFIX}topic:{token}", placeholder=say("setup.pick_topic"), options=shown, row=2
    )


def _layouts(draft: Draft, token: str) -> Item:
    options = []
    for layout in (Layout.FORUM,) if draft.layout is Layout.FORUM else _IN_TEXT:
        label, about = layout_words(layout)
        chosen = layout is draft.layout
        options.append(discord.SelectOption(label=_cut(label), value=layout, description=_cut(about), default=chosen))
    return discord.ui.Select(
        custom_id=f"{PREFIX}layout:{token}", placeholder=say("setup.pick_layout"), options=options, row=3
    )


def _cut(text: str) -> str:
    line = clean_line(text) or "…"
    return line if len(line) <= TEXT_LIMIT else f"{line[: TEXT_LIMIT - 1]}…"
