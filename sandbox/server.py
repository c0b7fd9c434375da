"""The local Discord as a whole: start it, talk to it, stop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self

from aiohttp import web

from sandbox import page_events, page_site, state, transcript
from sandbox.core import Core
from sandbox.example_site import ExampleSite
from sandbox.gateway import Gateway
from sandbox.interactions import Answer, Interactions
from sandbox.limits import LARGE
from sandbox.model import Json
from sandbox.page import add_page_routes
from sandbox.page_events import PageEvents
from sandbox.people import People
from sandbox.record import Recorder
from sandbox.rest.files import add_file_routes
from sandbox.rest.pipeline import add_rest_routes
from sandbox.world import default_world

HOST = "127.0.0.1"
SWEEP_SECONDS = 30.0

__all__ = ["Answer", "Sandbox"]


class Sandbox(People):
    """A running local Discord on loopback; made by ``Sandbox.start``."""

    def __init__(self, state_path: Path | None, record: Path | None) -> None:
        known = state_path is not None and state_path.exists()
        self.world = state.load(state_path) if state_path is not None and known else default_world()
        super().__init__(self.world, Interactions(self.world))
        self.gateway = Gateway(self.world)
        self.core = Core(self.world, self.gateway, self._interactions, Recorder(record))
        self.faults = self.core.faults
        self.page_events = PageEvents()
        self._keeper = state.Keeper(self.world, state_path) if state_path is not None else None
        self._interactions.dispatch.append(self.gateway.on_event)
        self.world.listeners += [self.gateway.on_event, self.page_events.on_event]
        if self._keeper is not None:
            self.world.listeners.append(self._keeper.on_event)
        self.world.clock.listeners.append(self.world.archive_idle)
        self._sweeper: asyncio.Task[None] | None = None
        self.port = 0
        self.site: ExampleSite | None = None

    @classmethod
    @asynccontextmanager
    async def start(
        cls, port: int = 0, state: Path | None = None, record: Path | None = None, page: bool = True
    ) -> AsyncIterator[Self]:
        """Run a local Discord until the block ends."""
        box = cls(state, record)
        runner = await box._serve(port, page)
        try:
            yield box
        finally:
            await box._stop(runner)

    async def _serve(self, port: int, page: bool) -> web.AppRunner:
        app = web.Application(client_max_size=26 * 1024 * 1024)
        add_rest_routes(app, self.core)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        add_file_routes(app, self.core)
        if page:
            add_page_routes(app, self)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        self.port = runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        self.core.url = self.world.files_url = self.page_url
        self._sweeper = asyncio.create_task(self._sweep())
        return runner

    async def _sweep(self) -> None:
        """Let idle threads fall asleep while nobody pushes the clock."""
        while not await self.world.clock.wait(self.core.stopping, SWEEP_SECONDS):
            self.world.archive_idle()

    async def _stop(self, runner: web.AppRunner) -> None:
        self.core.stopping.set()
        if self._sweeper is not None:
            await self._sweeper
        await self.gateway.drop(1001)
        await runner.cleanup()
        self.core.recorder.close()
        if self._keeper is not None:
            self._keeper.save()

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Be down: every socket cut, every request answered 503, no gateway; afterwards all is as before."""
        self.gateway.refuse = True
        fault = self.faults.add(kind="503", times=LARGE)
        await self.gateway.drop(None)
        try:
            yield
        finally:
            self.gateway.refuse = False
            self.faults.withdraw(fault)

    def show_site(self, site: ExampleSite) -> None:
        """Let the page show an example site and follow its changes."""
        self.site = site
        site.listeners.append(partial(page_site.announce, site, self.page_events))

    @property
    def token(self) -> str:
        """The bot token that is accepted."""
        return self.world.token

    @property
    def api_url(self) -> str:
        """What discord.http.Route.BASE has to be."""
        return f"http://{HOST}:{self.port}/api/v10"

    @property
    def gateway_url(self) -> str:
        """What DiscordWebSocket.DEFAULT_GATEWAY has to be (as a yarl.URL)."""
        return f"ws://{HOST}:{self.port}/gateway"

    @property
    def page_url(self) -> str:
        """Where a person looks at it."""
        return f"http://{HOST}:{self.port}/"

    @property
    def traffic(self) -> list[Json]:
        """Every request so far with its answer, in the validator's form."""
        return self.core.recorder.traffic

    async def ready(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - the contract says so
        """Wait until a bot's session had READY."""
        await asyncio.wait_for(self.gateway.ready.wait(), timeout)

    def transcript(self) -> Json:
        """Return what a reader would see in every channel."""
        return transcript.transcript(self.world)

    def snapshot(self) -> Json:
        """Return guilds, users and commands for the page."""
        return page_events.snapshot(self.world)

    def messages(self, channel_id: int) -> list[Json]:
        """Return a channel's messages as Discord JSON, oldest first."""
        return page_events.messages(self.world, channel_id)
