"""The sandbox's own time: it runs with the real one, and a test may push it forward."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Unix seconds that never go back; whatever waits on this clock notices when it is advanced."""

    def __init__(self) -> None:
        self._start = time.time() - time.monotonic()
        self._moved = asyncio.Event()
        self.listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return the sandbox's time in Unix seconds."""
        return self._start + time.monotonic()

    def text(self) -> str:
        """Return the sandbox's time as Discord writes it."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="microseconds")

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once: windows open, tokens expire, threads fall asleep."""
        self._start += seconds
        self._moved.set()
        self._moved = asyncio.Event()
        for listener in list(self.listeners):
            listener()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event, at most ``seconds`` of this clock; return whether it came."""
        deadline = self.now() + seconds
        while not event.is_set() and (left := deadline - self.now()) > 0:
            tasks = [asyncio.ensure_future(one.wait()) for one in (event, self._moved)]
            try:
                await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
        return event.is_set()
