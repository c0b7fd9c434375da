"""Faults to order: each goes wrong in its own way, and its effect is kept or not."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import aiohttp
import aiohttp.web
import discord
import pytest

from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Raw, Stage

pytestmark = pytest.mark.asyncio
TAKE = "sandbox.faults:Faults.take"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py not wait between its tries."""
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda delay, *rest: real(min(delay, 0.01), *rest))


def ordered(stage: Stage, kind: str, **more: Any) -> Any:
    return stage.box.faults.add(method="POST", path_regex="/messages$", kind=kind, **more)


async def post(stage: Stage) -> Raw:
    return await stage.raw("POST", stage.messages, {"content": "x"})


def posted(stage: Stage) -> int:
    return len(stage.world.messages[stage.news.id])


@behaviour(
    "faults.before",
    "A fault before the work leaves nothing behind",
    TAKE,
    Around(lambda original, self, *args: _later(original(self, *args))),
)
async def test_faults_before_the_work(stage: Stage) -> None:
    ordered(stage, "500")
    assert (await post(stage)).status == 500
    assert posted(stage) == 0


def _later(fault: Any) -> Any:
    if fault is not None:
        fault.after = True
    return fault


def _sooner(fault: Any) -> Any:
    if fault is not None:
        fault.after = False
    return fault


@behaviour(
    "faults.commit-then-reset",
    "Commit then reset: the work is done, the answer is lost",
    TAKE,
    Around(lambda original, self, *args: _sooner(original(self, *args))),
)
async def test_commit_then_reset(stage: Stage) -> None:
    ordered(stage, "reset", after=True)
    with pytest.raises(aiohttp.ClientOSError):
        await post(stage)
    assert posted(stage) == 1


@behaviour(
    "faults.close",
    "The line can be closed without an answer",
    "sandbox.rest.spoil:_cut",
    lambda request, *, hard: aiohttp.web.Response(status=500),
)
async def test_closed_lines(stage: Stage) -> None:
    ordered(stage, "close")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(stage)


@behaviour("faults.hang", "A request can hang", TAKE, always(None))
async def test_hanging_requests(stage: Stage) -> None:
    fault = ordered(stage, "hang", after=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post(stage), 0.2)
    assert (fault.hits, posted(stage)) == (1, 1)


@behaviour(
    "faults.server-errors", "500 is JSON; 502, 503 and 520 are pages of Discord's edge", "sandbox.rest.spoil:HTML", {}
)
async def test_server_errors(stage: Stage) -> None:
    for kind in ("500", "502", "503", "520"):
        ordered(stage, kind)
        answer = await post(stage)
        kinds = (answer.status, answer.headers["Content-Type"].startswith("text/html"))
        assert kinds == (int(kind), kind != "500")


@behaviour(
    "faults.retried",
    "discord.py repeats a 502 by itself; the nonce makes it one message",
    "sandbox.rest.messages:sent_before",
)
async def test_discord_py_repeats(stage: Stage) -> None:
    ordered(stage, "502", after=True, times=2)
    await stage.news.send("x")
    assert posted(stage) == 1


@behaviour(
    "faults.not-retried",
    "discord.py does not repeat a 503",
    TAKE,
    Around(lambda original, self, *args: _as_502(original(self, *args))),
)
async def test_discord_py_gives_up(stage: Stage) -> None:
    ordered(stage, "503")
    with pytest.raises(discord.DiscordServerError):
        await stage.news.send("x")


def _as_502(fault: Any) -> Any:
    if fault is not None:
        fault.kind = "502"
    return fault


@behaviour(
    "faults.storm",
    "A storm of 429 can be ordered, of the bot's own scope or shared",
    "sandbox.rest.spoil:_throttled",
    lambda core, fault: aiohttp.web.Response(status=500),
)
async def test_storms(stage: Stage) -> None:
    ordered(stage, "429", times=3, retry_after=0.01)
    assert [(await post(stage)).status for _ in range(4)] == [429, 429, 429, 200]
    ordered(stage, "429", shared=True)
    assert (await post(stage)).headers["X-RateLimit-Scope"] == "shared"


@behaviour("faults.slow", "A request can be slow, and still be done", TAKE, always(None))
async def test_slow_requests(stage: Stage) -> None:
    fault = ordered(stage, "slow", retry_after=0.01)
    began = time.monotonic()
    assert (await post(stage)).status == 200
    assert fault.hits == 1
    assert time.monotonic() - began >= 0.01


@behaviour(
    "faults.aimed",
    "A fault waits for its method and path",
    TAKE,
    lambda self, _method, _path: self.waiting.pop() if self.waiting else None,
)
async def test_faults_are_aimed(stage: Stage) -> None:
    ordered(stage, "500")
    assert (await stage.raw("GET", "/users/@me")).status == 200
    assert (await post(stage)).status == 500
    assert (await post(stage)).status == 200


@behaviour(
    "faults.outage",
    "In an outage nothing works; afterwards all is as before",
    "sandbox.faults:Faults.add",
    Around(lambda original, self, **named: original(self, **(named | {"times": 1}))),
)
async def test_outages(stage: Stage) -> None:
    stage.bot.forget()
    async with stage.box.outage():
        assert {(await stage.raw("GET", "/users/@me")).status for _ in range(3)} == {503}
        with suppress(TimeoutError):
            await stage.bot.hear("shard_disconnect")
    await stage.bot.hear("shard_resumed shard_connect", 5)
    assert (await stage.raw("GET", "/users/@me")).status == 200
