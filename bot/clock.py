"""The one clock of the program, handed down so that tests can turn it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as this program sees it."""

    def now(self) -> datetime:
        """Return the present as an aware UTC time."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow, to measure how long something took."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present as an aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow, to measure how long something took."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
