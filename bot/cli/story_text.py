"""One story with its comments for a terminal: as text for people, and as JSON for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.identity import assign_keys
from bot.log import escape
from bot.markdown import plain
from bot.model import Comment, StoredComment, Story, StoryPage
from bot.plan import tree
from bot.sources.base import native_id

WIDTH = 100
DEEPEST = 8
INDENT = "  "


def as_json(kind: str, page: StoryPage) -> dict[str, Any]:  # JSON
    """Return a story and its comments in the source's order; every text is plain, every time is in UTC or None."""
    story = page.story
    return {
        "source_kind": kind,
        "id": story.native_id,
        "url": story.url,
        "title": story.title,
        "author": story.author,
        "published_at": _time(story.published_at),
        "updated_at": _time(story.updated_at),
        "summary": plain(story.summary),
        "text": plain(story.body),
        "image_url": story.image_url,
        "tags": list(story.tags),
        "comments": [_comment(comment) for comment in assign_keys((), page.comments)],
    }


def as_text(page: StoryPage, *, comments: bool, about: str | None = None) -> Iterator[str]:
    """Yield the lines of a story; ``about`` is the verdict on its topic. No line holds what drives a terminal."""
    story = page.story
    yield escape(plain(story.title) or "(untitled story)")
    yield from _block(_facts(story), INDENT)
    if about:
        yield from _block(about, INDENT)
    if story.summary:
        yield ""
        yield from _block(plain(story.summary), INDENT)
    yield ""
    yield INDENT + _count(page, comments)
    if comments:
        yield from _comments(page.comments)


def _facts(story: Story) -> str:
    dates = [_minute(story.published_at)]
    if story.updated_at and story.updated_at != story.published_at:
        dates.append(f"changed {_minute(story.updated_at)}")
    who = [f"by {story.author}" if story.author else "", story.site or "", *dates]
    tags = f"tags: {', '.join(story.tags)}" if story.tags else ""
    return "\n".join(line for line in (" · ".join(part for part in who if part), story.url or "", tags) if line)


def _count(page: StoryPage, shown: bool) -> str:
    number = len(page.comments)
    if not number:
        return "no comments here" if page.complete else "no comments here; there may be some at the source"
    words = "1 comment" if number == 1 else f"{number} comments"
    return words + ("" if page.complete else " of more") + (":" if shown else "; --comments shows them")


def _comments(comments: tuple[Comment, ...]) -> Iterator[str]:
    stored = [StoredComment(number, 0, comment, 1, number) for number, comment in enumerate(assign_keys((), comments))]
    for depth, item in tree(stored):
        comment, indent = item.comment, INDENT * (min(depth, DEEPEST) + 2)
        when = " · ".join(filter(None, (_minute(comment.posted_at), "edited" if comment.edited_at else "")))
        head = f"{'↳ ' if depth else ''}{comment.author or '(nobody)'}{f' · {when}' if when else ''}"
        yield from _block(head, indent)
        text = "(deleted at its source)" if comment.deleted else plain(comment.body) or "(no text)"
        yield from _block(text, indent + INDENT)


def _block(text: str, indent: str) -> Iterator[str]:
    """Yield a text's lines, wrapped and indented; what could drive a terminal is written as an escape."""
    for line in text.split("\n"):
        if line.strip():
            yield from textwrap.wrap(
                escape(line),
                WIDTH,
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )


def _comment(comment: Comment) -> dict[str, Any]:  # JSON
    return {
        "id": native_id(comment.key),
        "parent_id": native_id(comment.parent) if comment.parent else None,
        "author": comment.author,
        "posted_at": _time(comment.posted_at),
        "edited_at": _time(comment.edited_at),
        "deleted": comment.deleted,
        "text": plain(comment.body),
    }


def _time(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


def _minute(time: datetime | None) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else ""
