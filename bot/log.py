"""Plain logging: one line an event as key=value, no control characters, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

HIDDEN = "[hidden]"
# A bot token has three parts; an interaction's or webhook's token stands in the path of its URL.
_TOKEN_SHAPES = (
    (re.compile(r"[A-Za-z0-9_-]{23,30}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}"), HIDDEN),
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?'\"]+"), rf"\1{HIDDEN}"),
)
# C0, DEL and C1 drive a terminal; the bidirectional and line marks reorder or break a line for its reader; a lone
# surrogate, as in a file name that is no UTF-8, cannot be written at all.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORTEST_SECRET = 8
# These write payloads and SQL at debug level; nobody's message belongs in a log file.
_TALKATIVE = ("discord", "aiosqlite", "asyncio", "aiohttp")


def _of_interest(record: logging.LogRecord) -> bool:
    """Leave out discord.py's two lines about voice, which this program never uses."""
    return not (record.name == "discord.client" and record.getMessage().endswith("voice will NOT be supported"))


def escape(text: str) -> str:
    """Return the text on one line, with every control character written as an escape."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


class PlainFormatter(logging.Formatter):
    """Writes ``time=... level=... at=... message``; a traceback follows on lines that begin with a bar."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text that is safe to show."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = f"time={time} level={record.levelname.lower()} at={record.name} {record.getMessage()}"
        lines = [escape(head)]
        if record.exc_info:
            # Split at \n alone: any other line end is somebody's text and is escaped like the rest.
            lines += [f"  | {escape(line)}" for line in self.formatException(record.exc_info).split("\n")]
        return self.hide("\n".join(lines))

    def hide(self, text: str) -> str:
        """Return the text without the given secrets and without anything that has a token's shape."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for shape, instead in _TOKEN_SHAPES:
            text = shape.sub(instead, text)
        return text


class _OurHandler(logging.Handler):
    """The one handler of ``set_up``, recognised when it is called again."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; standard error is looked up each time, as it may be replaced while we run."""
        try:
            stream = self._stream or sys.stderr
            stream.write(self.format(record) + "\n")
            stream.flush()
        except (OSError, ValueError):
            self.handleError(record)


def set_up(level: str = "info", secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send every log line to standard error (or ``stream``); calling it again replaces the earlier choice."""
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _OurHandler)]:
        root.removeHandler(old)
    handler = _OurHandler(stream)
    handler.setFormatter(PlainFormatter(secrets))
    handler.addFilter(_of_interest)
    root.addHandler(handler)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(wanted)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(wanted, logging.INFO))
