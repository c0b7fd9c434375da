"""Ids as Discord makes them: milliseconds of its own epoch, then a counter; always above 2**53."""

from __future__ import annotations

from sandbox.clock import Clock

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Hands out ids that grow with the clock and never repeat."""

    def __init__(self, clock: Clock, last: int = 0) -> None:
        self._clock = clock
        self.last = last

    def next(self) -> int:
        """Return a new id, larger than every one before."""
        now = (int(self._clock.now() * 1000) - EPOCH_MS) << 22
        self.last = max(now, self.last + 1)
        return self.last


def made_at(snowflake: int) -> float:
    """Return when an id was made, in Unix seconds."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000
