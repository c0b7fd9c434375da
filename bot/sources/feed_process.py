"""Feeds parsed in other processes: a hostile one costs its own answer and a process, never the bot's time."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.errors import SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.feed_data import NOT_A_FEED
from bot.sources.feed_entries import Parsed
from bot.sources.feed_json import looks_like_json
from bot.sources.feed_wire import decode
from bot.urls import host_and_path

log = logging.getLogger(__name__)

DEADLINE = 10.0  # seconds for one document; more than three pages of sane feeds together
WORKERS = 2
MAX_DOCUMENT = 16 * 2**20
MAX_ANSWER = 64 * 2**20
UNREADABLE = "This feed could not be read: reading it took too much time or memory."
TOO_LARGE = "This feed is larger than 16 MiB, which no feed needs to be."
COMMAND = (sys.executable, "-m", "bot.sources.feed_worker")

_HOME = Path(__file__).resolve().parents[2]  # where ``bot`` is imported from, wherever we were started
_LENGTHS = 8
_HEAD = 2 * 65_536
_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)[\s>/]", re.IGNORECASE)


class FeedParser:
    """Parses feeds in worker processes that it starts when needed and replaces when they fail.

    At most two documents are parsed at once, the others wait; each wait ends after a deadline for each one before it.
    """

    def __init__(self, *, deadline: float = DEADLINE, workers: int = WORKERS, command: Sequence[str] = COMMAND) -> None:
        self._deadline = deadline
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._workers = [_Worker(command) for _ in range(workers)]
        for worker in self._workers:
            self._idle.put_nowait(worker)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, *, deadline: float = DEADLINE, workers: int = WORKERS, command: Sequence[str] = COMMAND
    ) -> AsyncIterator[FeedParser]:
        """Give a parser whose processes end with the context."""
        parser = cls(deadline=deadline, workers=workers, command=command)
        try:
            yield parser
        finally:
            await parser.close()

    async def parse(self, document: Document, *, thread: bool = False) -> Parsed:
        """Return the feed in a document: its stories, or with ``thread`` all of its entries as comments.

        Raises ``NotThisKind`` for what is no feed, ``SourceError`` for a feed that is damaged, too large or too costly.
        """
        if not _may_be_feed(document.data):
            raise NotThisKind(NOT_A_FEED)  # pages are asked about too, and a process is dear for that
        if len(document.data) > MAX_DOCUMENT:
            raise SourceError(TOO_LARGE)
        worker = await self._idle.get()
        try:
            async with asyncio.timeout(self._deadline):
                return await worker.ask(document, thread=thread)
        except (TimeoutError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("feed worker failed url=%s error=%s", _place(document), type(error).__name__)
            raise SourceError(UNREADABLE) from error
        finally:
            self._idle.put_nowait(worker)

    async def close(self) -> None:
        """End all processes and wait until they are gone."""
        for worker in self._workers:
            await worker.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of the processes that live now."""
        processes = (worker.process for worker in self._workers)
        return tuple(process.pid for process in processes if process is not None and process.returncode is None)


class _Worker:
    """One process, or the place for one. A request that does not get its answer costs the process its life."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._ids = itertools.count(1)
        self.process: Process | None = None

    async def ask(self, document: Document, *, thread: bool) -> Parsed:
        """Send one document and return its feed. Whatever goes wrong, cancelling too, ends the process:

        the next request must never be given the answer to this one.
        """
        number = next(self._ids)
        try:
            process = await self._started()
            head, body = await _exchange(process, number, document, thread=thread)
            if head["id"] != number:
                raise ValueError("an answer to another request")
            if head["ok"]:
                return decode(body)
        except BaseException:
            await self.end()
            raise
        if head.get("detail"):
            log.info("feed damaged url=%s detail=%r", _place(document), head["detail"])
        raise SourceError(head["error"]) if head["kind"] else NotThisKind(head["error"])

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.shield(process.wait())

    async def _started(self) -> Process:
        if self.process is not None and self.process.returncode is not None:
            await self.end()
        if self.process is None:
            # The bot's environment holds its secrets; a parser of strangers' bytes needs none of it.
            self.process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                cwd=_HOME,
                env=None if sys.platform == "win32" else {"PYTHONDONTWRITEBYTECODE": "1"},
            )
        return self.process


def _place(document: Document) -> str | None:
    return host_and_path(document.url) if document.url else document.name


def _may_be_feed(data: bytes) -> bool:
    if looks_like_json(data):
        return b"jsonfeed.org" in data or b'"rss"' in data
    return _ROOT.search(data[:_HEAD].replace(b"\0", b"")) is not None


async def _exchange(
    process: Process, number: int, document: Document, *, thread: bool
) -> tuple[dict[str, object], bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    request = {
        "id": number,
        "url": document.url,
        "content_type": document.content_type,
        "name": document.name,
        "thread": thread,
    }
    head = json.dumps(request).encode()
    process.stdin.write(len(head).to_bytes(4, "big") + len(document.data).to_bytes(4, "big") + head)
    process.stdin.write(document.data)
    await process.stdin.drain()
    lengths = await process.stdout.readexactly(_LENGTHS)
    head_size, body_size = int.from_bytes(lengths[:4], "big"), int.from_bytes(lengths[4:], "big")
    if head_size + body_size > MAX_ANSWER:
        raise ValueError("an answer too large")
    said = json.loads(await process.stdout.readexactly(head_size))
    return said, await process.stdout.readexactly(body_size)
