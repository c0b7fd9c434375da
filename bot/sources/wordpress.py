"""WordPress sites: posts and comments by their REST API, by feeds and pages where that is closed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urljoin

from bot.errors import SourceError
from bot.sources import wordpress_page, wordpress_rest
from bot.sources.answers import max_age
from bot.sources.base import Answer, Cursor, Discussion, Document, Fetched, Hints, Item, Kind, Thread, Web
from bot.sources.json_document import as_int, as_map, load
from bot.sources.page_decode import charset_text
from bot.sources.wordpress_address import PLAIN, PRETTY, base_of, place_of, rest, root_of, same_site, thread_address
from bot.sources.wordpress_json import host_of, id_of, items_of, line_of, newest_by_post, post_item
from bot.sources.wordpress_links import site_base
from bot.sources.wordpress_rest import RestClosed

_READS_UNTIL_RETRY = 24  # a closed REST API is asked again after so many reads of the feed
_READS_AFTER_CHANGE = 3  # a thread is read whole so often after a change: what vanished must be missed twice
_GUID = re.compile(r"(?:https?:/)?/[^?#]{0,500}\?p=(\d{1,19})")
_FEED_START = re.compile(r"<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE)
_FEED = "feed."
_OVERLAP = timedelta(minutes=10)


class WordPress:
    """A site run by WordPress; its address is its root: ``https://site/`` or ``https://site/blog/``.

    Facts: the REST API handbook of WordPress and its source (5.7 to 6.1). Anonymous answers have no validators, and a
    feed's 304 hides edits and deletions: so each read asks anew, and edits show as changed words.
    """

    name = "wordpress"
    label = "WordPress site"

    def __init__(self, feed: Kind) -> None:
        self._feed = feed

    async def parse(self, document: Document) -> Fetched:
        """Return the posts in a JSON document of wp/v2 or WordPress.com's v1.1, or the stories of comments alone."""
        return Fetched(items=await asyncio.to_thread(lambda: items_of(load(document))))

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the site's root where its REST API tells of posts; None where it does not: its feed still may."""
        url = document.url or ""
        text = await asyncio.to_thread(charset_text, document.data, document.content_type)
        base = base_of(url) or await asyncio.to_thread(site_base, text, url)
        if base is None or (_FEED_START.search(text[:2000]) and url.rstrip("/") != f"{root_of(base)}feed"):
            return None  # who pastes the feed of a category wants no more than that
        try:
            answer, data = await wordpress_rest.ask(web, rest(base, "wp/v2/posts", per_page=1, _fields="id,link,title"))
        except SourceError:
            return None
        found = isinstance(data, list) and any(post_item(as_map(entry)) for entry in data)
        return root_of(base_of(answer.url) or base) if found else None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return the newest posts, and those changed since the last read."""
        closed = as_int(cursor.get("closed")) or 0
        if closed <= 0:
            try:
                return await self._posts(web, address, cursor)
            except RestClosed:
                closed = _READS_UNTIL_RETRY
        return await self._feed_of(web, address, cursor, closed - 1)

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Return a post's comments by REST; else those of its feed and page."""
        place = place_of(address)
        closed = as_int(cursor.get("closed")) or 0
        if place.base and place.post and closed <= 0:
            try:
                return Discussion(*await wordpress_rest.comments(web, place.base, place.post))
            except RestClosed:
                closed = _READS_UNTIL_RETRY
        again, known = as_int(cursor.get("again")) or 0, _inner(cursor)
        found = await wordpress_page.discuss(web, self._feed, place, {} if again > 0 else known)
        again = _READS_AFTER_CHANGE if found.cursor != known else max(again - 1, 0)
        return replace(found, cursor={**_outer(found.cursor, closed - 1), "again": str(again)})

    async def _posts(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        base, (answer, entries) = await _opened(web, address, cursor)
        after = cursor.get("modified")
        changed = await _changed(web, base, after) if after else []
        signals = newest_by_post(await wordpress_rest.latest_comments(web, base))
        site = cursor.get("site") or line_of(await wordpress_rest.name(web, base), 100)
        items = await asyncio.to_thread(lambda: tuple(_items((*entries, *changed), base, site or None, signals)))
        return Fetched(
            items=items,
            cursor={"base": base, "site": site, "modified": _latest(items) or after or ""},
            hints=Hints(interval=max_age(answer.headers)),
            name=site or None,
            moved_to=_moved(answer.moved_to),
        )

    async def _feed_of(self, web: Web, address: str, cursor: Cursor, closed: int) -> Fetched:
        found = await self._feed.read(web, f"{address}feed/", _inner(cursor))
        moved = (found.moved_to or "").removesuffix("/").removesuffix("/feed")
        return replace(
            found,
            items=tuple(_own(item, address) for item in found.items),
            cursor=_outer(found.cursor, closed),
            moved_to=f"{moved}/" if moved else None,
            notes=(*found.notes, "This site keeps WordPress's REST API closed, so its feed is read."),
        )


async def _opened(web: Web, address: str, cursor: Cursor) -> tuple[str, tuple[Answer, list[object]]]:
    """Return the REST root that answers, and its newest posts; raises ``RestClosed`` where none does."""
    bases = [base for base in (cursor.get("base"),) if base] or [f"{address}{PRETTY}", f"{address}{PLAIN}"]
    for base in bases[:-1]:
        try:
            return base, await wordpress_rest.posts(web, base)
        except RestClosed:
            continue
    return bases[-1], await wordpress_rest.posts(web, bases[-1])


async def _changed(web: Web, base: str, after: str) -> list[object]:
    """Return the posts changed since a time; empty where the site does not say, as the newest ones have come."""
    try:
        return (await wordpress_rest.posts(web, base, modified_after=after))[1]
    except SourceError:
        return []


def _items(entries: Iterable[object], base: str, site: str | None, signals: Mapping[str, str]) -> Iterable[Item]:
    seen = set()
    for entry in map(as_map, entries):
        number = id_of(entry.get("id"))
        if number not in seen:
            seen.add(number)
            item = post_item(entry, base=base, site=site, signal=signals.get(number))
            if item is not None:
                yield item


def _latest(items: Iterable[Item]) -> str | None:
    """Return the time of the newest change, some minutes earlier: clocks differ, and changes share a second."""
    changes = [item.page.story.updated_at for item in items if item.page.story.updated_at]
    return _stamp(max(changes)) if changes else None


def _stamp(time: datetime) -> str:
    return (time - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moved(url: str | None) -> str | None:
    base = base_of(url or "")
    return root_of(base) if base else None


def _own(item: Item, root: str) -> Item:
    """Make a feed's item WordPress's: its number is in its guid, and its comments are read by us."""
    story, link = item.page.story, item.page.story.url
    match = _GUID.fullmatch(story.native_id or "")
    number = match[1] if match and same_site(urljoin(root, match[0]), root) else None
    if number:
        story = replace(story, native_id=number, origin=host_of(link) or host_of(root))
    signal = next((thread.signal for thread in item.threads), None)
    where = thread_address(f"{root}{PRETTY}", number, link)
    threads = (Thread("wordpress", where, signal),) if where else item.threads
    return replace(item, page=replace(item.page, story=story), threads=threads)


def _inner(cursor: Cursor) -> Cursor:
    return {name.removeprefix(_FEED): value for name, value in cursor.items() if name.startswith(_FEED)}


def _outer(cursor: Cursor, closed: int) -> Cursor:
    return {"closed": str(max(closed, 0)), **{f"{_FEED}{name}": value for name, value in cursor.items()}}
