"""Keep every promise of the outbox: each item stands in each channel exactly once, in order, at its newest revision.

The protocol is "intent, settle, look, repeat with the same nonce"; docs/decisions/0002-outbox.md says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.aftermath import Stopped
from bot.attempt import Attempt
from bot.clock import Clock
from bot.errors import StoreError
from bot.model import Delivery, State
from bot.post import Messenger
from bot.store import deliveries
from bot.store.database import Database

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=15)
RECHECK = timedelta(minutes=10)
IDLE = 30.0
AT_ONCE = 8
CRASH_PAUSE = timedelta(minutes=1)


class Deliverer:
    """Runs the lanes: one delivery at a time in each, several lanes at once, woken by ``wake()`` and by the clock."""

    def __init__(self, database: Database, messenger: Messenger, clock: Clock, *, settle: timedelta = SETTLE) -> None:
        self._database = database
        self._clock = clock
        self._settle = settle
        self._attempt = Attempt(database, messenger, clock)
        self._lanes: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._doubts: dict[int, datetime] = {}
        self._started = clock.now()
        self._next_recheck = clock.now()
        self._woken = asyncio.Event()
        self._stop: Stopped | None = None

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; raises ``Stopped`` when Discord says that the token is dead."""
        try:
            while True:
                self._woken.clear()
                patience = await self._round()
                if self._stop:
                    raise self._stop
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), patience)
        finally:
            for task in self._lanes.values():
                task.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def _round(self) -> float:
        """Start what is due and return for how long there is nothing more; a failing disk is given a minute."""
        try:
            await self._start_lanes()
            return await self._patience()
        except StoreError as error:
            log.error("cannot deliver cause=%s", error)
            return CRASH_PAUSE.total_seconds()

    async def run_due(self) -> int:
        """Take one step in every lane that has one, wait for them and return how many there were."""
        await self._start_lanes()
        tasks = list(self._lanes.values())
        await asyncio.gather(*tasks)
        if self._stop:
            raise self._stop
        return len(tasks)

    async def release(self, guild_id: int) -> None:
        """Let go of what was held for a permission of this guild that is back."""
        await self._attempt.release_where_allowed(guild_id)
        self.wake()

    async def settled(self) -> bool:
        """Tell whether every promise is kept, given up or held, and nothing is under way."""
        return not self._lanes and await self.waiting() == 0

    async def waiting(self) -> int:
        """Return how many deliveries are neither kept nor given up nor held."""
        async with self._database.read() as tx:
            return await deliveries.unsettled(tx)

    async def _start_lanes(self) -> None:
        now = self._clock.now()
        if now < self._attempt.after.quiet_until:
            return
        if now >= self._next_recheck:
            self._next_recheck = now + RECHECK
            await self._attempt.release_where_allowed()
        async with self._database.read() as tx:
            doubtful = await deliveries.inflight(tx)
            ready = [*await deliveries.threadless(tx, now), *await deliveries.due(tx, now)]
        for row in doubtful:
            if now >= self._settled_at(row):
                self._start(row, self._attempt.reconcile)
        for row in ready:
            self._start(row, self._attempt.keep)

    def _settled_at(self, row: Delivery) -> datetime:
        """When a doubt may be looked into: the more tries were in doubt, the later."""
        return self._doubt(row) + self._settle * (1 << min(max(row.tries - 1, 0), 8))

    def _doubt(self, row: Delivery) -> datetime:
        """When the ambiguity was seen: the moment of the answer, or our start for rows found in flight."""
        return self._doubts.get(row.id, self._started)

    def _start(self, row: Delivery, work: Callable[[Delivery], Awaitable[bool]]) -> None:
        lane = (row.channel_id, row.story_id if row.comment_id is not None else 0)
        if lane not in self._lanes and len(self._lanes) < AT_ONCE:
            self._lanes[lane] = asyncio.create_task(self._guarded(lane, row, work))

    async def _guarded(self, lane: tuple[int, int], row: Delivery, work: Callable[[Delivery], Awaitable[bool]]) -> None:
        """Run one delivery: one of the five places that may catch everything."""
        try:
            if await self._is_stale(row):
                return
            if await work(row):
                self._doubts.pop(row.id, None)
            else:
                self._doubts[row.id] = self._clock.now()
        except Stopped as stop:
            self._stop = stop
        except Exception:
            log.exception("delivery failed delivery=%d story=%d", row.id, row.story_id)
            await self._put_off(row)
        finally:
            del self._lanes[lane]
            self.wake()

    async def _is_stale(self, row: Delivery) -> bool:
        """Tell whether a row moved on between our reading it and our lane's becoming free: acting would do it twice."""
        async with self._database.read() as tx:
            return await deliveries.get(tx, row.id) != row

    async def _put_off(self, row: Delivery) -> None:
        """After an error of ours keep the lane away for a while; a row in flight stays so and is looked for."""
        self._doubts[row.id] = self._clock.now()
        with suppress(Exception):  # the disk may be full: the row then waits as it stands
            async with self._database.write() as tx:
                current = await deliveries.get(tx, row.id)
                if current.state is not State.INFLIGHT:
                    until = self._clock.now() + CRASH_PAUSE
                    await deliveries.postpone(tx, row.id, until=until, reason="an error of ours; see the log")

    async def _patience(self) -> float:
        """Return the seconds until something may be due without being woken."""
        async with self._database.read() as tx:
            doubtful = await deliveries.inflight(tx)
            at = await deliveries.next_due(tx)
        times = [self._settled_at(row) for row in doubtful] + ([at] if at else [])
        times.append(self._attempt.after.quiet_until)
        now = self._clock.now()
        # A time already past belongs to a lane that is busy, and that lane wakes us itself.
        waits = [(time - now).total_seconds() for time in times if time > now]
        return min([IDLE, *waits]) if not self._lanes or waits else IDLE
