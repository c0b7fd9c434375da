"""The poller with real feeds over a real, hostile web server: what sites do to us ends as a state of their source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import library
from bot.http import Web
from bot.poll import Poller
from bot.sources.kinds import Kinds
from bot.store import sources
from bot.store.database import Database
from tests.fakes import FakeClock
from tests.poll_stage import ADMIN, CHANNEL, GUILD
from tests.web_server import WebServer, cut, hang, in_turn, page, redirect, serve

pytestmark = pytest.mark.asyncio

XML = "application/rss+xml"
ENTRY = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">{guid}{number}</guid>
<pubDate>{date}</pubDate><description>About {title}.</description></item>"""


def rss(*numbers: int, **given: Any) -> bytes:
    """Return a feed of stories, the newest first."""
    now = FakeClock().now()
    entries = [
        ENTRY.format(**{
            "title": f"Story {n}", "link": f"https://example.org/{n}", "guid": "g", "number": n,
            "date": format_datetime(now.replace(hour=n % 12)), **given,
        })
        for n in sorted(numbers, reverse=True)
    ]  # fmt: skip
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>Orbit News</title>'
    return f"{head}<link>https://example.org/</link>{''.join(entries)}</channel></rss>".encode()


@dataclass
class Site:
    """A web server, a poller that reads it, and a channel that follows."""

    server: WebServer
    database: Database
    poller: Poller
    clock: FakeClock

    async def add(self, path: str = "/feed") -> int:
        async with self.database.write() as tx:
            source = await sources.add(tx, "feed", self.server.url(path), None, self.clock.now())
            await sources.share(tx, source.id, GUILD, ADMIN, self.clock.now())
        return source.id

    async def poll(self, number: int) -> Any:
        self.clock.turn(601)
        return await self.poller.poll(number)

    def gives(self, act: Any, path: str = "/feed") -> None:
        self.server.answers[path] = act  # type: ignore[index]

    async def cards(self) -> list[str]:
        sql = """SELECT s.title FROM deliveries d JOIN stories s ON s.id = d.story_id
            WHERE d.channel_id = ? ORDER BY s.id"""
        async with self.database.read() as tx:
            return [row[0] for row in await tx.execute_fetchall(sql, (CHANNEL,))]

    async def source(self, number: int) -> Any:
        async with self.database.read() as tx:
            return await sources.get(tx, number)


@asynccontextmanager
async def open_site(path: Path) -> AsyncIterator[Site]:
    clock = FakeClock()
    async with (
        serve({}) as server,
        Web.open(allow_loopback_ports={server.port}, clock=clock) as web,
        Kinds.open() as kinds,
        Database.open(path) as database,
    ):
        await library.follow(database, GUILD, CHANNEL, ADMIN, clock.now())
        yield Site(server, database, Poller(database, web, kinds, clock), clock)


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path / "t.sqlite3") as opened:
        yield opened


async def test_a_feed_is_read_conditionally_and_its_news_is_promised(site):
    site.gives(page(rss(1, 2), 'ETag: "a"', kind=XML))
    number = await site.add()
    report = await site.poll(number)
    assert (report.intake.found, report.intake.baseline, report.source.name) == (2, True, "Orbit News")
    site.gives(page(b"", 'ETag: "a"', status="304 Not Modified"))
    assert (await site.poll(number)).intake.unchanged
    assert site.server.requests[-1].headers["if-none-match"] == '"a"'
    site.gives(page(rss(1, 2, 3), kind=XML))
    assert (await site.poll(number)).intake.posted == 1
    assert await site.cards() == ["Story 3"]


@pytest.mark.parametrize(
    "act",
    [
        page(b"<html><body>Please log in.</body></html>"),
        page(b'{"a": 1}', kind="application/json"),
        page(b""),
        page(bytes(range(256)) * 40, kind=XML),
        page(status="404 Not Found"),
        page(status="500 Internal Server Error"),
        cut(rss(1, 2, 3), 100_000, kind=XML),
        redirect("/feed"),
        redirect("http://10.0.0.1/"),
    ],
)  # fmt: skip
async def test_s28_what_is_no_feed_any_more_keeps_the_old_state(site, act):
    site.gives(page(rss(1, 2), kind=XML))
    number = await site.add()
    await site.poll(number)
    before = await site.source(number)
    site.gives(act)
    report = await site.poll(number)
    after = await site.source(number)
    assert report.error
    assert (after.fails, after.cursor, after.stopped_reason) == (1, before.cursor, None)
    site.gives(page(rss(1, 2, 3), kind=XML))
    assert (await site.poll(number)).intake.posted == 1


async def test_s22_a_cut_document_adds_what_came_before_the_cut_and_takes_nothing(site):
    site.gives(page(rss(1, 2, 3), kind=XML))
    number = await site.add()
    await site.poll(number)
    whole = rss(1, 2, 3, 4, 5)
    site.gives(page(whole[: whole.index(b"Story 2")], kind=XML))
    await site.poll(number)
    assert set(await site.cards()) <= {"Story 4", "Story 5"}
    site.gives(page(whole, kind=XML))
    await site.poll(number)
    assert await site.cards() == ["Story 4", "Story 5"]


@pytest.mark.parametrize(
    ("status", "header", "soonest", "latest"),
    [
        ("503 Busy", "Retry-After: 99999999999", 86400, 86400),
        ("503 Busy", "Retry-After: -5", 60, 180),
        ("429 Slow", "Retry-After: 7200", 7200, 7200),
        ("429 Slow", "Retry-After: soon", 60, 180),
    ],
)
async def test_s05_s06_retry_after(site, status, header, soonest, latest):
    site.gives(page(b"", header, status=status))
    number = await site.add()
    report = await site.poll(number)
    assert soonest <= (report.source.next_at - site.clock.now()).total_seconds() <= latest


async def test_s06_a_429_quiets_the_whole_host(site):
    site.gives(page(b"", "Retry-After: 7200", status="429 Slow"))
    site.gives(page(rss(1), kind=XML), "/other")
    await site.poll(await site.add())
    other = await site.add("/other")
    asked = len(site.server.requests)
    assert (await site.poll(other)).error
    assert len(site.server.requests) == asked
    site.clock.turn(7200)
    assert (await site.poll(other)).intake.baseline


async def test_s07_a_feed_that_moved_for_good_is_read_at_its_new_address(site):
    site.gives(redirect("/new", 301))
    site.gives(page(rss(1, 2), kind=XML), "/new")
    number = await site.add()
    for _ in range(3):
        await site.poll(number)
    assert (await site.source(number)).address == site.server.url("/new")
    site.gives(page(rss(1, 2, 3), kind=XML), "/new")
    await site.poll(number)
    assert site.server.requests[-1].target == "/new"
    assert await site.cards() == ["Story 3"]


async def test_s07_a_feed_that_moved_for_now_keeps_its_address(site):
    site.gives(redirect("/new", 302))
    site.gives(page(rss(1, 2), kind=XML), "/new")
    number = await site.add()
    for _ in range(5):
        await site.poll(number)
    assert (await site.source(number)).address == site.server.url("/feed")


async def test_s02_a_hanging_feed_delays_no_other(site):
    site.gives(hang())
    site.gives(in_turn(page(rss(1), kind=XML), page(rss(1, 2), kind=XML)), "/good")
    await site.add()
    await site.add("/good")
    task = asyncio.create_task(site.poller.run())
    async with asyncio.timeout(10):
        while not await site.cards():
            site.clock.turn(3600)
            site.poller.wake()
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await site.cards() == ["Story 2"]
    assert (await site.source(1)).last_read_at is None


async def test_s10_gone(site):
    site.gives(page(status="410 Gone"))
    number = await site.add()
    assert (await site.poll(number)).source.stopped_reason == "it says that it is gone for good"


async def test_s29_guids_that_change_on_every_read(site):
    number = await site.add()
    for turn, numbers in enumerate([(1, 2), (1, 2), (1, 2, 3), (1, 2, 3)]):
        site.gives(page(rss(*numbers, guid=f"{turn}-"), kind=XML))
        await site.poll(number)
    assert await site.cards() == ["Story 3"]


async def test_s33_entries_without_guid_and_link(site):
    def bare(*numbers: int) -> bytes:
        entries = "".join(f"<item><title>Story {n}</title></item>" for n in sorted(numbers, reverse=True))
        return f'<rss version="2.0"><channel><title>N</title>{entries}</channel></rss>'.encode()

    number = await site.add()
    for numbers in [(1, 2), (1, 2, 3), (1, 2, 3), (2, 3)]:
        site.gives(page(bare(*numbers), kind=XML))
        await site.poll(number)
    assert await site.cards() == ["Story 3"]
