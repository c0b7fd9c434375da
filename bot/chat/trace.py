"""A look at every answer of Discord's REST API: its clock, and 5xx on creates, which discord.py must not repeat."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp

from bot.chat.answers import AmbiguousAnswer

CREATES = re.compile(r"/channels/\d+/(messages(/\d+/threads)?|threads)$")


class Trace:
    """Measures how far Discord's clock is ahead, and raises ``AmbiguousAnswer`` on a create's 5xx."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.skew = timedelta()

    def config(self) -> aiohttp.TraceConfig:
        """Return the hook for ``discord.Client(http_trace=...)``."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._answered)
        return config

    async def _answered(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        self._read_clock(end.response.headers.get("Date"))
        if end.method == "POST" and end.response.status >= 500 and CREATES.search(end.url.path):
            raise AmbiguousAnswer(f"HTTP {end.response.status}")

    def _read_clock(self, header: str | None) -> None:
        try:
            theirs = parsedate_to_datetime(header or "")
        except ValueError:
            return
        if theirs.tzinfo is not None:
            self.skew = theirs.astimezone(UTC) - self._now()
