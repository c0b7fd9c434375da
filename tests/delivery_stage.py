"""What the tests of delivery's rows share: a clock that can be turned, answers of our choice, and a bot at rest."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.embedded import Embedded
from bot.ingest import ingest
from bot.model import StoryPage
from bot.store import deliveries, lanes
from sandbox.faults import Fault
from sandbox.rest import pipeline

MESSAGES = r"/channels/\d+/messages$"


class TurnedClock:
    """The machine's clock, and ahead of it by as much as the test has turned it."""

    ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Give every bot that starts from now on this clock."""
    turned = TurnedClock()
    monkeypatch.setattr("bot.embedded.SystemClock", lambda: turned)
    return turned


@dataclass(frozen=True)
class Said:
    """An answer that the sandbox would never give by itself."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def limited(seconds: float, scope: str, code: int = 0) -> Said:
    """Return Discord's 429 as it is documented."""
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": scope == "global", "code": code}
    headers = {"Retry-After": f"{seconds:g}", "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return Said(429, json.dumps(body).encode(), headers=headers)


Order = Callable[..., Fault]


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Order:
    """Let the next requests of a kind be answered so; ``after``: their work is done all the same."""
    ordered: dict[int, tuple[Fault, Said]] = {}
    spoil = pipeline.spoil

    async def answer(core: Any, request: Any, call: Any, fault: Fault) -> web.StreamResponse:
        if id(fault) not in ordered:
            return await spoil(core, request, call, fault)
        said = ordered[id(fault)][1]
        core.recorder.note(call, said.status, None, injected=True)
        headers = {"Via": "1.1 google", "Content-Type": said.kind, **said.headers}
        return web.Response(status=said.status, body=said.body, headers=headers)

    monkeypatch.setattr(pipeline, "spoil", answer)

    def give(run: Embedded, said: Said, *, path: str = MESSAGES, method: str = "POST", **more: Any) -> Fault:
        fault: Fault = run.box.faults.add(method=method, path_regex=path, **more)
        ordered[id(fault)] = fault, said
        return fault

    return give


async def tell(run: Embedded, *pages: StoryPage) -> None:
    """Let the bot read pages, and wait until there is nothing that it could do about them now."""
    for page in pages:
        await ingest(run.database, page, run.bot.clock.now(), deliver=True)
    await at_rest(run)


async def turn(run: Embedded, clock: TurnedClock, seconds: float) -> None:
    """Let time pass for the bot, and wait until it has done what is due by then."""
    clock.ahead += seconds
    await at_rest(run)


async def at_rest(run: Embedded) -> None:
    """Wait until the bot has looked and has nothing under way; what waits for a later time may be left."""
    deliverer = run.bot.deliverer
    deliverer.wake()
    async with asyncio.timeout(20):
        while deliverer._lanes or (not deliverer._is_quiet() and await _has_work(run)):
            await asyncio.sleep(0.005)


async def _has_work(run: Embedded) -> bool:
    async with run.database.read() as tx:
        return bool(await lanes.due(tx, run.bot.clock.now()) or await deliveries.inflight(tx))


def refused(run: Embedded) -> int:
    """Count the 429s that we were answered."""
    return sum(entry["status"] == 429 for entry in run.box.traffic)
