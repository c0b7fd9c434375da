"""At most 50 requests a second as Discord counts them, whatever the network does; docs/decisions/0010-pacing.md."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

from bot.chat.answers import Barred
from bot.clock import Clock

# Discord, "Rate Limits": 50 requests per second for a bot; https://docs.discord.com/developers/topics/rate-limits
LIMIT = 50
SECOND = 1.0
# What is said to an interaction's address is not counted there.
COUNTED = re.compile(r"/api/(?!v\d+/(interactions|webhooks)/)")


class Pacer:
    """Hands out ``limit`` places; a place is free again ``window`` seconds after Discord's answer came.

    A request is counted by Discord after we sent it and before its answer reaches us. So two requests in one place
    are counted at least a window apart, and no window, fixed or sliding, ever sees more than ``limit`` of them.
    """

    def __init__(self, clock: Clock, limit: int = LIMIT, window: float = SECOND) -> None:
        self._clock = clock
        self._window = window
        self._free = limit
        self._cooling: deque[float] = deque()  # when each place is free again, earliest first
        self._barred_until = 0.0
        self._turn = asyncio.Lock()  # those who wait go in the order in which they came
        self._answered = asyncio.Event()

    async def enter(self) -> None:
        """Wait for a place; ``leave`` gives it back. Raises ``Barred`` while Discord lets nothing through."""
        async with self._turn:
            self._collect()
            while not self._free:
                self._check()
                if self._cooling:
                    await self._clock.sleep(self._cooling[0] - self._clock.monotonic())
                else:
                    self._answered.clear()
                    await self._answered.wait()
                self._collect()
            self._check()
            self._free -= 1

    def leave(self) -> None:
        """Say that the answer is here, or that none will come."""
        self._cooling.append(self._clock.monotonic() + self._window)
        self._answered.set()

    def bar(self, seconds: float) -> None:
        """Say that Discord refuses everything for a while: whoever asks meanwhile would only be refused as well."""
        self._barred_until = max(self._barred_until, self._clock.monotonic() + seconds)

    def _check(self) -> None:
        if (left := self._barred_until - self._clock.monotonic()) > 0:
            raise Barred(left, everywhere=True)

    def watch(self, config: aiohttp.TraceConfig) -> None:
        """Hold back every counted request of a session, discord.py's own repeats included."""
        config.on_request_start.append(self._start)
        config.on_request_end.append(self._end)
        config.on_request_exception.append(self._failed)

    def _collect(self) -> None:
        now = self._clock.monotonic()
        while self._cooling and self._cooling[0] <= now:
            self._cooling.popleft()
            self._free += 1

    async def _start(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, start: aiohttp.TraceRequestStartParams
    ) -> None:
        if COUNTED.match(start.url.path):
            await self.enter()
            context.paced = True

    async def _end(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        self._left(context)
        headers = end.response.headers
        if end.response.status == HTTPStatus.TOO_MANY_REQUESTS and "X-RateLimit-Global" in headers:
            self.bar(_seconds(headers.get("Retry-After", "")))
            self._check()

    async def _failed(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceRequestExceptionParams
    ) -> None:
        self._left(context)  # a hook that refuses an answer makes aiohttp report an exception after the end

    def _left(self, context: SimpleNamespace) -> None:
        if getattr(context, "paced", False):
            context.paced = False
            self.leave()


def _seconds(text: str) -> float:
    try:
        return max(SECOND, float(text))
    except ValueError:
        return SECOND
