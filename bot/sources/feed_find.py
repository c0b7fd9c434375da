"""Where a site keeps its feed: what its pages announce, then the usual places. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from bot.errors import NotAStory
from bot.sources.base import Document
from bot.sources.feed_data import absolute
from bot.sources.page_decode import charset_text
from bot.sources.page_tree import Element, find, tree

USUAL_PATHS = ("/feed/", "/rss", "/feed.xml", "/atom.xml", "/rss.xml", "/index.xml", "/feed.json")
_HEAD = 2**19  # feeds are announced in a page's head
_TYPES = re.compile(r"application/(?:rss\+xml|atom\+xml|rdf\+xml|feed\+json)", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|kommentar|coment|commenti|reacties|/replies\b", re.IGNORECASE)


def announced(document: Document) -> tuple[str, ...]:
    """Return the addresses of the feeds that an HTML page names, the likeliest to hold the site's stories first."""
    try:
        root = tree(charset_text(document.data[:_HEAD], document.content_type))
    except NotAStory:
        return ()
    base = next((str(item.get("href")) for item in find(root, ".//base[@href]")[:1]), "")
    base = absolute(document.url, base) or document.url or ""
    found: dict[str, tuple[bool, ...]] = {}
    for link in find(root, ".//link[@href]")[:500]:
        address = absolute(base, str(link.get("href")))
        if address and _is_feed(link):
            found.setdefault(address, _doubts(address, str(link.get("title") or ""), document.url or address))
    return tuple(sorted(found, key=lambda address: found[address]))


def usual(url: str) -> tuple[str, ...]:
    """Return the places where sites keep their feeds unannounced."""
    return tuple(urljoin(url, path) for path in USUAL_PATHS)


def _is_feed(link: Element) -> bool:
    rels = str(link.get("rel") or "").lower().split()
    kind = str(link.get("type") or "").strip()
    return bool({"alternate", "feed"} & set(rels)) and ("feed" in rels or _TYPES.match(kind) is not None)


def _doubts(address: str, title: str, page: str) -> tuple[bool, ...]:
    """Return the reasons against a feed, the weightiest first: comments alone, those of this page, another host."""
    there, here = urlsplit(address), urlsplit(page)
    own = here.path.rstrip("/")
    below = bool(own) and there.path.startswith(own + "/")
    return (_COMMENTS.search(f"{title} {there.path}") is not None, below, there.hostname != here.hostname)
