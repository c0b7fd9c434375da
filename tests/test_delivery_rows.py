"""Rows D01 to D14, D32, D37 and H37 of faults.md: a real client, a sandbox that answers badly, and a clock to turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import discord
import pytest

from bot import history, library
from bot.aftermath import BETWEEN_EDITS
from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.embedded import Embedded
from bot.http import Web
from bot.ingest import ingest
from bot.model import State
from bot.sources.kinds import Kinds
from bot.store import deliveries, meta
from bot.store.database import Database
from sandbox.server import Sandbox
from tests.conftest import Check, Start
from tests.delivery_stage import Order, Said, TurnedClock, at_rest, clock, limited, order, refused, tell, turn
from tests.layout_stage import ANN, BOB, CEM, PAGE, asked, follow, page, say, shown, words

pytestmark = pytest.mark.asyncio
__all__ = ["clock", "order"]

NEWS, OTHER = "space-news", "general"
SERVERS_FAULT = ["500", "502", "503", "504", "520", "524"]
HTML = Said(200, b"<html><title>Just a moment</title></html>", "text/html")
NONSENSE = {
    "html": HTML,
    "empty": Said(200),
    "nothing": Said(204, kind="text/plain"),
    "no id": Said(200, b'{"content": "hello"}'),
    "null": Said(200, b"null"),
    "cut": Said(200, b'{"id": "12'),
}


def once(run: Embedded) -> None:
    """The story stands once with its comments, each once, in order."""
    (card,) = shown(run, NEWS)
    assert words(card["thread"]["messages"]) == ["first", "to Ann", "second"]


def fault(order: Order, run: Embedded, status: str, *, after: bool, times: int = 2) -> None:
    body = json.dumps({"message": f"{status}: error", "code": 0}).encode()
    order(run, Said(int(status), body), after=after, times=times)


@pytest.mark.parametrize("status", SERVERS_FAULT)
async def test_d01_what_a_fault_of_the_server_kept_from_happening_is_posted_once(
    start: Start, order: Order, status: str
) -> None:
    async with start() as run:
        await follow(run, NEWS)
        fault(order, run, status, after=False)
        await run.deliver(PAGE)
        once(run)
        assert len(asked(run, "POST", "/messages")) == 6


@pytest.mark.parametrize("status", SERVERS_FAULT)
async def test_d02_what_happened_in_spite_of_a_fault_of_the_server_is_not_posted_again(
    start: Start, order: Order, status: str
) -> None:
    async with start() as run:
        await follow(run, NEWS)
        fault(order, run, status, after=True)
        await run.deliver(PAGE)
        once(run)
        assert len(asked(run, "POST", "/messages")) == 4


@pytest.mark.parametrize("kind", ["reset", "close", "hang"])
async def test_d03_what_happened_without_an_answer_is_not_posted_again(
    start: Start, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.answers.DEADLINE", 0.5)
    async with start() as run:
        await follow(run, NEWS)
        run.box.faults.add(method="POST", path_regex=r"/messages$", kind=kind, after=True, times=2)
        await run.deliver(PAGE)
        once(run)
        assert len(asked(run, "POST", "/messages")) == 4


@pytest.mark.parametrize("scope", ["user", "shared"])
async def test_d05_d06_a_limit_makes_its_lane_wait_as_long_as_it_says_and_nobody_else(
    start: Start, clock: TurnedClock, order: Order, scope: str
) -> None:
    seconds = {"user": 20.0, "shared": 1337.0}[scope]
    async with start() as run:
        await follow(run, NEWS)
        await run.deliver(replace(PAGE, comments=()))
        thread = shown(run, NEWS)[0]["id"]
        order(run, limited(seconds, scope), path=rf"/channels/{thread}/messages$")
        began = asyncio.get_running_loop().time()
        await tell(run, PAGE, page(2, CEM))
        assert words(shown(run, NEWS)[1]["thread"]["messages"]) == ["second"]
        assert asyncio.get_running_loop().time() - began < seconds / 2
        await turn(run, clock, seconds - 5)
        assert shown(run, NEWS)[0]["thread"]["messages"] == []
        await turn(run, clock, 6)
        await run.settle()
        assert words(shown(run, NEWS)[0]["thread"]["messages"]) == ["first", "to Ann", "second"]
        assert refused(run) == 1
        assert len(asked(run, "POST", f"/{thread}/messages")) == 4


async def test_d05_a_short_limit_is_waited_for_where_it_is_met(start: Start, order: Order) -> None:
    async with start() as run:
        await follow(run, NEWS)
        order(run, limited(0.3, "user"))
        await run.deliver(PAGE)
        once(run)
        assert refused(run) == 1


async def test_d07_a_global_limit_stops_all_at_once_and_commands_are_still_answered(
    start: Start, clock: TurnedClock, order: Order
) -> None:
    async with start() as run:
        for channel in (NEWS, OTHER):
            await follow(run, channel)
        order(run, limited(30, "global"))
        await tell(run, PAGE)
        before = len(run.box.traffic)
        await tell(run, page(2), page(3))
        await turn(run, clock, 25)
        assert len(run.box.traffic) == before
        assert f"<#{run.box.world.channel(NEWS).id}>" in await say(run, "channels list", {})
        await turn(run, clock, 6)
        await run.settle()
        assert [len(shown(run, channel)) for channel in (NEWS, OTHER)] == [3, 3]
        assert refused(run) == 1


async def test_d07_a_short_global_limit_is_waited_for(start: Start, order: Order) -> None:
    async with start() as run:
        await follow(run, NEWS)
        order(run, limited(0.3, "global"))
        await run.deliver(PAGE)
        once(run)
        assert refused(run) == 1


async def another_server(run: Embedded) -> int:
    """Let the bot be invited to a second server, and follow its channel; returns that channel."""
    guild = run.box.world.add_guild("Another")
    (channel,) = [found for found in run.box.world.guild_channels(guild.id) if found.name == "general"]
    async with asyncio.timeout(10):
        while run.bot.get_channel(channel.id) is None:
            await asyncio.sleep(0.005)
    admin, now = run.box.world.user("Ada").id, run.bot.clock.now()
    await library.follow(run.database, guild.id, channel.id, admin, now, topics="everything")
    return int(channel.id)


@pytest.mark.parametrize(("code", "waits_too"), [(20028, False), (20029, True)])
async def test_d08_a_limit_of_a_channel_or_of_a_server_makes_that_wait_and_nobody_else(
    start: Start, clock: TurnedClock, order: Order, code: int, waits_too: bool
) -> None:
    async with start() as run:
        for channel in (NEWS, OTHER):
            await follow(run, channel)
        elsewhere = await another_server(run)
        order(run, limited(600, "shared", code), path=rf"/channels/{run.box.world.channel(NEWS).id}/messages$")
        await tell(run, page(1))
        await tell(run, page(2), page(3))
        assert shown(run, NEWS) == []
        assert len(run.box.messages(elsewhere)) == 3
        assert (len(shown(run, OTHER)) < 3) is waits_too
        await turn(run, clock, 595)
        assert shown(run, NEWS) == []
        await turn(run, clock, 6)
        await run.settle()
        assert [len(shown(run, channel)) for channel in (NEWS, OTHER)] == [3, 3]
        assert refused(run) == 1


class Hasty:
    """asyncio for discord.py, whose pauses are noted and not waited for."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def connected(tmp_path: Path, check_traffic: Check) -> AsyncIterator[Embedded]:
    """The bot as it runs with the real Discord, where its logins are counted."""
    clock, bots = SystemClock(), []
    async with Database.open(tmp_path / "t.sqlite3") as database, Web.open() as web, Sandbox.start(page=False) as box:
        use_api(box.api_url)
        box.world.limits.open()

        def make() -> Rendezvous:
            bots.append(Rendezvous(database, web, clock, Kinds({})))
            return bots[-1]

        serving = asyncio.create_task(serve(make, box.token, clock))
        try:
            await box.ready(10)
            await bots[-1].wait_until_ready()
            yield Embedded(box, database, bots[-1], serving)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        assert check_traffic(box.traffic) == []


@pytest.mark.parametrize("resumable", [False, True])
async def test_d12_after_an_invalid_session_the_bot_comes_back_in_time_and_counts_its_logins(
    tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch, resumable: bool
) -> None:
    hasty = Hasty()
    monkeypatch.setattr(discord.client, "asyncio", hasty)
    async with connected(tmp_path, check_traffic) as run:
        gateway, back = run.box.gateway, "on_resumed" if resumable else "on_connect"
        returned = asyncio.create_task(run.bot.wait_for(back.removeprefix("on_")))
        await asyncio.sleep(0)
        gateway.invalidate(resumable=resumable)
        await asyncio.wait_for(returned, 10)
        assert (gateway.identifies, gateway.resumes) == ((1, 1) if resumable else (2, 0))
        assert all(1 <= pause <= 5 for pause in hasty.pauses)
        assert len(hasty.pauses) == (0 if resumable else 1)
        async with run.database.read() as tx:
            assert len(json.loads(await meta.get(tx, "identifies") or "")) == gateway.identifies
        await run.follow()
        await run.deliver(PAGE)
        once(run)


async def test_the_bot_ends_in_the_middle_of_a_reconnect(
    tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(Hasty):
        async def sleep(self, seconds: float) -> None:
            self.pauses.append(seconds)
            await asyncio.Event().wait()

    stuck = Stuck()
    async with asyncio.timeout(20), connected(tmp_path, check_traffic) as run:
        monkeypatch.setattr(discord.client, "asyncio", stuck)
        run.box.gateway.invalidate()
        while not stuck.pauses:
            await asyncio.sleep(0.005)


async def test_d14_while_the_gateway_is_down_for_an_hour_posting_goes_on(
    start: Start, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []
    delay = discord.backoff.ExponentialBackoff.delay

    def short(self: Any) -> float:
        tries.append(delay(self))
        return 0.001

    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", short)
    monkeypatch.setattr(discord.client, "asyncio", Hasty())
    async with start() as run:
        await follow(run, NEWS)
        bot, gateway = run.bot, run.box.gateway
        gateway.refuse = True
        await gateway.drop(None)
        await run.deliver(PAGE)
        async with asyncio.timeout(20):
            while sum(tries) < 3600:
                await asyncio.sleep(0.005)
        clock.ahead += 3600
        await run.deliver(page(2, CEM))
        assert not gateway.connections
        general, returned = run.box.world.channel("general").id, asyncio.create_task(bot.wait_for("connect"))
        await asyncio.sleep(0)
        gateway.refuse = False
        await asyncio.wait_for(returned, 10)
        latest = await run.box.command(run.box.world.user("Max").id, general, "stories latest", {})
        assert "Story 2" in latest.embeds[0]["description"]
        assert run.bot is bot
        story, second = shown(run, NEWS)
        assert words(story["thread"]["messages"]) == ["first", "to Ann", "second"]
        assert words(second["thread"]["messages"]) == ["second"]


TOO_LARGE = Said(413, json.dumps({"message": "Request entity too large", "code": 40005}).encode())


@pytest.mark.parametrize("said", [TOO_LARGE, Said(413, b"<html>413</html>", "text/html")], ids=["json", "html"])
@pytest.mark.parametrize("times", [1, 2])
async def test_d32_what_is_too_large_is_said_without_its_embed_and_then_given_up(
    start: Start, order: Order, said: Said, times: int
) -> None:
    async with start() as run:
        await follow(run, NEWS)
        order(run, said, times=times)
        await run.deliver(PAGE)
        await run.deliver(page(2, CEM))
        *first, second = shown(run, NEWS)
        assert words(second["thread"]["messages"]) == ["second"]
        if times == 1:
            assert PAGE.story.title in first[0]["content"]
            assert first[0]["embeds"] == []
            return
        assert first == []
        found = await history.latest(run.database, run.box.world.guild.id)
        assert [history.state_of(entry)[:22] for entry in found if entry.retryable] == ["given up: Discord said"]
        assert len(asked(run, "POST", "/messages")) == 4


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("path", [r"/channels/\d+/messages$", r"/messages/\d+/threads$"], ids=["message", "thread"])
async def test_d37_an_answer_that_makes_no_sense_is_a_doubt(
    start: Start, order: Order, kind: str, after: bool, path: str
) -> None:
    async with start() as run:
        await follow(run, NEWS)
        order(run, NONSENSE[kind], path=path, after=after)
        await run.deliver(PAGE)
        once(run)
        assert len(asked(run, "POST", "/messages")) == (5 if not after and "threads" not in path else 4)


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "GET"])
async def test_d37_so_it_is_for_edits_deletions_and_looks(start: Start, order: Order, method: str) -> None:
    async with start() as run:
        await follow(run, NEWS)
        if method == "GET":
            run.box.faults.add(method="POST", path_regex=r"/messages$", kind="reset", after=True)
            order(run, HTML, method="GET")
        await run.deliver(PAGE)
        once(run)
        order(run, HTML, path=r"/messages/\d+$", method=method)
        await run.deliver(replace(PAGE, comments=(replace(ANN, body="edited"), BOB, replace(CEM, deleted=True))))
        assert words(shown(run, NEWS)[0]["thread"]["messages"]) == ["edited", "to Ann"]
        assert len(asked(run, "POST", "/messages")) == 4


async def test_h37_a_thousand_edits_in_a_minute_are_a_request_in_thirty_seconds(
    start: Start, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.aftermath.BETWEEN_EDITS", BETWEEN_EDITS)
    async with start() as run:
        await follow(run, NEWS)
        await run.deliver(PAGE)
        edits, note = [], run.box.core.recorder.note

        def timed(call: Any, *rest: Any, **more: Any) -> None:
            if call.method == "PATCH":
                edits.append(clock.monotonic())
            note(call, *rest, **more)

        monkeypatch.setattr(run.box.core.recorder, "note", timed)
        for number in range(1000):
            said = replace(PAGE, comments=(replace(ANN, body=f"version {number}"), BOB, CEM))
            clock.ahead += 0.06
            await ingest(run.database, said, clock.now(), deliver=True)
            if number % 25 == 0:
                await at_rest(run)
        assert len(edits) <= 3
        assert all(later - earlier >= 30 for earlier, later in pairwise(edits))
        await turn(run, clock, 31)
        await run.settle()
        assert words(shown(run, NEWS)[0]["thread"]["messages"]) == ["version 999", "to Ann", "second"]
        assert len(edits) <= 4


async def test_h37_what_rests_makes_neither_others_nor_its_deletion_wait(
    start: Start, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.aftermath.BETWEEN_EDITS", BETWEEN_EDITS)
    async with start() as run:
        await follow(run, NEWS)
        await run.deliver(PAGE)
        again = replace(BOB, body="edited")
        await tell(run, replace(PAGE, comments=(ANN, again, CEM)))
        again = replace(BOB, body="edited twice")
        await tell(run, replace(PAGE, comments=(ANN, again, replace(CEM, body="edited"))))
        assert words(shown(run, NEWS)[0]["thread"]["messages"]) == ["first", "edited", "edited"]
        assert await run.bot.deliverer.waiting() == 1
        await tell(run, replace(PAGE, comments=(ANN, replace(again, deleted=True), replace(CEM, body="edited"))))
        assert words(shown(run, NEWS)[0]["thread"]["messages"]) == ["first", "edited"]
        async with run.database.read() as tx:
            assert await deliveries.counts(tx) == {State.LIVE: 3, State.GONE: 1}
