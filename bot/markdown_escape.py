"""Plain text made harmless for Discord: hidden characters out, every active mark escaped. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from bot.urls import safe_link

LINK_LIMIT = 1000  # a longer address is shown as text: a message must always have room for a whole link
BREAK = "\u200b"  # the one zero-width character that we write ourselves
MAX_MARKS = 3

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BAD = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_PICTURE = "\u203c-\u3299\U0001f000-\U0001faff"
# A joiner between two pictures makes one emoji of them; everywhere else it only hides things.
_JOINER = re.compile(f"(?<![{_PICTURE}\ufe0f])\u200d|\u200d(?![{_PICTURE}])")
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0e\U000e0100-\U000e01ef"
_URL = re.compile(r"<?(https?://[^\s<>\"]+)>?", re.IGNORECASE)
_TAIL = re.compile(r"[.,:;!?'\"*_~|`\\\]}]+$")
_INVITE = re.compile(
    r"(?i)(discord(?:app)?)(\.)(gg|gift|new|com/+invite|com/+gifts|com/+template|li|me|io)\b|\b(dsc)(\.)(gg)\b"
)
_INVITE_URL = re.compile(r"(?i)discord(?:app)?\.(?:gg|gift|new|li|me|io|com/+(?:invite|gifts|template))\b|\bdsc\.gg\b")
_IN_CODE = re.compile(r"<(?=@|#|/|t:|a?:\w|id:)|(?<=`)(?=`)")
_ACTIVE = re.compile(r"[\\*_~`|<>\[\]]|(?<=\])\(|(?<=\w):(?=//)")
_START = re.compile(r"(\s*)(#{1,3}|-#?|\+|(\d{1,9})[.)])(?=\s|$|#)")
_CALL = re.compile(r"@(?=everyone|here)", re.IGNORECASE)


def clean(text: str) -> str:
    """Return the text without hidden and direction characters, with at most 3 marks on a letter; lines are kept."""
    text = _BAD.sub("\ufffd", _NEWLINES.sub("\n", text))
    if text.isascii():
        return text
    text = _JOINER.sub("", text)
    return _piled().sub(r"\1", _hidden().sub("", text))


def clean_line(text: str) -> str:
    """Return the cleaned text as one line with single blanks."""
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """Return one line of Markdown that shows the text as it is; for names, titles and tags."""
    line = escape_inline(clean_line(text), links=False)
    return break_calls(escape_start(line))


def escape_inline(text: str, *, links: bool = True) -> str:
    """Escape cleaned text that has no line breaks of its own; addresses become ``<address>`` where allowed."""
    result: list[str] = []
    position = 0
    for match in _URL.finditer(text):
        url = _trim(match[1])
        shown = link(url) if links else None
        if shown is None:
            continue
        end = match.end() if len(url) == len(match[1]) else match.start(1) + len(url)
        result += (_escape_marks(text[position : match.start()]), shown)
        position = end
    result.append(_escape_marks(text[position:]))
    return "".join(result)


def escape_start(line: str) -> str:
    """Escape what acts at the start of a line: headings, lists and small print."""
    match = _START.match(line)
    if match is None:
        return line
    at = match.end(3) if match[3] else match.start(2)
    return f"{line[:at]}\\{line[at:]}"


def link(url: str) -> str | None:
    """Return ``<address>``, which Discord shows without a preview; None for unsafe addresses and invitations."""
    safe = safe_link(url)
    if safe is None or len(safe) > LINK_LIMIT or _INVITE_URL.search(safe):
        return None
    return f"<{safe}>"


def break_calls(markdown: str) -> str:
    """Break @everyone and @here, which no escape can stop."""
    return _CALL.sub(f"@{BREAK}", markdown)


def harmless_code(code: str) -> str:
    """Break what would end a code block, or be read as a mention in spite of it."""
    return _IN_CODE.sub(lambda match: match[0] + BREAK, code)


def units(text: str) -> int:
    """Return the length as Discord counts it: UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _escape_marks(text: str) -> str:
    text = _ACTIVE.sub(r"\\\g<0>", text)
    return _INVITE.sub(lambda match: "".join(f"\\{part}" if part == "." else part for part in match.groups("")), text)


def _trim(url: str) -> str:
    """Leave out the punctuation that follows an address in a sentence, and a closing bracket opened before it."""
    while True:
        short = _TAIL.sub("", url)
        if short.endswith(")") and short.count(")") > short.count("("):
            short = short[:-1]
        if short == url:
            return url
        url = short


@cache
def _hidden() -> re.Pattern[str]:
    """Match the format characters (zero width, direction, tags, soft hyphen) but the joiner, and blank fillers."""
    found = [chr(code) for code in range(0x80, 0x30000) if unicodedata.category(chr(code)) == "Cf" and code != 0x200D]
    return re.compile(f"[{''.join(found)}{_FILLERS}\U000e0000-\U000e007f]")


@cache
def _piled() -> re.Pattern[str]:
    marks = [chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)) in ("Mn", "Me")]
    # A set of characters up to U+FFFF is looked up at once, a larger one searched: so the rare rest has one of its own.
    basic = "".join(mark for mark in marks if mark <= "\uffff" and mark != "\ufe0f")
    rest = "".join(mark for mark in marks if mark > "\uffff")
    mark = f"(?:[{basic}]|(?=[\U00010000-\U0001efff])[{rest}])"
    return re.compile(f"({mark}{{{MAX_MARKS}}}){mark}+")
