"""One page with one story, from a file or an address: HTML or a plain-text dump of it."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path

from bot.errors import NotAStory
from bot.model import StoryPage
from bot.sources import answers
from bot.sources.base import Answer, Cursor, Discussion, Document, Fetched, Hints, Item, Web
from bot.sources.page_decode import MAX_BYTES, decode, is_html
from bot.sources.page_html import parse_html
from bot.sources.page_text import parse_text
from bot.sources.page_thread import in_page_thread

_INHERITED = re.compile(r"/dev/(?:stdin|fd/\d+)")  # a pipe that the shell opened has a writer
_MARKUP = re.compile(r"\s*<(?:[?!]|[A-Za-z][\w.:-]*(?:\s[^<>]*)?/?>)")


class Page:
    """A page as a kind of source: the one story in it, with the comments that stand below it."""

    name = "page"
    label = "Page"

    async def parse(self, document: Document) -> Fetched:
        """Return the story of a page; raises ``NotAStory`` where there is none."""
        return Fetched((Item(await _story(document)),))

    async def find(self, web: Web, document: Document) -> str | None:
        """Claim nothing: any page would do, so that this kind is taken only when it is asked for by name."""
        return None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Read the page's story; raises ``FetchError`` or ``NotAStory``."""
        answer = await web.get(address, validators=cursor)
        if answers.not_modified(answer):
            return Fetched(cursor=cursor, unchanged=True)
        read = await _story(answers.document(answer))
        return Fetched(
            (Item(read),),
            cursor=answer.validators,
            hints=_hints(answer),
            name=read.story.site or read.story.title,
            moved_to=answer.moved_to,
        )

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Read the comments that stand in the page, complete unless it names further pages of them."""
        answer = await web.get(address, validators=cursor)
        if answers.not_modified(answer):
            return Discussion(cursor=cursor, unchanged=True)
        read = await _story(answers.document(answer))
        return Discussion(read.comments, read.complete, answer.validators, _hints(answer))


def parse(
    data: bytes, *, url: str | None = None, content_type: str | None = None, name: str | None = None
) -> StoryPage:
    """Return the story and comments of a page's bytes; raise NotAStory, and nothing else, where there is none.

    ``name`` is the file's name: it gives the title of a dump that begins with its comments.
    """
    text = decode(data, content_type)
    if is_html(text, content_type):
        return parse_html(text, url=url, name=name)
    if _MARKUP.match(text):
        raise NotAStory("This looks like XML, not like the page of a story.")
    return parse_text(text, url=url, name=name)


def load(path: Path) -> Document:
    """Return what a local file holds; raises ``NotAStory``. Never for a path that a chat user wrote."""
    try:
        if not _can_end(path):
            raise NotAStory(f"{path.name} is not a file but a pipe, a folder or the like; save the page into a file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise NotAStory(f"There is no readable file named {path.name}.") from error
    return Document(data, name=path.name)


def _can_end(path: Path) -> bool:
    """Say whether a path is read without waiting for ever, as a pipe would that nobody writes into."""
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISCHR(mode) or _INHERITED.fullmatch(str(path)) is not None


async def read_path(path: Path) -> StoryPage:
    """Return the story in a local file; raises ``NotAStory``. Never for a path that a chat user wrote."""
    return await _story(await asyncio.to_thread(load, path))


async def fetch(web: Web, url: str) -> StoryPage:
    """Return the story at an address.

    Raises ``FetchError`` where it does not answer with a page, ``NotAStory`` where there is no story in it.
    """
    return await _story(answers.document(await web.get(url)))


async def _story(document: Document) -> StoryPage:
    """Parse in the pages' own thread: a large page takes long enough to be missed by a heartbeat."""
    return await in_page_thread(
        parse, document.data, url=document.url, content_type=document.content_type, name=document.name
    )


def _hints(answer: Answer) -> Hints:
    return Hints(interval=answers.max_age(answer.headers))
