"""The global limit's two kinds of window, and what a network does to them."""

from __future__ import annotations

import time

import aiohttp
import pytest

from sandbox.limits import SlidingWindow, Window
from sandbox.server import Sandbox


def _allowed(window: Window | SlidingWindow, times: list[float]) -> list[float]:
    return [at for at in times if window.take(at, 2, 1.0).allowed]


def test_a_fixed_window_may_let_twice_as_many_through_around_its_end():
    times = [10.0, 10.9, 10.95, 11.0, 11.05, 11.1]
    assert _allowed(Window(), times) == [10.0, 10.9, 11.0, 11.05]


def test_a_sliding_window_never_lets_more_through_in_any_second():
    times = [10.0, 10.9, 10.95, 11.0, 11.05, 11.1, 11.9]
    assert _allowed(SlidingWindow(), times) == [10.0, 10.9, 11.0, 11.9]


def test_a_refusal_says_when_there_is_room_again():
    window = SlidingWindow()
    for at in (10.0, 10.5):
        window.take(at, 2, 1.0)
    refused = window.take(10.75, 2, 1.0)
    assert (refused.allowed, refused.remaining, refused.reset_after) == (False, 0, 0.25)


@pytest.mark.asyncio
async def test_the_sandbox_counts_either_way_and_takes_its_time(box: Sandbox) -> None:
    box.world.limits.global_per_second = 2
    headers = {"Authorization": f"Bot {box.token}"}
    async with aiohttp.ClientSession() as web:

        async def ask() -> int:
            async with web.get(f"{box.api_url}/gateway", headers=headers) as answer:
                return answer.status

        for box.world.limits.sliding in (False, True):
            assert [await ask() for _ in range(3)] == [200, 200, 429]
        box.world.limits.jitter = 0.01
        began = time.perf_counter()
        for _ in range(10):
            await ask()
        assert time.perf_counter() - began > 0.005
