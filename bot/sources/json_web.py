"""Questions to JSON interfaces, and the fields of their answers as plain values; nothing here trusts them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from bot.errors import FetchError, SourceError
from bot.markdown import clean_line
from bot.sources.answers import document
from bot.sources.base import Answer, Document, NotThisKind, Web
from bot.sources.json_document import as_int, as_map, as_text, load
from bot.sources.page_dates import iso_date
from bot.urls import UNREADABLE

MAX_PAGES = 50
LINE_LIMIT = 300
# A larger answer is none that we asked for, and reading it would hold up everything else (40 ms for 4 MiB).
MAX_JSON = 4 * 2**20
_LONGEST_WAIT = 86_400
_FIRST_YEAR, _LAST_YEAR = 1980, 2099


async def get_json(web: Web, url: str) -> Any:  # whatever JSON can say
    """Return the JSON at an address, None for a bare ``null``.

    Raises ``FetchError`` with the status for any but 200, ``SourceError`` for what is not JSON.
    """
    answer = await web.get(url, accept="application/json")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise FetchError(UNREADABLE, status=answer.status, retry_after=_wait(answer), detail="too many requests")
    found = document(answer)
    if len(found.data) > MAX_JSON:
        raise FetchError(UNREADABLE, status=200, detail=f"{len(found.data)} bytes of JSON")
    if found.data[:16].strip() == b"null":
        return None
    try:
        return await asyncio.to_thread(load, found)
    except NotThisKind as error:
        raise SourceError("The site answered with something else than data; it may be down or ask for a log-in.") from (
            error
        )


def _wait(answer: Answer) -> float | None:
    """Return the seconds that Discourse asks to wait in the body of its refusal."""
    try:
        told = as_map(load(Document(answer.body[:10_000], answer.url, answer.content_type)))
    except NotThisKind:
        return None
    seconds = as_int(as_map(told.get("extras")).get("wait_seconds"))
    return float(min(seconds, _LONGEST_WAIT)) if seconds is not None and seconds > 0 else None


def when(value: object) -> datetime | None:
    """Return an ISO 8601 time or seconds since 1970 as UTC; None for what is neither or absurd."""
    if isinstance(value, str):
        found = iso_date(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    else:
        return None
    return found if found is not None and _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def line(value: object, limit: int = LINE_LIMIT) -> str:
    """Return a text or number as one clean line of at most ``limit`` characters, "" for anything else."""
    return clean_line(as_text(value)[: 4 * limit])[:limit].rstrip()
