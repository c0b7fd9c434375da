"""Python's values as SQLite keeps them: times as UTC milliseconds, text without what cannot be stored."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from bot.model import Comment, Story

Item = TypeVar("Item", Story, Comment)

# Nothing is planned that far ahead, so what is was planned while the machine's clock was wrong.
FURTHEST = timedelta(days=8)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TEXTS = {
    kind: attrgetter(*(f.name for f in fields(kind) if str(f.type).startswith("str"))) for kind in (Story, Comment)
}


def to_ms(time: datetime | None) -> int | None:
    """Return a time as milliseconds since 1970."""
    return None if time is None else (time - _EPOCH) // timedelta(milliseconds=1)


def from_ms(value: int | None) -> datetime | None:
    """Return the time that ``to_ms`` kept."""
    return None if value is None else _EPOCH + timedelta(milliseconds=value)


def text(value: str | None) -> str | None:
    """Replace NUL and lone surrogates, which SQLite cuts at or refuses."""
    if value is None or (value.isascii() and "\x00" not in value):  # nearly always, and told at once
        return value
    return _UNSTORABLE.sub("\ufffd", value)


def storable(item: Item) -> Item:
    """Return a story or comment as it will be read back, so that comparing it with the stored one is fair."""
    joined = "".join(filter(None, _TEXTS[type(item)](item)))
    if (joined.isascii() and "\x00" not in joined) or not _UNSTORABLE.search(joined):
        return item
    given = {field.name: getattr(item, field.name) for field in fields(item)}
    clean: dict[str, Any] = {name: text(value) for name, value in given.items() if isinstance(value, str)}  # any field
    return replace(item, **clean)


def is_id(number: int) -> bool:
    """Tell whether SQLite can hold a number at all; a person may type any."""
    return -(2**63) <= number < 2**63


def digest(*values: object) -> str:
    """Return a hash of values, for telling whether anything changed."""
    joined = text("\x1f".join(map(str, values))) or ""
    return hashlib.blake2b(joined.encode(), digest_size=16).hexdigest()
