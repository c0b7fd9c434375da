"""A discussion as a file to keep: Markdown, JSON or a page, packed where it would be too large for Discord."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.discussion_tree import Conversation
from bot.errors import Conflict
from bot.export_html import html_page
from bot.export_json import json_text
from bot.export_markdown import markdown_text
from bot.words import say

NAME_LIMIT = 60


class Format(StrEnum):
    """What kind of file it is."""

    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class File:
    """A file's name and bytes."""

    name: str
    data: bytes


_WRITERS: Mapping[Format, tuple[str, Callable[[Conversation, datetime], str]]] = {
    Format.MARKDOWN: ("md", markdown_text),
    Format.JSON: ("json", json_text),
    Format.HTML: ("html", html_page),
}


def file_of(found: Conversation, kind: Format, now: datetime, limit: int) -> File:
    """Return the whole discussion as a file of at most ``limit`` bytes, as a ZIP archive where it needs to be.

    Raises ``Conflict`` where even that is too large.
    """
    ending, write = _WRITERS[kind]
    name = f"{_slug(found)}.{ending}"
    data = write(found, now).encode("utf-8", "replace")
    if len(data) <= limit:
        return File(name, data)
    packed = _packed(name, data, now)
    if len(packed) > limit:
        raise Conflict(say("export.too_large", size=_mib(len(packed)), limit=_mib(limit)))
    return File(f"{name}.zip", packed)


def _packed(name: str, data: bytes, now: datetime) -> bytes:
    target = io.BytesIO()
    about = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    about.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(about, data)
    return target.getvalue()


def _slug(found: Conversation) -> str:
    """Return a name that every system takes: the story's number, and what of its title is plain letters."""
    plain = unicodedata.normalize("NFKD", found.story.story.title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:NAME_LIMIT].strip("-")
    return f"discussion-{found.story.id}{f'-{words}' if words else ''}"


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
