"""A web of prepared answers for the tests of WordPress and Disqus, and a feed kind that says what it is told to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from bot.errors import FetchError
from bot.sources.base import Discussion, Document, Fetched
from bot.urls import UNREADABLE


@dataclass
class Given:
    """One answer; ``body`` may be anything that JSON can say."""

    body: object = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    content_type: str | None = None
    moved_to: str | None = None
    validators: dict[str, str] = field(default_factory=dict)

    def at(self, url):
        data = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        kind = self.content_type or ("text/html" if isinstance(self.body, bytes) else "application/json")
        return Given(data, self.status, self.headers, self.url or url, kind, self.moved_to, self.validators)


class FakeWeb:
    """Answers by address without its query, by the first of its answers whose given parameters are all asked for.

    ``answers`` maps an address to a ``Given``, an error, a callable of the parameters, or a list of (parameters,
    answer). Any other address is a 404. ``asked`` keeps every address, whole.
    """

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    async def get(self, url, *, validators=None, accept=None):
        self.asked.append(url)
        path, _, _ = url.partition("?")
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        found = self.answers.get(url, self.answers.get(path, Given(b"no such page", 404)))
        if isinstance(found, list):
            matching = (each for wanted, each in found if wanted.items() <= query.items())
            found = next(matching, Given(b"no such page", 404))
        if callable(found):
            found = found(query)
        if isinstance(found, Exception):
            raise found
        return found.at(url)


class FakeFeed:
    """A feed kind with prepared stories and comments by address; everything else cannot be read."""

    name, label = "feed", "Feed"

    def __init__(self, stories=None, threads=None):
        self.stories, self.threads = stories or {}, threads or {}
        self.asked = []

    async def parse(self, document: Document) -> Fetched:
        raise AssertionError("not used here")

    async def find(self, web, document):
        raise AssertionError("not used here")

    async def read(self, web, address, cursor):
        return self._answer(self.stories, address, cursor)

    async def discuss(self, web, address, cursor) -> Discussion:
        return self._answer(self.threads, address, cursor)

    def _answer(self, answers, address, cursor):
        self.asked.append((address, dict(cursor)))
        found = answers.get(address, FetchError(UNREADABLE, status=404))
        if isinstance(found, Exception):
            raise found
        return found
