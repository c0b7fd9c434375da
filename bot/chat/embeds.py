"""Our values as discord.py's embeds, for the answers of commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot import render
from bot.chat.messages import COLOUR, embed_of, view_of
from bot.interests import Trial
from bot.library import LOOKED_THROUGH
from bot.markdown import escape
from bot.model import StoredStory
from bot.words import say


def card_message(stored: StoredStory) -> tuple[discord.Embed, discord.ui.View]:
    """Return a story's card as an answer, with the number of comments that it has now, and its buttons."""
    post = render.card(stored, counted=True)
    return embed_of(post.embed) or discord.Embed(), view_of(post) or discord.ui.View()


def latest_embed(found: Sequence[StoredStory], *, topics: str, of_source: bool, among: int) -> discord.Embed:
    """Return a list of stories with their numbers; ``among`` so many were those about ``topics`` looked for."""
    lines = [f"`#{s.id}` {render.title_line(s.story)} · {render.comment_count(s)}" for s in found]
    text = within(lines) or _none(topics_named(topics.casefold().replace(",", " ").split()), of_source, among)
    return discord.Embed(title=say("stories.newest"), description=text, colour=COLOUR)


def _none(topics: str, of_source: bool, among: int) -> str:
    if of_source:
        return say("stories.none_of_source_about", topics=topics) if among else say("stories.none_of_source")
    if not among:
        return say("stories.none")
    about = "stories.none_about" if among < LOOKED_THROUGH else "stories.none_about_newest"
    return say(about, topics=topics, count=among)


def topics_named(topics: Sequence[str]) -> str:
    """Return a channel's topics in words."""
    return ", ".join(f"**{name}**" for name in topics) or "everything"


def topics_embed(built_in: Mapping[str, str], own: Mapping[str, str]) -> discord.Embed:
    """Return the topics that a server can choose from."""
    lines = [f"**{name}** — {about}" for name, about in built_in.items()]
    lines += [f"**{name}** — `{expression.replace('`', chr(39))}`" for name, expression in own.items()]
    return discord.Embed(title=say("topic.list"), description=within(lines), colour=COLOUR)


def trial_embed(title: str, trial: Trial) -> discord.Embed:
    """Return what a topic lets through of the newest stories, with the reasons of the first few."""
    head = say("topic.trial", fitting=len(trial.fitting), all=trial.looked_at)
    lines = []
    for stored, verdict in trial.fitting[:10]:
        lines.append(f"`#{stored.id}` {render.title_line(stored.story)}")
        lines += [f"-# {escape(' · '.join(verdict.reasons))[:300]}"] if verdict.reasons else []
    return discord.Embed(title=title, description=within([head, *lines]), colour=COLOUR)


def within(lines: Sequence[str], limit: int = 4096) -> str:
    """Return as many lines as an embed has room for."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > limit:
            break
        text += line + "\n"
    return text.strip()
