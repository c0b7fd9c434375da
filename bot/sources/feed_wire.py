"""What the feed worker answers, as JSON and back: plain values only, so that nothing it says can act. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bot.model import Comment, Story, StoryPage
from bot.sources.base import Fetched, Hints, Item, Thread
from bot.sources.feed_entries import Parsed

_Json = Mapping[str, Any]  # our own words, written a moment ago by ``encode``


def encode(parsed: Parsed) -> bytes:
    """Return a parsed feed as JSON."""
    return json.dumps(asdict(parsed), default=_plain, ensure_ascii=False).encode("utf-8", "replace")


def decode(data: bytes) -> Parsed:
    """Return what ``encode`` was given; raises ``ValueError``, ``KeyError`` or ``TypeError`` for anything else."""
    found: _Json = json.loads(data)
    fetched: _Json = found["fetched"]
    return Parsed(
        fetched=Fetched(
            items=tuple(_item(item) for item in fetched["items"]),
            hints=_hints(fetched["hints"]),
            name=fetched["name"],
            notes=tuple(fetched["notes"]),
        ),
        comments=tuple(_comment(comment) for comment in found["comments"]),
        next_url=found["next_url"],
        total=found["total"],
        whole=found["whole"],
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _item(item: _Json) -> Item:
    page: _Json = item["page"]
    story = {**page["story"], "tags": tuple(page["story"]["tags"])}
    story |= {name: _date(story[name]) for name in ("published_at", "updated_at")}
    comments = tuple(_comment(comment) for comment in page["comments"])
    return Item(
        StoryPage(Story(**story), comments, page["complete"]), tuple(Thread(**thread) for thread in item["threads"])
    )


def _comment(comment: _Json) -> Comment:
    return Comment(**{**comment, "posted_at": _date(comment["posted_at"]), "edited_at": _date(comment["edited_at"])})


def _hints(hints: _Json) -> Hints:
    seconds = hints["interval"]
    return Hints(
        interval=None if seconds is None else timedelta(seconds=seconds),
        skip_hours=frozenset(hints["skip_hours"]),
        skip_days=frozenset(hints["skip_days"]),
    )


def _date(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
