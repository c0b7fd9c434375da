"""JSON from strangers: parsed whole or refused, with helpers that read one field at a time and never raise. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sources.base import Document, NotThisKind
from bot.sources.page_decode import charset_text

Json = Mapping[str, Any]
_EMPTY: Json = {}
_NO_JSON = "This is not JSON."
_START = 4096
MOST_LIKES = 10**9
_BLANK = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # with the byte order marks, and the zeros of UTF-16


def load(document: Document) -> Any:  # whatever JSON can say
    """Return a document's JSON; raises ``NotThisKind`` for anything else, however deep or long its numbers are."""
    start = document.data[:_START].lstrip(_BLANK)
    if start and not start.startswith((b"{", b"[")):  # told without decoding megabytes
        raise NotThisKind(_NO_JSON)
    text = charset_text(document.data, document.content_type).lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        raise NotThisKind(_NO_JSON)
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError too
        raise NotThisKind("This is broken JSON.") from error


def as_map(value: object) -> Json:
    """Return an object, {} for anything else."""
    return value if isinstance(value, dict) else _EMPTY


def as_list(value: object) -> Sequence[Any]:  # of whatever JSON can say
    """Return an array, empty for anything else."""
    return value if isinstance(value, list) else ()


def as_text(value: object) -> str:
    """Return a string, and a number as its digits: ids come as either. "" for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else str(value)


def as_int(value: object) -> int | None:
    """Return a whole number that fits 64 bits, also from its digits; None for anything else."""
    digits = as_text(value).strip()
    if not re.fullmatch(r"-?\d{1,19}", digits):
        return None
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else None


def as_likes(value: object) -> int | None:
    """Return how many liked something, within a thousand millions either way; None for what is no number."""
    number = as_int(value)
    return None if number is None else max(-MOST_LIKES, min(MOST_LIKES, number))
