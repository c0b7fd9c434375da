"""rendezvous read: show what the bot would see at an address or in a file, and store nothing."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from bot import reading, topics
from bot.cli.import_ import SUFFIXES as PAGES
from bot.cli.import_ import expand, is_url
from bot.cli.progress import bar, say
from bot.cli.refusals import refusal, require_name
from bot.cli.story_text import as_json, as_text
from bot.config import Settings
from bot.errors import SourceError
from bot.http import CONTACT, Web
from bot.log import escape
from bot.markdown import plain
from bot.model import Story
from bot.sources import folder
from bot.sources.base import Item
from bot.sources.kinds import KINDS, Detected, Kinds
from bot.sources.page import load

SUFFIXES = (*PAGES, ".atom", ".json", ".rdf", ".rss", ".xml")
LIMIT = 10
FOLDER = "folder"

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|$)")

HELP = f"""Show what the bot would see at an address or in a file; nothing is stored and nothing is posted.

A page gives its story; a feed, a forum or a news list gives its newest stories. Each is shown with title, author, time,
summary and whether it is about the topic. The comments that came along are counted, and shown with --comments, which
also reads the threads that an address leads to. The exit status is 1 when something could not be read; the rest is
shown all the same.

\b
Examples:
  rendezvous read https://blog.example/2026/08/a-story/
  rendezvous read --comments saved-story.html      who answered whom
  rendezvous read blog.example                     the newest {LIMIT} stories, however the site can be read
  rendezvous read --kind feed --limit 3 https://blog.example/feed/
  rendezvous read --json saved-pages/ > all.jsonl  one JSON object a line for each story, for other programs
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    kind: str | None
    comments: bool
    lines: bool
    topic: str
    limit: int | None


@click.command(help=HELP)
@click.argument("targets", nargs=-1, required=True, metavar="PATH|URL...")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Read it as this kind of source alone.")
@click.option("--comments", is_flag=True, help="Show the comments, and read the threads of addresses for them.")
@click.option("--json", "lines", is_flag=True, help="Print one JSON object a line for each story.")
@click.option(
    "--topic", type=click.Choice(topics.names()), default=topics.DEFAULT, show_default=True, help="What to judge by."
)
@click.option(
    "--limit", type=click.IntRange(1), help=f"Stories of one source: {LIMIT} unless you say, all with --json."
)
@click.pass_obj
def read(
    settings: Settings,
    *,
    targets: tuple[str, ...],
    kind: str | None,
    comments: bool,
    lines: bool,
    topic: str,
    limit: int | None,
) -> None:
    """Show every target and end with 1 when one was refused."""
    wish = Wish(kind, comments, lines, topic, limit if limit or lines else LIMIT)
    found = targets if kind == FOLDER else list(expand(targets, SUFFIXES))
    if asyncio.run(_show_all(settings, found, wish)):
        sys.exit(1)


async def _show_all(settings: Settings, targets: Sequence[str], wish: Wish) -> int:
    """Show every target; return how many were refused."""
    refused = 0
    with bar("reading", len(targets)) as progress:
        task = progress.add_task("read", total=len(targets))
        async with (
            Web.open(contact=settings.contact_url or CONTACT, allow_private=settings.allow_private_networks) as web,
            Kinds.open(settings.disqus_api_key) as kinds,
        ):
            for target in targets:
                try:
                    async with aclosing(_lines(web, kinds, target, wish)) as lines:
                        async for line in lines:
                            say(progress, line)
                except SourceError as error:
                    refused += 1
                    _refuse(target, refusal(error, target, private=settings.allow_private_networks), wish)
                progress.advance(task)
    return refused


def _refuse(target: str, words: str, wish: Wish) -> None:
    if wish.lines:
        click.echo(_dumps({"error": words, "input": target}))
    else:
        click.echo(f"{escape(target)}: {escape(words)}", err=True)


async def _lines(web: Web, kinds: Kinds, target: str, wish: Wish) -> AsyncGenerator[str, None]:
    """Yield what is printed about one target."""
    online = address_of(target)
    found = await (
        reading.look(web, kinds, online, wish.kind) if online else _look_local(web, kinds, target, wish.kind)
    )
    items = _newest(found.fetched.items, wish.limit)
    if found.instead:
        told = f"{target}: that address holds no story; showing the newest of {found.address}"
        click.echo(escape(told), err=True)
    if not wish.lines:
        yield _head(kinds, target, found, len(items))
        for note in found.fetched.notes:
            yield f"note: {escape(note)}"
    for item in items:
        page, failed = item.page, None
        if online and wish.comments:
            page, failed = await reading.discussed(web, kinds, item, from_list=found.kind != reading.PAGE)
        if failed:
            click.echo(f"{escape(page.story.url or target)}: the comments are missing: {escape(failed)}", err=True)
        if wish.lines:
            yield _dumps(as_json(found.kind, page))
            continue
        yield ""
        for line in as_text(page, comments=wish.comments, about=verdict(wish.topic, page.story)):
            yield line


async def _look_local(web: Web, kinds: Kinds, target: str, kind: str | None) -> Detected:
    """Return what a file holds, or the new files of a folder; raises ``SourceError``."""
    require_name(target)
    if kind == FOLDER:
        return Detected(FOLDER, target, await kinds[FOLDER].read(web, folder.address_of(Path(target)), {}))
    if Path(target).is_dir():
        raise SourceError(f"The folder holds no file that could be read ({', '.join(SUFFIXES)}).")
    name, fetched = await kinds.parse(await asyncio.to_thread(load, Path(target)), kind)
    return Detected(name, target, fetched)


def address_of(target: str) -> str | None:
    """Return a target that is an address, also without its scheme, where no file has such a name; None for a path."""
    if is_url(target) or target.lower().startswith("feed:"):
        return target
    host = _HOST.match(target)
    if host is None or target.lower().endswith(SUFFIXES) or Path(target).exists():
        return None
    return target


def verdict(topic: str, story: Story) -> str:
    """Return whether a story is about a topic, and why, in one line."""
    found = topics.match(topic, plain(story.title), plain(story.summary), plain(story.body))
    return f"{'about' if found.match else 'not about'} {topic} ({found.score:.2f}): {'; '.join(found.reasons)}"


def _newest(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """Return the items in the source's order, or the newest where there are more than wanted; undated ones last."""
    if limit is None or len(items) <= limit:
        return items
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(items, key=lambda item: item.page.story.published_at or never, reverse=True)[:limit]


def _head(kinds: Kinds, target: str, found: Detected, shown: int) -> str:
    number = len(found.fetched.items)
    name = f" {plain(found.fetched.name)}" if found.fetched.name else ""
    count = "1 story" if number == 1 else f"{number} stories"
    cut = f", the newest {shown} of them (--limit shows more)" if shown < number else ""
    return escape(f"{target}: {kinds[found.kind].label}{name}, {count}{cut}")


def _dumps(value: dict[str, object]) -> str:
    """Return JSON on one line of plain ASCII: no text in it can drive a terminal or break a pipe's encoding."""
    return json.dumps(value).replace("\x7f", "\\u007f")
