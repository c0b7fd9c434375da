"""The bot as a process that is killed: the real one, but for a faster clock, a site in a file and a deadly step."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import cogs.channels
import cogs.sources
import cogs.stories
import cogs.topics  # noqa: F401  # loaded by the bot itself; here, so that a forked process has them already
from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.deliver import SETTLE
from bot.http import Web
from bot.sources.base import Cursor, Discussion, Document, Fetched, Item, NotThisKind
from bot.store.database import Database
from tests import crash_points, crash_site
from tests.crash_time import FastClock, FastLoop

KIND = "script"


class Life(NamedTuple):
    """What a process is told. ``ahead``: its clock; ``point`` and ``passages``: where it shall kill itself."""

    folder: str
    api_url: str
    token: str
    ahead: float
    point: str | None = None
    passages: int = 1
    settle: timedelta = SETTLE


class SiteKind:
    """A kind of source that reads the site in a file."""

    name, label = KIND, "Script"

    async def parse(self, document: Document) -> Fetched:
        raise NotThisKind("This kind parses nothing.")

    async def find(self, web: Any, document: Document) -> str | None:
        return None

    async def read(self, web: Any, address: str, cursor: Cursor) -> Fetched:
        await asyncio.sleep(1)  # a site takes its time: C01
        version, stories = crash_site.read(Path(address))
        return Fetched(tuple(Item(one.page()) for one in reversed(stories)), cursor={"version": str(version)})

    async def discuss(self, web: Any, address: str, cursor: Cursor) -> Discussion:
        raise NotThisKind("This kind has no threads.")


class Kinds(dict[str, Any]):
    async def probe(self, web: Any, url: str) -> Any:
        return None, ()


def run(life: Life) -> None:
    """Live; ends only by a signal."""
    log_to(Path(life.folder) / "log")
    if life.point:
        crash_points.arm(life.point, life.passages)
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(live(life))


async def live(life: Life) -> None:
    folder, clock = Path(life.folder), FastClock(life.ahead)
    use_api(life.api_url)
    bots: list[Rendezvous] = []
    async with Database.open(folder / "t.sqlite3", exclusive=True) as database, Web.open() as web:

        def make() -> Rendezvous:
            # embedded: the login breaker would rightly stop a process that dies this often
            bot = Rendezvous(database, web, clock, Kinds({KIND: SiteKind()}), embedded=True, settle=life.settle)
            bot._connection.guild_ready_timeout = 6  # as much as it is in a slower life
            bots[:] = [bot]
            return bot

        serving = asyncio.create_task(serve(make, life.token, clock))
        reading = asyncio.create_task(follow_site(folder / "site.json", bots))
        await asyncio.wait({serving, reading}, return_when=asyncio.FIRST_COMPLETED)
        await (serving if serving.done() else reading)


async def follow_site(path: Path, bots: list[Rendezvous]) -> None:
    """Read the site at once when it changed, and once at the start."""
    known = 0
    while True:
        changed = path.stat().st_mtime_ns
        if bots and changed != known:
            known = changed
            await bots[0].poller.poll(1)
        await asyncio.sleep(2)


def log_to(path: Path) -> None:
    """Send all that this process says into a file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(file, 1)
    os.dup2(file, 2)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"%(asctime)s {os.getpid()} %(name)s %(message)s")
    logging.getLogger("discord").setLevel(logging.WARNING)
