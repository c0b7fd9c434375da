"""Who the bot is, what it can do for who asks, and how it fares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import discord
from discord import app_commands

from bot.chat.messages import COLOUR
from bot.chat.tree import mention
from bot.status import VERSION, Status
from bot.words import catalogue, say

DESCRIPTION_LIMIT = 4096
ALL_LIMIT = 5900  # of the 6,000 characters that the embeds of a message have together
MEGABYTE = 1_000_000

# What is used most comes first; a command that is not named here comes after these.
ORDER = (
    "setup", "stories", "stories latest", "stories search", "stories show", "stories discussion", "stories follow",
    "stories following", "stories unfollow", "stories digest", "stories why", "stories fetch", "stories export", "help",
    "about", "channels", "channels follow", "channels list", "channels edit", "channels history", "channels filter",
    "channels preview", "channels pause", "channels resume", "channels unfollow", "sources", "sources add",
    "sources list", "sources starter", "sources check", "sources backfill", "sources remove", "topics",
)  # fmt: skip

Top = app_commands.Command[Any, ..., Any] | app_commands.Group


def greeting(client: Any) -> str:
    """Return the answer to a mention."""
    names = {name: mention(client, name) for name in ("help", "setup")}
    return say("greeting.text", latest=mention(client, "stories latest"), **names)


def help_embeds(client: Any, *, manages: bool, begun: bool) -> list[discord.Embed]:
    """Return what a member can do here and, for who manages the server, what only they can."""
    tops: list[Top] = client.tree.get_commands(type=discord.AppCommandType.chat_input)
    menus = client.tree.get_commands(type=discord.AppCommandType.message)
    begin = say("help.begin" if manages else "help.wait", setup=mention(client, "setup"))
    lines = [*([] if begun else [begin, ""]), *_described(client, [one for one in tops if not _managers(one)])]
    if menus:
        lines += [say("help.menus", names=", ".join(f"**{menu.name}**" for menu in menus))]
    embeds = [_embed(say("help.title"), lines, ALL_LIMIT)]
    if manages:
        theirs = list(_named(client, [one for one in tops if _managers(one)]))
        embeds.append(_embed(say("help.managers"), theirs, ALL_LIMIT - len(embeds[0])))
    return embeds


def _embed(title: str, lines: Sequence[str], room: int) -> discord.Embed:
    """Return the lines as an embed; where they are too long, the last ones go without their descriptions."""
    room, kept = min(room - len(title), DESCRIPTION_LIMIT), list(lines)
    for number in reversed(range(len(kept))):
        if sum(map(len, kept)) + len(kept) <= room:
            break
        kept[number] = kept[number].split("\u2002", maxsplit=1)[0]
    return discord.Embed(title=title, description="\n".join(kept)[:room], colour=COLOUR)


def _managers(top: Top) -> bool:
    return bool(top.default_permissions and top.default_permissions.manage_guild)


def _described(client: Any, tops: Sequence[Top]) -> Iterator[str]:
    """Yield a line for each command."""
    for top in _ordered(tops):
        for command in _commands(top):
            yield f"{mention(client, command.qualified_name)}\u2002{_description(command)}"


def _named(client: Any, tops: Sequence[Top]) -> Iterator[str]:
    """Yield a line for each command that stands alone, and for each group what it is for, then its commands' names."""
    for top in _ordered(tops):
        mentions = " · ".join(mention(client, command.qualified_name) for command in _commands(top))
        if isinstance(top, app_commands.Group):
            yield f"\n**{_description(top)}**\n{mentions}"
        else:
            yield f"{mentions}\u2002{_description(top)}"


def _commands(top: Top) -> Sequence[Top]:
    return _ordered(list(top.walk_commands())) if isinstance(top, app_commands.Group) else [top]


def _ordered(found: Sequence[Top]) -> Sequence[Top]:
    places = {name: place for place, name in enumerate(ORDER)}
    return sorted(found, key=lambda one: places.get(one.qualified_name, len(places)))


def _description(command: Top) -> str:
    """Return a command's description in the language at hand where the catalogue has it."""
    key = f"command.{command.qualified_name.replace(' ', '.')}"
    return say(key) if key in catalogue("en") else str(command.description)


def about_embed(client: Any, status: Status) -> discord.Embed:
    """Return version and condition."""
    embed = discord.Embed(title=f"Rendezvous {VERSION}", description=say("about.what"), colour=COLOUR)
    facts = {
        say("about.sources"): _sources(status),
        say("about.channels"): _channels(status),
        say("about.stored"): _stored(status),
        say("about.running"): say("about.since", time=_ago(client.started_at), latency=_latency(client.latency)),
        say("about.database"): say("about.megabytes", size=f"{status.size / MEGABYTE:,.1f}"),
    }
    for name, value in facts.items():
        embed.add_field(name=name, value=value, inline=False)
    names = {name: mention(client, name) for name in ("help", "setup")}
    return embed.add_field(name=say("about.more"), value=say("about.look", **names), inline=False)


def _sources(status: Status) -> str:
    if not status.sources:
        return say("about.no_source")
    read = say("about.read", count=status.sources)
    failing = say("about.failing", count=status.failing) if status.failing else say("about.all_well")
    last = say("about.last", time=_ago(status.last_read_at)) if status.last_read_at else say("about.not_yet")
    return f"{read}, {failing}; {last}"


def _stored(status: Status) -> str:
    stories, comments = f"{status.stories:,}", f"{status.comments:,}"
    return say("about.stories", count=status.stories, stories=stories, comments=comments)


def _channels(status: Status) -> str:
    if not status.channels:
        return say("about.no_channel")
    resting = say("about.resting", count=status.resting) if status.resting else say("about.all_well")
    return f"{say('about.followed', count=status.channels)}, {resting}"


def _latency(seconds: float) -> str:
    return say("about.milliseconds", count=round(seconds * 1000)) if math.isfinite(seconds) else say("about.unmeasured")


def _ago(time: datetime) -> str:
    return f"<t:{int(time.timestamp())}:R>"
