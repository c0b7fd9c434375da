"""The process that parses feeds: reads a request, answers it, and ends with its input.

A frame is two lengths of four bytes, big-endian, then a JSON head and a body of those lengths. A request's head names
the document, its body is the document; an answer's head says ``id`` and how it went, its body is a ``feed_wire`` feed.
"""

from __future__ import annotations

import io
import json
import re
import struct
import sys
import warnings
from collections.abc import Callable
from typing import IO, Any

import feedparser  # type: ignore[import-untyped]  # it has no types; feed_fields takes nothing on trust

from bot.errors import SourceError
from bot.sources import feed_jail
from bot.sources.base import Document, NotThisKind
from bot.sources.feed_data import MAX_ENTRIES, NOT_A_FEED, Channel
from bot.sources.feed_entries import parsed
from bot.sources.feed_fields import channel
from bot.sources.feed_json import looks_like_json, read_json
from bot.sources.feed_wire import encode
from bot.sources.page_decode import charset_text

FRAME = struct.Struct(">II")
MAX_BYTES = 5 * 2**20
CPU_SECONDS = 10.0
TOO_LARGE = "This feed is larger than 5 MiB even without its older entries: ask the site for a shorter one."
DAMAGED = "This feed is damaged so badly that it cannot be read."

_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(rss|feed|rdf|channel)(?=[\s>/])", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]{1,40})\s+(?:\"([^\"&%<]{0,40})\"|'([^'&%<\"]{0,40})')\s*>")
_DECLARED = re.compile(rb"<\?xml\b[^<>]{0,200}?\sencoding\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,8})|0*([0-9]{1,10}));")
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_START = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_HEAD = 65_536
_MOST_COMMENTS = 100
_ENDS = {"rss": "</channel></rss>", "feed": "</feed>"}


def read(document: Document) -> Channel:
    """Return the feed in a document; raises ``NotThisKind``, or ``SourceError`` where it is too large or damaged."""
    if looks_like_json(document.data):
        _refuse_large(len(document.data))
        return read_json(document)
    text = _text(document)
    before, root = _root(text)
    if root is None or _PAGE.search(before):
        raise NotThisKind(NOT_A_FEED)
    text, cut = _shortened(text[root.start() :], root[1].lower())
    text = _prolog(before) + text
    data = text.encode("utf-8", "replace")
    _refuse_large(len(data))
    return _parse(data, text, cut=cut)


def answer(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the head and body that answer a request; an error is an answer too."""
    document = Document(body, head["url"], head["content_type"], head["name"])
    try:
        return {"id": head["id"], "ok": True}, encode(parsed(read(document), document.url, thread=head["thread"]))
    except NotThisKind as error:
        return {"id": head["id"], "ok": False, "kind": False, "error": str(error)}, b""
    except SourceError as error:
        return {"id": head["id"], "ok": False, "kind": True, "error": str(error)}, b""
    except MemoryError:
        raise  # what is left of the process is not to be relied on
    except Exception as error:  # noqa: BLE001  (a stranger's bytes in a stranger's parser)
        detail = f"{type(error).__name__}: {error}"[:300]
        return {"id": head["id"], "ok": False, "kind": True, "error": DAMAGED, "detail": detail}, b""


def serve(requests: IO[bytes], answers: IO[bytes], before: Callable[[], None] = lambda: None) -> None:
    """Answer request after request until the input ends; ``before`` is called ahead of each."""
    while len(lengths := requests.read(FRAME.size)) == FRAME.size:
        head_size, body_size = FRAME.unpack(lengths)
        head, body = requests.read(head_size), requests.read(body_size)
        if len(head) < head_size or len(body) < body_size:
            return
        before()
        said, found = answer(json.loads(head), body)
        line = json.dumps(said).encode()
        answers.write(FRAME.pack(len(line), len(found)) + line + found)
        answers.flush()


def _text(document: Document) -> str:
    """Return the document as text that XML allows; a wrong character set is mended, never an error."""
    head, kind = document.data[:1024], document.content_type or ""
    declared = _DECLARED.search(head)
    if head.count(0) * 5 > len(head):
        kind = "application/xml; charset=utf-16"  # what its declaration says cannot even be read otherwise
    elif declared and "charset" not in kind.lower():
        kind = f"application/xml; charset={declared[1].decode('ascii', 'replace')}"
    text = _CONTROLS.sub("\ufffd", charset_text(document.data, kind).lstrip("\ufeff"))
    return _REFERENCE.sub(_reference, _LONG_REFERENCE.sub("\ufffd", text))


def _reference(match: re.Match[str]) -> str:
    """Replace a reference to a character that XML does not allow: it would cost us the whole document."""
    code = int(match[1], 16) if match[1] else int(match[2])
    allowed = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match[0] if allowed else "\ufffd"


def _root(text: str) -> tuple[str, re.Match[str] | None]:
    """Return where the feed begins, with all that stands before it but comments: these may hold what looks like one."""
    before, at = "", 0
    for _ in range(_MOST_COMMENTS):
        root = _ROOT.search(text, at, _HEAD)
        comment = text.find("<!--", at, root.start() if root else _HEAD)
        if comment < 0:
            return before + text[at : root.start() if root else _HEAD], root
        before += text[at:comment]
        at = text.find("-->", comment) + 3
        if at < 3:
            break
    return before, None


def _prolog(given: str) -> str:
    """Return what may stand before the root: short entities of plain text. Bombs and outside files are left out."""
    entities = [f'<!ENTITY {name} "{one or two}">' for name, one, two in _ENTITY.findall(given)[:300]]
    return "\n".join(["<!DOCTYPE feed [", *entities, "]>\n"]) if entities else ""


def _shortened(text: str, root: str) -> tuple[str, bool]:
    """Return the text up to its 500th entry, and whether it ends in the middle of one (which is then left out)."""
    last = 0
    for number, match in enumerate(_END.finditer(text), start=1):
        last = match.end()
        if number == MAX_ENTRIES:
            return text[:last] + _ENDS.get(root, text[text.rfind("</") :]), False
    opened = _START.search(text, last)
    if opened is None:
        return text, False
    return text[: opened.start()] + _ENDS.get(root, ""), True


def _parse(data: bytes, text: str, *, cut: bool) -> Channel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Never a string: feedparser would take it for a file's name or an address. No Content-Location: it would make
        # addresses of ids that are plain numbers.
        found = feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    if not found.get("version") and not found["entries"]:
        raise NotThisKind(NOT_A_FEED)
    return channel(found["feed"], found["entries"], text, cut=cut)


def _refuse_large(size: int) -> None:
    if size > MAX_BYTES:
        raise SourceError(TOO_LARGE)


if __name__ == "__main__":
    feed_jail.enter()
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, lambda: feed_jail.allow_cpu(CPU_SECONDS))
    except MemoryError:  # the parent says in its log which feed it was; a parser's traceback would help nobody
        sys.exit(1)
