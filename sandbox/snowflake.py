"""Ids as Discord makes them: milliseconds of its own epoch, then a counter; always above 2**53."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Hands out ids that grow with the clock and never repeat."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self) -> int:
        """Return a new id, larger than every one before."""
        now = (int(time.time() * 1000) - EPOCH_MS) << 22
        self.last = max(now, self.last + 1)
        return self.last


def now_text() -> str:
    """Return the present as Discord writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def seconds_old(snowflake: int) -> float:
    """Return how long ago an id was made."""
    return time.time() - ((snowflake >> 22) + EPOCH_MS) / 1000
