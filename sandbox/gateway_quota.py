"""How often a bot may IDENTIFY: so many a day, and so many at once."""

from __future__ import annotations

from sandbox.limits import Counters
from sandbox.model import Json
from sandbox.world import World

DAY_KEY = "identify"


class Quota:
    """Counts IDENTIFYs by the world's limits and clock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counters = Counters(world.clock)
        self._opened = 0.0
        self._used = 0

    def take(self) -> bool:
        """Take one of the day's IDENTIFYs, if one is left."""
        self._roll()
        if self._used >= self._world.limits.identifies:
            return False
        self._used += 1
        return True

    def take_turn(self, shard: int) -> bool:
        """Whether this shard's group (its id modulo max_concurrency) may IDENTIFY now."""
        limits = self._world.limits
        return self._counters.take(f"group:{shard % limits.max_concurrency}", 1, limits.concurrency_window).allowed

    def as_json(self) -> Json:
        """Return the ``session_start_limit`` of GET /gateway/bot."""
        limits = self._world.limits
        self._roll()
        left = self._opened + limits.identify_window - self._world.clock.now() if self._used else 0
        return {
            "total": limits.identifies, "remaining": max(0, limits.identifies - self._used),
            "reset_after": int(1000 * left), "max_concurrency": limits.max_concurrency,
        }  # fmt: skip

    def _roll(self) -> None:
        now = self._world.clock.now()
        if now - self._opened >= self._world.limits.identify_window:
            self._opened, self._used = now, 0
