"""Adding sources from the command line: look at each, several at once, and keep those that can be read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bot import sourcing
from bot.cli.progress import bar, say
from bot.cli.refusals import refusal, require_name
from bot.cli.source_table import preview
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.errors import SourceError
from bot.http import CONTACT, Web
from bot.log import escape
from bot.markdown import clean_line
from bot.previews import NAME_LIMIT
from bot.sources.folder import Folder, address_of
from bot.sources.kinds import Detected, Kinds, typed
from bot.starter import STARTERS
from bot.store.database import Database

AT_ONCE = 8
STATUSES = ("added", "known", "refused")


@dataclass(frozen=True, slots=True)
class Tools:
    """What is open while a command works."""

    database: Database
    web: Web
    kinds: Kinds
    clock: Clock
    private: bool


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Tools]:
    """Open the database, which the running bot may use too, and what reads addresses."""
    contact, private = settings.contact_url or CONTACT, settings.allow_private_networks
    async with (
        Database.open(settings.database_path) as database,
        Web.open(contact=contact, allow_private=private) as web,
        Kinds.open(settings.disqus_api_key) as kinds,
    ):
        yield Tools(database, web, kinds, SystemClock(), private)


async def add_starters(tools: Tools) -> Counter[str]:
    """Add the starter list without reading it now; returns how many became what."""
    counts: Counter[str] = Counter()
    for first in STARTERS:
        status = await _store(tools, first.kind, first.address, first.name)
        click.echo(_line(status, f"{first.name}: {first.address}"))
        counts[status] += 1
    return counts


async def add_all(
    tools: Tools, listed: Sequence[tuple[str, str]], kind: str | None = None, *, show: bool = False
) -> Counter[str]:
    """Look at each (name, target) and add it for all servers, by ``kind`` or however it can be read.

    A line is printed for each as soon as it is known, with ``show`` its newest stories below it; one that is refused
    does not keep out the others. Returns how many became what.
    """
    counts: Counter[str] = Counter()
    turns = asyncio.Semaphore(AT_ONCE)  # most of it is waiting for sites
    with bar("adding", len(listed)) as progress:
        task = progress.add_task("add", total=len(listed))

        async def one(name: str, target: str) -> None:
            async with turns:
                status, lines = await _add(tools, name, target, kind, show)
            counts[status] += 1
            say(progress, "\n".join(lines))
            progress.advance(task)

        async with asyncio.TaskGroup() as group:
            for name, target in listed:
                group.create_task(one(name, target))
    return counts


async def _add(tools: Tools, name: str, target: str, kind: str | None, show: bool) -> tuple[str, list[str]]:
    try:
        found = await _look(tools, target, kind)
    except SourceError as error:
        return "refused", [_line("refused", f"{target}: {refusal(error, target, private=tools.private)}")]
    name = clean_line(name or found.fetched.name or found.address)[:NAME_LIMIT]
    status = await _store(tools, found.kind, found.address, name)
    line = _line(status, f"{name} ({tools.kinds[found.kind].label}): {found.address}")
    return status, [line, *(preview(found) if show else ())]


async def _look(tools: Tools, target: str, kind: str | None) -> Detected:
    """Read a target once; raises ``SourceError``. Only here, where the operator types, is a path a folder."""
    require_name(target)
    if kind == Folder.name or (kind is None and Path(target).is_dir()):
        kind, address = Folder.name, address_of(Path(target))
    elif kind is None:
        return await tools.kinds.detect(tools.web, target)
    else:
        address = typed(target)
    return Detected(kind, address, await tools.kinds[kind].read(tools.web, address, {}))


async def _store(tools: Tools, kind: str, address: str, name: str) -> str:
    new = await sourcing.add_everyone(tools.database, kind, address, name, tools.clock.now())
    return "added" if new else "known"


def _line(status: str, text: str) -> str:
    return f"{status:<7}  {escape(text)}"
