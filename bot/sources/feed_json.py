"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/) in our neutral form. Pure."""

from __future__ import annotations

import re

from bot.sources.base import Document, NotThisKind
from bot.sources.feed_data import MAX_ENTRIES, NOT_A_FEED, Channel, Entry, Text, sane
from bot.sources.json_document import Json, as_list, as_map, as_text, load
from bot.sources.page_dates import iso_date

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(?:\.\d+)?/?")


def looks_like_json(data: bytes) -> bool:
    """Say whether a document begins as JSON does."""
    return data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_json(document: Document) -> Channel:
    """Return the feed in a JSON document; raises ``NotThisKind`` for any other JSON and for damaged JSON."""
    feed = as_map(load(document))
    if isinstance(feed.get("rss"), dict):
        raise NotThisKind("This is RSS written as JSON, which cannot be read: take the site's XML feed instead.")
    if not _VERSION.fullmatch(as_text(feed.get("version")).strip()) or not isinstance(feed.get("items"), list):
        raise NotThisKind(NOT_A_FEED)
    base = as_text(feed.get("feed_url")) or document.url
    items = [as_map(item) for item in as_list(feed["items"])[:MAX_ENTRIES]]
    return Channel(
        entries=tuple(_entry(item, feed, base) for item in items),
        title=_string(feed, "title"),
        link=_string(feed, "home_page_url"),
        next_url=_string(feed, "next_url"),
    )


def _entry(item: Json, feed: Json, base: str | None) -> Entry:
    html = _string(item, "content_html")
    author, author_url = _author(item) or _author(feed) or ("", "")
    tags = (Text(as_text(tag)).line[:100] for tag in as_list(item.get("tags"))[:30])
    return Entry(
        id=as_text(item.get("id")).strip(),
        link=_string(item, "url") or _string(item, "external_url"),
        title=Text(_string(item, "title")),
        author=Text(author),
        author_url=author_url,
        published=sane(iso_date(_string(item, "date_published"))),
        updated=sane(iso_date(_string(item, "date_modified"))),
        summary=Text(_string(item, "summary")),
        content=Text(html, is_html=True, base=base) if html else Text(_string(item, "content_text")),
        image=_string(item, "image") or _string(item, "banner_image"),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
    )


def _author(holder: Json) -> tuple[str, str] | None:
    """Return names and first address of the writers: ``authors`` is of version 1.1, ``author`` of 1.0."""
    for people in (as_list(holder.get("authors"))[:10], [holder.get("author")]):
        named = [
            (name, _string(as_map(person), "url")) for person in people if (name := _string(as_map(person), "name"))
        ]
        if named:
            return ", ".join(dict.fromkeys(name for name, _ in named)), named[0][1]
    return None


def _string(holder: Json, name: str) -> str:
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""
