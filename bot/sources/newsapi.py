"""The Spaceflight News API: articles, blogs and reports of many sites in one list; their comments live at the sites.

Its fields and filters are those of version 4 (github.com/TheSpaceDevs/spaceflightnewsapi).
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from bot.errors import SourceError
from bot.markdown import excerpt, from_text
from bot.model import Story, StoryPage
from bot.sources.base import Cursor, Discussion, Document, Fetched, Item, NotThisKind, Web
from bot.sources.json_document import Json, as_list, as_map, as_text, load
from bot.sources.json_web import get_json, line, when
from bot.sources.page_text import SUMMARY_LIMIT
from bot.urls import safe_link

HOST = "api.spaceflightnewsapi.net"
PER_PAGE = 100
PAGES_PER_READ = 10
_SITES = frozenset((HOST, "spaceflightnewsapi.net", "www.spaceflightnewsapi.net"))
_LISTS = ("articles", "blogs", "reports")
_OURS = frozenset(("limit", "offset", "ordering", "format", "updated_at_gt"))  # what we ask ourselves
_ENVELOPE = frozenset(("count", "next", "previous", "results"))
_ENDING = re.compile(r"The post\b[^\n]{0,600}\b(?:appeared first on|first appeared on)\b[^\n]{0,200}\s*")


class NewsApi:
    """One of the API's lists, with its filters: /v4/articles/?news_site=NASA."""

    name = "newsapi"
    label = "Spaceflight News API"

    async def parse(self, document: Document) -> Fetched:
        """Return the stories of a page of results, or the one of a single article."""
        found = as_map(load(document))
        if found.keys() >= _ENVELOPE and all("news_site" in as_map(entry) for entry in as_list(found["results"])):
            entries: Iterable[object] = as_list(found["results"])
        elif {"news_site", "url", "title"} <= found.keys():
            entries = (found,)
        else:
            raise NotThisKind("This is not an answer of the Spaceflight News API.")
        where = document.url or as_text(found.get("next")) or as_text(found.get("previous"))
        return Fetched(_items(entries, _list_name(where)))

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the list that an address of the API belongs to, by its host alone."""
        parts = _parts(document.url)
        if parts is None or parts.hostname not in _SITES:
            return None
        return _address(document.url or "")

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return the newest stories; after the first read, those that were added or changed since the last one."""
        parts = _parts(address)
        if parts is None or parts.hostname not in _SITES:
            raise SourceError("This is not an address of the Spaceflight News API.")
        since = cursor.get("updated")
        query = {"limit": str(PER_PAGE), "ordering": "-published_at", **({"updated_at_gt": since} if since else {})}
        address = _address(address)
        joiner = "&" if "?" in address else "?"
        entries, broken = await _pages(web, f"{address}{joiner}{urlencode(query)}", PAGES_PER_READ if since else 1)
        if since and not entries:
            return Fetched(cursor=cursor, unchanged=True, name=self.label)
        items = await asyncio.to_thread(_items, entries, _list_name(address))
        # After a broken read the same changes are asked for again: the pages are not in the order of the changes.
        newest = since if broken and since else _newest(entries) or since
        notes = ("The news API broke off in the middle; the rest is asked for again.",) if broken else ()
        return Fetched(items, {"updated": newest} if newest else {}, name=self.label, notes=notes)

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Raise ``SourceError``: the API knows no comments."""
        raise SourceError("The Spaceflight News API has no comments; they live at the linked sites.")


async def _pages(web: Web, url: str, most: int) -> tuple[list[Json], bool]:
    """Return the results of a list and of at most so many pages in all, and whether they broke off before."""
    found: list[Json] = []
    start, seen = urlsplit(url), set[str]()
    for _ in range(most):
        seen.add(url)
        try:
            page = _checked(await get_json(web, url))
        except SourceError:
            if not found:
                raise
            return found, True
        found += [entry for entry in map(as_map, page["results"][: 2 * PER_PAGE]) if entry]
        url = as_text(page.get("next"))
        if not url:
            return found, False
        parts = _parts(url)
        # Another host, or a page that we saw: following it would lead nowhere good.
        if parts is None or (parts.netloc, parts.path) != (start.netloc, start.path) or url in seen:
            return found, True
        url = parts._replace(scheme=start.scheme).geturl()
    return found, False


def _checked(answer: object) -> Json:
    page = as_map(answer)
    if not isinstance(page.get("results"), list):
        raise SourceError("This address does not answer as the Spaceflight News API does.")
    return page


def _items(entries: Iterable[object], list_name: str) -> tuple[Item, ...]:
    items: dict[str, Item] = {}
    for entry in map(as_map, entries):
        number, url, title = as_text(entry.get("id")), safe_link(as_text(entry.get("url"))), line(entry.get("title"))
        if title and (number or url):
            story = _story(entry, number, url, title, list_name)
            items.setdefault(number or str(url), Item(StoryPage(story, complete=False)))
    return tuple(items.values())


def _story(entry: Json, number: str, url: str | None, title: str, list_name: str) -> Story:
    text = html.unescape(as_text(entry.get("summary")))
    # The importers keep the sentence that WordPress puts under what it hands to feeds.
    start = text.rfind("The post ")
    if start >= 0 and _ENDING.fullmatch(text, start):
        text = text[:start].rstrip()
    body = from_text(text) if text.strip().casefold() != title.casefold() else ""
    authors = (line(as_map(author).get("name"), 100) for author in as_list(entry.get("authors"))[:10])
    return Story(
        title=title,
        url=url,
        native_id=number or None,
        origin=f"{HOST}/{list_name}",
        author=", ".join(filter(None, authors)) or None,
        site=line(entry.get("news_site"), 100) or None,
        summary=excerpt(body, SUMMARY_LIMIT),
        body=body,
        image_url=safe_link(as_text(entry.get("image_url"))),
        published_at=when(as_text(entry.get("published_at"))),
        updated_at=when(as_text(entry.get("updated_at"))),
    )


def _newest(entries: list[Json]) -> str | None:
    """Return the latest change as the API wrote it: its fractions of a second must come back unrounded."""
    dated: list[tuple[datetime, str]] = []
    for entry in entries:
        text = as_text(entry.get("updated_at"))
        if len(text) <= 40 and (moment := when(text)):
            dated.append((moment, text))
    return max(dated)[1] if dated else None


def _address(url: str) -> str:
    """Return a list's address with its filters, without what we ask ourselves."""
    parts = urlsplit(url)
    filters = [(name, value) for name, value in parse_qsl(parts.query[:1000]) if name not in _OURS]
    query = f"?{urlencode(sorted(filters))}" if filters else ""
    return f"https://{HOST}/v4/{_list_name(url)}/{query}"


def _list_name(url: str) -> str:
    parts = _parts(url)
    segments = parts.path.split("/") if parts else []
    return next((name for name in segments if name in _LISTS), _LISTS[0])


def _parts(url: str | None) -> SplitResult | None:
    safe = safe_link(url)
    return urlsplit(safe) if safe else None
