"""Feeds as sources of stories and as threads of comments: RSS, RDF, Atom and JSON Feed."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

from bot.errors import FetchError, SourceError
from bot.model import Comment
from bot.sources.answers import document as document_of
from bot.sources.answers import max_age, not_modified
from bot.sources.base import Answer, Cursor, Discussion, Document, Fetched, Hints, Web
from bot.sources.feed_entries import Parsed
from bot.sources.feed_find import announced, usual
from bot.sources.feed_process import FeedParser

__all__ = ["ACCEPT", "Feed", "FeedParser"]

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
MAX_PAGES = 50
MAX_QUESTIONS = 6


class Feed:
    """Any site with a feed. Its threads are the comment feeds that the entries name."""

    name = "feed"
    label = "Feed"

    def __init__(self, parser: FeedParser) -> None:
        self._parser = parser

    async def parse(self, document: Document) -> Fetched:
        """Return a feed's stories; of a feed of comments the stories that these belong to, with them.

        Raises ``NotThisKind``, or ``SourceError`` for a feed that is damaged, too large or too costly to read.
        """
        return (await self._parser.parse(document)).fetched

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the address of the feed that a page is, announces, or has in a usual place; asks 6 times at most."""
        if document.url is None:
            return None
        if await self._is_feed(document):
            return document.url
        named = await asyncio.to_thread(announced, document)
        places = dict.fromkeys((*named[: MAX_QUESTIONS // 2], *usual(document.url)))
        for address in list(places)[:MAX_QUESTIONS]:
            try:
                answer = await web.get(address, accept=ACCEPT)
                if await self._is_feed(document_of(answer)):
                    return answer.moved_to or address
            except FetchError as error:
                if error.retry_after is not None:
                    return None  # the host asks for quiet: it gets it
        return None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Read the feed's newest stories; raises ``FetchError``, ``NotThisKind`` or ``SourceError``."""
        answer = await web.get(address, validators=_validators(cursor), accept=ACCEPT)
        if not_modified(answer):
            return Fetched(cursor=cursor, hints=_hints(answer), unchanged=True, moved_to=answer.moved_to)
        document, now = document_of(answer), _cursor(answer)
        if now["hash"] == cursor.get("hash"):
            return Fetched(cursor=now, hints=_hints(answer), unchanged=True, moved_to=answer.moved_to)
        found = (await self._parser.parse(document)).fetched
        return replace(found, cursor=now, hints=_hints(answer, found.hints), moved_to=answer.moved_to)

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Read a comment feed with its older pages; complete only where the feed's own count says so.

        WordPress gives the newest ten and no count, so that an absent comment says nothing. Raises as ``read``.
        """
        answer = await web.get(address, validators=_validators(cursor), accept=ACCEPT)
        if not_modified(answer):
            return Discussion(cursor=cursor, hints=_hints(answer), unchanged=True)
        document, now = document_of(answer), _cursor(answer)
        if now["hash"] == cursor.get("hash"):
            return Discussion(cursor=now, hints=_hints(answer), unchanged=True)
        first = await self._parser.parse(document, thread=True)
        pages = [first, *await self._older(web, address, first)]
        comments = _in_order(pages)
        whole = all(page.whole for page in pages)
        return Discussion(
            comments,
            complete=whole and first.total == len(comments),
            cursor=now,
            hints=_hints(answer, first.fetched.hints),
        )

    async def _older(self, web: Web, address: str, page: Parsed) -> list[Parsed]:
        """Return the pages that follow by Atom's rel=next (RFC 5005); what cannot be read ends them, incomplete."""
        found: list[Parsed] = []
        seen = {address}
        while page.next_url is not None and page.next_url not in seen and len(found) < MAX_PAGES - 1:
            seen.add(page.next_url)
            try:
                answer = await web.get(page.next_url, accept=ACCEPT)
                page = await self._parser.parse(document_of(answer), thread=True)
            except SourceError:
                break
            if not page.comments:
                break
            found.append(page)
        return found

    async def _is_feed(self, document: Document) -> bool:
        try:
            await self._parser.parse(document)
        except SourceError:
            return False
        return True


def _validators(cursor: Cursor) -> Cursor:
    return {name: cursor[name] for name in ("etag", "last-modified") if name in cursor}


def _cursor(answer: Answer) -> dict[str, str]:
    return {**answer.validators, "hash": hashlib.blake2b(answer.body, digest_size=16).hexdigest()}


def _hints(answer: Answer, hints: Hints | None = None) -> Hints:
    """Return the feed's own wishes and the answer's, of two intervals the longer."""
    fresh = max_age(answer.headers)
    if hints is None:
        return Hints(interval=fresh or None)
    wishes = [wish for wish in (hints.interval, fresh) if wish is not None and wish > timedelta(0)]
    return replace(hints, interval=max(wishes, default=None))


def _in_order(pages: list[Parsed]) -> tuple[Comment, ...]:
    """Return the comments of all pages, the oldest first where they are dated; one key counts once."""
    found: dict[str, Comment] = {}
    for page in reversed(pages):
        found.update({comment.key: comment for comment in page.comments})
    if any(comment.posted_at is None for comment in found.values()):
        return tuple(found.values())
    return tuple(sorted(found.values(), key=lambda comment: comment.posted_at.timestamp() if comment.posted_at else 0))
