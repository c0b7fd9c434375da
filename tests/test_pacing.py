"""The pacer in virtual time: no window of Discord's ever sees too much, and little is given away for that."""

from __future__ import annotations

import asyncio
from random import Random
from types import SimpleNamespace

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from bot.chat.answers import Barred
from bot.chat.pacing import LIMIT, Pacer
from tests.virtual_time import LoopClock, run

API = URL("https://discord.com/api/v10/channels/1/messages")
EXEMPT = (
    "https://discord.com/api/v10/interactions/1/token/callback",
    "https://discord.com/api/v10/webhooks/1/token/messages/@original",
    "https://cdn.discordapp.com/icons/1/a.png",
    "https://gateway.discord.gg/?v=10",
)


class Server:
    """Counts requests when they arrive, some time after they were sent and before their answer is back."""

    def __init__(self, pacer: Pacer, jitter: float, seed: int, lost: float = 0.0) -> None:
        self.pacer, self.jitter, self.lost = pacer, jitter, lost
        self.random = Random(seed)
        self.arrived: list[float] = []

    async def request(self) -> None:
        await self.pacer.enter()
        try:
            delay, back = self.random.uniform(0, self.jitter), self.random.random()
            await asyncio.sleep(delay * (1 - back))
            self.arrived.append(asyncio.get_running_loop().time())
            if self.random.random() < self.lost:
                raise ConnectionResetError
            await asyncio.sleep(delay * back)
        except ConnectionResetError:
            pass
        finally:
            self.pacer.leave()


async def _flood(limit: int, count: int, jitter: float, seed: int, lost: float = 0.0) -> list[float]:
    server = Server(Pacer(LoopClock(), limit), jitter, seed, lost)
    await asyncio.gather(*(server.request() for _ in range(count)))
    return sorted(server.arrived)


def _most_in_a_sliding_window(arrived: list[float]) -> int:
    return max(sum(start <= at < start + 1 for at in arrived) for start in arrived)


def _most_in_a_fixed_window(arrived: list[float]) -> int:
    """As Discord's windows seem to be: each opens with the first request after the last one's end."""
    most, opened, used = 0, float("-inf"), 0
    for at in arrived:
        if at - opened >= 1:
            opened, used = at, 0
        used += 1
        most = max(most, used)
    return most


@given(
    limit=st.integers(1, 8),
    count=st.integers(1, 60),
    jitter=st.floats(0, 3),
    seed=st.integers(0, 2**32),
    lost=st.sampled_from([0.0, 0.2, 1.0]),
)
@settings(max_examples=150, deadline=None)
def test_no_window_ever_sees_more_than_the_limit(limit, count, jitter, seed, lost):
    arrived = run(_flood(limit, count, jitter, seed, lost))
    assert len(arrived) == count
    # Floating point may put two events a billionth of a second too close.
    spaced = [round(at, 6) for at in arrived]
    assert _most_in_a_sliding_window(spaced) <= limit
    assert _most_in_a_fixed_window(spaced) <= limit


@pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.99), (0.040, 0.95), (0.150, 0.90)])
def test_little_of_the_limit_is_given_away(jitter, share):
    arrived = run(_flood(LIMIT, 1000, jitter, seed=1))
    assert (len(arrived) - LIMIT) / (arrived[-1] - arrived[0]) >= share * LIMIT


def test_who_waits_goes_in_the_order_of_coming():
    async def work() -> list[int]:
        pacer, order = Pacer(LoopClock(), 2), []

        async def one(number: int) -> None:
            await pacer.enter()
            order.append(number)
            pacer.leave()

        await asyncio.gather(*map(one, range(20)))
        return order

    assert run(work()) == list(range(20))


def test_whoever_gives_up_waiting_takes_no_place_along():
    async def work() -> None:
        pacer = Pacer(LoopClock(), 1)
        await pacer.enter()
        impatient = asyncio.create_task(pacer.enter())
        await asyncio.sleep(0.1)
        impatient.cancel()
        pacer.leave()
        async with asyncio.timeout(1.5):
            await pacer.enter()

    run(work())


def _hooks(pacer: Pacer) -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    pacer.watch(config)
    config.freeze()
    return config


async def _send(config: aiohttp.TraceConfig, url: URL, *, refused: bool = False) -> None:
    """Call the hooks as aiohttp does; one that refuses an answer is followed by the report of an exception."""
    context = SimpleNamespace()
    session: aiohttp.ClientSession = None  # type: ignore[assignment]  # the hooks do not look at it
    await config.on_request_start.send(session, context, aiohttp.TraceRequestStartParams("POST", url, {}))
    answer = SimpleNamespace(status=200, headers={})
    await config.on_request_end.send(session, context, SimpleNamespace(url=url, response=answer))
    if refused:
        await config.on_request_exception.send(session, context, SimpleNamespace(url=url))


@pytest.mark.parametrize("url", EXEMPT)
def test_what_discord_does_not_count_is_not_held_back(url):
    async def work() -> float:
        config, loop = _hooks(Pacer(LoopClock(), 1)), asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5):
            await _send(config, URL(url))
        return loop.time() - began

    assert run(work()) == 0


@pytest.mark.parametrize("refused", [False, True])
def test_every_other_request_is_counted_once(refused):
    async def work() -> float:
        config, loop = _hooks(Pacer(LoopClock(), 1)), asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5):
            await _send(config, API, refused=refused)
        return loop.time() - began

    assert run(work()) == pytest.approx(4)


@pytest.mark.parametrize(("header", "seconds"), [("7.5", 7.5), ("0.2", 1.0), ("soon", 1.0)])
def test_d07_after_a_global_refusal_nobody_asks_and_nobody_loses_a_place(header, seconds):
    async def work() -> None:
        pacer, loop = Pacer(LoopClock(), 2), asyncio.get_running_loop()
        config, session = _hooks(pacer), None
        await pacer.enter()
        refused = SimpleNamespace(status=429, headers={"X-RateLimit-Global": "true", "Retry-After": header})
        context, began = SimpleNamespace(), loop.time()
        await config.on_request_start.send(session, context, aiohttp.TraceRequestStartParams("POST", API, {}))
        waiting = asyncio.create_task(pacer.enter())
        await asyncio.sleep(0)
        with pytest.raises(Barred):
            await config.on_request_end.send(session, context, SimpleNamespace(url=API, response=refused))
        await config.on_request_exception.send(session, context, SimpleNamespace(url=API))
        with pytest.raises(Barred) as barred:
            await waiting
        assert barred.value.everywhere
        with pytest.raises(Barred) as barred:
            await _send(config, API)
        assert barred.value.retry_after == pytest.approx(began + seconds - loop.time())
        await _send(config, URL(EXEMPT[0]))
        await asyncio.sleep(seconds)
        async with asyncio.timeout(0.1):
            await pacer.enter()
        pacer.leave()

    run(work())
