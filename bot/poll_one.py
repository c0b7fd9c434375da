"""One read of one source, thread or page: whatever comes of it is stored, and nothing that a site does gets out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol, TypeVar

from bot import schedule
from bot.clock import Clock
from bot.errors import FetchError, RendezvousError, SourceError
from bot.intake import Intake, move, take_failure, take_read, unchanged
from bot.model import Source, StoredThread, StoryPage
from bot.poll_quiet import QuietSaves
from bot.schedule import Failure
from bot.sources.base import Cursor, Fetched, Kind, Remembering, Thread, Web
from bot.store.database import Database
from bot.thread_intake import put_off_probe, take_discussion, take_probe, take_thread_failure
from bot.urls import host_and_path

log = logging.getLogger(__name__)

Result = TypeVar("Result")

DEADLINE = 300.0  # seconds for all requests of one read, with the moments that a host is left in peace
UNKNOWN_KIND = Failure("this version of mine does not read such sources any more")
TOO_LONG = Failure("it took too long to answer")
OURS = Failure("an error of mine kept me from reading it; my operator's log says more")


class Kinds(Protocol):
    """The kinds by their names, and the question which threads a story's page names: ``bot.sources.kinds.Kinds``."""

    def get(self, name: str, /) -> Kind | None:
        """Return the kind of a name."""

    async def probe(self, web: Web, story_url: str) -> tuple[StoryPage | None, tuple[Thread, ...]]:
        """Return the story on a page and its threads; raises ``SourceError``."""


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll found: ``intake`` where it was read, else ``error``, a sentence for those who asked.

    ``cause`` are words about the error for the operator, never for a guild.
    """

    source: Source
    intake: Intake | None = None
    error: str | None = None
    cause: str = ""


class _Failed(Exception):  # it never leaves this file
    """A read failed in a way that has its words."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class OnePoll:
    """Reads one thing at a time and stores what came of it; raises only ``StoreError`` and ``NotFound``."""

    def __init__(
        self,
        database: Database,
        web: Web,
        kinds: Kinds,
        clock: Clock,
        *,
        random: Random,
        on_promised: Callable[[], None],
    ) -> None:
        self._database = database
        self._web = web
        self._kinds = kinds
        self._clock = clock
        self._random = random
        self._on_promised = on_promised
        self._quiet = QuietSaves(database)

    async def ended(self) -> None:
        """Wait until nothing is being stored any more, after all that was under way was given up."""
        await self._quiet.ended()

    async def source(self, source: Source, leave: Callable[[], None] = lambda: None) -> PollReport:
        """Read a source; ``leave`` is called where nothing changed and no more than that waits to be stored."""
        read = await _or_failure(self._source(source, leave), f"source={source.id} kind={source.kind}")
        if not isinstance(read, Failure):
            return read
        after = await take_failure(self._database, source, read, self._clock.now(), chance=self._random.random())
        return PollReport(after, error=read.said, cause=read.cause)

    async def thread(self, thread: StoredThread) -> None:
        """Read a story's comments."""
        failure = await _or_failure(self._thread(thread), f"thread={thread.id} kind={thread.kind}")
        if failure:
            now, chance = self._clock.now(), self._random.random()
            await take_thread_failure(self._database, thread, failure, now, chance=chance)

    async def page(self, story_id: int, url: str, tries: int) -> None:
        """Look for a thread on a story's page."""
        read = await _or_failure(_ended(self._kinds.probe(self._web, url)), f"page of story={story_id}")
        if isinstance(read, Failure):
            await put_off_probe(self._database, story_id, tries, self._clock.now())
            return
        page, found = read
        if not found and page and page.comments:
            found = (Thread("page", url),)
        await take_probe(self._database, story_id, found, self._clock.now())

    async def _source(self, source: Source, leave: Callable[[], None]) -> PollReport:
        kind = self._kind(source.kind)
        full = schedule.full_due(source.last_full_at, self._clock.now())
        cursor = _afresh(kind, source.cursor) if full else source.cursor
        fetched = await _ended(kind.read(self._web, source.address, cursor))
        source = schedule.moved(source, fetched.moved_to)
        if schedule.has_moved(source):
            source, moved = await self._follow(kind, source)
            fetched, full = moved or fetched, full or moved is not None
        intake = await self._take(source, fetched, full, leave)
        for note in fetched.notes:
            log.info("note source=%d: %s", source.id, note)
        if intake.promised:
            self._on_promised()
        return PollReport(intake.source, intake)

    async def _take(self, source: Source, fetched: Fetched, full: bool, leave: Callable[[], None]) -> Intake:
        now, chance = self._clock.now(), self._random.random()
        after = unchanged(source, fetched, now, full=full, chance=chance)
        if after:
            leave()
            if not await self._quiet.save(after):
                return Intake(after, unchanged=True)
        return await take_read(self._database, source, fetched, now, full=full, chance=chance)

    async def _follow(self, kind: Kind, source: Source) -> tuple[Source, Fetched | None]:
        """Go where a source says to live; only an address that can be read as well is believed."""
        try:
            fetched = await _ended(kind.read(self._web, source.moves[-1], {}))
        except _Failed as error:
            log.info("did not follow source=%d %s", source.id, _logged(error.failure))
            return replace(source, moves=()), None
        log.warning(
            "source moved source=%d from=%s to=%s",
            source.id,
            host_and_path(source.address),
            host_and_path(source.moves[-1]),
        )
        return await move(self._database, source), fetched

    async def _thread(self, thread: StoredThread) -> None:
        kind = self._kind(thread.kind)
        full = schedule.thread_full(thread, self._clock.now())
        found = await _ended(kind.discuss(self._web, thread.address, {} if full else thread.cursor))
        promised = await take_discussion(
            self._database, thread, found, self._clock.now(), full=full, chance=self._random.random()
        )
        if promised:
            self._on_promised()

    def _kind(self, name: str) -> Kind:
        kind = self._kinds.get(name)
        if kind is None:
            raise _Failed(UNKNOWN_KIND)
        return kind


def _afresh(kind: Kind, cursor: Cursor) -> Cursor:
    return kind.afresh(cursor) if isinstance(kind, Remembering) else {}


def _logged(failure: Failure) -> str:
    return f"status={failure.status} cause={failure.said} detail={failure.cause or None}"


async def _or_failure(work: Awaitable[Result], what: str) -> Result | Failure:
    """Wait for one poll and return its failure as a value: the place of a poll that may catch everything.

    What concerns the store or a row that is gone (``StoreError``, ``NotFound``) is no failure of the site and passes.
    """
    try:
        return await work
    except _Failed as error:
        failure = error.failure
    except RendezvousError:
        raise
    except Exception:
        log.exception("poll failed %s", what)
        failure = OURS
    log.info("cannot read %s %s", what, _logged(failure))
    return failure


async def _ended(work: Awaitable[Result]) -> Result:
    """Wait for a read, but not for ever; raises ``_Failed`` with the words for what went wrong out there."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await work
    except FetchError as error:
        raise _Failed(Failure(str(error), error.status, error.retry_after, error.cause)) from error
    except SourceError as error:
        raise _Failed(Failure(str(error))) from error
    except TimeoutError as error:
        raise _Failed(TOO_LONG) from error
