"""What a page of WordPress says in its tags: the REST root, the post's number, its address, its comment feed. Pure.

Read by bounded patterns, not as a tree: this is asked of every page, also of those that are none of WordPress.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from bot.sources.wordpress_address import PRETTY, base_of, same_site
from bot.urls import safe_link

_MOST_TAGS = 5000
_TAG = re.compile(r"<(link|body|input)\b([^<>]{0,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?<![\w:-])([a-z][a-z_:-]{0,30})\s{0,5}=\s{0,5}(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|([^\s\"'>]{1,2000}))",
    re.IGNORECASE,
)
_POST = re.compile(r"/wp/v2/posts/(\d{1,19})")
_SHORT = re.compile(r"[?&]p=(\d{1,19})$")
_BODY = re.compile(r"(?:^|\s)postid-(\d{1,19})(?:\s|$)")
_CONTENT = re.compile(r"""["'(](https?://[^"'()\s<>]{1,200}?/)wp-(?:content|includes)/""", re.IGNORECASE)
_COMMENT_FEED = re.compile(r"(?:/feed/(?:atom/)?|[?&]feed=[\w-]{1,20})")


@dataclass(frozen=True, slots=True)
class Tags:
    """The facts of one page; None where it does not tell."""

    base: str | None = None
    post: str | None = None
    canonical: str | None = None
    has_comment_feed: bool = False


def tags_of(html: str, url: str) -> Tags:
    """Return what the tags of a page tell; addresses are absolute, and those of other sites are not believed."""
    base = post = canonical = short = None
    has_feed = False
    for name, attributes in _tags(html):
        rel = attributes.get("rel", "").lower().split()
        target = _absolute(attributes.get("href"), url) if name == "link" else None
        if name == "body":
            post = post or _first(_BODY, attributes.get("class", ""))
        elif name == "input" and attributes.get("name") == "comment_post_ID":
            post = post or _first(re.compile(r"^(\d{1,19})$"), attributes.get("value", "").strip())
        elif target is None:
            continue
        elif "https://api.w.org/" in rel:
            base = base or base_of(target)
        elif "shortlink" in rel:
            short = short or _first(_SHORT, target)
        elif "canonical" in rel:
            canonical = canonical or target
        elif "alternate" in rel:
            post = post or _first(_POST, target)
            has_feed = has_feed or _is_comment_feed(attributes, target, canonical or url)
    own = base if base and same_site(base, url) else None
    page = canonical if canonical and same_site(canonical, url) else None
    return Tags(own, post or (short if own else None), page, has_feed)


def site_base(html: str, url: str) -> str | None:
    """Return the REST root of the WordPress that made a page: as it says, else where its own files lie; or None."""
    if base := tags_of(html, url).base:
        return base
    for match in _CONTENT.finditer(html):
        root = safe_link(match[1])
        if root and same_site(root, url):
            return f"{root}{PRETTY}"
    return None


def _tags(html: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for count, match in enumerate(_TAG.finditer(html)):
        if count >= _MOST_TAGS:
            return
        found = {
            name.lower(): entities.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(match[2])
        }
        yield match[1].lower(), found


def _is_comment_feed(attributes: Mapping[str, str], target: str, page: str) -> bool:
    """Tell whether a feed belongs to this very page: its address is the page's with the feed's ending."""
    if "xml" not in attributes.get("type", ""):
        return False
    start, match = page.partition("#")[0].rstrip("/"), _COMMENT_FEED.search(target)
    site = re.fullmatch(r"https?://[^/]*", start)
    return match is not None and site is None and target[: match.start()].rstrip("/") == start


def _absolute(href: str | None, url: str) -> str | None:
    try:
        return safe_link(urljoin(url, (href or "").strip())) if href else None
    except ValueError:
        return None


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None
