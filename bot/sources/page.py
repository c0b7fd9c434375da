"""One page with one story, from a file or an address: HTML or a plain-text dump of it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path

from bot.errors import FetchError, NotAStory
from bot.model import StoryPage
from bot.sources.base import Web
from bot.sources.page_decode import MAX_BYTES, decode, is_html
from bot.sources.page_html import parse_html
from bot.sources.page_text import parse_text
from bot.urls import UNREADABLE


def parse(
    data: bytes, *, url: str | None = None, content_type: str | None = None, name: str | None = None
) -> StoryPage:
    """Return the story and comments of a page's bytes; raise NotAStory, and nothing else, where there is none.

    ``name`` is the file's name: it gives the title of a dump that begins with its comments.
    """
    text = decode(data, content_type)
    if is_html(text, content_type):
        return parse_html(text, url=url, name=name)
    return parse_text(text, url=url, name=name)


async def read_path(path: Path) -> StoryPage:
    """Return the story in a local file; raises ``NotAStory``. Never for a path that a chat user wrote."""
    return await asyncio.to_thread(_read_file, path)


async def fetch(web: Web, url: str) -> StoryPage:
    """Return the story at an address.

    Raises ``FetchError`` where it does not answer with a page, ``NotAStory`` where there is no story in it.
    """
    answer = await web.get(url)
    if answer.status != HTTPStatus.OK:
        raise FetchError(UNREADABLE)
    return await asyncio.to_thread(parse, answer.body, url=answer.url, content_type=answer.content_type)


def _read_file(path: Path) -> StoryPage:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise NotAStory(f"There is no readable file named {path.name}.") from error
    return parse(data, name=path.name)
