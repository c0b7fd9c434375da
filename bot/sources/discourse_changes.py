"""Which topics of a forum are new or changed since the last read, by their stamps alone. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.sources.base import Cursor
from bot.sources.discourse_posts import Stamp, changed_at, post_id
from bot.sources.json_document import Json, as_int, as_map, as_text

FIRST_TOPICS = 10
_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class NewestPosts:
    """What a forum's newest posts tell at once: whether anything changed, and when in which topics (milliseconds)."""

    digest: str
    changed: Mapping[int, int]

    @classmethod
    def of(cls, posts: Iterable[Json]) -> NewestPosts:
        """Sum up posts as ``posts_of`` gives them."""
        seen: list[tuple[int, int | None, bool]] = []
        changed: dict[int, int] = {}
        for post in posts:
            seen.append((post_id(post), as_int(post.get("version")), bool(post.get("hidden"))))
            number = as_int(post.get("topic_id"))
            if number is not None:
                changed[number] = max(changed.get(number, 0), changed_at(post))
        return cls(hashlib.sha256(repr(seen).encode()).hexdigest()[:16], changed)


@dataclass(slots=True)
class State:
    """What is known of a forum's topics: the stamps of those that were given, and the newest at the first read."""

    topics: dict[int, Stamp]
    top: int | None

    @classmethod
    def of(cls, cursor: Cursor) -> State:
        """Return what an earlier read left, a fresh state where there was none."""
        try:
            stored = as_map(json.loads(cursor.get("topics", "{}")))
        except (ValueError, RecursionError):
            stored = {}
        known = {number: Stamp.of(as_text(stamp)) for name, stamp in stored.items() if (number := as_int(name))}
        return cls(known, as_int(cursor.get("top")))

    def cursor(self) -> dict[str, str]:
        """Return what ``of`` reads."""
        newest = sorted(self.topics, reverse=True)[:_REMEMBERED]
        return {"topics": json.dumps({str(n): str(self.topics[n]) for n in newest}), "top": str(self.top or 0)}

    def afresh(self) -> State:
        """Return a state in which the newest topics seem to have changed, as far as a list still shows them."""
        newest = sorted(self.topics, reverse=True)[:FIRST_TOPICS]
        return State({**self.topics, **dict.fromkeys(newest, Stamp())}, self.top)

    def is_news(self, number: int, stamp: Stamp) -> bool:
        """Tell whether an entry of the list, which goes back in time, says that more news may stand behind it."""
        if number in self.topics:
            return stamp != self.topics[number]
        return stamp.changed > max((known.changed for known in self.topics.values()), default=0)

    def wanted(self, heads: Mapping[int, Stamp], changed: Mapping[int, int]) -> dict[int, Stamp]:
        """Return the topics to load, the newest first, each with the stamp that says that it changed.

        The first time these are the newest few, and what is older never becomes a story.
        """
        first = self.top is None
        top = self.top = max(heads, default=0) if self.top is None else self.top
        found: dict[int, Stamp] = {}
        for number in sorted({*heads, *(changed.keys() & self.topics.keys())}, reverse=True):
            old = self.topics.get(number)
            head = heads.get(number) or old or Stamp()
            stamp = Stamp(head.posts, max(head.changed, changed.get(number, 0), old.changed if old else 0))
            if (first or old or number > top) and stamp != old:
                found[number] = stamp
        return dict(list(found.items())[:FIRST_TOPICS]) if first else found

    def done(self, wanted: Mapping[int, Stamp]) -> bool:
        """Tell whether all that was wanted has been noted."""
        return all(self.topics.get(number) == stamp for number, stamp in wanted.items())
