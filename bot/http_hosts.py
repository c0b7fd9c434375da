"""Manners towards each host: few requests at once, a moment between them, and none while it asked for a pause."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.errors import FetchError
from bot.urls import UNREADABLE

SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)

_MAX_HOSTS = 1024
_SECONDS = re.compile(r"[+-]?\d{1,4000}(?:\.\d*)?", re.ASCII)


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return how long to wait by a Retry-After (RFC 9110, seconds or a date), from a minute to a day.

    None where the header is absent or says nothing that can be read.
    """
    wait = _wait(value.strip(), now) if value else None
    return None if wait is None else min(max(wait, SHORTEST_PAUSE), LONGEST_PAUSE)


def _wait(value: str, now: datetime) -> timedelta | None:
    if _SECONDS.fullmatch(value):
        return timedelta(seconds=min(max(int(value.partition(".")[0]), 0), 10**9))
    try:
        date = parsedate_to_datetime(value[:100])
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now


@lru_cache(1024)  # a poll asks twice
def host_of(url: str) -> str:
    """Return what counts as one host: http and https together, an unusual port apart."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port
    return host if port in (None, 80, 443) else f"{host}:{port}"


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    started: datetime | None = None
    paused_until: datetime | None = None
    status: int | None = None


class Hosts:
    """What is known about the hosts of late; bounded, as an idle host is forgotten."""

    def __init__(self, clock: Clock, *, concurrency: int, max_hosts: int = _MAX_HOSTS) -> None:
        self._clock = clock
        self._concurrency = concurrency
        self._max_hosts = max_hosts
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, host: str, spacing: float) -> AsyncIterator[None]:
        """Wait until the host may be asked, ``spacing`` seconds after the last start, and hold one of its places.

        Raises ``FetchError`` with ``retry_after`` at once while the host has a pause, also for those who wait.
        """
        entry = self._entry(host)
        entry.users += 1
        try:
            self._check_pause(entry)
            async with entry.slots:
                await self._space(entry, spacing)
                self._check_pause(entry)
                yield
        finally:
            entry.users -= 1

    def pause(self, host: str, length: timedelta, status: int) -> None:
        """Keep a host from being asked for a while; a longer pause that stands already stays."""
        entry = self._entry(host)
        until = self._clock.now() + length
        if entry.paused_until is None or until > entry.paused_until:
            entry.paused_until, entry.status = until, status

    async def _space(self, entry: _Host, spacing: float) -> None:
        async with entry.starting:
            if entry.started is not None:
                gone = (self._clock.now() - entry.started).total_seconds()
                if gone < spacing:  # a clock that was set back must not stretch the wait
                    await self._clock.sleep(min(spacing, spacing - gone))
            entry.started = self._clock.now()

    def _check_pause(self, entry: _Host) -> None:
        left = self._pause_left(entry)
        if left:
            raise FetchError(
                UNREADABLE, status=entry.status, retry_after=left.total_seconds(), detail="the host asked for a pause"
            )

    def _pause_left(self, entry: _Host) -> timedelta:
        if entry.paused_until is None:
            return timedelta(0)
        return min(max(entry.paused_until - self._clock.now(), timedelta(0)), LONGEST_PAUSE)

    def _entry(self, host: str) -> _Host:
        entry = self._hosts.get(host)
        if entry is None:
            self._make_room()
            entry = self._hosts[host] = _Host(asyncio.Semaphore(self._concurrency))
        return entry

    def _make_room(self) -> None:
        """Forget hosts that nobody uses: those without a pause, and if need be those whose pause ends soonest."""
        if len(self._hosts) < self._max_hosts:
            return
        idle = [(self._pause_left(entry), host) for host, entry in self._hosts.items() if not entry.users]
        free = [host for left, host in idle if not left]
        for host in free or [host for _, host in sorted(idle)[: self._max_hosts // 8]]:
            del self._hosts[host]
