"""Why a target was refused, as its operator reads it: with the cause that no guild is told."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.errors import FetchError, SourceError
from bot.sources.kinds import typed

BLANK = "An empty name leads nowhere; give an address, a file or a folder."
PLAIN_HTTP = "If it is plain http, write http:// in front."

_SCHEME = re.compile(r"[\s<]*[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def require_name(target: str) -> None:
    """Raise ``SourceError`` for a blank target, as an empty path would be the working directory."""
    if not target.strip():
        raise SourceError(BLANK)


def refusal(error: SourceError, target: str, *, private: bool = False) -> str:
    """Return an error about ``target`` with its cause; ``private`` tells that private networks may be read."""
    if not isinstance(error, FetchError):
        return str(error)
    said = with_cause(str(error), error.cause)
    # A status is an answer: then https was right.
    if error.status is None and _SCHEME.match(target) is None and (private or _has_port(typed(target))):
        return f"{said.removesuffix('.')}. {PLAIN_HTTP}"
    return said


def with_cause(said: str, cause: str) -> str:
    """Return a sentence with a few words about the cause in brackets, where there are any."""
    if not cause:
        return said
    return f"{said.removesuffix('.')} ({cause}){'.' if said.endswith('.') else ''}"


def _has_port(address: str) -> bool:
    try:
        return urlsplit(address).port is not None
    except ValueError:
        return False
