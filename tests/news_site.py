"""A small news site on this machine: a front page that names its feed, and the feed, which tests may change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

NEWEST = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRONT = """<!doctype html><html><head><title>Orbit and Dock</title>
<link rel="alternate" type="application/rss+xml" title="Stories" href="/feed"></head><body><p>News.</p></body></html>"""
ITEM = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">story-{number}</guid>
<pubDate>{date}</pubDate><description>Two agencies agree, part {number}.</description></item>"""
FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{name}</title><link>{home}</link>
<description>About docking</description>{items}</channel></rss>"""


class NewsSite:
    """What the site shows, and what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.name = "Orbit and Dock"
        self.titles = [f"Agencies sign airlock agreement {number}" for number in range(1, 8)]
        self.status = 200
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The address of its front page."""
        return f"http://127.0.0.1:{self.port}/"

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.asked.append(request.path)
        if self.status != 200:
            return web.Response(status=self.status)
        if request.path == "/":
            return web.Response(text=FRONT, content_type="text/html")
        if request.path == "/feed":
            return web.Response(text=self.feed(), content_type="application/rss+xml")
        return web.Response(status=404)

    def feed(self) -> str:
        """Return the feed: the last title is the newest story."""
        count = len(self.titles)
        items = [
            ITEM.format(
                title=title,
                link=f"{self.url}{number}",
                number=number,
                date=format_datetime(NEWEST - timedelta(days=count - number)),
            )
            for number, title in enumerate(self.titles, 1)
        ]
        return FEED.format(name=self.name, home=self.url, items="".join(reversed(items)))


@asynccontextmanager
async def news_site() -> AsyncIterator[NewsSite]:
    """Run a news site until the block ends."""
    site = NewsSite()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()
