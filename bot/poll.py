"""Read the sources and threads that are due, many at once: none, however broken, delays another."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random

from bot.clock import Clock
from bot.errors import NotFound, StoreError
from bot.poll_one import Kinds, OnePoll, PollReport
from bot.sources.base import Web
from bot.store import sources, threads
from bot.store.database import Database

__all__ = ["Kinds", "PollReport", "Poller"]

log = logging.getLogger(__name__)

AT_ONCE = 20  # sources, and as many threads and pages
BATCH = 200
IDLE = 30.0
PAUSE = timedelta(minutes=1)

# What is read: "source", "thread" or "page", and its number.
_Key = tuple[str, int]
_Job = tuple[_Key, Callable[[], Awaitable[object]]]


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
        self._lists = _List(self._due_sources), _List(self._due_threads)
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
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), patience)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

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
            for one in self._lists:
                if not one.waiting and one.running < AT_ONCE:
                    one.waiting.extend(await one.due())
                self._start(one)
            return await self._patience()
        except StoreError as error:
            log.error("cannot poll cause=%s", error)
            return PAUSE.total_seconds()

    async def _due_sources(self) -> list[_Job]:
        taken = self._taken()
        async with self._database.read() as tx:
            found = await sources.due(tx, self._clock.now(), BATCH)
        return _free(taken, ((("source", row.id), partial(self._one.source, row)) for row in found))

    async def _due_threads(self) -> list[_Job]:
        taken = self._taken()
        async with self._database.read() as tx:
            found = await threads.due(tx, self._clock.now(), BATCH)
        pages = await self._due_pages()
        return pages + _free(taken, ((("thread", row.id), partial(self._one.thread, row)) for row in found))

    async def _due_pages(self) -> list[_Job]:
        taken = self._taken()
        async with self._database.read() as tx:
            found = await threads.probes_due(tx, self._clock.now(), BATCH)
        return _free(taken, ((("page", story[0]), partial(self._one.page, *story)) for story in found))

    def _taken(self) -> set[_Key]:
        """Return what is under way or put off; asked before the store is, as what ends meanwhile was still due there."""
        now = self._clock.now()
        self._off = {key: until for key, until in self._off.items() if now < until <= now + PAUSE}
        return self._busy.keys() | self._off.keys()

    def _start(self, one: _List) -> None:
        while one.waiting and one.running < AT_ONCE:
            key, work = one.waiting.popleft()
            one.running += 1
            self._busy[key] = asyncio.create_task(self._run(one, key, work))

    async def _run(self, one: _List, key: _Key, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await self._guarded(key, work)
        finally:
            one.running -= 1
            del self._busy[key]
            if one.waiting and self._clock.now() >= self._quiet_until:
                self._start(one)
            else:
                self.wake()

    async def _within(self, limit: asyncio.Semaphore, job: _Job) -> None:
        async with limit:
            await self._guarded(*job)

    async def _guarded(self, key: _Key, work: Callable[[], Awaitable[object]]) -> None:
        """Run one poll: one of the five places that may catch everything."""
        try:
            await work()
        except NotFound:
            log.info("removed while it was read %s=%d", *key)
        except StoreError as error:
            log.error("cannot store what was read %s=%d cause=%s", *key, error)
            self._quiet_until = self._clock.now() + PAUSE
        except Exception:
            log.exception("poll failed %s=%d", *key)
            self._off[key] = self._clock.now() + PAUSE

    async def _patience(self) -> float:
        """Return the seconds until something is due without being woken."""
        now = self._clock.now()
        async with self._database.read() as tx:
            times = [await sources.next_due(tx, now), await threads.next_due(tx, now)]
        return min([IDLE, *((time - now).total_seconds() for time in times if time)])


def _free(taken: set[_Key], jobs: Iterable[_Job]) -> list[_Job]:
    return [job for job in jobs if job[0] not in taken]


class _List:
    """Jobs of one sort that wait for a place."""

    def __init__(self, due: Callable[[], Awaitable[list[_Job]]]) -> None:
        self.due = due
        self.waiting: deque[_Job] = deque()
        self.running = 0
