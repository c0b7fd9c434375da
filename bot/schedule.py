"""When a source or a thread is read next, and when somebody must be told: pure, with time and chance handed in.

Intervals adapt to how often a source changes; failures back off; ``chance`` is a number from 0 to below 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import Source, StoredThread

SHORTEST, LONGEST = timedelta(minutes=2), timedelta(minutes=60)
FULL = timedelta(days=1)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=6)
RETRY_WITHIN = timedelta(minutes=1), timedelta(days=1)
REFUSED_WAIT = timedelta(days=1)
TELL_AFTER, STOP_AFTER = timedelta(days=1), timedelta(days=7)
# Failures that must have been seen as well, as a clock may jump.
TELL_FAILS, STOP_FAILS = 4, 7
MOVES_BELIEVED = 3
REFUSALS, GONE = (401, 403, 451), 410

# A thread is read so often until it has this age.
FALLING = (
    (timedelta(hours=3), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=3), timedelta(hours=6)),
    (timedelta(days=14), timedelta(days=1)),
)
FRESH = timedelta(days=3)
THREAD_FAILS = 3
PROBES = (timedelta(minutes=10), timedelta(hours=1))


class Tell(StrEnum):
    """What admins who added a source are to be told."""

    FAILING = "failing"
    REFUSED = "refused"
    STOPPED = "stopped"
    GONE = "gone"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Step:
    """What one read makes of a source."""

    source: Source
    tell: Tell | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a read failed: a sentence for people, what the site answered, and the cause for the operator alone."""

    said: str
    status: int | None = None
    retry_after: float | None = None
    cause: str = ""


def full_due(last_full_at: datetime | None, now: datetime) -> bool:
    """Tell whether all must be read without validators, as some sites answer 304 to edits."""
    return last_full_at is None or not timedelta(0) <= now - last_full_at < FULL


def read(source: Source, now: datetime, *, changed: bool, chance: float) -> Step:
    """A read went well: more often after a change, less often without one, never oftener than the source asks."""
    interval = max(SHORTEST, min(LONGEST, source.interval * (0.5 if changed else 1.5)))
    least = max(SHORTEST, min(LONGEST, source.least or SHORTEST))
    wait = max(least, interval * (1 - 0.1 * chance))
    after = replace(
        source,
        interval=interval,
        next_at=_awake(now + wait, source.skip_hours, source.skip_days),
        last_read_at=now,
        last_change_at=now if changed else source.last_change_at,
        fails=0,
        failing_since=None,
        last_error=None,
        told_at=None,
        stopped_reason=None,
    )
    return Step(after, Tell.RECOVERED if source.told_at else None)


def failed(source: Source, failure: Failure, now: datetime, *, chance: float) -> Step:
    """A read failed: back off up to six hours, tell after a day, stop after seven."""
    since = source.failing_since or now
    source = replace(source, fails=source.fails + 1, failing_since=since, last_error=failure.said, moves=())
    if failure.status == GONE:
        return _stopped(source, "it says that it is gone for good", Tell.GONE, now)
    if now - since >= STOP_AFTER and source.fails >= STOP_FAILS:
        return _stopped(source, "it could not be read for seven days", Tell.STOPPED, now)
    source = replace(source, next_at=now + _patience(source.fails, failure, chance))
    if source.told_at:
        return Step(source)
    if failure.status in REFUSALS:
        return Step(replace(source, told_at=now), Tell.REFUSED)
    if now - since >= TELL_AFTER and source.fails >= TELL_FAILS:
        return Step(replace(source, told_at=now), Tell.FAILING)
    return Step(source)


def moved(source: Source, to: str | None) -> Source:
    """Note where a source says it lives for good; one read that says otherwise and the count begins anew."""
    if to is None or to == source.address:
        return replace(source, moves=()) if source.moves else source
    return replace(source, moves=(*source.moves, to) if set(source.moves) <= {to} else (to,))


def has_moved(source: Source) -> bool:
    """Tell whether a source said often enough that it moved to believe it."""
    return len(source.moves) >= MOVES_BELIEVED


def _stopped(source: Source, reason: str, tell: Tell, now: datetime) -> Step:
    return Step(replace(source, stopped_reason=reason, next_at=None, told_at=now), tell)


def _patience(fails: int, failure: Failure, chance: float) -> timedelta:
    if failure.status in REFUSALS:
        return REFUSED_WAIT
    wait = min(LONGEST_BACKOFF, FIRST_BACKOFF * (1 << min(fails - 1, 12))) * (0.5 + 0.5 * chance)
    if failure.retry_after is None:
        return wait
    soonest, latest = (limit.total_seconds() for limit in RETRY_WITHIN)
    # The comparisons also end NaN, which is neither.
    asked = failure.retry_after if failure.retry_after > soonest else soonest
    return max(wait, timedelta(seconds=asked if asked < latest else latest))


def _awake(when: datetime, hours: frozenset[int], days: frozenset[int]) -> datetime:
    """Return the first time from ``when`` on that is outside the hours and days to be skipped."""
    if len(hours & set(range(24))) == 24 or len(days & set(range(7))) == 7:
        return when  # who skips all says nothing
    while when.hour in hours or when.weekday() in days:
        when = when.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return when


def first_read(born_at: datetime, signal: str | None, now: datetime) -> datetime | None:
    """Return when a thread just found is read: at once while it is young, None where its story is long over."""
    step = _step(born_at, None, now)
    if step is None:
        return None
    return now + FULL if signal == "0" else now


def woken(thread: StoredThread, signal: str | None, now: datetime) -> StoredThread:
    """The source told a thread's signal: another one than before makes the thread due, however old it is."""
    if signal is None or signal == thread.signal:
        return thread
    due = thread.next_at if thread.next_at and thread.next_at < now else now
    return replace(thread, signal=signal, woken_at=now, next_at=due)


def thread_read(thread: StoredThread, now: datetime, *, chance: float) -> StoredThread:
    """A thread was read: the older its story, the later again; None in the end."""
    step = _step(thread.born_at, thread.woken_at, now)
    return replace(
        thread,
        next_at=None if step is None else now + step * (1 - 0.1 * chance),
        last_read_at=now,
        read_signal=thread.signal,
        fails=0,
        failing_since=None,
        last_error=None,
    )


def thread_failed(thread: StoredThread, failure: Failure, now: datetime, *, chance: float) -> StoredThread:
    """A thread could not be read: later again, and never once its story is over or the thread is gone for good."""
    thread = replace(thread, fails=thread.fails + 1, failing_since=thread.failing_since or now, last_error=failure.said)
    step = _step(thread.born_at, thread.woken_at, now)
    if failure.status == GONE:
        return replace(thread, next_at=None, fails=max(thread.fails, THREAD_FAILS))
    if step is None:
        return replace(thread, next_at=None)
    return replace(thread, next_at=now + max(step, _patience(thread.fails, failure, chance)))


def thread_full(thread: StoredThread, now: datetime) -> bool:
    """Tell whether a thread must be read without validators: once a day, and when its signal changed."""
    return thread.signal != thread.read_signal or full_due(thread.last_full_at, now)


def chosen(threads: Sequence[StoredThread]) -> StoredThread | None:
    """Return which of a story's threads, given the best first, is read: one alone, another only where it fails."""
    able = [thread for thread in threads if thread.fails < THREAD_FAILS]
    return next(iter(able or threads), None)


def arranged(threads: Sequence[StoredThread], now: datetime) -> list[StoredThread]:
    """Return a story's threads, best first, as they are to be read: those behind the chosen one rest."""
    best = chosen(threads)
    if best is None:
        return []
    place = next(index for index, thread in enumerate(threads) if thread.id == best.id)
    if best.next_at is None and best.fails < THREAD_FAILS:
        best = replace(best, next_at=first_read(best.born_at, best.signal, now))
    return [*threads[:place], best, *(replace(thread, next_at=None) for thread in threads[place + 1 :])]


def is_fresh(published_at: datetime | None, now: datetime) -> bool:
    """Tell whether a story is so young that it pays to look for its thread; without a date a new story is."""
    return published_at is None or now - published_at < FRESH


def next_probe(tries: int, now: datetime) -> datetime | None:
    """Return when a story's page is asked again after it could not be read ``tries`` times before."""
    return now + PROBES[tries] if tries < len(PROBES) else None


def _step(born_at: datetime, woken_at: datetime | None, now: datetime) -> timedelta | None:
    age, oldest = now - born_at, FALLING[-1][0]
    if age >= oldest and woken_at is not None and now - woken_at < oldest:
        return FALLING[-1][1]
    return next((step for limit, step in FALLING if age < limit), None)
