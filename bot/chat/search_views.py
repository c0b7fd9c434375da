"""What a search found, as an answer whose pages can be turned for ever: the buttons themselves say what was asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Self

import discord

from bot import query, render, search, sourcing
from bot.chat.access import guild_of, sees
from bot.chat.embeds import within
from bot.chat.failures import guarded
from bot.chat.messages import COLOUR
from bot.errors import NotFound
from bot.markdown import clean_line, escape, units
from bot.search import Hit, Kind, Page, Search
from bot.urls import jump_link, safe_link
from bot.words import say

PREFIX = "search:"
TEXT_LIMIT, AUTHOR_LIMIT = 150, 60
_PART = 88  # UTF-16 units of a button's id; Discord allows 100
_PARTS = 3
_TITLE_LIMIT, _HIT_LIMIT = 100, 780
_KINDS = {kind[0]: kind for kind in Kind}

Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]


class SearchButton(discord.ui.DynamicItem[Button], template=rf"{PREFIX}(?P<way>[bn])(?P<page>\d{{1,4}}):(?P<part>.*)"):
    """A step to another page. Its message's buttons together hold the search, which is run anew for who presses."""

    def __init__(self, way: str, page: int, part: str, label: str = "Page", *, disabled: bool = False) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"{PREFIX}{way}{page}:{part}", disabled=disabled))
        self.page = page

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(match["way"], int(match["page"]), match["part"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn to the page."""
        await guarded(interaction, lambda: _turn(interaction, self.page))


async def show_search(interaction: Interaction, wanted: Search) -> None:
    """Answer with the first page of a search, visible to the asking member only."""
    found = await search.search(interaction.client.database, guild_of(interaction), wanted)
    embed, view = search_message(interaction, wanted, found)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def _turn(interaction: Interaction, number: int) -> None:
    wanted = _read(_kept(interaction.message))
    found = await search.search(interaction.client.database, guild_of(interaction), wanted, number)
    embed, view = search_message(interaction, wanted, found)
    await interaction.response.edit_message(embed=embed, view=view)


def search_message(interaction: Interaction, wanted: Search, found: Page) -> tuple[discord.Embed, discord.ui.View]:
    """Return a page of hits with links to where they stand, and the buttons to its neighbours."""
    lines = [f"-# {' · '.join([_count(found), *_limits(wanted)])}" if found.hits else _nothing(wanted)]
    lines += [f"\n{_hit(interaction, hit)}" for hit in found.hits]
    title = say("search.title", text=clean_line(wanted.text))
    return discord.Embed(title=escape(title)[:256], description=within(lines), colour=COLOUR), _pager(wanted, found)


def wanted(text: str, now: datetime, *, kind: str, source: int | None, author: str | None, since: str | None) -> Search:
    """Return a search as a member typed it; raises ``NotFound`` for what cannot be understood."""
    query.parse(text)
    after = query.parse_since(since, now) if since else None
    return Search(_line(text), Kind(kind), source, _line(author or ""), after)


async def source_number(interaction: Interaction, text: str | None) -> int | None:
    """Read a source as autocomplete gives it, as "#3", or by its name; raises ``NotFound``."""
    if not (text and text.strip()):
        return None
    number = await sourcing.numbered(interaction.client.database, guild_of(interaction), text)
    if number is None:
        raise NotFound(say("search.no_source"))
    return number


def _line(text: str) -> str:
    return " ".join(text.replace("~", " ").split())


def _count(found: Page) -> str:
    return say("search.many" if found.more else "search.found", count=found.count)


def _nothing(wanted: Search) -> str:
    """Say that nothing fits, and within which limits nothing was found."""
    text, limits = escape(wanted.text), ", ".join(_limits(wanted))
    return say("search.empty_within", text=text, limits=limits) if limits else say("search.empty", text=text)


def _limits(wanted: Search) -> list[str]:
    kinds = {Kind.STORIES: say("search.only_stories"), Kind.COMMENTS: say("search.only_comments")}
    limits = [kinds[wanted.kind]] if wanted.kind in kinds else []
    limits += [say("search.from", source=f"#{wanted.source_id}")] if wanted.source_id is not None else []
    limits += [say("search.by", author=escape(wanted.author))] if wanted.author else []
    limits += [say("search.since", time=f"<t:{int(wanted.since.timestamp())}:d>")] if wanted.since else []
    return limits


def _hit(interaction: Interaction, hit: Hit) -> str:
    """Return a hit in a few lines; without addresses where those would take the room of the others."""
    here = [s for s in hit.standing if sees(interaction, s.channel_id)][:2]
    names = [_in_channel(interaction, s.channel_id) for s in here] if len(here) > 1 else [say("search.here")]
    jumps = [jump_link(guild_of(interaction), s.place_id, s.message_id) for s in here]
    links = [f"[{name}]({jump})" for name, jump in zip(names, jumps, strict=False)]
    story = hit.story.story
    address = render.comment_link(story, hit.comment.comment) if hit.comment else safe_link(story.url)
    texts = [f"{_head(hit)}\n> {hit.snippet}" if hit.snippet else _head(hit)]
    full = "\n".join([*texts, " · ".join(links + ([f"[{say('search.origin')}](<{address}>)"] if address else []))])
    return full.rstrip() if len(full) <= _HIT_LIMIT else "\n".join([*texts, " · ".join(links)]).rstrip()[:_HIT_LIMIT]


def _in_channel(interaction: Interaction, channel_id: int) -> str:
    channel = interaction.guild.get_channel(channel_id) if interaction.guild else None
    return say("search.here_in", channel=escape(clean_line(channel.name))) if channel else say("search.here")


def _head(hit: Hit) -> str:
    title = f"**{escape(_cut(hit.story.story.title)) or render.NO_TITLE}**"
    if hit.comment is None:
        time = hit.story.story.published_at
        return f"`#{hit.story.id}` {title} · {render.comment_count(hit.story)}{_time(time)}"
    author = f"**{render.name(hit.comment.comment)}**"
    said = say("search.said", author=author, story=hit.story.id, title=title)
    return said + _time(hit.comment.comment.posted_at)


def _cut(title: str) -> str:
    line = clean_line(title)
    return line if len(line) <= _TITLE_LIMIT else line[: _TITLE_LIMIT - 1].rstrip() + "…"


def _time(time: datetime | None) -> str:
    return f" · <t:{int(time.timestamp())}:d>" if time else ""


def _pager(wanted: Search, found: Page) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    parts = _written(wanted)
    if found.last and len(parts) == _PARTS:
        page, last = found.number, found.last
        place = say("discussion.page", page=page + 1, count=last + 1)
        view.add_item(SearchButton("b", max(0, page - 1), parts[0], say("discussion.back"), disabled=page == 0))
        view.add_item(discord.ui.Button(label=place, custom_id=f"{PREFIX}c{page}:{parts[1]}", disabled=True))
        view.add_item(SearchButton("n", page + 1, parts[2], say("discussion.next"), disabled=page == last))
    view.stop()
    return view


def _written(wanted: Search) -> list[str]:
    """Return a search in three parts, each short enough for a button's id; more where it is too long to keep."""
    since = str(max(0, int(wanted.since.timestamp()))) if wanted.since else ""
    author = wanted.author.replace("|", " ")
    text = "|".join((f"{wanted.kind[0]}{wanted.source_id or ''}", since, author, wanted.text)).replace(" ", "~")
    parts = [""]
    for char in text:
        if units(parts[-1] + char) > _PART:
            parts.append("")
        parts[-1] += char
    return parts + [""] * (_PARTS - len(parts))


def _kept(message: discord.Message | None) -> str:
    """Return what a message's buttons keep, in their order."""
    rows = [row for row in (message.components if message else []) if isinstance(row, discord.ActionRow)]
    ids = [getattr(child, "custom_id", None) or "" for row in rows for child in row.children]
    return "".join(id_.split(":", maxsplit=2)[2] for id_ in ids if id_.startswith(PREFIX) and id_.count(":") >= 2)


def _read(kept: str) -> Search:
    """Return the search that ``_written`` wrote; raises ``NotFound`` for anything else."""
    match = re.fullmatch(r"([bsc])(\d{0,17})\|(\d{0,11})\|([^|]*)\|(.+)", kept.replace("~", " "))
    if match is None:
        raise NotFound(say("search.again"))
    since = datetime.fromtimestamp(int(match[3]), UTC) if match[3] else None
    return Search(match[5], _KINDS[match[1]], int(match[2]) if match[2] else None, match[4], since)
