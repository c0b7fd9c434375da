"""Dates as pages write them, as UTC. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_CLOCK = r"(?:\D{0,6}(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\s*(?P<half>[ap]\.?m)?)?"
_WORDS = (
    re.compile(rf"\b{_NAME}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_NAME},?\s+(?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE),
)


def iso_date(text: str | None) -> datetime | None:
    """Return an ISO 8601 time in UTC (a time without a zone counts as UTC); None where it is none."""
    try:
        found = datetime.fromisoformat((text or "").strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def word_date(text: str) -> datetime | None:
    """Return the first date written as "February 26, 2017 at 4:48 pm" or "26 Feb 2017"; the zone counts as UTC."""
    for pattern in _WORDS:
        if match := pattern.search(text):
            hour = int(match["hour"] or 0)
            if match["half"]:
                hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
            month = _MONTHS.index(match["month"].lower()) + 1
            try:
                day, year = int(match["day"]), int(match["year"])
                return datetime(year, month, day, hour, int(match["minute"] or 0), tzinfo=UTC)
            except ValueError:
                return None
    return None
