"""Disqus: threads by its API where the operator has a key, else their feeds and the lists in the stories' pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from bot.errors import FetchError, SourceError
from bot.model import Comment
from bot.sources import wordpress_page
from bot.sources.base import Cursor, Discussion, Document, Fetched, Kind, Web
from bot.sources.disqus_address import Place, forum_of, place_of
from bot.sources.disqus_api import SPACING, Api, Unknown
from bot.sources.disqus_export import export_items, looks_like_export
from bot.sources.disqus_json import comments_of, id_of, items_of, thread_item
from bot.sources.json_document import Json, as_int, as_list, as_map, as_text, load

MOST_PAGES = 50

_PER_PAGE = 100
_NEEDS_KEY = "Disqus tells of this only to those who have a key: set DISQUS_API_KEY to your application's secret key."
_NO_THREAD = "This is not the address of a Disqus thread."


class Disqus:
    """Forums and threads of Disqus; the forms of their addresses are in ``disqus_address``.

    Facts: disqus.com/api/docs. A post has no time of its edit, so an edit shows as changed words alone.
    """

    name = "disqus"
    label = "Disqus forum"

    def __init__(self, key: str | None, feed: Kind, *, spacing: float = SPACING) -> None:
        self._api = Api(key, spacing=spacing) if key else None
        self._feed = feed

    async def parse(self, document: Document) -> Fetched:
        """Return the stories and comments of an API answer or an export file."""
        if looks_like_export(document.data):
            return Fetched(items=await asyncio.to_thread(export_items, document.data))
        return Fetched(items=await asyncio.to_thread(lambda: items_of(load(document))))

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the address of the forum that a ``*.disqus.com`` address belongs to."""
        forum = forum_of(document.url or "")
        return Place(forum).address if forum else None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return a forum's newest threads; raises ``SourceError`` where there is no key."""
        place = place_of(address)
        if place is None:
            raise SourceError("This is not the address of a Disqus forum.")
        if self._api is None:
            raise SourceError(_NEEDS_KEY)
        data = await self._api.call(web, "threads/list", {"forum": place.forum, "limit": 25, "order": "desc"})
        found = (thread_item(as_map(entry)) for entry in as_list(data.get("response")))
        return Fetched(items=tuple(item for item in found if item is not None), name=place.forum)

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Return a thread's comments; without a key those of its feed, or the static list in the story's page."""
        place = place_of(address)
        if place is None:
            raise SourceError(_NO_THREAD)
        if self._api is None:
            return await self._keyless(web, place, cursor)
        thread = place.thread or cursor.get("thread") or await _resolved(self._api, web, place)
        if not thread:  # Disqus makes a thread when somebody first sees the page
            return Discussion()
        comments, complete = await _posts(self._api, web, thread)
        if complete and not comments:
            complete = not await _count(self._api, web, thread)
        return Discussion(comments, complete, cursor={"thread": thread})

    async def _keyless(self, web: Web, place: Place, cursor: Cursor) -> Discussion:
        if place.rss:
            try:
                found = await self._feed.discuss(web, place.rss, cursor)
                return replace(found, complete=False)  # the newest alone
            except FetchError:
                if not place.link:
                    raise
        if not place.link:
            raise SourceError(_NEEDS_KEY)
        shown = await wordpress_page.read(web, place.link)
        static = tuple(comment for comment in shown.comments if comment.key.startswith("dsq-"))
        return Discussion(static, shown.complete and bool(static))


async def _resolved(api: Api, web: Web, place: Place) -> str | None:
    """Return Disqus's number of a thread, by its identifier, else by its link; a site's move leaves links stale."""
    for question in _questions(place):
        try:
            data = await api.call(web, "threads/details", {"forum": place.forum, **question})
        except Unknown:
            continue
        about = as_map(data.get("response"))
        number = id_of(about.get("id"))
        if number and as_text(about.get("forum")).lower() in ("", place.forum):
            return number
    return None


def _questions(place: Place) -> Iterator[dict[str, str]]:
    if place.ident:
        yield {"thread:ident": place.ident}
    if place.link:
        scheme, mark, rest = place.link.partition("://")
        yield {"thread:link": place.link}
        yield {"thread:link": f"{'http' if scheme == 'https' else 'https'}{mark}{rest}"}


async def _posts(api: Api, web: Web, thread: str) -> tuple[tuple[Comment, ...], bool]:
    """Return a thread's posts, oldest first, and whether the last page was reached.

    Disqus always gives a next cursor, also on the last page: ``hasNext`` tells. A page that fails, a cursor that
    comes again and the 50th page end an incomplete reading. Raises where not even the first page comes.
    """
    entries: list[Json] = []
    complete, cursor, known = False, "", {""}
    for _ in range(MOST_PAGES):
        asked: dict[str, str | int] = {"thread": thread, "limit": _PER_PAGE, "order": "asc"}
        try:
            data = await api.call(web, "posts/list", asked | ({"cursor": cursor} if cursor else {}))
        except FetchError:
            if not entries:
                raise
            break
        entries += [as_map(entry) for entry in as_list(data.get("response"))]
        place = as_map(data.get("cursor"))
        complete = place.get("hasNext") is False
        cursor = as_text(place.get("next"))
        if complete or cursor in known:
            break
        known.add(cursor)
    found = await asyncio.to_thread(lambda: list(comments_of(entries)))
    is_all_ours = all(each.thread == thread for each in found) and all(id_of(entry.get("id")) for entry in entries)
    return tuple(each.comment for each in found if each.thread == thread), complete and is_all_ours


async def _count(api: Api, web: Web, thread: str) -> int:
    """Return how many posts Disqus counts in a thread, so that an empty answer is not believed alone."""
    data = await api.call(web, "threads/details", {"thread": thread})
    return as_int(as_map(data.get("response")).get("posts")) or 0
