"""What a page says of itself: JSON-LD, OpenGraph, microformats and plain tags, in this order of trust. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin, urlsplit

from bot.markdown import clean_line
from bot.sources.page_dates import iso_date, word_date
from bot.sources.page_tree import Element, find, text_of, with_class
from bot.urls import safe_link

TITLE_LIMIT = 300
_MOST = 50  # elements of one meaning that are looked at
_ARTICLES = re.compile(r"(?:\w*Article|BlogPosting|Report|LiveBlogPosting|DiscussionForumPosting)")


class Meta:
    """The named facts of one page; each method gives the best answer or None."""

    def __init__(self, root: Element, url: str | None) -> None:
        self.root = root
        self.given = url
        self.data = _json_ld(root)
        self.tags = _meta_tags(root)

    @property
    def is_article(self) -> bool:
        """Whether the page calls itself an article."""
        return bool(self.data) or self.tags.get("og:type") == "article"

    def title(self) -> str:
        """Return the headline, "" where there is none; a "- Site" behind it is taken off."""
        found = [_text(self.data.get("headline")), self.tags.get("og:title", "")]
        found += [text_of(item) for item in islice(with_class(self.root, "p-name", "entry-title"), 1)]
        heads = find(self.root, ".//h1[not(contains(@class, 'site-title'))]")
        found += [text_of(heads[0])] if len(heads) == 1 else []
        found += [text_of(item) for item in find(self.root, ".//head/title | .//title")[:1]]
        title = next((clean_line(item) for item in found if item.strip()), "")
        return _without_site(title, self.site())[:TITLE_LIMIT].strip()

    def site(self) -> str | None:
        """Return the name of the site; where none is given, None."""
        publisher = self.data.get("publisher")
        named = _text(publisher.get("name")) if isinstance(publisher, dict) else ""
        found = self.tags.get("og:site_name") or named or text_of(next(with_class(self.root, "site-title"), None))
        return clean_line(found)[:100] or None

    def author(self) -> str | None:
        """Return the writer's name, from a page whose comments were taken out."""
        found = [_name(self.data.get("author")), self.tags.get("author", ""), self.tags.get("article:author", "")]
        found += [text_of(item) for item in islice(with_class(self.root, "p-author"), _MOST)]
        found += [text_of(item) for item in find(self.root, ".//*[@rel='author' or @itemprop='author']")[:_MOST]]
        found += [text_of(item) for item in islice(with_class(self.root, "byline", "author"), _MOST)]
        names = (re.sub(r"(?i)^(?:posted )?by:?\s+", "", clean_line(item)).strip() for item in found)
        return next((name[:200] for name in names if name and not re.match(r"https?:|posted by$", name.lower())), None)

    def published(self) -> datetime | None:
        """Return when the story appeared, in UTC."""
        found = [_text(self.data.get("datePublished"))]
        found += [self.tags.get(name, "") for name in ("article:published_time", "datepublished", "date", "dc.date")]
        times = [*with_class(self.root, "dt-published", "published"), *find(self.root, ".//time[@datetime]")]
        found += [str(item.get("datetime") or "") for item in times]
        if exact := next((date for item in found if (date := iso_date(item))), None):
            return exact
        dated = with_class(
            self.root, "entry-date", "posted-on", "post-date", "date-post", "entry-meta", "byline", "date"
        )
        return next((date for item in islice(dated, _MOST) if (date := word_date(text_of(item)))), None)

    def image(self) -> str | None:
        """Return the address of the story's picture, absolute http(s)."""
        image = self.data.get("image")
        while isinstance(image, list) and image:
            image = image[0]
        named = _text(image.get("url")) if isinstance(image, dict) else _text(image)
        found = (self.tags.get("og:image", ""), named, self.tags.get("twitter:image", ""))
        return next((url for item in found if item and (url := self.absolute(item))), None)

    def url(self) -> str | None:
        """Return the page's canonical address; one on a foreign host is believed only where no other is known."""
        links = [str(item.get("href") or "") for item in find(self.root, ".//link[@rel='canonical']")[:1]]
        for item in (*links, self.tags.get("og:url", "")):
            url = self.absolute(item) if item else None
            if url and (self.given is None or _host(url) == _host(self.given)):
                return url
        return safe_link(self.given)

    def absolute(self, address: str) -> str | None:
        """Return an address of the page made absolute and safe to show, else None."""
        try:
            return safe_link(urljoin(self.given or "", address.strip()))
        except ValueError:
            return None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _without_site(title: str, site: str | None) -> str:
    match = re.fullmatch(r"(.{3,}?)\s+[-–—|:·»]\s+(.{1,100})", title)
    if match and site and match[2].casefold() == site.casefold():
        return match[1]
    return title


def _meta_tags(root: Element) -> dict[str, str]:
    tags: dict[str, str] = {}
    for item in find(root, ".//meta[@content]"):
        name = str(item.get("property") or item.get("name") or item.get("itemprop") or "").strip().lower()
        content = str(item.get("content") or "").strip()
        if name and content:
            tags.setdefault(name, content[:4096])
    return tags


def _json_ld(root: Element) -> Mapping[str, object]:
    """Return the first article of the page's JSON-LD; {} where there is none or it is broken."""
    for script in find(root, ".//script[@type='application/ld+json']")[:20]:
        try:
            data: object = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for item in _items(data):
            kinds = item.get("@type")
            if any(_ARTICLES.fullmatch(_text(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                return item
    return {}


def _items(data: object) -> Iterator[Mapping[str, object]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (part for part in (graph if isinstance(graph, list) else []) if isinstance(part, dict))


def _name(author: object) -> str:
    people: Iterable[object] = author if isinstance(author, list) else [author]
    return ", ".join(name for item in people if (name := _text(item.get("name") if isinstance(item, dict) else item)))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
