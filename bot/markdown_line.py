"""One line of styled runs as Markdown: marks are balanced on their line, hug their words and never collide. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntFlag, auto
from itertools import groupby

from bot.markdown_escape import escape_inline, escape_start, harmless_code

CODE_LIMIT = 1000


class Style(IntFlag):
    """What a run of text looks like."""

    PLAIN = 0
    SPOILER = 1
    BOLD = 2
    UNDERLINE = 4
    STRIKE = 8
    ITALIC = 16


class Kind(Enum):
    """How the text of a run is to be written."""

    TEXT = auto()  # escaped, addresses become links
    LABEL = auto()  # escaped, addresses stay text: the words of a link
    CODE = auto()
    RAW = auto()  # already Markdown


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of one line."""

    text: str
    kind: Kind = Kind.TEXT
    style: Style = Style.PLAIN


# The outermost first; Discord reads ***x*** rightly only when italics are the innermost.
_MARKS = (
    (Style.SPOILER, "||"),
    (Style.BOLD, "**"),
    (Style.UNDERLINE, "__"),
    (Style.STRIKE, "~~"),
    (Style.ITALIC, "*"),
)


def render(runs: Iterable[Run]) -> str:
    """Return the line in Markdown; "" where nothing can be seen."""
    out: list[str] = []
    opened: list[str] = []
    blank = ""
    for run in _words(_merge(runs)):
        if run.kind is not Kind.RAW and not run.text.strip():
            blank = " "
            continue
        _switch(out, opened, run.style, blank)
        out.append(_write(run))
        blank = ""
    _close(out, opened, 0)
    return escape_start("".join(out).strip())


def _merge(runs: Iterable[Run]) -> list[Run]:
    """Join neighbours of one look, so that no pattern can hide on the border between two elements."""
    merged: list[Run] = []
    for (kind, style), group in groupby(runs, key=lambda run: (run.kind, run.style)):
        texts = [run.text for run in group]
        merged += [Run(text, kind, style) for text in (texts if kind is Kind.RAW else ["".join(texts)]) if text]
    return merged


def _words(runs: Iterable[Run]) -> Iterable[Run]:
    """Take the blanks at both ends out of the styled runs: a mark must touch its word."""
    for run in runs:
        if run.style is Style.PLAIN or run.kind is Kind.CODE:
            yield run
            continue
        core = run.text.strip()
        if not core:
            yield Run(" ")
            continue
        at = run.text.index(core)
        yield from (
            part
            for part in (Run(run.text[:at]), Run(core, run.kind, run.style), Run(run.text[at + len(core) :]))
            if part.text
        )


def _switch(out: list[str], opened: list[str], style: Style, blank: str) -> None:
    """Close and open marks until exactly those of ``style`` are open, with the blank between both."""
    wanted = [mark for flag, mark in _MARKS if style & flag]
    common = 0
    while common < min(len(opened), len(wanted)) and opened[common] == wanted[common]:
        common += 1
    closed = common < len(opened)
    _close(out, opened, common)
    out.append(blank)
    for mark in wanted[common:]:
        # A closing mark beside an opening one of the same sign is read as one longer mark: the look gives way.
        if closed and not blank and out[-2][-1:] == mark[0]:
            break
        out.append(mark)
        opened.append(mark)


def _close(out: list[str], opened: list[str], keep: int) -> None:
    while len(opened) > keep:
        out.append(opened.pop())


def _write(run: Run) -> str:
    if run.kind is Kind.RAW:
        return run.text
    if run.kind is Kind.CODE:
        return code_span(run.text)
    return escape_inline(run.text, links=run.kind is Kind.TEXT)


def code_span(text: str) -> str:
    """Return one line as inline code; as escaped text where a backtick would end it or it is too long."""
    text = " ".join(text.split())
    if "`" in text or text.endswith("\\") or len(text) > CODE_LIMIT:
        return escape_inline(text, links=False)
    return f"`{harmless_code(text)}`" if text else ""
