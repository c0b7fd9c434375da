"""Our Markdown taken apart into tokens that must not be cut. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.markdown_escape import BREAK

MARKS = ("||", "**", "__", "~~", "*")

_TOKEN = re.compile(
    r"""(?P<escape>\\[^0-9A-Za-z\s])
    |(?P<code>(?P<ticks>`{1,2})(?!`)(?P<inner>[^\n]*?[^`\n])(?P=ticks)(?!`))
    |(?P<masked>\[(?P<label>(?:\\.|[^\[\]\\\n])*)\]\(<(?P<href>https?://[^\s<>]*)>\))
    |(?P<link><(?P<url>https?://[^\s<>]*)>)
    |(?P<time><t:(?P<stamp>-?\d{1,12})(?::[tTdDfFR])?>)
    |(?P<mark>\|\||\*\*|__|~~|\*)
    |(?P<space>[ \n]+)
    |(?P<word>[^\\`\[<|*_~\s]+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_MARKUP = re.compile(r"[\\`\[<|*_~]")  # without any of these, a line holds words and blanks alone
_LINE_SIGN = re.compile(r"(?m)^(> ?)*(-# |#{1,3} (?=\S))?")
_FENCE = re.compile(r"(?m)^```[\w+#-]*$\n?")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of Markdown; ``shown`` is what a reader sees of it."""

    kind: str
    text: str
    shown: str


def tokens(markdown: str) -> Iterator[Token]:
    """Yield the tokens of Markdown that holds no fence; joined they are the text again."""
    for match in _TOKEN.finditer(markdown):
        kind = match.lastgroup or "other"
        # lastgroup names the last group that closed at the outermost level, which is always the alternative itself.
        yield Token(kind, match[0], _shown(kind, match))


def has_markup(line: str) -> bool:
    """Tell whether a line may hold anything but words; most do not, and need not be taken apart."""
    return _MARKUP.search(line) is not None


def plain(markdown: str) -> str:
    """Return what a reader sees, without any mark-up: for search, summaries and logs."""
    result: list[str] = []
    for number, piece in enumerate(_FENCE.split(markdown)):
        # Every second piece stood inside a fence, where nothing is mark-up.
        result.append(piece if number % 2 else _plain_text(piece))
    return "".join(result).replace(BREAK, "").strip()


def after(opened: tuple[str, ...], found: Iterable[Token]) -> tuple[str, ...]:
    """Return which marks stand open after these tokens, when ``opened`` stood open before them."""
    stack = list(opened)
    for token in found:
        if token.kind != "mark":
            continue
        if token.text in stack:
            del stack[stack.index(token.text) :]
        else:
            stack.append(token.text)
    return tuple(stack)


def _plain_text(markdown: str) -> str:
    text = _LINE_SIGN.sub("", markdown)
    return "".join(token.shown for token in tokens(text)) if has_markup(text) else text


def _shown(kind: str, match: re.Match[str]) -> str:
    if kind == "escape":
        return match[0][1:]
    if kind == "mark":
        return ""
    if kind == "masked":
        return "".join(token.shown for token in tokens(match["label"]))
    if kind == "time":
        return _time(int(match["stamp"]))
    return {"code": match["inner"], "link": match["url"]}.get(kind) or match[0]


def _time(stamp: int) -> str:
    try:
        return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return ""
