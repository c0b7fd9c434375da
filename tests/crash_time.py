"""A faster life for the crash tests: a process, or the sandbox, in which a minute takes a second."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from unittest.mock import patch

from sandbox.clock import Clock

SPEED = 60


class FastSelector(selectors.DefaultSelector):
    """Waits a 60th of what it is asked to."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / SPEED if timeout else timeout)


class FastLoop(asyncio.SelectorEventLoop):
    """A loop whose seconds are short: every timeout, pause and settle time of the process shrinks alike."""

    def __init__(self) -> None:
        super().__init__(FastSelector())

    def time(self) -> float:
        return super().time() * SPEED


class FastClock:
    """The program's clock in a fast process; ``ahead`` seconds of its time before a real moment times 60."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(fast_now() + self._ahead, UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FastSandboxClock(Clock):
    """The same time for the sandbox, whose loop is not fast; ``advance`` lets an outage pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = time.time() - fast_now()

    def now(self) -> float:
        return fast_now() + self.ahead

    def text(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="microseconds")

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
        super().advance(0)


def fast_now() -> float:
    """Return seconds that pass 60 times as fast as real ones, the same in every process."""
    return time.time() % 10_000_000 * SPEED


@contextmanager
def dated(clock: Clock) -> Iterator[None]:
    """Let every answer of this process carry the sandbox's time as its ``Date``."""
    with patch("aiohttp.web_response.rfc822_formatted_time", lambda: formatdate(clock.now(), usegmt=True)):
        yield
