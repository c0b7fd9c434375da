"""Where things are in a Discourse forum: the addresses that people paste, and those of the forum's JSON. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bot.urls import safe_link

# The first of these in a path ends the folder that the forum is installed in.
_ENDS = frozenset(("t", "c", "tag", "tags", "latest", "top", "new", "unread", "categories", "u", "g", "p", "posts",
                   "embed", "search", "about", "login"))  # fmt: skip
_CUT = frozenset(("l", "none", "all", "rss"))


@dataclass(frozen=True, slots=True)
class Place:
    """What an address of a forum means: all of it, a category (``c/…``), a tag (``tag/…``) or one topic."""

    root: str  # without a slash at the end
    section: str = ""
    topic: int | None = None

    @property
    def address(self) -> str:
        """The address under which the place is kept."""
        return f"{self.root}/{self.section}"

    @property
    def host(self) -> str:
        """The host, with the folder where the forum lives in one."""
        return self.root.partition("://")[2]

    def list_url(self, query: str) -> str:
        """Return the address of the list of topics."""
        name = f"{self.section}/l/latest.json" if self.section else "latest.json"
        return f"{self.root}/{name}?{query}"

    def topic_json(self, number: int) -> str:
        """Return the address of a topic with its first 20 posts."""
        return f"{self.root}/t/{number}.json"

    def posts_json(self, number: int, posts: Iterable[int]) -> str:
        """Return the address of some posts of a topic."""
        return f"{self.root}/t/{number}/posts.json?" + "&".join(f"post_ids%5B%5D={post}" for post in posts)

    def topic_url(self, number: int, slug: str = "") -> str:
        """Return the address of a topic for people."""
        return f"{self.root}/t/{slug}/{number}" if re.fullmatch(r"[\w.%~-]+", slug) else f"{self.root}/t/{number}"


def place_of(url: str | None, folder: str = "") -> Place | None:
    """Return what an address means; ``folder`` is where the forum is installed if the path does not tell."""
    safe = safe_link(url)
    if safe is None:
        return None
    parts = urlsplit(safe)
    segments = [part.removesuffix(".json").removesuffix(".rss") for part in parts.path.split("/") if part]
    end = next((index for index, part in enumerate(segments) if part in _ENDS), None)
    base = [part for part in folder.split("/") if part] if end is None else segments[:end]
    root = safe_link("/".join((f"{parts.scheme}://{parts.netloc}", *base))) or f"{parts.scheme}://{parts.netloc}"
    rest = [] if end is None else segments[end:]
    return _place(root, rest, parts.query)


def _place(root: str, rest: Sequence[str], query: str) -> Place:
    name, rest = (rest[0], rest[1:]) if rest else ("", ())
    if name == "t" and (numbers := [part for part in rest[:2] if re.fullmatch(r"[0-9]{1,15}", part)]):
        slug = f"{rest[0]}/" if rest[0] != numbers[0] else ""
        return Place(root, f"t/{slug}{int(numbers[0])}", int(numbers[0]))
    if name == "embed" and (number := parse_qs(query[:4096]).get("topic_id", [""])[0][:15]).isdecimal():
        return Place(root, f"t/{int(number)}", int(number))
    if name in ("c", "tag") and (kept := _until_cut(rest)):
        return Place(root, "/".join((name, *kept)))
    return Place(root)


def _until_cut(rest: Sequence[str]) -> list[str]:
    end = next((index for index, part in enumerate(rest) if part in _CUT), len(rest))
    return list(rest[: min(end, 4)])
