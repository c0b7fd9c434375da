"""What admins are shown of a followed channel: its options in words, and how it judges the newest stories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot import filters, looks, render
from bot.chat.embeds import topics_named, within
from bot.chat.messages import COLOUR, embed_of
from bot.chat.options import named
from bot.choosing import Trial
from bot.markdown import clean_line, escape, excerpt
from bot.model import StoredStory, Subscription
from bot.options import Filters
from bot.wanted import Explanation
from bot.words import say

A_PAGE = 8
LINE_LIMIT = 480
SHOWN_STORIES = 10
SHOWN_PATTERNS = 5
REASON_LIMIT = 160

Names = Mapping[int, str]


def followed_embed(
    found: Sequence[Subscription], names: Names, page: int = 0, notices: int | None = None
) -> discord.Embed:
    """Return a page of the followed channels, each with all its options and its state."""
    shown = found[page * A_PAGE : (page + 1) * A_PAGE]
    text = within([one_channel(subscription, names) for subscription in shown]) or say("channels.none_yet")
    if notices:
        text += "\n" + say("channels.notices_listed", channel=f"<#{notices}>")
    embed = discord.Embed(title=say("channels.list_title"), description=text, colour=COLOUR)
    if pages(found) > 1:
        embed.set_footer(text=say("channels.page", page=page + 1, pages=pages(found), count=len(found)))
    return embed


def pages(found: Sequence[Subscription]) -> int:
    """Return how many pages the followed channels take, at least one."""
    return max(1, -(-len(found) // A_PAGE))


def one_channel(subscription: Subscription, names: Names) -> str:
    """Return a followed channel with its options and state, in at most 480 characters."""
    head = f"<#{subscription.channel_id}> — {topics_named(subscription.topics)}; {named(subscription.options)}"
    lines = [f"{head}; {_condition(subscription)}"]
    sifted = filters_named(subscription.options.filters, names)
    lines += [f"-# {sifted}"] if sifted else []
    text = "\n".join(lines)
    return text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1].rsplit(" ", 1)[0] + "…"


def filters_named(chosen: Filters, names: Names) -> str:
    """Return filters in words, "" for none."""
    words = []
    if chosen.sources:
        told = [
            escape(clean_line(names[one])[:40]) if one in names else say("filter.gone_source") for one in chosen.sources
        ]
        words.append(say("filter.only_from", sources=", ".join(dict.fromkeys(told))))
    if chosen.include:
        words.append(say("filter.only_with", patterns=_patterns(chosen.include)))
    if chosen.exclude:
        words.append(say("filter.never_with", patterns=_patterns(chosen.exclude)))
    if chosen.minimum:
        words.append(say("filter.at_least", minimum=filters.shown(chosen.minimum)))
    return "; ".join(words)


def filtered(trial: Trial, names: Names) -> str:
    """Say which filters a channel has now, and what they leave of the newest stories."""
    sifted = filters_named(trial.subscription.options.filters, names)
    channel = f"<#{trial.subscription.channel_id}>"
    now = say("filter.now" if sifted else "filter.now_all", channel=channel, filters=sifted)
    return "\n".join((now, _counted(trial)))


def trial_embed(trial: Trial) -> discord.Embed:
    """Return how a channel judges each of the newest stories, with the reason where one would not go there."""
    lines = [_counted(trial)]
    for stored, found in trial.judged[:SHOWN_STORIES]:
        lines += _judged(stored, found)
    embed = discord.Embed(title=say("trial.title"), description=within(lines), colour=COLOUR)
    return embed


def sample_of(trial: Trial, *, embeds: bool) -> tuple[str, list[discord.Embed], discord.ui.View]:
    """Return a channel's sample as the message that it would be: its text, card and buttons, if there is one."""
    post = trial.post if embeds else trial.plain
    view = discord.ui.View(timeout=None)
    if post is None:
        return "", [], view
    card = embed_of(post.embed)
    for button in post.buttons:
        view.add_item(discord.ui.Button(label=button.label, url=button.url, custom_id=button.custom_id))
    view.stop()
    return post.content, [card] if card else [], view


def template_note(trial: Trial) -> discord.Embed:
    """Return what stands below the preview of a template: what it shows, and which placeholders are none."""
    text = trial.subscription.options.looks.template
    lines = [
        say("template.preview" if text else "template.preview_empty", channel=f"<#{trial.subscription.channel_id}>")
    ]
    if not trial.judged:
        lines.append(say("template.no_story"))
    if wrong := looks.unknown(text):
        shown = ", ".join(f"`{{{clean_line(name).replace('`', 'ˋ')}}}`" for name in wrong[:10])
        known = " ".join(f"`{{{name}}}`" for name in looks.PLACEHOLDERS)
        lines.append(say("template.unknown", names=shown, known=known, count=len(wrong)))
    return discord.Embed(description=within(lines), colour=COLOUR)


def _counted(trial: Trial) -> str:
    if not trial.judged:
        return say("trial.no_story")
    return say("trial.count", fitting=trial.fitting, count=len(trial.judged))


def _judged(stored: StoredStory, found: Explanation) -> list[str]:
    mark = "✅" if found.wanted else "➖"
    line = f"{mark} `#{stored.id}` {render.title_line(stored.story)}"
    return [line] if found.wanted else [line, f"-# {excerpt(_reason(found), REASON_LIMIT)}"]


def _reason(found: Explanation) -> str:
    """Return why a story would not go there: the filter that refuses it, else what its topics lack."""
    if found.refused:
        return found.refused
    named = [f"{name}: {escape(' · '.join(verdict.reasons))}" for name, verdict in found.verdicts]
    return say("trial.off_topic", topics="; ".join(named))


def _patterns(patterns: Sequence[str]) -> str:
    shown = ", ".join(filters.quoted(one if len(one) <= 40 else one[:39] + "…") for one in patterns[:SHOWN_PATTERNS])
    more = len(patterns) - SHOWN_PATTERNS
    return say("filter.and_more", patterns=shown, count=more) if more > 0 else shown


def _condition(subscription: Subscription) -> str:
    if subscription.paused_reason:
        return say("channels.paused", reason=subscription.paused_reason)
    if subscription.held_reason:
        return say("channels.waiting", reason=subscription.held_reason)
    return say("channels.active")
