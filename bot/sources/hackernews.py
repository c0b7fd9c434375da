"""Hacker News: a list of stories, and the tree of comments below each, item by item.

The interface is github.com/HackerNews/API: every story, comment and job is an item; ``kids`` are in the order of rank.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

from bot.errors import SourceError
from bot.markdown import excerpt, from_html
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Cursor, Discussion, Document, Fetched, Item, NotThisKind, Thread, Web, key
from bot.sources.json_document import Json, as_int, as_list, as_map, as_text, load
from bot.sources.json_web import get_json, line, when
from bot.sources.page_text import SUMMARY_LIMIT
from bot.urls import safe_link

HOST = "news.ycombinator.com"
API = "https://hacker-news.firebaseio.com/v0"
STORIES_PER_READ = 30  # what its own page shows
ITEMS_PER_READ = 500
SECONDS_PER_READ = 90.0  # a read must end by itself: what it found until then is worth more than none
_AT_ONCE = 4
_LISTS = {"": "top", "news": "top", "newest": "new", "best": "best", "ask": "ask", "show": "show", "jobs": "job"}
_STORIES = ("story", "job", "poll")


class HackerNews:
    """The front page, one of its other lists (/newest, /best, /ask, /show, /jobs) or a single story (/item?id=…)."""

    name = "hackernews"
    label = "Hacker News"

    async def parse(self, document: Document) -> Fetched:
        """Return the story or the comment of an item."""
        item = as_map(load(document))
        if as_int(item.get("id")) is None or as_text(item.get("type")) not in (*_STORIES, "comment") or (
            "time" not in item and not item.get("deleted")
        ):  # fmt: skip
            raise NotThisKind("This is not a story or comment of Hacker News.")
        if item.get("type") != "comment":
            return Fetched((_item(item),))
        parent = as_int(item.get("parent"))
        story = Story(
            title=f"Item {parent} of Hacker News" if parent else "An item of Hacker News",
            url=_page(parent) if parent else None,
            native_id=str(parent) if parent else None,
            origin=HOST,
            site=self.label,
        )
        comments = (_comment(item, key("hn", str(parent)) if parent else None),)
        return Fetched((Item(StoryPage(story, comments, complete=False)),))

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the list or story that an address of the site names, by its host alone."""
        parts = urlsplit(safe_link(document.url) or "")
        if parts.hostname != HOST:
            return None
        number = _number(document.url or "")
        name = parts.path.strip("/")
        return _page(number) if number is not None else f"https://{HOST}/{name if name in _LISTS else ''}"

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return the first 30 stories of the list; those that were deleted or flagged away are left out."""
        number, name = _number(address), urlsplit(address).path.strip("/")
        if number is not None:
            numbers = [number]
        elif name in _LISTS:
            entries = as_list(await get_json(web, f"{API}/{_LISTS[name]}stories.json"))
            if not entries:
                raise SourceError("Hacker News answered without any story.")
            numbers = list(dict.fromkeys(n for entry in entries if (n := as_int(entry)) is not None))
        else:
            raise SourceError("This is not a list of Hacker News; the front page is https://news.ycombinator.com/.")
        found = [item for item in await _items(web, numbers[:STORIES_PER_READ]) if _is_story(item)]
        if number is not None and not found:
            raise SourceError("Hacker News has no such story.")
        items = await asyncio.to_thread(lambda: tuple(map(_item, found)))
        return Fetched(items, name=self.label)

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Return a story's comments, the oldest first; incomplete beyond 500, or beyond what 90 seconds give."""
        number = _number(address)
        if number is None:
            raise SourceError("This is not the address of a story on Hacker News.")
        story = (await _items(web, [number]))[0]
        if not _is_story(story):
            raise SourceError("Hacker News has no such story.")
        found, complete = await _tree(web, story)
        comments = await asyncio.to_thread(lambda: [_comment(item, parent) for item, parent in found])
        return Discussion(tuple(sorted(comments, key=lambda comment: int(comment.key[3:]))), complete)


async def _tree(web: Web, story: Json) -> tuple[list[tuple[Json, str | None]], bool]:
    """Return the comments below a story with their parents' keys, level by level, and whether these are all."""
    found: list[tuple[Json, str | None]] = []
    complete, seen = True, {as_int(story.get("id"))}
    until = asyncio.get_running_loop().time() + SECONDS_PER_READ
    level: dict[int, str | None] = dict.fromkeys(_kids(story))
    while level := {kid: parent for kid, parent in level.items() if kid not in seen}:
        room = ITEMS_PER_READ + 1 - len(seen)
        complete = complete and len(level) <= room
        asked = list(level)[:room]
        seen.update(asked)
        items = await _items(web, asked, strict=False, until=until)
        below: dict[int, str | None] = {}
        for kid, item in zip(asked, items, strict=False):
            kids = _kids(item)
            complete = complete and item.get("type") == "comment"
            # What was flagged away stays as a gap where others replied to it.
            if item.get("type") == "comment" and (not item.get("dead") or kids):
                found.append((item, level[kid]))
                for child in kids:
                    below.setdefault(child, key("hn", str(kid)))
        if len(items) < len(asked):
            return found, False
        level = below
    return found, complete


async def _items(web: Web, numbers: list[int], *, strict: bool = True, until: float | None = None) -> list[Json]:
    """Return items in the order of their numbers, {} for one that is not there; four are asked for at once.

    Raises ``FetchError`` or ``SourceError``; where not ``strict``, the list then ends after those that came before,
    and also at the time ``until`` of the event loop.
    """
    found: list[Json] = []
    for start in range(0, len(numbers), _AT_ONCE):
        if until is not None and asyncio.get_running_loop().time() > until:
            return found
        some = [asyncio.create_task(_one(web, number)) for number in numbers[start : start + _AT_ONCE]]
        try:
            found += await asyncio.gather(*some)
        except SourceError:
            if strict:
                raise
            return found
        finally:
            for task in some:
                task.cancel()
    return found


async def _one(web: Web, number: int) -> Json:
    item = as_map(await get_json(web, f"{API}/item/{number}.json"))
    return item if as_int(item.get("id")) == number else {}


def _is_story(item: Json) -> bool:
    return item.get("type") in _STORIES and not item.get("deleted") and not item.get("dead")


def _item(item: Json) -> Item:
    number = as_int(item.get("id")) or 0
    page = _page(number)
    body = from_html(as_text(item.get("text")), page)
    story = Story(
        title=line(item.get("title")) or f"Item {number} of Hacker News",
        url=safe_link(as_text(item.get("url"))) or page,
        native_id=str(number),
        origin=HOST,
        author=line(item.get("by"), 100) or None,
        site=HackerNews.label,
        summary=excerpt(body, SUMMARY_LIMIT),
        body=body,
        published_at=when(item.get("time")),
    )
    signal = as_text(item.get("descendants"))
    threads = (Thread("hackernews", page, signal or "0"),) if item.get("type") != "job" else ()
    return Item(StoryPage(story, complete=False), threads)


def _comment(item: Json, parent: str | None) -> Comment:
    number = as_int(item.get("id")) or 0
    name = line(item.get("by"), 100)
    gone = bool(item.get("deleted") or item.get("dead"))
    return Comment(
        key=key("hn", str(number)),
        author=name,
        body="" if gone else from_html(as_text(item.get("text")), _page(number)),
        parent=parent,
        url=_page(number),
        author_url=f"https://{HOST}/user?id={name}" if re.fullmatch(r"[\w-]+", name) else None,
        posted_at=when(item.get("time")),
        deleted=gone,
    )


def _kids(item: Json) -> list[int]:
    return [number for entry in as_list(item.get("kids"))[:5000] if (number := as_int(entry)) is not None]


def _page(number: int) -> str:
    return f"https://{HOST}/item?id={number}"


def _number(url: str) -> int | None:
    parts = urlsplit(safe_link(url) or "")
    if parts.hostname != HOST or parts.path != "/item":
        return None
    number = as_int(parse_qs(parts.query[:200]).get("id", [""])[0])
    return number if number is not None and number > 0 else None
