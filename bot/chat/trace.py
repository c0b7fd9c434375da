"""A look at every answer of Discord's REST API: its clock, and what discord.py must not repeat or would not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

from bot.chat.answers import AmbiguousAnswer, Barred

GUILD_LIMIT = 20029  # "The write action you are performing on the server has hit the write rate limit"
CREATES = re.compile(r"/channels/\d+/(messages(/\d+/threads)?|threads)$")


class Trace:
    """Measures how far Discord's clock is ahead; raises ``AmbiguousAnswer`` on a create's 5xx and ``Barred``."""

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
        if end.response.ok and end.response.content_type == "text/html":
            raise AmbiguousAnswer("a page instead of Discord's answer")  # to a deletion it would pass for a yes
        if end.response.status == HTTPStatus.TOO_MANY_REQUESTS:
            await self._refused(end.response)

    async def _refused(self, answer: aiohttp.ClientResponse) -> None:
        """Say it where a whole server has to wait: discord.py does not tell the codes of its waits."""
        try:
            said = json.loads(await answer.read())
            code, seconds = said.get("code"), float(said["retry_after"])
        except (ValueError, TypeError, LookupError, AttributeError):
            return  # not Discord's own words: it is judged where its absence is
        if code == GUILD_LIMIT:
            raise Barred(seconds, everywhere=False)

    def _read_clock(self, header: str | None) -> None:
        try:
            theirs = parsedate_to_datetime(header or "")
        except ValueError:
            return
        if theirs.tzinfo is not None:
            self.skew = theirs.astimezone(UTC) - self._now()
