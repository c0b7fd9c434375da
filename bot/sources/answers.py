"""What an HTTP answer means to a source: content, or an error that the poller understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from bot.errors import FetchError
from bot.sources.base import Answer, Document
from bot.urls import UNREADABLE

_LONGEST_HINT = timedelta(days=1)


def document(answer: Answer) -> Document:
    """Return what a good answer holds; raises ``FetchError`` with the status for any but 200."""
    if answer.status != HTTPStatus.OK:
        raise FetchError(UNREADABLE, status=answer.status, detail=f"HTTP status {answer.status}")
    return Document(answer.body, answer.url, answer.content_type)


def not_modified(answer: Answer) -> bool:
    """Tell whether nothing changed since the validators that were sent."""
    return answer.status == HTTPStatus.NOT_MODIFIED


def max_age(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long an answer stays fresh by its Cache-Control (RFC 9111), up to a day."""
    match = re.search(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", headers.get("cache-control", ""), re.IGNORECASE)
    if match is None or re.search(r"\bno-(?:cache|store)\b", headers.get("cache-control", ""), re.IGNORECASE):
        return None
    return min(timedelta(seconds=int(match[1])), _LONGEST_HINT)
