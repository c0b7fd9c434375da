"""The list of channels that can be turned over, and the form, preview and buttons of a template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import discord

from bot import choosing, library
from bot.allowance import Offers
from bot.chat import channel_embeds
from bot.chat.access import require_posting, seen_channel
from bot.chat.failures import guarded
from bot.chat.options import Followable
from bot.chat.source_views import require_manager
from bot.errors import Conflict, NotFound
from bot.looks import PLACEHOLDERS, TEMPLATE_LIMIT
from bot.model import Subscription
from bot.words import say

SAVE_PREFIX, EDIT_PREFIX, PAGE_PREFIX = "template:save:", "template:edit:", "channels:page:"
KEPT = timedelta(minutes=15)  # as long as Discord lets an answer be changed
BELOW = 1  # the row of buttons below those of the card

Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]


@dataclass(frozen=True, slots=True)
class Draft:
    """A template that was previewed and waits for a yes of the same person."""

    guild_id: int
    user_id: int
    channel_id: int
    text: str


drafts = Offers[Draft](KEPT)
"""In memory alone: after a restart a preview says that it is too old."""


class SaveTemplate(discord.ui.DynamicItem[Button], template=rf"{SAVE_PREFIX}(?P<token>[\w-]{{22}})"):
    """Saves the template that a preview shows; its id is an opaque token for the asking person alone."""

    def __init__(self, token: str) -> None:
        style = discord.ButtonStyle.success
        button = discord.ui.Button[discord.ui.View](
            label=say("template.save"), style=style, custom_id=f"{SAVE_PREFIX}{token}"
        )
        super().__init__(button, row=BELOW)
        self.token = token

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(match["token"])

    async def callback(self, interaction: Interaction) -> None:
        """Save."""
        await guarded(interaction, lambda: _save(interaction, self.token))


class EditTemplate(discord.ui.DynamicItem[Button], template=rf"{EDIT_PREFIX}(?P<token>[\w-]{{22}})"):
    """Opens the form again with the template that a preview shows."""

    def __init__(self, token: str) -> None:
        super().__init__(discord.ui.Button(label=say("template.again"), custom_id=f"{EDIT_PREFIX}{token}"), row=BELOW)
        self.token = token

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(match["token"])

    async def callback(self, interaction: Interaction) -> None:
        """Show the form."""
        await guarded(interaction, lambda: _again(interaction, self.token))


class ListPage(discord.ui.DynamicItem[Button], template=rf"{PAGE_PREFIX}(?P<page>\d{{1,3}})"):
    """Turns the list of followed channels to a page; it works for ever."""

    def __init__(self, page: int, label: str = "▶") -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"{PAGE_PREFIX}{page}"))
        self.page = page

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["page"]))

    async def callback(self, interaction: Interaction) -> None:
        """Turn the page."""
        await guarded(interaction, lambda: _turn(interaction, self.page))


class TemplateForm(discord.ui.Modal):
    """Asks for a channel's template; what is submitted is shown before it is saved."""

    def __init__(self, channel_id: int, text: str) -> None:
        super().__init__(title=say("template.title"), timeout=KEPT.total_seconds())
        self._channel_id = channel_id
        self._text = discord.ui.TextInput[TemplateForm](
            style=discord.TextStyle.paragraph, default=text, max_length=TEMPLATE_LIMIT, required=False
        )
        known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        self.add_item(discord.ui.Label(text=say("template.label"), description=known, component=self._text))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Show what it makes of the newest story."""
        await guarded(interaction, lambda: _preview(interaction, self._channel_id, self._text.value))


async def list_message(interaction: Interaction, page: int = 0) -> tuple[discord.Embed, discord.ui.View]:
    """Return a page of the list of followed channels, with buttons for the others."""
    database, guild = interaction.client.database, require_manager(interaction)
    found = await library.followed_channels(database, guild)
    names = await choosing.source_names(database, guild)
    last = channel_embeds.pages(found) - 1
    page = min(page, last)
    notices = await choosing.notices_channel(database, guild)
    view = discord.ui.View(timeout=None)
    if page > 0:
        view.add_item(ListPage(page - 1, "◀"))
    if page < last:
        view.add_item(ListPage(page + 1, "▶"))
    view.stop()
    return channel_embeds.followed_embed(found, names, page, notices), view


def require_speaker(interaction: Interaction, subscription: Subscription) -> Followable:
    """Return a followed channel in which the member and the bot may post; raises ``Conflict``."""
    channel = seen_channel(interaction, subscription.channel_id)
    if channel is None:
        raise Conflict(say("channels.unseen"))
    require_posting(interaction, channel, subscription.options.layout)
    return channel


def embeds_in(interaction: Interaction, channel_id: int) -> bool:
    """Tell whether the bot may show cards in a channel."""
    channel = seen_channel(interaction, channel_id)
    return channel is None or channel.permissions_for(channel.guild.me).embed_links


async def _preview(interaction: Interaction, channel_id: int, text: str) -> None:
    guild, bot = require_manager(interaction), interaction.client
    if interaction.message is None:
        await interaction.response.defer(ephemeral=True, thinking=True)
    else:
        await interaction.response.defer()  # from the preview's own button: it is replaced
    trial = await choosing.trial(bot.database, guild, channel_id, text)
    require_speaker(interaction, trial.subscription)
    draft = Draft(guild, interaction.user.id, channel_id, trial.subscription.options.looks.template)
    token = drafts.put(draft, bot.clock.now())
    content, embeds, view = channel_embeds.sample_of(trial, embeds=embeds_in(interaction, channel_id))
    view.add_item(SaveTemplate(token))
    view.add_item(EditTemplate(token))
    embeds.append(channel_embeds.template_note(trial))
    await interaction.edit_original_response(content=content or None, embeds=embeds, view=view)


async def _save(interaction: Interaction, token: str) -> None:
    draft, bot = _mine(interaction, token), interaction.client
    subscription = await library.followed(bot.database, draft.guild_id, draft.channel_id)
    require_speaker(interaction, subscription)
    made = await choosing.choose_template(bot.database, draft.guild_id, draft.channel_id, draft.text)
    drafts.drop(token)
    text = say(
        "template.saved" if made.options.looks.template else "template.removed", channel=f"<#{draft.channel_id}>"
    )
    await interaction.response.edit_message(content=text, embeds=[], view=None)


async def _again(interaction: Interaction, token: str) -> None:
    draft = _mine(interaction, token)
    await interaction.response.send_modal(TemplateForm(draft.channel_id, draft.text))


async def _turn(interaction: Interaction, page: int) -> None:
    embed, view = await list_message(interaction, page)
    await interaction.response.edit_message(embed=embed, view=view)


def _mine(interaction: Interaction, token: str) -> Draft:
    """Return the draft of the very person who presses, who still manages the server; raises ``NotFound``."""
    guild = require_manager(interaction)
    draft = drafts.get(token, interaction.client.clock.now())
    if draft is None or (draft.guild_id, draft.user_id) != (guild, interaction.user.id):
        raise NotFound(say("template.too_old"))
    return draft
