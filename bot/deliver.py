"""Keep every promise of the outbox: each item stands in each channel exactly once, in order, at its newest revision.

The protocol is "intent, settle, look, repeat with the same nonce"; docs/decisions/0002-outbox.md says why, and
docs/decisions/0010-pacing.md whose turn it is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot import catchup
from bot.aftermath import Stopped
from bot.attempt import Attempt
from bot.clock import Clock
from bot.errors import StoreError
from bot.model import Delivery, State
from bot.post import Messenger
from bot.store import deliveries, lanes
from bot.store.brief import BriefDatabase
from bot.store.database import Database
from bot.turns import Lane, Turns
from bot.words import ENGLISH, speak

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=15)
RECHECK = timedelta(minutes=10)
CRASH_PAUSE = timedelta(minutes=1)
IDLE = 30.0
# So many lanes ask Discord at once; those that wait for one of its buckets do not count, up to MOST_LANES.
AT_ONCE = 32
MOST_LANES = 400
# Looking through all lanes may take this part of the time.
LOOKING = 0.05


class Deliverer:
    """Runs the lanes: one delivery at a time in each, several lanes at once, woken by ``wake()`` and by the clock.

    ``resting`` tells how many requests wait for one of Discord's buckets at the moment.
    """

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        clock: Clock,
        *,
        settle: timedelta = SETTLE,
        resting: Callable[[], int] = lambda: 0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settle = settle
        self._resting = resting
        self._brief = BriefDatabase(database)
        self._attempt = Attempt(self._brief, messenger, clock, settle)
        self._turns = Turns()
        self._lanes: dict[Lane, asyncio.Task[None]] = {}
        self._doubts: dict[int, datetime] = {}
        self._settles: dict[Lane, datetime] = {}
        self._again: set[Lane] = set()
        self._started = clock.now()
        self._quiet_until = clock.now()
        self._next_recheck = clock.now()
        self._looked_at = self._next_look = clock.now()
        self._woken, self._ended = asyncio.Event(), asyncio.Event()
        self._stop: Stopped | None = None
        self._is_ending = False

    def wake(self) -> None:
        """Say that there may be something to do anywhere."""
        self._woken.set()
        self._ended.set()

    def make_room(self) -> None:
        """Say that ``resting`` has grown: others may have their turn."""
        self._start_lanes()

    async def run(self) -> None:
        """Deliver until cancelled; raises ``Stopped`` when Discord says that the token is dead."""
        self._is_ending = False
        self._woken.set()
        try:
            while True:
                self._ended.clear()
                patience = await self._round()
                if self._stop:
                    raise self._stop
                try:
                    async with asyncio.timeout(patience):  # wait_for may lose a cancellation on Python 3.11
                        await self._ended.wait()
                except TimeoutError:
                    self._woken.set()
        finally:
            self._is_ending = True  # a lane that ends must not start others now: the database is about to close
            for task in self._lanes.values():
                task.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def _round(self) -> float:
        """Start what is due and return for how long there is nothing more; a failing disk is given a minute."""
        try:
            if not self._is_quiet() and (self._woken.is_set() or self._clock.now() >= self._next_look):
                self._woken.clear()
                began = time.perf_counter()
                await self._look()
                self._start_lanes()
                await asyncio.sleep((time.perf_counter() - began) / LOOKING)
            return await self._patience()
        except StoreError as error:
            log.error("cannot deliver cause=%s", error)
            self._quiet_until = self._clock.now() + CRASH_PAUSE
            return CRASH_PAUSE.total_seconds()

    async def run_due(self) -> int:
        """Take one step in every lane that has one, wait for them and return how many there were."""
        if self._is_quiet():
            return 0
        await self._look()
        due = [self._turns.take() for _ in range(len(self._turns))]
        steps = await asyncio.gather(*map(self._step, due))
        if self._stop:
            raise self._stop
        return sum(steps)

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

    def _is_quiet(self) -> bool:
        return self._clock.now() < self._quiet_end()

    def _quiet_end(self) -> datetime:
        return max(self._quiet_until, self._attempt.after.quiet_until)

    async def _look(self) -> None:
        """Let every lane that has something to do wait for its turn."""
        now = self._looked_at = self._clock.now()
        self._next_look = now + timedelta(seconds=IDLE)
        if now >= self._next_recheck:
            self._next_recheck = now + RECHECK
            await self._attempt.release_where_allowed()
            await catchup.tidy(self._database, now)
        async with self._database.read() as tx:
            due, doubtful = await lanes.due(tx, now), await deliveries.inflight(tx)
        for lane in due:
            self._turns.add(lane)
        for row in doubtful:
            if lane_of(row) not in self._lanes:
                self._settles[lane_of(row)] = self._settled_at(row)
        self._queue_settled(now)

    def _queue_settled(self, now: datetime) -> None:
        for lane in [lane for lane, at in self._settles.items() if now >= at]:
            del self._settles[lane]
            self._turns.add(lane)

    def _settled_at(self, row: Delivery) -> datetime:
        """When a doubt may be looked into: the more tries were in doubt, the later."""
        return self._doubt(row) + self._settle * (1 << min(max(row.tries - 1, 0), 8))

    def _doubt(self, row: Delivery) -> datetime:
        """When the ambiguity was seen: the moment of the answer, or our start for rows found in flight."""
        return self._doubts.get(row.id, self._started)

    def _start_lanes(self) -> None:
        """Give turns as long as there is room."""
        if self._stop or self._is_ending or self._is_quiet():
            return
        while self._turns and len(self._lanes) < min(AT_ONCE + self._resting(), MOST_LANES):
            lane = self._turns.take()
            if lane in self._lanes:
                self._again.add(lane)  # it may have looked before what is meant came
            else:
                self._lanes[lane] = asyncio.create_task(self._run(lane))

    async def _run(self, lane: Lane) -> None:
        """Take one step in a lane, then let the others have their turns before it goes on."""
        speak(ENGLISH)  # a request that answers somebody in their language may have made room for this lane
        goes_on = False
        try:
            goes_on = await self._step(lane)
        finally:
            del self._lanes[lane]
            if goes_on or lane in self._again:
                self._turns.add(lane)
            else:
                self._ended.set()
            self._again.discard(lane)
            self._start_lanes()

    async def _step(self, lane: Lane) -> bool:
        """Run one delivery of a lane, if it has one: one of the five places that may catch everything."""
        row: Delivery | None = None
        try:
            row, in_doubt = await self._first(lane)
            if row is None:
                return False
            work = self._attempt.reconcile if in_doubt else self._attempt.keep
            if await work(row):
                self._doubts.pop(row.id, None)
                if row.comment_id is None:
                    self._turns.add(Lane(row.guild_id, row.channel_id, row.story_id))  # its thread, its comments
            else:
                self._doubt_now(row)
            return True
        except Stopped as stop:
            self._stop = stop
        except Exception:
            log.exception("delivery failed lane=%s delivery=%s", lane, row and row.id)
            await self._put_off(row)
        return False

    async def _first(self, lane: Lane) -> tuple[Delivery | None, bool]:
        """Return what is to be done first in a lane, as it stands now, and whether it is a doubt to be settled."""
        now = self._clock.now()
        async with self._brief.read() as tx:
            row = await lanes.in_doubt(tx, lane)
            if row is not None and now >= self._settled_at(row):
                return row, True
            if row is not None:
                self._settles[lane] = self._settled_at(row)
            return await lanes.head(tx, lane, now), False

    def _doubt_now(self, row: Delivery) -> None:
        self._doubts[row.id] = self._clock.now()
        self._settles[lane_of(row)] = self._settled_at(row)

    async def _put_off(self, row: Delivery | None) -> None:
        """After an error of ours keep the lane away for a while; a row in flight stays so and is looked for."""
        if row is None:  # not even readable: the disk is given a minute
            self._quiet_until = self._clock.now() + CRASH_PAUSE
            return
        self._doubt_now(row)
        with suppress(Exception):  # the disk may be full: the row then waits as it stands
            async with self._database.write() as tx:
                current = await deliveries.get(tx, row.id)
                if current.state is not State.INFLIGHT:
                    until = self._clock.now() + CRASH_PAUSE
                    await deliveries.postpone(tx, row.id, until=until, reason="an error of ours; see the log")

    async def _patience(self) -> float:
        """Return the seconds until something may be due without being woken."""
        async with self._brief.read() as tx:
            at = await lanes.next_due(tx, self._looked_at)
        now = self._clock.now()
        self._next_look = min(at or self._next_look, self._next_look)
        self._queue_settled(now)
        self._start_lanes()
        times = [self._quiet_end()] if self._is_quiet() else [self._next_look, *self._settles.values()]
        return max(0.0, min(IDLE, *((time - now).total_seconds() for time in times)))


def lane_of(row: Delivery) -> Lane:
    """Return the lane in which a row is created."""
    return Lane(row.guild_id, row.channel_id, row.lane)
