"""Sources for a terminal: the table, a preview, and what a read found. No line holds what drives a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table

from bot.log import escape
from bot.model import Source, Story
from bot.previews import newest
from bot.sources.kinds import Detected

WIDTH = 400  # where no terminal limits it: one source a line, for grep


def table(found: Sequence[tuple[Source, int]], now: datetime, width: int | None = None) -> str:
    """Return the sources, each with how many servers added it, as a table of at most ``width`` columns."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "kind", "name", "for", "state", "last read", "next read"):
        made.add_column(title, no_wrap=title in ("id", "kind", "last read", "next read"))
    made.add_column("address", overflow="fold")
    for source, servers in found:
        made.add_row(*_row(source, servers, now))
    out = io.StringIO()
    console = Console(file=out, width=width or WIDTH, markup=False, highlight=False, emoji=False, no_color=True)
    console.print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _row(source: Source, servers: int, now: datetime) -> tuple[str, ...]:
    return (
        str(source.id),
        source.kind,
        escape(source.name or ""),
        "everyone" if source.everyone else "1 server" if servers == 1 else f"{servers} servers",
        state(source, now),
        ago(source.last_read_at, now),
        "never" if source.stopped_reason else until(source.next_at, now),
        escape(source.address),
    )


def state(source: Source, now: datetime) -> str:
    """Return how a source fares, with what went wrong as it was stored."""
    if source.stopped_reason:
        return escape(f"stopped: {source.stopped_reason} ({source.last_error or 'no error is known'})")
    if source.failing_since:
        times = "once" if source.fails == 1 else f"{source.fails} times"
        return escape(f"failed {times} since {ago(source.failing_since, now)}: {source.last_error or 'unknown'}")
    return "well" if source.last_read_at else "waits for its first read"


def ago(time: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in its largest whole unit."""
    return "never" if time is None else f"{_span(now - time)} ago"


def until(time: datetime | None, now: datetime) -> str:
    """Return how far ahead something is, in its largest whole unit."""
    if time is None:
        return "never"
    return "now" if time <= now else f"in {_span(time - now)}"


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def preview(found: Detected) -> list[str]:
    """Return the newest stories of a source that was looked at."""
    stories = [item.page.story for item in found.fetched.items]
    shown = newest(stories)
    head = f"  its newest {len(shown)} of {len(stories)}:" if shown else "  it lists no story at the moment"
    return [head, *(f"    {_day(story)}  {escape(story.title)}" for story in shown)]


def _day(story: Story) -> str:
    return f"{story.published_at:%Y-%m-%d}" if story.published_at else "no date   "
