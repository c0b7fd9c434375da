"""WordPress's addresses: a site's root, its REST root, and one address that says all about a post's thread. Pure.

A thread's address is the REST list of its comments, with the post's own page behind the "#", which is never sent:
``https://site/wp-json/wp/v2/comments?post=882#https://site/2017/a-post/``. Where the number is unknown it is the
post's page alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

PRETTY, PLAIN = "wp-json/", "?rest_route=/"  # the second works where the site has no rewritten addresses

_BASE = re.compile(r"https?://[^\s#]{1,1500}?(?:/wp-json/|[/p]\?rest_route=/)")
_THREAD = re.compile(rf"({_BASE.pattern})wp/v2/comments[?&]post=(\d{{1,19}})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thread is: the REST root and the post's number, or its page, or both."""

    base: str | None = None
    post: str | None = None
    link: str | None = None

    @property
    def page(self) -> str:
        """The post's page; by its number, where its address is unknown."""
        return self.link or f"{root_of(self.base or '')}?p={self.post}"

    @property
    def feed(self) -> str:
        """The feed of the post's comments, as Atom, which tells who answers whom."""
        path, mark, query = self.page.partition("?")
        return f"{path}?{query}&feed=atom" if mark else f"{path.rstrip('/')}/feed/atom/"


def thread_address(base: str | None, post: str | None, link: str | None) -> str | None:
    """Return the address of a post's thread; None where nothing is known that could be read."""
    page = (link or "").partition("#")[0]
    if base and post:
        return f"{rest(base, 'wp/v2/comments', post=post)}{f'#{page}' if page else ''}"
    return page or None


def place_of(address: str) -> Place:
    """Return what an address made by ``thread_address`` says."""
    listing, _, link = address.partition("#")
    match = _THREAD.fullmatch(listing)
    if match:
        return Place(match[1], match[2], link or None)
    return Place(link=listing)


def rest(base: str, route: str, **parameters: str | int) -> str:
    """Return an address under a REST root."""
    query = "&".join(f"{name}={quote(str(value), safe=',:')}" for name, value in parameters.items())
    return f"{base}{route}{'&' if 'rest_route=' in base else '?'}{query}"


def base_of(url: str) -> str | None:
    """Return the REST root in the address of something under it (or in its own), else None."""
    match = _BASE.match(url if url.endswith(("/", "=")) or "?" in url else f"{url}/")
    return match[0] if match else None


def root_of(base: str) -> str:
    """Return a site's root from its REST root."""
    return re.sub(r"(?:wp-json/|(?:index\.php)?\?rest_route=/)$", "", base)


def same_site(one: str, other: str) -> bool:
    """Tell whether two addresses are on one host, "www." aside."""
    try:
        hosts = [(urlsplit(url).hostname or "").removeprefix("www.") for url in (one, other)]
    except ValueError:
        return False
    return hosts[0] == hosts[1] != ""
