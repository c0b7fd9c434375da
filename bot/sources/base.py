"""What every kind of source gives and takes: documents in, stories and comments out, a cursor to go on from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, runtime_checkable

from bot.errors import SourceError
from bot.model import Comment, StoryPage

# What a source or thread wants to be told at its next read: validators, a hash, a page. Only its kind understands it.
Cursor = Mapping[str, str]

_KEY = re.compile(r"\A[a-su-z][a-z]{0,3}-")  # "t-" marks keys that we gave ourselves: bot.identity


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that came from an address or a file, before anybody knows what they are."""

    data: bytes
    url: str | None = None
    content_type: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What a source asks of those who poll it; None or empty where it says nothing. Hours and days are UTC's."""

    interval: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()  # Monday is 0


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a story's comments live: the kind that reads them, and the address that it needs for that.

    ``signal`` is whatever changes when the thread did (a count, a date), None where the source tells nothing.
    """

    kind: str
    address: str
    signal: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One story as a source's list gives it. Its page is ``complete`` only where all its comments came along."""

    page: StoryPage
    threads: tuple[Thread, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one read of a source gave. ``unchanged``: nothing was parsed, as nothing changed since the cursor.

    ``moved_to`` is where the source says that it lives for good now; ``notes`` are sentences for the operator.
    """

    items: tuple[Item, ...] = ()
    cursor: Cursor = field(default_factory=dict)
    hints: Hints = Hints()
    name: str | None = None
    unchanged: bool = False
    moved_to: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discussion:
    """What one read of a thread gave; ``complete`` promises that an absent comment is gone from the source."""

    comments: tuple[Comment, ...] = ()
    complete: bool = False
    cursor: Cursor = field(default_factory=dict)
    hints: Hints = Hints()
    unchanged: bool = False


class NotThisKind(SourceError):
    """The document or address is not of the kind that was asked; another kind may know it."""


class Answer(Protocol):
    """What a fetch answers; ``bot.http.Response`` is one."""

    @property
    def url(self) -> str:
        """The address that answered, after redirects."""

    @property
    def status(self) -> int:
        """The HTTP status; 304 with an empty body where the validators still hold."""

    @property
    def content_type(self) -> str | None:
        """The Content-Type header, whole."""

    @property
    def body(self) -> bytes:
        """The body, decompressed."""

    @property
    def headers(self) -> Mapping[str, str]:
        """All headers of the answer, by names in lower case."""

    @property
    def validators(self) -> Cursor:
        """``etag`` and ``last-modified`` as far as given, to be handed to the next ``get``."""

    @property
    def moved_to(self) -> str | None:
        """Where the address lives for good: the target of the leading run of 301 and 308 hops, else None."""


class Web(Protocol):
    """What reads addresses; ``bot.http.Web`` is one."""

    async def get(self, url: str, *, validators: Cursor | None = None, accept: str | None = None) -> Answer:
        """Return what the address answers, whatever the status, or raise ``FetchError``.

        429 and 503 with Retry-After also keep the whole host from being asked again before that time.
        """


class Kind(Protocol):
    """One kind of source. Adding one: a file with a class like this, a line in ``kinds.KINDS``, a fixture pair."""

    name: str
    """What it is called in the store and on the command line: "wordpress"."""
    label: str
    """What people read: "WordPress site"."""

    async def parse(self, document: Document) -> Fetched:
        """Return the stories (and comments) in a document; raises ``NotThisKind``, or ``SourceError`` when damaged.

        A document that holds comments alone gives one item for each story that they belong to.
        """

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the address under which this kind would read the site that a fetched page belongs to, or None.

        ``document.url`` is what a person pasted, after redirects. May ask the same site a few questions.
        """

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Read the source's newest stories; raises ``FetchError`` or ``SourceError``."""

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Read the thread at a ``Thread.address`` of this kind; raises ``FetchError`` or ``SourceError``."""


@runtime_checkable
class Remembering(Protocol):
    """A kind whose cursor also tells which stories were given: without it, what came since would be missed."""

    def afresh(self, cursor: Cursor) -> Cursor:
        """Return the cursor for a read that looks anew at what it gave: the others get an empty one, once a day."""


def key(mark: str, native_id: str) -> str:
    """Return the key of a comment: ``mark`` (1 to 4 letters) tells the kind of id, so that two never meet."""
    return f"{mark}-{native_id}"


def native_id(key_: str) -> str:
    """Return the source's own id out of a key; a key that we made ourselves stays whole."""
    return _KEY.sub("", key_, count=1)
