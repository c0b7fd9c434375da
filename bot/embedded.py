"""The bot against the embedded sandbox: what ``rendezvous run`` does without a token, and ``rendezvous demo``."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot import library, sourcing
from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.config import Settings
from bot.deliver import SETTLE
from bot.errors import NotFound, RendezvousError, StoreError
from bot.http import CONTACT, Web
from bot.ingest import ingest
from bot.model import StoryPage
from bot.sources.kinds import Kinds
from bot.starter import STARTERS, Starter
from bot.store.database import Database

log = logging.getLogger(__name__)

STORY_CHANNEL = "space-news"
# The example site speaks as a Discourse forum does: that is how it is read.
SITE_KIND, SITE_NAME = "discourse", "Orbit Gazette"
READY_TIMEOUT = 30.0
STUCK = timedelta(minutes=2)


@dataclass(slots=True)
class Embedded:
    """A sandbox with the real bot connected to it. ``box`` is ``sandbox.server.Sandbox``, which bot/ never imports.

    ``site`` is the built-in example site, a ``sandbox.example_site.ExampleSite``, where one was asked for.
    """

    box: Any
    database: Database
    bot: Rendezvous
    serving: asyncio.Task[None]
    site: Any = None

    async def follow(self) -> None:
        """Let stories go to the sandbox's story channel, once."""
        guild, channel = self.box.world.guild.id, self.box.world.channel(STORY_CHANNEL).id
        if not await library.followed_channels(self.database, guild):
            admin = self.box.world.user("Ada").id
            await library.follow(self.database, guild, channel, admin, self.bot.clock.now())

    async def deliver(self, page: StoryPage, progress: Callable[[int], None] | None = None) -> None:
        """Ingest one page and wait until every delivery is settled; raises ``RendezvousError`` when it gets stuck."""
        await ingest(self.database, page, self.bot.clock.now(), deliver=True)
        self.bot.deliverer.wake()
        await self.settle(progress)

    async def follow_site(self) -> None:
        """Read the example site for all servers, and at once after each change there; ends when it is a source no more.

        A new site is read while it is empty, as a first read posts nothing; its first stories are then news.
        """
        changed = asyncio.Event()
        self.site.listeners.append(changed.set)
        source_id = await self._site_source()
        try:
            while True:
                changed.clear()
                await self._read_site(source_id)
                await changed.wait()
        except NotFound:
            log.info("the example site is no source any more source=%d", source_id)

    async def watch_site(self) -> None:
        """Read the example site at once after each change there, as soon as a server has added it; for ever."""
        changed = asyncio.Event()
        self.site.listeners.append(changed.set)
        while True:
            await changed.wait()
            changed.clear()
            for source, _ in await sourcing.overview(self.database):
                if source.address == self.site.url:
                    with suppress(NotFound):  # removed at this very moment
                        await self._read_site(source.id)

    async def _read_site(self, source_id: int) -> None:
        """Read the example site now, and publish its first stories once its emptiness is known."""
        try:
            await self.bot.poller.poll(source_id)
        except StoreError as error:  # the disk may be well again at the next change
            log.error("cannot store what the example site says cause=%s", error)
            return
        self.bot.poller.wake()  # the threads that this read found to have changed
        if not self.site.stories:
            self.site.seed()

    async def _site_source(self) -> int:
        """Return the example site's source, and forget those of earlier starts at other ports."""
        now = self.bot.clock.now()
        await sourcing.add_everyone(self.database, SITE_KIND, self.site.url, SITE_NAME, now)
        ours = [s for s, _ in await sourcing.overview(self.database) if s.kind == SITE_KIND and s.name == SITE_NAME]
        for source in ours:
            if source.address != self.site.url and source.everyone:
                await sourcing.remove_everywhere(self.database, source.id)
        return next(source.id for source in ours if source.address == self.site.url)

    async def settle(self, progress: Callable[[int], None] | None = None) -> None:
        """Wait until nothing is left to deliver."""
        left, since = -1, self.bot.clock.now()
        while not await self.bot.deliverer.settled():
            if self.serving.done():
                self.serving.result()
            now, waiting = self.bot.clock.now(), await self.bot.deliverer.waiting()
            if waiting != left:
                left, since = waiting, now
                if progress:
                    progress(left)
            if now - since > STUCK:
                raise RendezvousError(f"{left} deliveries did not settle; run again with LOG_LEVEL=DEBUG to see why.")
            await self.bot.clock.sleep(0.05)


@asynccontextmanager
async def embedded(
    database: Path,
    *,
    state: Path | None = None,
    record: Path | None = None,
    port: int = 0,
    page: bool = True,
    settle: timedelta = SETTLE,
    settings: Settings | None = None,
    web: Web | None = None,
    site: Path | None = None,
) -> AsyncIterator[Embedded]:
    """Start a sandbox and connect the real bot to it; both end with the context.

    ``site`` is the file that keeps an example site, which then runs as well; the guard lets its port alone through.
    ``web`` stands in for the one that is opened by the settings, in tests.
    """
    settings = settings or Settings()
    sandbox = importlib.import_module("sandbox.server").Sandbox
    clock = SystemClock()
    async with (
        Database.open(database, realm="sandbox", exclusive=True) as store,
        _example_site(site) as example,
        _web(settings, example) as opened,
        Kinds.open(settings.disqus_api_key) as kinds,
        sandbox.start(port=port, state=state, record=record, page=page) as box,
    ):
        use_api(box.api_url)
        bots: list[Rendezvous] = []

        def make_bot() -> Rendezvous:
            made = Rendezvous(
                store, web or opened, clock, kinds, embedded=True, settle=settle, content=settings.message_content
            )
            bots.append(made)
            return bots[-1]

        serving = asyncio.create_task(serve(make_bot, box.token, clock))
        try:
            await _first(box.ready(READY_TIMEOUT), serving)
            await _first(bots[-1].wait_until_ready(), serving)
            if example is not None:
                box.show_site(example)
                bots[-1].starters = (Starter(SITE_NAME, SITE_KIND, example.url), *STARTERS)
            yield Embedded(box, store, bots[-1], serving, example)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def _example_site(state: Path | None) -> AbstractAsyncContextManager[Any]:
    """Run the example site where there is a file to keep it in."""
    return importlib.import_module("sandbox.example_server").example_site(state) if state else nullcontext()


def _web(settings: Settings, site: Any) -> AbstractAsyncContextManager[Web]:
    """Open the web by the settings, and to the example site."""
    ports = [urlsplit(site.url).port or 0] if site else []
    return Web.open(
        contact=settings.contact_url or CONTACT,
        allow_private=settings.allow_private_networks,
        allow_loopback_ports=ports,
    )


async def _first(work: Any, serving: asyncio.Task[None]) -> None:  # any awaitable
    """Wait for ``work``, unless serving ends before it: then raise what ended it."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task, serving}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        serving.result()
    await task


def pages_to_read(readings: Sequence[StoryPage], known: bool) -> Sequence[StoryPage]:
    """Return the readings to play: all for a new world, only the last where the story is known already."""
    return readings[-1:] if known else readings
