"""A feed in one neutral form, whatever it was written in; the readers make it, the mapping reads it. Pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from bot.markdown import clean_line
from bot.sources.base import Hints
from bot.urls import safe_link

MAX_ENTRIES = 500
FIRST_YEAR, LAST_YEAR = 1990, 2100
NOT_A_FEED = "This is not a feed: it is neither RSS, Atom nor JSON Feed."

IMAGE = re.compile(r"<img\b[^<>]{0,4000}>", re.IGNORECASE)
PIXEL = re.compile(r"\b(?:width|height)\s*=\s*[\"']?[01](?:px)?[\"'\s/>]|/pixel|tracking|feedburner", re.IGNORECASE)
SMILEY = re.compile(r"smiley|emoji|gravatar", re.IGNORECASE)

_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a feed: HTML or plain, with the address that its relative links start from."""

    value: str = ""
    is_html: bool = False
    base: str | None = None

    @property
    def line(self) -> str:
        """The text as one clean line without mark-up."""
        return clean_line(html.unescape(_TAG.sub("", self.value)) if self.is_html else self.value)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the feed; links may be relative, "" and None are absent."""

    id: str = ""
    link: str = ""
    title: Text = Text()
    author: Text = Text()
    author_url: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    summary: Text = Text()
    content: Text = Text()
    image: str = ""
    tags: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()  # addresses of feeds with the comments on this entry
    replies_signal: str | None = None
    parent: str | None = None  # Atom threading's ref: the id of what this entry replies to
    parent_url: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A whole feed. ``total`` is how many entries it says there are; ``cut``: the document ended too early."""

    entries: tuple[Entry, ...] = ()
    title: str = ""
    link: str = ""
    hints: Hints = field(default_factory=Hints)
    next_url: str = ""
    total: int | None = None
    cut: bool = False


def sane(date: datetime | None) -> datetime | None:
    """Return a date in UTC, None for one that no feed means. Dates to come are for others to judge."""
    if date is None:
        return None
    try:
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return date if FIRST_YEAR <= date.year <= LAST_YEAR else None


def absolute(base: str | None, address: str) -> str | None:
    """Return an address of a feed made absolute and safe to show, else None."""
    if not address.strip():
        return None
    try:
        return safe_link(urljoin(base or "", address.strip()))
    except ValueError:
        return None


def host(url: str | None) -> str | None:
    """Return the host that an address names, None for none."""
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None
