"""Disqus's addresses: a forum, and one address that says all that is known of a thread. Pure.

A thread's address is ``https://FORUM.disqus.com/?thread=ID&ident=...&link=...&slug=...`` with whatever is known:
Disqus's own number, the identifier and the address that the story's page gives, and the name in the thread's RSS
address. It is a name for us, not a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from bot.urls import MAX_LENGTH

FORUM = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.IGNORECASE)

_HOST = re.compile(rf"https?://({FORUM.pattern})\.disqus\.com(?::443)?(?:[/?#].*)?", re.IGNORECASE)
_HOME = re.compile(rf"https?://(?:www\.)?disqus\.com/home/forums?/({FORUM.pattern})/?(?:[?#].*)?", re.IGNORECASE)
_NOT_FORUMS = frozenset((
    "about", "api", "blog", "c", "cdn", "docs", "en", "help", "links", "media", "pages", "publishers", "referrer",
    "secure", "status", "www",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A forum, and what is known of one of its threads."""

    forum: str
    thread: str | None = None
    ident: str | None = None
    link: str | None = None
    slug: str | None = None

    @property
    def address(self) -> str:
        """The address that says this; see the module."""
        known = {"thread": self.thread, "ident": self.ident, "link": self.link, "slug": self.slug}
        said = {name: value for name, value in known.items() if value}
        query = urlencode(said, quote_via=quote, safe="/:", errors="replace")
        return f"https://{self.forum}.disqus.com/{f'?{query}' if query else ''}"

    @property
    def rss(self) -> str | None:
        """The thread's own feed, which needs no key: flat, the newest comments only."""
        return f"https://{self.forum}.disqus.com/{quote(self.slug, safe='')}/latest.rss" if self.slug else None


def place_of(address: str) -> Place | None:
    """Return what an address of a forum or thread says; None for those of others."""
    forum = forum_of(address)
    if forum is None:
        return None
    try:
        parts = urlsplit(address)
        known = parse_qs(parts.query[: 4 * MAX_LENGTH], max_num_fields=20)
    except ValueError:
        return Place(forum)
    slug = re.fullmatch(r"/([\w%.~-]{1,300})/latest\.rss", parts.path)
    number, ident, link, name = (known.get(field, [None])[0] for field in ("thread", "ident", "link", "slug"))
    thread = number if re.fullmatch(r"[0-9]{1,19}", number or "") else None
    return Place(forum, thread, ident, link, name or (slug[1] if slug else None))


def forum_of(url: str) -> str | None:
    """Return the short name of the forum that an address belongs to."""
    match = _HOST.fullmatch(url) or _HOME.fullmatch(url)
    name = match[1].lower() if match else ""
    return name if name and name not in _NOT_FORUMS else None
