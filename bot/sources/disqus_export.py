"""Disqus's export file, its only complete copy of a forum: XML from a stranger, read without entities or network."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from bot.errors import SourceError
from bot.sources.base import Item, NotThisKind
from bot.sources.disqus_json import comments_of, grouped, thread_item
from bot.sources.json_document import Json

_SPACE = "{http://disqus.com}"
_ID = "{http://disqus.com/disqus-internals}id"
_START = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>)?\s*<disqus\b[^>]{0,2000}http://disqus\.com", re.IGNORECASE)


def looks_like_export(data: bytes) -> bool:
    """Tell whether bytes begin as an export does. A document type, which could hold entities, is none of it."""
    return _START.match(data.removeprefix(b"\xef\xbb\xbf")[:4096]) is not None


def export_items(data: bytes) -> tuple[Item, ...]:
    """Return the stories of an export with their comments; raises ``NotThisKind``, ``SourceError`` when damaged."""
    if not looks_like_export(data):
        raise NotThisKind("This is not an export of Disqus.")
    parser = etree.XMLParser(
        resolve_entities="internal",  # type: ignore[arg-type]  # the stubs know only bool
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError("This export of Disqus is damaged; export the comments again.") from error
    threads = {number: _thread(each, number) for each in root.iterfind(f"{_SPACE}thread") if (number := _id(each))}
    posts = [_post(post, threads) for post in root.iterfind(f"{_SPACE}post")]
    discussed = {item.page.story.native_id: item for item in grouped(comments_of(posts))}
    quiet = {number: item for number, about in threads.items() if (item := thread_item(about)) is not None}
    # In the file's order, and last the comments of threads that are no longer in it.
    order = {number: quiet.get(number) for number in threads if number in quiet or number in discussed}
    return tuple(item for item in (order | discussed).values() if item is not None)


def _thread(element: etree._Element, number: str) -> Json:
    ident = _text(element, "id")
    return {
        "id": number,
        "forum": _text(element, "forum"),
        "identifiers": [ident] if ident else [],
        "link": _text(element, "link"),
        "title": _text(element, "title"),
        "message": _text(element, "message"),
        "createdAt": _text(element, "createdAt"),
        "isDeleted": _text(element, "isDeleted") == "true",
    }


def _post(element: etree._Element, threads: Mapping[str, Json]) -> Json:
    author = element.find(f"{_SPACE}author")
    thread = _id(element.find(f"{_SPACE}thread"))
    return {
        "id": _id(element),
        "parent": _id(element.find(f"{_SPACE}parent")),
        "thread": threads.get(thread, {"id": thread}),
        "message": _text(element, "message"),
        "createdAt": _text(element, "createdAt"),
        "isDeleted": _text(element, "isDeleted") == "true",
        "isSpam": _text(element, "isSpam") == "true",
        "author": {"name": _text(author, "name")},
    }


def _text(element: etree._Element | None, name: str) -> str:
    found = None if element is None else element.findtext(f"{_SPACE}{name}")
    return (found or "").strip()


def _id(element: etree._Element | None) -> str:
    return str(element.get(_ID) or "") if element is not None else ""
