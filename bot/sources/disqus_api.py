"""Questions to Disqus's API with the operator's key, which appears nowhere else: not in an error, not in a cursor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode

from bot.errors import FetchError, SourceError
from bot.sources.base import Answer, Document, NotThisKind, Web
from bot.sources.json_document import Json, as_int, as_map, load
from bot.urls import UNREADABLE

SPACING = 4.0  # seconds between two questions: 900 an hour, below the 1,000 that one key is said to have

_URL = "https://disqus.com/api/3.0"
_REFUSED = (
    "Disqus refuses the key in DISQUS_API_KEY; copy the application's secret key again from "
    "disqus.com/api/applications."
)
# disqus.com/api/docs/errors
_KEY_CODES = frozenset((5, 9, 11, 12))
_UNKNOWN_CODES = frozenset((2, 3, 8))
_LIMIT_CODES = frozenset((13, 14))
_LONGEST_WAIT, _USUAL_WAIT, _SHORTEST_WAIT = 3600.0, 900.0, 60.0


class Unknown(SourceError):
    """Disqus does not know what was asked for."""


class Api:
    """Asks one question after the other, spaced, and none while Disqus asks us to wait."""

    def __init__(self, key: str, *, spacing: float = SPACING) -> None:
        self._key = key
        self._spacing = spacing
        self._turn = asyncio.Lock()
        self._next = 0.0
        self._quiet_until = 0.0

    async def call(self, web: Web, path: str, parameters: Mapping[str, str | int]) -> Json:
        """Return an answer with code 0, whole; ``path`` is like "posts/list".

        Raises ``Unknown``; ``SourceError`` where the key is refused; ``FetchError`` for all else, with ``retry_after``
        where the limit is reached.
        """
        query = urlencode({**parameters, "api_secret": self._key}, quote_via=quote, errors="replace")
        async with self._turn:
            quiet = self._quiet_until - time.monotonic()
            if quiet > 0:
                raise _limited(quiet)
            await asyncio.sleep(max(0.0, self._next - time.monotonic()))
            try:
                answer = await web.get(f"{_URL}/{path}.json?{query}", accept="application/json")
            except FetchError as error:  # made anew and cut off from its cause, as either might hold the address
                raise FetchError(UNREADABLE, status=error.status, retry_after=error.retry_after) from None
            finally:
                self._next = time.monotonic() + self._spacing
            self._note_limit(answer)
        return self._judged(answer)

    def _note_limit(self, answer: Answer) -> None:
        if as_int(answer.headers.get("x-ratelimit-remaining")) == 0:
            self._quiet_until = time.monotonic() + _wait(answer.headers)

    def _judged(self, answer: Answer) -> Json:
        try:
            data = as_map(load(Document(answer.body, None, answer.content_type)))
        except NotThisKind:
            data = {}
        code = as_int(data.get("code"))
        if code == 0 and answer.status == HTTPStatus.OK:
            return data
        if code in _LIMIT_CODES or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._quiet_until = time.monotonic() + _wait(answer.headers)
            raise _limited(_wait(answer.headers))
        if code in _KEY_CODES:
            raise SourceError(_REFUSED)
        if code in _UNKNOWN_CODES:
            raise Unknown("Disqus does not know this thread or forum.")
        raise FetchError(UNREADABLE, status=answer.status, detail=f"Disqus code {code}")  # never its words


def _limited(seconds: float) -> FetchError:
    return FetchError(UNREADABLE, status=HTTPStatus.TOO_MANY_REQUESTS, retry_after=seconds, detail="Disqus's limit")


def _wait(headers: Mapping[str, str]) -> float:
    """Return the seconds until the limit is lifted, by Retry-After or by the time in X-Ratelimit-Reset."""
    after, reset = as_int(headers.get("retry-after")), as_int(headers.get("x-ratelimit-reset"))
    seconds = after if after is not None else (reset - time.time() if reset is not None else _USUAL_WAIT)
    return min(max(seconds, _SHORTEST_WAIT), _LONGEST_WAIT)
