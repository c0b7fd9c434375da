"""Sources as people see them in Discord: a preview to say yes to, and the list with its troubles in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import discord

from bot import markdown, render
from bot.chat.messages import COLOUR
from bot.model import Source, Story, Subscription
from bot.poll_one import PollReport
from bot.previews import SHOWN
from bot.sourcing import Listing, Look, read_words
from bot.urls import safe_link

NAME_LIMIT = 60
ADDRESS_LIMIT = 90
EMBED_LIMIT = 4096
LIST_LIMIT = 3700  # with the fields an embed has 6,000 characters
FIELD_LIMIT = 600  # a field has 1,024, and the commas count too
MOST_CHANNELS = 5
NO_SOURCES = "No source yet. Add one with `/sources add`, or begin with `/sources starter`."
NO_CHANNEL = "No channel is followed yet: run `/channels follow` to choose where its stories go."


def preview_embed(look: Look) -> discord.Embed:
    """Return what an address would bring, before anything is stored."""
    preview = look.preview
    head = f"**{preview.label}** · {address(preview.address)}\n"
    lines = [_story_line(story, look, number) for number, story in enumerate(preview.stories)]
    shown = _within(lines, EMBED_LIMIT - len(head) - 2) or ["It lists no story at the moment."]
    embed = discord.Embed(title=name(preview.name), description="\n".join([head, *shown]), colour=COLOUR)
    some = f"The newest {SHOWN} of {preview.count} stories. " if preview.count > SHOWN else ""
    return embed.set_footer(text=f"{some}Nothing is stored until you say yes, and none of these will be posted.")


def _story_line(story: Story, look: Look, number: int) -> str:
    when = f" · <t:{int(story.published_at.timestamp())}:R>" if story.published_at else ""
    channels = look.wanted[number] if look.wanted else None
    fits = "" if channels is None else f" → {_channels(channels)}" if channels else " · fits no channel's topics"
    return f"• {render.title_line(story)}{when}{fits}"


def list_embed(listing: Listing, labels: Mapping[str, str]) -> discord.Embed:
    """Return a server's sources with their state, those in trouble first, and what its operator reads for all."""
    troubled_first = sorted(listing.own, key=lambda source: (not source.stopped_reason, not source.failing_since))
    lines = [_source_lines(source, labels) for source in troubled_first]
    shown = _within(lines, LIST_LIMIT)
    if len(shown) < len(lines):
        shown.append(f"… and {len(lines) - len(shown)} more")
    embed = discord.Embed(title="Sources", description="\n".join(shown) or NO_SOURCES, colour=COLOUR)
    names = ", ".join(_within([name(source.name or source.address) for source in listing.everyone], FIELD_LIMIT))
    if names:
        embed.add_field(name="Read for all servers by my operator", value=names, inline=False)
    untold = "\n".join(f"• {markdown.excerpt(text, 300)}" for text in listing.untold)
    if untold:
        embed.add_field(name="What I could not tell anyone: let me write in the system channel", value=untold)
    return embed


def _source_lines(source: Source, labels: Mapping[str, str]) -> str:
    head = f"`#{source.id}` **{name(source.name or source.address)}** · {labels.get(source.kind, source.kind)}"
    return f"{head}\n-# {address(source.address)}\n-# {condition(source)}"


def condition(source: Source) -> str:
    """Return how a source fares, in plain words; what exactly went wrong is for the operator alone."""
    if source.stopped_reason:
        return f"⏹ stopped: {markdown.escape(source.stopped_reason)}"
    if source.failing_since:
        trouble = markdown.escape(source.last_error or "it cannot be read").rstrip(".")
        # The cause, with its HTTP status, is for the operator alone: bot/errors.py promises it.
        told = f" Only my operator can see why: `rendezvous sources check {source.id}`."
        return f"⚠ failing since <t:{int(source.failing_since.timestamp())}:f>: {trouble}.{_next(source)}{told}"
    if source.last_read_at is None:
        return "not read yet; that happens within a minute"
    following = f", next {_ago(source.next_at)}" if source.next_at else ""
    return f"read {_ago(source.last_read_at)}{following}"


def _next(source: Source) -> str:
    return f" I try again {_ago(source.next_at)}." if source.next_at else ""


def _ago(time: datetime) -> str:
    return f"<t:{int(time.timestamp())}:R>"


def added(names: Sequence[str], channels: Sequence[Subscription]) -> str:
    """Return what happens next, after sources were added."""
    listed = ", ".join(f"**{name(found)}**" for found in names)
    if not channels:
        return f"Added {listed}. {NO_CHANNEL}"
    where = _channels([channel.channel_id for channel in channels])
    return (
        f"Added {listed}. The first read only remembers what is there; stories that come after it are posted to "
        f"{where}.\n-# For older ones, use `/sources backfill`."
    )


def checked(report: PollReport) -> str:
    """Return what a read that an admin asked for found."""
    source = report.source
    words = f"**{name(source.name or source.address)}**: {read_words(report).rstrip('.')}."
    if report.intake and report.intake.new and not report.intake.baseline:
        words += " New stories go to the channels whose topics they fit."
    return words


def removed(source: Source) -> str:
    """Return what follows from a removal."""
    return f"**{name(source.name or source.address)}** is read here no more. What was posted stays."


def backfilled(count: int, channels: Sequence[Subscription]) -> str:
    """Return what follows from a wish for older stories."""
    if not channels:
        return NO_CHANNEL
    if not count:
        return "There is nothing to post: your channels have all that I know of it and that they want."
    stories = "1 older story" if count == 1 else f"{count} older stories"
    return f"Posting {stories} to {_channels([channel.channel_id for channel in channels])}, the oldest first."


def _channels(ids: Sequence[int]) -> str:
    more = f" and {len(ids) - MOST_CHANNELS} more" if len(ids) > MOST_CHANNELS else ""
    return ", ".join(f"<#{id_}>" for id_ in ids[:MOST_CHANNELS]) + more


def name(text: str) -> str:
    """Return a source's name, which comes from its site, as one harmless short line."""
    line = markdown.clean_line(text)
    return markdown.escape(line if len(line) <= NAME_LIMIT else f"{line[: NAME_LIMIT - 1]}…") or "(no name)"


def address(url: str) -> str:
    """Return an address that shows and links itself, or escaped text where it is none."""
    link = safe_link(url)
    return f"<{link}>" if link and len(link) <= ADDRESS_LIMIT * 2 else markdown.escape(url[:ADDRESS_LIMIT])


def _within(lines: Sequence[str], limit: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        limit -= len(line) + 1
        if limit < 0:
            break
        kept.append(line)
    return kept
