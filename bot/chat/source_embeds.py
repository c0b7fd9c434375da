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
from bot.words import say

NAME_LIMIT = 60
ADDRESS_LIMIT = 90
EMBED_LIMIT = 4096
LIST_LIMIT = 3700  # with the fields an embed has 6,000 characters
FIELD_LIMIT = 600  # a field has 1,024, and the commas count too
MOST_CHANNELS = 5


def preview_embed(look: Look) -> discord.Embed:
    """Return what an address would bring, before anything is stored."""
    preview = look.preview
    head = f"**{preview.label}** · {address(preview.address)}\n"
    lines = [_story_line(story, look, number) for number, story in enumerate(preview.stories)]
    shown = _within(lines, EMBED_LIMIT - len(head) - 2) or [say("sources.lists_nothing")]
    embed = discord.Embed(title=name(preview.name), description="\n".join([head, *shown]), colour=COLOUR)
    some = [say("sources.newest_of", shown=SHOWN, count=preview.count)] if preview.count > SHOWN else []
    return embed.set_footer(text=" ".join([*some, say("sources.only_looked")]))


def _story_line(story: Story, look: Look, number: int) -> str:
    when = f" · <t:{int(story.published_at.timestamp())}:R>" if story.published_at else ""
    channels = look.wanted[number] if look.wanted else None
    fits = f" → {_channels(channels)}" if channels else f" · {say('sources.fits_none')}"
    return f"• {render.title_line(story)}{when}{'' if channels is None else fits}"


def list_embed(listing: Listing, labels: Mapping[str, str]) -> discord.Embed:
    """Return a server's sources with their state, those in trouble first, and what its operator reads for all."""
    troubled_first = sorted(listing.own, key=lambda source: (not source.stopped_reason, not source.failing_since))
    lines = [_source_lines(source, labels) for source in troubled_first]
    troubles = _within(_troubles(listing.own), LIST_LIMIT // 3)
    shown = _within(lines, LIST_LIMIT - len("\n".join(troubles)))
    if len(shown) < len(lines):
        shown.append(say("sources.more", count=len(lines) - len(shown)))
    shown += troubles
    text = "\n".join(shown) or say("sources.none")
    embed = discord.Embed(title=say("sources.title"), description=text, colour=COLOUR)
    names = ", ".join(_within([name(source.name or source.address) for source in listing.everyone], FIELD_LIMIT))
    if names:
        embed.add_field(name=say("sources.everyone"), value=names, inline=False)
    untold = "\n".join(f"• {markdown.excerpt(text, 300)}" for text in listing.untold)
    if untold:
        embed.add_field(name=say("sources.untold"), value=untold)
    return embed


def _source_lines(source: Source, labels: Mapping[str, str]) -> str:
    head = f"`#{source.id}` **{name(source.name or source.address)}** · {labels.get(source.kind, source.kind)}"
    return f"{head}\n-# {address(source.address)}\n-# {condition(source)}"


def condition(source: Source) -> str:
    """Return how a source fares, in plain words; what exactly went wrong is for the operator alone."""
    if source.stopped_reason:
        return say("sources.stopped", reason=markdown.escape(source.stopped_reason))
    if source.failing_since:
        since = f"<t:{int(source.failing_since.timestamp())}:f>"
        if source.next_at is None:
            return say("sources.failing", time=since)
        return say("sources.failing_next", time=since, next=_ago(source.next_at))
    if source.last_read_at is None:
        return say("sources.not_read")
    if source.next_at is None:
        return say("sources.read", time=_ago(source.last_read_at))
    return say("sources.read_next", time=_ago(source.last_read_at), next=_ago(source.next_at))


def _troubles(own: Sequence[Source]) -> list[str]:
    """Return what goes wrong, each once, with the sources that it befell."""
    found: dict[str, list[int]] = {}
    for source in own:
        if source.failing_since and not source.stopped_reason:
            found.setdefault(source.last_error or say("sources.unreadable"), []).append(source.id)
    # The cause, with its HTTP status, is for the operator alone: bot/errors.py promises it.
    return [
        say(
            "sources.trouble",
            numbers=", ".join(f"`#{number}`" for number in numbers),
            trouble=markdown.escape(trouble).rstrip("."),
            number=numbers[0],
        )
        for trouble, numbers in found.items()
    ]


def _ago(time: datetime) -> str:
    return f"<t:{int(time.timestamp())}:R>"


def added(names: Sequence[str], channels: Sequence[Subscription]) -> str:
    """Return what happens next, after sources were added."""
    done = say("sources.added", names=", ".join(f"**{name(found)}**" for found in names))
    if not channels:
        return f"{done} {say('sources.no_channel')}"
    where = _channels([channel.channel_id for channel in channels])
    return f"{done} {say('sources.first_read', channels=where)}"


def checked(report: PollReport) -> str:
    """Return what a read that an admin asked for found."""
    source = report.source
    words = f"**{name(source.name or source.address)}**: {read_words(report).rstrip('.')}."
    if report.intake and report.intake.new and not report.intake.baseline:
        words += f" {say('sources.go_on')}"
    return words


def removed(source: Source) -> str:
    """Return what follows from a removal."""
    return say("sources.removed", name=name(source.name or source.address))


def backfilled(count: int, channels: Sequence[Subscription]) -> str:
    """Return what follows from a wish for older stories."""
    if not channels:
        return say("sources.no_channel")
    if not count:
        return say("sources.nothing_older")
    where = _channels([channel.channel_id for channel in channels])
    return say("sources.backfilled", count=count, channels=where)


def _channels(ids: Sequence[int]) -> str:
    listed, more = ", ".join(f"<#{id_}>" for id_ in ids[:MOST_CHANNELS]), len(ids) - MOST_CHANNELS
    return say("sources.and_more", channels=listed, count=more) if more > 0 else listed


def name(text: str) -> str:
    """Return a source's name, which comes from its site, as one harmless short line."""
    line = markdown.clean_line(text)
    return markdown.escape(line if len(line) <= NAME_LIMIT else f"{line[: NAME_LIMIT - 1]}…") or say("sources.nameless")


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
