"""Our values as discord.py's embeds, for the answers of commands."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot import render
from bot.chat.messenger import COLOUR, embed_of, view_of
from bot.model import StoredStory, Subscription

NO_STORIES = "No stories yet. An admin can choose a channel with `/channels follow`, or try `/stories fetch`."


def card_message(stored: StoredStory) -> tuple[discord.Embed, discord.ui.View]:
    """Return a story's card and its buttons."""
    post = render.card(stored)
    return embed_of(post.embed) or discord.Embed(), view_of(post) or discord.ui.View()


def latest_embed(found: Sequence[StoredStory]) -> discord.Embed:
    """Return a list of stories with their numbers."""
    lines = [f"`#{s.id}` {render.title_line(s.story)} · {render.comment_count(s)}" for s in found]
    text = _within(lines) or NO_STORIES
    return discord.Embed(title="Newest stories", description=text, colour=COLOUR)


def followed_embed(found: Sequence[Subscription]) -> discord.Embed:
    """Return the followed channels with their state."""
    lines = [f"<#{subscription.channel_id}> — {_condition(subscription)}" for subscription in found]
    text = _within(lines) or "No channel yet. Choose one with `/channels follow`."
    return discord.Embed(title="Followed channels", description=text, colour=COLOUR)


def _condition(subscription: Subscription) -> str:
    if subscription.paused_reason:
        return f"paused: {subscription.paused_reason}"
    if subscription.held_reason:
        return f"waiting: {subscription.held_reason}. It goes on by itself once that is mended."
    return "active"


def _within(lines: Sequence[str], limit: int = 4096) -> str:
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > limit:
            break
        text += line + "\n"
    return text.strip()
