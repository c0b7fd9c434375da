"""Discord's rate-limit buckets as our client keeps them: small, never late with an answer, and seen from outside.

discord.py's own table is not used, for reasons that docs/decisions/0010-pacing.md measures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

# Idle buckets are looked for only when the table has doubled, so that this costs the same however many there are.
SMALL = 256
IDLE = 10.0
# Whoever would have to wait longer for a bucket is told so instead (``discord.RateLimited``).
LONGEST_WAIT = 30.0
# The same after a 429, which says that Discord limits more than its headers tell: an old message's edit, new threads.
LONGEST_REFUSAL = 1.0


class Buckets:
    """Serves one discord.py client. ``resting`` is how many requests wait; ``on_rest`` is called when it grows."""

    def __init__(self, http: HTTPClient) -> None:
        self._buckets: dict[str, Any] = http._buckets  # to which discord.py adds other names of the same buckets
        self.on_rest: Callable[[], None] = lambda: None
        self._sweep_at = SMALL
        self.resting = 0
        http.get_ratelimit = self._get  # type: ignore[method-assign, assignment]  # tests/test_buckets.py guards this

    def _get(self, key: str) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget_idle()
            bucket = self._buckets[key] = Bucket(self._rest)
        bucket.touch()
        return bucket

    def _forget_idle(self) -> None:
        if len(self._buckets) >= self._sweep_at:
            for key in [key for key, bucket in self._buckets.items() if bucket.is_idle()]:
                del self._buckets[key]
            self._sweep_at = max(SMALL, 2 * len(self._buckets))

    @contextmanager
    def _rest(self) -> Iterator[None]:
        self.resting += 1
        self.on_rest()
        try:
            yield
        finally:
            self.resting -= 1


class Bucket:
    """What Discord's headers said of one bucket; of an unknown one the first request goes alone."""

    __slots__ = ("_changed", "_expires", "_limit", "_now", "_outgoing", "_rest", "_touched", "_turn", "remaining")

    def __init__(self, rest: Callable[[], Any]) -> None:
        self._rest = rest
        self._now = asyncio.get_running_loop().time
        self._limit = self.remaining = 1
        self._outgoing = 0
        self._expires: float | None = None
        self._turn, self._changed = asyncio.Lock(), asyncio.Event()
        self._touched = self._now()

    def touch(self) -> None:
        """Say that somebody is about to use it."""
        self._touched = self._now()

    def is_idle(self) -> bool:
        """Tell whether it says nothing any more: its window is over and nobody uses it."""
        over = self._expires is None or self._now() >= self._expires
        return over and not self._outgoing and not self._turn.locked() and self._now() - self._touched >= IDLE

    async def __aenter__(self) -> Bucket:
        if self._turn.locked() or not self._is_open():
            with self._rest():
                await self._wait()
        else:
            self._take()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._outgoing -= 1
        if self._expires is None:  # it told nothing of a limit
            self.remaining = self._limit - self._outgoing
        self._changed.set()

    def update(self, response: aiohttp.ClientResponse, *, use_clock: bool = False) -> None:
        """Take in an answer's headers; discord.py calls this before it leaves."""
        headers = response.headers
        left = int(headers.get("X-Ratelimit-Remaining", 0))
        self._limit = int(headers.get("X-Ratelimit-Limit", 1))
        # Others may be on their way uncounted; later answers of a window only confirm what was taken.
        self.remaining = min(self.remaining, left) if self._expires else left - (self._outgoing - 1)
        self._expires = self._now() + float(headers.get("X-Ratelimit-Reset-After", 0))
        self._changed.set()

    def _is_open(self) -> bool:
        if self._expires is not None and self._now() >= self._expires:
            self._expires = None
            self.remaining = self._limit - self._outgoing
        return self.remaining > 0

    def _take(self) -> None:
        self.remaining -= 1
        self._outgoing += 1

    async def _wait(self) -> None:
        """Wait for a token in the order of coming; raises ``RateLimited`` when that would take too long."""
        async with self._turn:
            while not self._is_open():
                left = self._expires - self._now() if self._expires is not None else None
                if left is not None and left > LONGEST_WAIT:
                    raise discord.RateLimited(left)
                self._changed.clear()
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            self._take()
