"""What the tests of polling share: sources whose reads are scripted, and a poller over a real database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot import library
from bot.errors import SourceError
from bot.model import Comment, Source, Story, StoryPage
from bot.poll import Poller, PollReport
from bot.sources.base import Cursor, Discussion, Document, Fetched, Item, NotThisKind, Thread, Web
from bot.store import sources
from bot.store.database import Database
from tests.fakes import FakeClock

GUILD, OTHER_GUILD, CHANNEL, OTHER_CHANNEL, ADMIN = 1, 2, 22, 23, 333
FEED = "https://example.org/feed"
THREAD = Thread("fake", "thread-1")

# A script is what the next reads give, in turn; the last goes on for ever. An error is raised.
Script = list[Any]


@dataclass
class FakeKind:
    """A kind whose sources and threads say what a test wants."""

    name: str = "fake"
    label: str = "Fake"
    lists: dict[str, Script] = field(default_factory=dict)
    talks: dict[str, Script] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    before: Callable[[str], Any] | None = None

    async def parse(self, document: Document) -> Fetched:
        raise NotThisKind("A fake parses nothing.")

    async def find(self, web: Web, document: Document) -> str | None:
        return None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        return await self._next(self.lists, address, cursor)

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        return await self._next(self.talks, address, cursor)

    async def _next(self, scripts: dict[str, Script], address: str, cursor: Cursor) -> Any:
        self.asked.append((address, dict(cursor)))
        if self.before:
            await self.before(address)
        script = scripts[address]
        said = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(said, BaseException):
            raise said
        return said


class FakeKinds(dict[str, Any]):
    """The fake kind, and what stories' pages name."""

    def __init__(self, *kinds: FakeKind) -> None:
        super().__init__({kind.name: kind for kind in kinds})
        self.pages: dict[str, Script] = {}
        self.probed: list[str] = []

    async def probe(self, web: Web, url: str) -> Any:
        self.probed.append(url)
        script = self.pages.get(url, [(None, ())])
        said = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(said, BaseException):
            raise said
        return said


@dataclass
class Stage:
    """A database, a clock, one kind, and the poller between them."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    kind: FakeKind = field(default_factory=FakeKind)
    promised: int = 0

    def __post_init__(self) -> None:
        self.kinds = FakeKinds(self.kind)
        self.poller = self.new_poller()

    def new_poller(self) -> Poller:
        """Return a poller as a restart would make it."""
        return Poller(self.database, Any, self.kinds, self.clock, random=Random(1), on_promised=self._on_promised)

    def _on_promised(self) -> None:
        self.promised += 1

    async def follow(self, guild: int = GUILD, channel: int = CHANNEL) -> None:
        await library.follow(self.database, guild, channel, ADMIN, self.clock.now())

    async def add(self, *reads: Any, address: str = FEED, guild: int | None = GUILD, everyone: bool = False) -> Source:
        """Add a source whose reads are scripted."""
        self.kind.lists[address] = list(reads)
        async with self.database.write() as tx:
            source = await sources.add(tx, "fake", address, None, self.clock.now(), everyone=everyone)
            if guild is not None and not everyone:
                await sources.share(tx, source.id, guild, ADMIN, self.clock.now())
        return source

    def gives(self, *reads: Any, address: str = FEED) -> None:
        """Change what the source says from now on."""
        self.kind.lists[address] = list(reads)

    async def poll(self, source: Source, minutes: float = 10) -> PollReport:
        """Let time go by and read one source."""
        self.clock.turn(minutes * 60)
        return await self.poller.poll(source.id)

    async def source(self, source: Source) -> Source:
        async with self.database.read() as tx:
            return await sources.get(tx, source.id)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the file from outside."""
        with closing(sqlite3.connect(self.database.path)) as connection:
            return connection.execute(sql, values).fetchall()

    def cards(self, channel: int = CHANNEL) -> list[str]:
        """Return the titles that were promised to a channel, in the order of posting."""
        sql = """SELECT s.title FROM deliveries d JOIN stories s ON s.id = d.story_id
            WHERE d.channel_id = ? AND d.comment_id IS NULL ORDER BY d.story_id"""
        return [row[0] for row in self.rows(sql, channel)]

    def notices(self) -> list[tuple[int, int, str]]:
        """Return guild, member and text of what admins are told."""
        return self.rows("SELECT guild_id, user_id, text FROM notices ORDER BY id")


def item(number: int, *, threads: tuple[Thread, ...] = (), comments: tuple[Comment, ...] = (), **story: Any) -> Item:
    """Return one of many different stories, an hour apart."""
    given = {
        "title": f"Story {number}",
        "url": f"https://example.org/{number}",
        "native_id": f"n{number}",
        "origin": "example.org",
        "published_at": FakeClock().now() - timedelta(hours=1000 - number),
        **story,
    }
    return Item(StoryPage(Story(**given), comments, complete=False), threads)


def fetched(*items: Item | int, **more: Any) -> Fetched:
    """Return a read; the newest stories come first, as in a feed."""
    found = tuple(one if isinstance(one, Item) else item(one) for one in items)
    return Fetched(found[::-1], **{"cursor": {"etag": "e"}, **more})


def fresh(number: int, now: datetime, **more: Any) -> Item:
    """Return a story that was published just now."""
    return item(number, published_at=now, **more)


def comment(key: str, body: str = "", parent: str | None = None, **more: Any) -> Comment:
    return Comment(key, "Ann", body or f"I say {key}.", parent=parent, **more)


BROKEN = SourceError("This is not a feed.")
