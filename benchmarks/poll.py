"""Polling beside bare downloading: 1,000 local feeds of about 50 KB, half of them unchanged; and what stalls the loop.

    python benchmarks/poll.py [FEEDS]

Prints ratios of wall and of CPU time (of unchanged feeds the median of eleven rounds); asserts nothing. The server has
a process of its own. Each feed has a host name of its own, as real feeds have, all of which lead to this machine; the
bare loop downloads the same addresses, as many at once. Both connect anew in every round, as no connection lasts from
one poll to the next.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import resource
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.http import Web
from bot.poll import AT_ONCE, Poller
from bot.sources.kinds import Kinds
from bot.store import sources
from bot.store.database import Database

ROUNDS = {"same": 11, "new": 1}  # the latter take long enough
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRIES, TEXT = 25, "Two agencies agree on a dish in the desert, and say who pays for what. " * 26
ITEM = """<item><title>Story {n} of {feed}</title><link>https://{feed}/{n}</link><guid>{feed}-{n}</guid>
<pubDate>{date}</pubDate><description>{text}</description></item>"""
HOSTILE = (
    b'<rss version="2.0"><channel><title>t</title><item><title a'
    + b"".join(b" a%d='1'" % n for n in range(300_000))
    + b">x</title></item></channel></rss>"
)


def feed(name: str, turn: int, entries: int = ENTRIES) -> bytes:
    """Return a feed whose newest story is another one in every turn."""
    numbers = range(turn, turn + entries)
    items = "".join(
        ITEM.format(n=n, feed=name, date=format_datetime(START + timedelta(minutes=n)), text=TEXT)
        for n in reversed(numbers)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'.encode()


async def _answer(request: web.Request) -> web.Response:
    name, turn = request.host.partition(":")[0], request.app["turn"]["now"]
    if name.startswith("hostile"):
        return web.Response(body=HOSTILE, content_type="application/rss+xml")
    if name.startswith("large"):
        return web.Response(body=feed(name, turn, 1500), content_type="application/rss+xml")
    unchanged = name.startswith("same")
    tag = "0" if unchanged else str(turn)
    if request.headers.get("If-None-Match") == f'"{tag}"':
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    body = feed(name, 0 if unchanged else turn)
    return web.Response(body=body, content_type="application/rss+xml", headers={"ETag": f'"{tag}"'})


async def _serve(pipe: Connection) -> None:
    state = {"now": 0}
    app = web.Application()
    app["turn"] = state
    app.router.add_get("/{tail:.*}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(site._server.sockets[0].getsockname()[1])
    while (turn := await asyncio.to_thread(pipe.recv)) is not None:
        state["now"] = turn
        pipe.send(True)
    await runner.cleanup()


def _server(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


class Here(AbstractResolver):
    """Leads every name to this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


class Turned:
    """The machine's clock, an hour further with every turn."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Timed:
    """The seconds and the CPU seconds of a block."""

    def __enter__(self) -> Timed:
        gc.collect()  # what another left is not ours to pay
        self.seconds, self.cpu = -time.perf_counter(), -_cpu()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds += time.perf_counter()
        self.cpu += _cpu()

    def line(self, what: str, count: int) -> str:
        rate, cpu = count / self.seconds, 1000 * self.cpu / count
        return f"{what:<44}{rate:>8.0f} feeds/s {cpu:>7.2f} ms CPU/feed"


async def _bare(addresses: list[str], tags: dict[str, str]) -> None:
    """Download and do nothing else."""
    left = iter(addresses)
    connector = aiohttp.TCPConnector(resolver=Here(), limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one() -> None:
            for address in left:
                headers = {"If-None-Match": tags[address]} if address in tags else {}
                async with session.get(address, headers=headers) as answer:
                    await answer.read()
                    tags[address] = answer.headers["ETag"]

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))


class Polling:
    """A bot's database and kinds; each ``drain`` has a ``Web`` of its own."""

    def __init__(self, database: Database, kinds: Kinds, clock: Turned) -> None:
        self._database, self._kinds, self._clock = database, kinds, clock

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, addresses: list[str], clock: Turned) -> AsyncIterator[Polling]:
        async with Database.open(folder / "poll.sqlite3") as database, Kinds.open() as kinds:
            async with database.write() as tx:
                for address in addresses:
                    await sources.add(tx, "feed", address, None, clock.now(), everyone=True)
            yield cls(database, kinds, clock)

    async def drain(self) -> int:
        """Read all that is due; returns how many were read."""
        total = 0
        async with Web.open(allow_private=True, spacing=0, resolver=Here()) as web_:
            poller = Poller(self._database, web_, self._kinds, self._clock, random=Random(1))
            while read := await poller.run_due():
                total += read
        return total


async def _stall(work: asyncio.Task[object]) -> list[float]:
    """Return by how many seconds a heartbeat was late while something else ran."""
    late = []
    while not work.done():
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        late.append(time.perf_counter() - began - 0.005)
    await work
    return sorted(late)


async def _compare(pipe: Connection, port: int, count: int) -> None:
    names = {"unchanged (304)": "same", "changed (one new story)": "new"}
    with tempfile.TemporaryDirectory() as folder:
        for what, prefix in names.items():
            addresses = [f"http://{prefix}{n}.example:{port}/feed" for n in range(count // 2)]
            clock, tags = Turned(), dict[str, str]()
            path = Path(folder, prefix)
            path.mkdir()
            pipe.send(0)
            pipe.recv()
            async with Polling.open(path, addresses, clock) as polling:
                with Timed() as baseline:
                    await polling.drain()
                print(baseline.line(f"first read, {len(addresses)} feeds", len(addresses)))
                await _bare(addresses, tags)
                rounds = []
                for turn in range(1, ROUNDS[prefix] + 1):
                    pipe.send(turn)
                    pipe.recv()
                    clock.ahead += timedelta(hours=2)
                    with Timed() as bare:
                        await _bare(addresses, tags)
                    with Timed() as polled:
                        read = await polling.drain()
                    print(bare.line(f"{what}: bare aiohttp", len(addresses)))
                    print(polled.line(f"{what}: polled", read))
                    rounds.append((bare.seconds / polled.seconds, bare.cpu / polled.cpu))
                wall, cpu = (median(ratios) for ratios in zip(*rounds, strict=True))
                print(f"{what}: {wall:.2f} of bare by wall time, {cpu:.2f} by CPU time", flush=True)


async def _stalls(port: int) -> None:
    for name in ("large", "hostile"):
        clock = Turned()
        with tempfile.TemporaryDirectory() as folder:
            addresses = [f"http://{name}.example:{port}/feed"]
            async with Polling.open(Path(folder), addresses, clock) as polling:
                late = await _stall(asyncio.create_task(polling.drain()))
        p99, worst = late[int(len(late) * 0.99)], late[-1]
        size = len(feed("large", 0, 1500) if name == "large" else HOSTILE) / 1e6
        print(f"loop late during a {name} feed ({size:.1f} MB): p99 {p99 * 1000:.0f} ms, worst {worst * 1000:.0f} ms")


async def _main(pipe: Connection, count: int) -> None:
    port = await asyncio.to_thread(pipe.recv)
    await _compare(pipe, port, count)
    await _stalls(port)


def main() -> None:
    """Start the server, compare, stop it."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_server, args=(theirs,))
    server.start()
    try:
        asyncio.run(_main(ours, int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
    finally:
        ours.send(None)
        server.join()


if __name__ == "__main__":
    main()
