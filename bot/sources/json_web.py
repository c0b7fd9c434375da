"""Questions to JSON interfaces, and the fields of their answers as plain values; nothing here trusts them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from bot.errors import FetchError, SourceError
from bot.markdown import clean_line
from bot.sources.answers import document
from bot.sources.base import NotThisKind, Web
from bot.sources.json_document import as_text, load
from bot.sources.page_dates import iso_date
from bot.urls import UNREADABLE

MAX_PAGES = 50
LINE_LIMIT = 300
# A larger answer is none that we asked for, and reading it would hold up everything else (40 ms for 4 MiB).
MAX_JSON = 4 * 2**20
_FIRST_YEAR, _LAST_YEAR = 1980, 2099


async def get_json(web: Web, url: str) -> Any:  # whatever JSON can say
    """Return the JSON at an address, None for a bare ``null``.

    Raises ``FetchError`` with the status for any but 200, ``SourceError`` for what is not JSON.
    """
    found = document(await web.get(url, accept="application/json"))
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
