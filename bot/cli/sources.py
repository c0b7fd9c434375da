"""rendezvous sources: where the stories come from, for all servers; for the operator."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from bot import sourcing
from bot.cli.source_add import STATUSES, add_all, add_starters, opened
from bot.cli.source_check import NO_SOURCES, check_all
from bot.cli.source_table import table
from bot.clock import SystemClock
from bot.config import Settings
from bot.log import escape
from bot.opml import MAX_BYTES, parse_opml
from bot.sources.kinds import KINDS, typed
from bot.store.database import Database

HELP = """Choose where the stories come from. What you add here is read for all servers; admins add theirs in Discord.

All of it works beside the running bot, which notices within a minute. The first read of a source posts nothing: it only
remembers what is there.

\b
Examples:
  rendezvous sources add --starter               a list of well-known space-news sources
  rendezvous sources add https://blog.example/   finds out how the site can be read
  rendezvous sources add saved-pages/            a folder: each new file in it is a new story
  rendezvous sources import feeds.opml           what another feed reader exported
  rendezvous sources list
  rendezvous sources check                       reads all of them now and says what was found
  rendezvous sources remove 3
"""


@click.group("sources", help=HELP)
def sources() -> None:
    """Hold the commands; click shows ``HELP``."""


@sources.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List every source: for whom it is read, and how it fares."""

    async def show() -> str:
        async with Database.open(settings.database_path) as database:
            found = await sourcing.overview(database)
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        return table(found, SystemClock().now(), width) if found else NO_SOURCES

    click.echo(asyncio.run(show()))


@sources.command()
@click.argument("addresses", nargs=-1, metavar="ADDRESS|FOLDER...")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Read it as this kind instead of finding out.")
@click.option("--starter", is_flag=True, help="Add the starter list of space-news sources, without reading it now.")
@click.pass_obj
def add(settings: Settings, addresses: tuple[str, ...], kind: str | None, starter: bool) -> None:
    """Add sources for all servers, and show what they give."""
    if not addresses and not starter:
        raise click.UsageError("Name an address or a folder, or use --starter.")

    async def work() -> Counter[str]:
        async with opened(settings) as tools:
            counts: Counter[str] = await add_starters(tools) if starter else Counter()
            return counts + await add_all(tools, [("", address) for address in addresses], kind, show=True)

    _finish(work())


@sources.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE.opml")
@click.pass_obj
def import_(settings: Settings, file: Path) -> None:
    """Add the feeds of an OPML list. Each is read once; what is refused does not keep out the others."""
    with file.open("rb") as stream:
        listed = parse_opml(stream.read(MAX_BYTES + 1))

    async def work() -> Counter[str]:
        async with opened(settings) as tools:
            # With its scheme, an address from a file that somebody else wrote never is a folder of this machine.
            return await add_all(tools, [(name, typed(address)) for name, address in listed])

    _finish(work())


@sources.command()
@click.argument("which", nargs=-1, metavar="[ID|ADDRESS...]")
@click.pass_obj
def check(settings: Settings, which: tuple[str, ...]) -> None:
    """Read sources now, all if none is named, and say what was found. The running bot posts what is new."""

    async def work() -> int:
        async with opened(settings) as tools:
            return await check_all(tools, await sourcing.named(tools.database, which))

    if asyncio.run(work()):
        sys.exit(1)


@sources.command()
@click.argument("which", nargs=-1, required=True, metavar="ID|ADDRESS...")
@click.pass_obj
def remove(settings: Settings, which: tuple[str, ...]) -> None:
    """Forget sources, for all servers; their stories stay."""

    async def work() -> None:
        async with Database.open(settings.database_path) as database:
            for source in await sourcing.named(database, which):
                await sourcing.remove_everywhere(database, source.id)
                click.echo(f"removed  #{source.id} {escape(source.name or '')} {escape(source.address)}")

    asyncio.run(work())


def _finish(work: Coroutine[Any, Any, Counter[str]]) -> None:
    """Run what adds sources, print the counts, and end with 1 where something was refused."""
    counts = asyncio.run(work)
    click.echo(", ".join(f"{counts[status]} {status}" for status in STATUSES))
    if counts["refused"]:
        sys.exit(1)
