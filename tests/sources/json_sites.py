"""A web of prepared JSON for the tests of Discourse, the news API, Lemmy and Hacker News, and hostile JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hypothesis import strategies as st

from bot.errors import FetchError, SourceError
from bot.sources.base import Document
from bot.urls import UNREADABLE


@dataclass
class Given:
    """What an address answers."""

    body: bytes
    url: str
    status: int = 200
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    validators: dict[str, str] = field(default_factory=dict)
    moved_to: str | None = None


class FakeWeb:
    """Answers by whole address with JSON, with bytes as they are, or with the status that a number says.

    An exception is raised, a function is called with the address; any other address gives ``other``.
    """

    def __init__(self, answers, other=404):
        self.answers, self.other = answers, other
        self.asked = []

    async def get(self, url, *, validators=None, accept=None):
        self.asked.append(url)
        found = self.answers.get(url, self.other)
        found = found(url) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        if isinstance(found, int) and not isinstance(found, bool):
            return Given(b"", url, found)
        return Given(found if isinstance(found, bytes) else json.dumps(found).encode(), url)


def as_document(found, url=None, name=None):
    return Document(found if isinstance(found, bytes) else json.dumps(found).encode(), url, name=name)


OFFLINE = FetchError(UNREADABLE, detail="no connection")

# S41 and S42: what JSON can carry that no site would send.
HOSTILE = {
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "long number": b'{"id": ' + b"9" * 5_000 + b"}",
    "huge float": b'{"id": 1e999, "posts": [1e999]}',
    "not a number": b'{"id": NaN, "time": -Infinity}',
    "doubled keys": b'{"id": 1, "id": {"id": []}}',
    "lone surrogate": b'{"title": "\\ud800", "id": 1}',
    "nothing": b"",
    "null": b"null",
    "a page": b"<html><title>Log in</title><form><input type=password></form>",
}


def hostile(*names):
    """Return a strategy for JSON that is odd everywhere, with a kind's own words as keys."""
    odd = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=12),
        st.sampled_from(["1", "0.1.2", "http://[", "https://a.example/c/x", "2026-01-01T00:00:00Z", "99999-01-01", "-1",
                         "comment", "story", "\x00\ud800", "1e999", str(2**63)]),
    )  # fmt: skip
    return st.recursive(
        odd,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(names), inner, max_size=len(names))
        ),
        max_leaves=30,
    )


async def survives(asked):
    """Await something that may raise only what a source is allowed to raise, in one sentence."""
    try:
        return await asked
    except SourceError as error:
        sentence = str(error)
    assert sentence.endswith((".", "page"))
    assert "\n" not in sentence
    return None
