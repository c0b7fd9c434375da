"""Read the sources and threads that are due, many at once: none, however broken, delays another."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import NamedTuple

from bot.clock import Clock
from bot.errors import NotFound, StoreError
from bot.http_hosts import host_of
from bot.poll_one import Kinds, OnePoll, PollReport
from bot.sources.base import Web
from bot.store import sources, threads
from bot.store.database import Database

__all__ = ["Kinds", "PollReport", "Poller"]

log = logging.getLogger(__name__)

AT_ONCE = 20  # sources, and as many threads and pages
AT_ONCE_OF_A_HOST = 4  # the others would only wait for each other, in places that other hosts could have
BATCH = 200
# With those that have left their place and wait for the disk: a disk that hangs must not pile them up.
MOST_UNDER_WAY = 2 * AT_ONCE + BATCH
MOST_WAITING = 2000
IDLE = 30.0
BREATH = 0.02
PAUSE = timedelta(minutes=1)

# What is read: "source", "thread" or "page", and its number.
_Key = tuple[str, int]
_Leave = Callable[[], None]


class _Job(NamedTuple):
    """What is to be read; ``work`` is given what gives up its place, to call when it only waits to be stored."""

    key: _Key
    host: str
    work: Callable[[_Leave], Awaitable[object]]


class Poller:
    """Keeps reading: woken by ``wake()``, by the clock and by what ends. ``on_promised`` is called after promises."""

    def __init__(
        self,
        database: Database,
        web: Web,
        kinds: Kinds,
        clock: Clock,
        *,
        random: Random | None = None,
        on_promised: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._one = OnePoll(database, web, kinds, clock, random=random or Random(), on_promised=on_promised)
        # Sources and threads wait apart, so that neither takes the other's place.
        self._lines = _Line(self._due_sources), _Line(self._due_threads)
        self._busy: dict[_Key, asyncio.Task[None]] = {}
        self._off: dict[_Key, datetime] = {}
        self._quiet_until = clock.now()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be something to read."""
        self._woken.set()

    async def run(self) -> None:
        """Poll until cancelled; what is under way is then given up, and read again at the next start."""
        try:
            while True:
                self._woken.clear()
                patience = await self._round()
                with suppress(
                    TimeoutError
                ):  # not wait_for: in Python 3.11 a wake at the same moment eats a cancellation
                    async with asyncio.timeout(patience):
                        await self._woken.wait()
                await asyncio.sleep(BREATH)  # one look at the store for all that ends together
        finally:
            for line in self._lines:
                line.waiting.clear()  # what ends now must not start another
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            await self._one.ended()

    async def run_due(self) -> int:
        """Read all that is due, sources first and then threads, and wait for it; returns how much it was."""
        count = 0
        for due in (self._due_sources, self._due_pages, self._due_threads):
            limit, jobs = asyncio.Semaphore(AT_ONCE), await due()
            await asyncio.gather(*(self._within(limit, job) for job in jobs))
            count += len(jobs)
        return count

    async def poll(self, source_id: int) -> PollReport:
        """Read one source now, whether or not it is due; raises ``NotFound`` or ``StoreError``."""
        if under_way := self._busy.get(("source", source_id)):
            await asyncio.wait([under_way])  # what it finds is stored first
        async with self._database.read() as tx:
            source = await sources.get(tx, source_id)
        return await self._one.source(source)

    async def _round(self) -> float:
        """Start what is due and return for how long there is nothing more; a failing disk is given a minute."""
        now = self._clock.now()
        if now < self._quiet_until:
            return min((self._quiet_until - now).total_seconds(), PAUSE.total_seconds())
        try:
            for line in self._lines:
                self._start(line)
                while len(line.running) < AT_ONCE and len(line.waiting) < MOST_WAITING:
                    more = await line.due()
                    line.waiting.extend(more)
                    self._start(line)
                    if len(more) < BATCH:
                        break
            return await self._patience()
        except StoreError as error:
            log.error("cannot poll cause=%s", error)
            return PAUSE.total_seconds()

    async def _due_sources(self) -> list[_Job]:
        taken = self._taken()
        async with self._database.read() as tx:
            found = await sources.due(tx, self._clock.now(), BATCH + len(taken))
        jobs = [_Job(("source", row.id), _host(row.address, row.kind), partial(self._one.source, row)) for row in found]
        return [job for job in jobs if job.key not in taken]

    async def _due_threads(self) -> list[_Job]:
        taken = self._taken()
        async with self._database.read() as tx:
            found = await threads.due(tx, self._clock.now(), BATCH + len(taken))
        jobs = [_Job(("thread", row.id), _host(row.address, row.kind), _whole(self._one.thread, row)) for row in found]
        return await self._due_pages() + [job for job in jobs if job.key not in taken]

    async def _due_pages(self) -> list[_Job]:
        taken = self._taken()
        async with self._database.read() as tx:
            found = await threads.probes_due(tx, self._clock.now(), BATCH + len(taken))
        jobs = [_Job(("page", story[0]), _host(story[1], "page"), _whole(self._one.page, *story)) for story in found]
        return [job for job in jobs if job.key not in taken]

    def _taken(self) -> set[_Key]:
        """Return what waits, runs or is put off. Asked before the store is: what ends meanwhile was still due there."""
        now = self._clock.now()
        self._off = {key: until for key, until in self._off.items() if now < until <= now + PAUSE}
        waiting = {job.key for line in self._lines for job in line.waiting}
        return self._busy.keys() | self._off.keys() | waiting

    def _start(self, line: _Line) -> None:
        """Start what there is room for; a host that has enough to do is passed over."""
        passed = deque[_Job]()
        while line.waiting and len(line.running) < AT_ONCE and len(self._busy) < MOST_UNDER_WAY:
            job = line.waiting.popleft()
            if line.running.count(job.host) >= AT_ONCE_OF_A_HOST:
                passed.append(job)
                continue
            line.running.append(job.host)
            self._busy[job.key] = asyncio.create_task(self._run(line, job))
        line.waiting.extendleft(reversed(passed))

    async def _run(self, line: _Line, job: _Job) -> None:
        try:
            await self._guarded(job, partial(self._left, line, job))
        finally:
            del self._busy[job.key]
            self.wake()

    def _left(self, line: _Line, job: _Job) -> None:
        """Give a job's place to the next that waits."""
        line.running.remove(job.host)
        if self._clock.now() >= self._quiet_until:
            self._start(line)
        self.wake()

    async def _within(self, limit: asyncio.Semaphore, job: _Job) -> None:
        await limit.acquire()
        await self._guarded(job, limit.release)

    async def _guarded(self, job: _Job, left: _Leave) -> None:
        """Run one poll, which calls ``left`` once, at its end or before: one of the five that may catch everything."""
        leave = _once(left)
        try:
            await job.work(leave)
        except NotFound:
            log.info("removed while it was read %s=%d", *job.key)
        except StoreError as error:
            log.error("cannot store what was read %s=%d cause=%s", *job.key, error)
            self._quiet_until = self._clock.now() + PAUSE
        except Exception:
            log.exception("poll failed %s=%d", *job.key)
            self._off[job.key] = self._clock.now() + PAUSE
        finally:
            leave()

    async def _patience(self) -> float:
        """Return the seconds until something is due without being woken."""
        now = self._clock.now()
        async with self._database.read() as tx:
            times = [await sources.next_due(tx, now), await threads.next_due(tx, now)]
        return min([IDLE, *((time - now).total_seconds() for time in times if time)])


class _Line:
    """Jobs of one sort that wait for a place, and the hosts of those that have one."""

    def __init__(self, due: Callable[[], Awaitable[list[_Job]]]) -> None:
        self.due = due
        self.waiting: deque[_Job] = deque()
        self.running: list[str] = []


def _once(left: _Leave) -> _Leave:
    """Return what calls ``left`` the first time and does nothing any more."""
    calls = [left]
    return lambda: calls.pop()() if calls else None


def _whole(work: Callable[..., Awaitable[object]], *what: object) -> Callable[[_Leave], Awaitable[object]]:
    """Let work keep its place to the end."""
    return lambda _leave: work(*what)


def _host(address: str, kind: str) -> str:
    """Return the host that an address is asked from; a kind whose addresses name none has one."""
    try:
        return host_of(address) or kind
    except ValueError:  # an address that cannot be asked at all
        return kind
