"""The guided start as people see it: what is chosen, what is missing, how a story would look, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot import history, render
from bot.chat.embeds import topics_named, within
from bot.chat.messages import COLOUR, embed_of
from bot.chat.options import Followable
from bot.chat.source_embeds import name
from bot.chat.tree import mention
from bot.errors import as_sentence
from bot.markdown import clean_line, escape
from bot.model import Layout, Source, State, Subscription
from bot.permissions import lacking
from bot.poll_one import PollReport
from bot.setup import Draft, Reports, Sample
from bot.store.history import Entry
from bot.urls import jump_link
from bot.words import say

MOST_NAMED = 8
DONE, BROKEN, _WAITING = "✔", "⚠", "⏳"

Interaction = discord.Interaction[Any]


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What stands between the bot and a channel, in words; ``blocks`` where nothing can be posted like that."""

    text: str
    blocks: bool


def hindrance(interaction: Interaction, channel: Followable, layout: Layout) -> Hindrance:
    """Say which permissions are missing in a channel and what to do about it, or that all is well."""
    member = interaction.user
    if not isinstance(member, discord.Member) or not channel.permissions_for(member).send_messages:
        return Hindrance(f"{BROKEN} {say('setup.not_yours', channel=channel.mention)}", blocks=True)
    me = channel.guild.me
    missing = lacking(channel.permissions_for(me).value, layout)
    if not missing:
        return Hindrance(f"{DONE} {say('setup.permitted', channel=channel.mention)}", blocks=False)
    blocks = any(need.required for need in missing)
    lines = [
        f"{BROKEN} {say('setup.lacking', channel=channel.mention)}",
        *(f"• **{need.title}**: {need.reason}" for need in missing),
        say("setup.give_them", channel=channel.mention, name=escape(clean_line(me.display_name))),
        *([] if blocks else [say("setup.poorer")]),
    ]
    return Hindrance("\n".join(lines), blocks)


def panel_embed(draft: Draft, trouble: Hindrance | None, note: str = "") -> discord.Embed:
    """Return what is chosen so far, step by step; ``note`` is a sentence about what was just tried."""
    channel = f"<#{draft.channel_id}>" if draft.channel_id else say("setup.choose_below")
    lines = [
        say("setup.intro"),
        "",
        f"**1. {say('setup.channel')}** {channel}",
        *([f"-# {say('setup.followed_already')}"] if draft.known else []),
        f"**2. {say('setup.sources')}** {_sources(draft)}",
        f"**3. {say('setup.topic')}** {_topic(draft)}",
        f"**4. {say('setup.layout')}** {layout_words(draft.layout)[0]}",
        *(["", trouble.text] if trouble and not trouble.text.startswith(DONE) else []),
        *(["", note] if note else []),
    ]
    embed = discord.Embed(title=say("setup.title"), description=within(lines), colour=COLOUR)
    return embed.set_footer(text=say("setup.nothing_yet"))


def _sources(draft: Draft) -> str:
    names = [name(one.name) for one in draft.offered if one in draft.chosen]
    more = [say("setup.more", count=len(names) - MOST_NAMED)] if len(names) > MOST_NAMED else []
    old = [say("setup.read_already", count=len(draft.read))] if draft.read else []
    return "; ".join(filter(None, [", ".join([*names[:MOST_NAMED], *more]), *old])) or say("setup.choose_below")


def _topic(draft: Draft) -> str:
    about = draft.abouts.get(draft.topics[0], "") if len(draft.topics) == 1 else ""
    return f"{topics_named(draft.topics)}" + (f"\n-# {escape(clean_line(about))[:200]}" if about else "")


def layout_words(layout: Layout) -> tuple[str, str]:
    """Return the name of a layout, and what it is."""
    return {
        Layout.THREAD: (say("setup.layout_thread"), say("setup.layout_thread_is")),
        Layout.FORUM: (say("setup.layout_forum"), say("setup.layout_forum_is")),
        Layout.INLINE: (say("setup.layout_inline"), say("setup.layout_inline_is")),
        Layout.STORY_ONLY: (say("setup.layout_story"), say("setup.layout_story_is")),
    }[layout]


def preview_embeds(draft: Draft, found: Sample, trouble: Hindrance) -> list[discord.Embed]:
    """Return what would happen, and the newest story that fits as it would look."""
    refused = [f"{BROKEN} **{name(one)}**: {escape(why)}" for one, why in found.refused]
    lines = [
        say("setup.would", topics=topics_named(draft.topics), channel=f"<#{draft.channel_id}>"),
        *([say("setup.changes")] if draft.known else []),
        "",
        trouble.text,
        *(["", *refused, say("setup.tries_again")] if refused else []),
        "",
        say("setup.looks_like") if found.story else _none_fits(found),
    ]
    embeds = [discord.Embed(title=say("setup.preview_title"), description=within(lines), colour=COLOUR)]
    card = embed_of(render.card(found.story).embed) if found.story else None
    return [*embeds, card] if card else embeds


def _none_fits(found: Sample) -> str:
    return say("setup.none_fits", count=found.looked_at) if found.looked_at else say("setup.no_story")


def progress_embed(found: Sequence[Source], reports: Reports) -> discord.Embed:
    """Return how the reading goes: each source with a tick, its sentence of refusal, or still under way."""
    lines = [_progress(source, reports.get(source.id)) for source in found]
    title = say("setup.reading", count=len(found)) if found else say("setup.posting")
    return discord.Embed(title=title, description=within(lines), colour=COLOUR)


def _progress(source: Source, report: PollReport | None) -> str:
    called = f"**{name(source.name or source.address)}**"
    if report is None:
        return f"{_WAITING} {called}"
    if report.intake is None:
        return f"{BROKEN} {called}: {escape(as_sentence(report.error or say('setup.unreadable')))}"
    return f"{DONE} {called}: {say('setup.stories', count=report.intake.found)}"


def done_embed(
    client: Any,  # the bot
    made: Subscription,
    found: Sequence[Source],
    reports: Reports,
    first: str,
) -> discord.Embed:
    """Return how it went, and what to do next."""
    troubled = [source for source in found if (report := reports.get(source.id)) is None or report.intake is None]
    lines = [
        say("setup.goes", topics=topics_named(made.topics), channel=f"<#{made.channel_id}>"),
        *(_progress(source, reports.get(source.id)) for source in found),
        *([say("setup.tries_again")] if troubled else []),
        "",
        first,
        "",
        say(
            "setup.next",
            add=mention(client, "sources add"),
            edit=mention(client, "channels edit"),
            own=mention(client, "topics add"),
            help=mention(client, "help"),
        ),
    ]
    return discord.Embed(title=say("setup.done"), description=within(lines), colour=COLOUR)


def first_words(posted: int, card: Entry | None) -> str:
    """Say what became of the first story."""
    if not posted:
        return say("setup.nothing_fits_now")
    if card is None:
        return say("setup.on_its_way")
    title, row = escape(clean_line(card.title)[:200]), card.delivery
    if row.state is State.LIVE and row.message_id and card.place:
        link = jump_link(row.guild_id, card.place, row.message_id)
        return say("setup.posted", title=title, link=link)
    return say("setup.not_posted", title=title, why=escape(history.state_of(card)))
