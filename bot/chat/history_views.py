"""The history of a server's deliveries as an answer, with buttons for what was given up or is to be decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot import history
from bot.chat.embeds import within
from bot.chat.failures import guarded
from bot.chat.frozen_views import ChoiceButton
from bot.chat.messages import COLOUR
from bot.chat.source_views import require_manager
from bot.markdown import clean_line, escape
from bot.model import Delivery, State, StoredStory
from bot.store.history import Entry
from bot.urls import jump_link
from bot.words import say

PREFIX = "delivery:retry:"
TITLE_LIMIT, REASON_LIMIT, LABEL_LIMIT = 60, 200, 80
MOST_RETRIES, MOST_CHOICES = 10, 5

Button = discord.ui.Button[discord.ui.View]
_STORY, _COMMENT = "📰", "💬"
_MARKS = {State.LIVE: "✅", State.DEAD: "❌", State.HELD: "⏸️", State.GONE: "🗑️"}


class RetryButton(discord.ui.DynamicItem[Button], template=rf"{PREFIX}(?P<delivery>\d{{1,18}})"):
    """Tries again what was given up; its id carries which, and each press is checked anew."""

    def __init__(self, delivery_id: int, label: str | None = None) -> None:
        label = _cut(label or say("history.retry"), LABEL_LIMIT)
        super().__init__(discord.ui.Button(label=label, custom_id=f"{PREFIX}{delivery_id}"))
        self.delivery_id = delivery_id

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button again from its id."""
        return cls(int(match["delivery"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Try again."""
        await guarded(interaction, lambda: _retry(interaction, self.delivery_id))


def history_message(found: Sequence[Entry], undecided: Sequence[StoredStory]) -> tuple[discord.Embed, discord.ui.View]:
    """Return the last deliveries in words, a Retry button for each given up, and two for each frozen story."""
    lines = [f"❄️ {say('history.frozen', title=_title(stored.story.title))}" for stored in undecided]
    lines += [_line(entry) for entry in found]
    text = within(lines) or say("history.empty")
    embed = discord.Embed(title=say("history.title"), description=text, colour=COLOUR)
    view = discord.ui.View(timeout=None)
    for stored in undecided[:MOST_CHOICES]:
        view.add_item(ChoiceButton("confirm", stored.id, stored.story.title))
        view.add_item(ChoiceButton("keep", stored.id, stored.story.title))
    for entry in [entry for entry in found if entry.retryable][:MOST_RETRIES]:
        view.add_item(RetryButton(entry.delivery.id, say("history.retry_this", what=_what(entry))))
    view.stop()
    return embed, view


def _line(entry: Entry) -> str:
    row, what = entry.delivery, _title(_what(entry))
    if row.state is State.LIVE and row.message_id and entry.place:
        what = f"[{what}]({jump_link(row.guild_id, entry.place, row.message_id)})"
    words = escape(_cut(history.state_of(entry), REASON_LIMIT))
    line = say("history.line", what=what, channel=f"<#{row.channel_id}>", state=words)
    kind = _STORY if row.comment_id is None else _COMMENT
    return f"{_MARKS.get(row.state, '⏳')} {kind} {line}{_time(row)}"


def _time(row: Delivery) -> str:
    """Say when a message was posted, which its id tells, or last tried."""
    posted = discord.utils.snowflake_time(row.message_id) if row.message_id else row.attempt_at
    return f" · <t:{int(posted.timestamp())}:R>" if posted else ""


def _what(entry: Entry) -> str:
    if entry.delivery.comment_id is None:
        return entry.title
    return say("history.comment", author=entry.author or say("history.somebody"), title=entry.title)


def _title(text: str) -> str:
    return escape(_cut(text, TITLE_LIMIT))


def _cut(text: str, limit: int) -> str:
    line = clean_line(text)
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


async def _retry(interaction: discord.Interaction[Any], delivery_id: int) -> None:
    guild, bot = require_manager(interaction), interaction.client
    entry = await history.retry(bot.database, guild, delivery_id, bot.clock.now())
    bot.deliverer.wake()
    await interaction.response.send_message(say("history.trying", what=_title(_what(entry))), ephemeral=True)
