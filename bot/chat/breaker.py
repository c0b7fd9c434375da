"""How often the bot may identify: a crash loop would otherwise cost the token (Discord resets it at 1,000 a day)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

SHORT, SHORT_LIMIT = timedelta(minutes=10), 5
LONG, LONG_LIMIT = timedelta(hours=24), 100


def wait_before_identify(past: Sequence[datetime], now: datetime, shards: int = 1) -> timedelta:
    """Return how long to wait before the next IDENTIFY, given the past ones; each shard has its own allowance."""
    allowances = ((SHORT, SHORT_LIMIT), (LONG, LONG_LIMIT))
    return max(_wait(past, now, span, limit * max(1, shards)) for span, limit in allowances)


def recent(past: Sequence[datetime], now: datetime) -> list[datetime]:
    """Return those that still count; a time in the future is a clock that was set back, and is dropped."""
    return [time for time in past if now - LONG < time <= now]


def _wait(past: Sequence[datetime], now: datetime, span: timedelta, limit: int) -> timedelta:
    counted = sorted(time for time in past if now - span < time <= now)
    if len(counted) < limit:
        return timedelta()
    return counted[len(counted) - limit] + span - now
