"""Discord's buckets as our client keeps them, in virtual time; and that discord.py really uses them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import discord
import pytest

from bot.chat.buckets import IDLE, LONGEST_WAIT, SMALL, Bucket, Buckets
from tests.virtual_time import run


class Server:
    """One bucket of Discord's: ``limit`` requests in a fixed window; a request too many is a failure of the test."""

    def __init__(self, limit: int, window: float) -> None:
        self.limit, self.window = limit, window
        self.ends, self.used = float("-inf"), 0
        self.refused = 0

    async def request(self, bucket: Bucket) -> float:
        """Go through a bucket as discord.py does and return when the request was counted."""
        loop = asyncio.get_running_loop()
        async with bucket:
            await asyncio.sleep(0.02)
            at = loop.time()
            if at >= self.ends:
                self.ends, self.used = at + self.window, 0
            self.used += 1
            self.refused += self.used > self.limit
            left, reset = max(0, self.limit - self.used), self.ends - at
            await asyncio.sleep(0.02)
            bucket.update(_answer(self.limit, left, reset))
        return at


def _answer(limit: int, left: int, reset: float):
    headers = {"X-Ratelimit-Limit": limit, "X-Ratelimit-Remaining": left, "X-Ratelimit-Reset-After": reset}
    return SimpleNamespace(headers=headers)


def _http():
    return SimpleNamespace(_buckets={}, get_ratelimit=None, max_ratelimit_timeout=30.0)


@pytest.mark.parametrize("at_once", [1, 3, 20])
def test_nothing_is_refused_and_no_token_is_wasted(at_once):
    async def work() -> None:
        server, bucket = Server(5, 5.0), Buckets(_http())._get("messages:1")
        turns, times = asyncio.Semaphore(at_once), []

        async def one() -> None:
            async with turns:
                times.append(await server.request(bucket))

        await asyncio.gather(*(one() for _ in range(20)))
        assert server.refused == 0
        assert max(times) - min(times) < 16  # four windows of five, the first of which opens the others
        assert times == sorted(times)

    run(work())


def test_the_answer_of_a_last_token_does_not_wait_for_the_windows_end():
    async def work() -> None:
        server, bucket, loop = Server(1, 5.0), Buckets(_http())._get("messages:1"), asyncio.get_running_loop()
        began = loop.time()
        await server.request(bucket)
        assert loop.time() - began < 1

    run(work())


def test_who_waits_is_counted_and_others_are_called():
    async def work() -> None:
        buckets = Buckets(_http())
        server, bucket, called = Server(1, 5.0), buckets._get("messages:1"), []
        buckets.on_rest = lambda: called.append(buckets.resting)
        await server.request(bucket)
        second = asyncio.create_task(server.request(bucket))
        await asyncio.sleep(1)
        assert (called, buckets.resting) == ([1], 1)
        await second
        assert buckets.resting == 0

    run(work())


def test_a_long_wait_is_refused_at_once_and_no_request_is_spent_on_it():
    async def work() -> None:
        server, bucket = Server(2, 600.0), Buckets(_http())._get("rename:1")
        for _ in range(2):
            await server.request(bucket)
        for _ in range(3):
            with pytest.raises(discord.RateLimited) as refused:
                await server.request(bucket)
            assert 590 < refused.value.retry_after <= 600
        await asyncio.sleep(600 - LONGEST_WAIT)
        await server.request(bucket)
        assert server.refused == 0

    run(work())


def test_a_bucket_without_headers_lets_one_after_the_other_through():
    async def work() -> None:
        bucket = Buckets(_http())._get("users:")
        for _ in range(3):
            async with bucket:
                pass
        with pytest.raises(ConnectionError):
            async with bucket:
                raise ConnectionError
        async with asyncio.timeout(1), bucket:
            pass

    run(work())


def test_whoever_gives_up_waiting_takes_no_token_along():
    async def work() -> None:
        server, bucket = Server(1, 5.0), Buckets(_http())._get("messages:1")
        await server.request(bucket)
        impatient = asyncio.create_task(server.request(bucket))
        await asyncio.sleep(1)
        impatient.cancel()
        async with asyncio.timeout(6):
            await server.request(bucket)
        assert server.refused == 0

    run(work())


def test_the_table_stays_small_however_many_channels_are_used():
    async def work() -> int:
        http = _http()
        buckets, largest = Buckets(http), 0
        for number in range(5000):
            await Server(5, 5.0).request(buckets._get(f"messages:{number}"))
            largest = max(largest, len(http._buckets))
            assert http._buckets[f"messages:{number}"]
        return largest

    assert run(work()) <= 2 * max(SMALL, IDLE / 0.04)


def test_a_bucket_in_use_or_with_a_limit_to_remember_is_kept():
    async def work() -> None:
        http = _http()
        buckets = Buckets(http)
        remembered = buckets._get("rename:1")
        for _ in range(2):
            await Server(2, 600.0).request(remembered)
        used = buckets._get("slow:1")
        async with used:
            await asyncio.sleep(2 * IDLE)
            for number in range(2 * SMALL):
                buckets._get(f"messages:{number}")
            await asyncio.sleep(2 * IDLE)
            for number in range(2 * SMALL, 4 * SMALL):
                buckets._get(f"messages:{number}")
            assert len(http._buckets) < 4 * SMALL
            assert http._buckets["rename:1"] is remembered
            assert http._buckets["slow:1"] is used

    run(work())


@pytest.mark.asyncio
async def test_discord_py_asks_our_table_and_knows_no_other(start):
    """Guards the private names that we lean on: ``get_ratelimit`` and ``_buckets`` of ``discord.http.HTTPClient``."""
    async with start() as running:
        await running.bot.fetch_guild(running.box.world.guild.id)
        table = running.bot.http._buckets
        assert table
        assert all(type(bucket) is Bucket for bucket in table.values())
        assert any(bucket._expires is not None for bucket in table.values())
