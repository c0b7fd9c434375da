"""HTML as safe Discord Markdown: one pass over the parser's events, so that no nesting is too deep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from lxml import etree

from bot.markdown_escape import break_calls, clean, harmless_code, link
from bot.markdown_line import Kind, Run, Style, code_span, render
from bot.markdown_tags import (
    BLOCKS,
    DROPPED,
    EMOJI,
    PARAGRAPHS,
    SPOILERS,
    STYLES,
    absolute,
    code_language,
    is_same_address,
)
from bot.urls import safe_link

COMMENT_LIMIT = 65_536
ARTICLE_LIMIT = 1_000_000

_PARTIAL_TAG = re.compile(r"<[^<>]*$")


def from_html(html: str, base_url: str | None = None, *, limit: int = COMMENT_LIMIT) -> str:
    """Return the text of an HTML fragment as safe Markdown; at most ``limit`` characters of it are read."""
    if len(html) > limit:
        html = _PARTIAL_TAG.sub("", html[:limit])
    walk = _Walk(base_url)
    # The stubs name the events' text str | bytes; from HTML it is always str.
    # The parser's events have no cap on depth; its trees lose what lies deeper than 256 (tried with lxml 6.1.3).
    parser = etree.HTMLParser(encoding="utf-8", target=walk, no_network=True)  # type: ignore[arg-type]
    try:
        etree.fromstring(f"<div>{clean(html)}</div>".encode(), parser)
    except etree.LxmlError:
        return break_calls(render([Run(" ".join(clean(html).split()))]))
    return break_calls(walk.markdown())


class _Walk:
    """Collects lines of runs from start, end and text events."""

    def __init__(self, base_url: str | None) -> None:
        self.base = base_url
        self.blocks: list[str] = []  # finished lines, "" for an empty one
        self.runs: list[Run] = []
        self.styles: dict[Style, int] = {}
        self.undo: list[Callable[[], None]] = []  # one for every open element
        self.lists: list[int | None] = []  # None for bullets, else the next number
        self.marker = ""
        self.first_item = self.gap = False
        self.quotes = self.dropped = self.code = 0
        self.anchor: str | None = None
        self.anchor_text: list[str] = []
        self.fence: list[str] | None = None
        self.language = ""

    # -- events --

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        tag = tag.rpartition(":")[2].lower()
        if self.dropped or tag in DROPPED:
            self.dropped += 1
            self.undo.append(self._undrop)
            return
        steps: list[Callable[[], None]] = []
        if self.fence is not None:
            self._inside_fence(tag, attrib)
        else:
            self._open(tag, attrib, steps)
        self.undo.append(partial(_run_back, steps))

    def end(self, tag: str) -> None:
        if self.undo:
            self.undo.pop()()

    def data(self, text: str) -> None:
        if self.dropped:
            return
        if self.fence is not None:
            self.fence.append(text)
            return
        if self.anchor is not None:
            self.anchor_text.append(text)
        text = re.sub(r"\s+", " ", text)
        blank = not self.runs or self.runs[-1].text.endswith(" ")
        self._add(text.lstrip(" ") if blank else text)

    def close(self) -> None:
        self._line()

    def markdown(self) -> str:
        """Return what was collected, with at most one empty line in a row."""
        self._line()
        text = "\n".join(self.blocks)
        return text.strip("\n")

    # -- elements --

    def _open(self, tag: str, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        classes = frozenset((attrib.get("class") or "").lower().split())
        if tag in BLOCKS:
            self._block(tag in PARAGRAPHS)
            steps.append(lambda: self._block(tag in PARAGRAPHS))
        style = Style.SPOILER if classes & SPOILERS else STYLES.get(tag, Style.PLAIN)
        if "title" in classes and self.quotes:
            style = Style.BOLD  # who is quoted, in Discourse
        if style:
            self._style(style, 1)
            steps.append(lambda: self._style(style, -1))
        if tag == "blockquote" or (tag == "aside" and "quote" in classes):
            self._quote(1)
            steps.append(lambda: self._quote(-1))
        elif tag in ("ul", "ol"):
            self._list(tag, attrib)
            steps.append(self._unlist)
        elif opener := _OPENERS.get(tag):
            opener(self, attrib, steps)

    def _inside_fence(self, tag: str, attrib: Mapping[str, str]) -> None:
        if tag == "br" and self.fence is not None:
            self.fence.append("\n")
        self.language = self.language or code_language(attrib)

    def _undrop(self) -> None:
        self.dropped -= 1

    def _br(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        self._line()

    def _cell(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        if any(run.text.strip() for run in self.runs):
            self._add(" · ")

    def _code(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        self.code += 1
        steps.append(self._uncode)

    def _uncode(self) -> None:
        self.code -= 1

    def _item(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        number = self.lists[-1] if self.lists else None
        self.gap = self.gap and self.first_item
        self.first_item = False
        self.marker = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1

    def _list(self, tag: str, attrib: Mapping[str, str]) -> None:
        if self.lists:
            self.gap = False  # a list inside a list follows its item at once
        self.first_item = not self.lists
        start = attrib.get("start") or "1"
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
        self.lists.append(number if tag == "ol" else None)

    def _unlist(self) -> None:
        self._line()
        self.lists.pop()
        self.marker = ""

    def _quote(self, step: int) -> None:
        self._line()
        self.quotes += step
        self.gap = True

    def _style(self, style: Style, step: int) -> None:
        self.styles[style] = self.styles.get(style, 0) + step

    def _pre(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        self.fence, self.language = [], code_language(attrib)
        steps.append(self._unpre)

    def _unpre(self) -> None:
        text, self.fence = "".join(self.fence or ()).strip("\n"), None
        if not text.strip():
            return
        lines = [line.rstrip() for line in text.split("\n")]
        if self.quotes or self.lists:
            for line in lines:  # a fence inside a quote or a list breaks in Discord
                self._emit(code_span(line))
            return
        self._emit("")
        self.blocks += [f"```{self.language.lower()}", *map(harmless_code, lines), "```"]
        self.gap = True

    def _link(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        url = absolute(attrib.get("href"), self.base)
        title = safe_link(attrib.get("title"))
        if url and title and re.match(r"https?://disq\.us/", url):
            url = title
        if self.anchor is None and url:
            self.anchor, self.anchor_text = url, []
            mark = (len(self.blocks), len(self.runs))
            steps.append(lambda: self._unlink(mark))

    def _unlink(self, mark: tuple[int, int]) -> None:
        """Write the address of the link behind its words, or instead of them where they are only the address."""
        url, self.anchor = self.anchor or "", None
        words = " ".join("".join(self.anchor_text).split())
        shown = link(url)
        if shown is None:
            if not words:
                self._add(url, Kind.LABEL)
        elif not words or is_same_address(words, url):
            if len(self.blocks) == mark[0]:
                del self.runs[mark[1] :]
            self._add(shown, Kind.RAW)
        else:
            self._add(" (", Kind.LABEL)
            self._add(shown, Kind.RAW)
            self._add(")", Kind.LABEL)

    def _image(self, attrib: Mapping[str, str], steps: list[Callable[[], None]]) -> None:
        classes = frozenset((attrib.get("class") or "").lower().split())
        alt = " ".join((attrib.get("alt") or "").split())
        name = EMOJI.fullmatch(alt) or EMOJI.fullmatch(attrib.get("title") or "")
        if name or classes & {"emoji", "wp-smiley"}:
            self._add(f":{name[1]}:" if name else alt)
            return
        if classes & {"avatar", "site-icon"} or {attrib.get("width"), attrib.get("height")} & {"0", "1"}:
            return
        if self.anchor is not None:
            self.anchor_text.append(alt)
            self._add(alt)
            return
        url = absolute(attrib.get("src"), self.base)
        shown = link(url) if url else None
        if alt:
            self._add(f"{alt} (" if shown else alt, Kind.LABEL)
        if shown:
            self._add(shown, Kind.RAW)
            self._add(")" if alt else "", Kind.LABEL)

    # -- lines --

    def _add(self, text: str, kind: Kind = Kind.TEXT) -> None:
        style = Style.PLAIN
        for flag, count in self.styles.items():
            style |= flag if count > 0 else Style.PLAIN
        if kind is Kind.TEXT and self.code:
            kind = Kind.CODE
        elif kind is Kind.TEXT and self.anchor is not None:
            kind = Kind.LABEL
        if text:
            self.runs.append(Run(text, kind, style))

    def _block(self, paragraph: bool) -> None:
        self._line()
        self.gap = self.gap or (paragraph and not self.lists)

    def _line(self) -> None:
        runs, self.runs = self.runs, []
        line = render(runs) if runs else ""
        if line:
            self._emit(line)

    def _emit(self, line: str) -> None:
        """Add one finished line with its quote sign, indent and marker; an empty one only asks for a gap."""
        sign = "> " if self.quotes else ""
        if (self.gap or not line) and self.blocks and self.blocks[-1].strip("> "):
            self.blocks.append("> " if sign and self.blocks[-1].startswith("> ") else "")
        self.gap = False
        if line:
            depth = min(max(len(self.lists) - 1, 0), 5)
            indent = "  " * depth + (self.marker or ("  " if self.lists else ""))
            self.marker = ""
            self.blocks.append(f"{sign}{indent}{line}")


_OPENERS: dict[str, Callable[[_Walk, Mapping[str, str], list[Callable[[], None]]], None]] = {
    "br": _Walk._br,
    "td": _Walk._cell,
    "th": _Walk._cell,
    "code": _Walk._code,
    "tt": _Walk._code,
    "kbd": _Walk._code,
    "samp": _Walk._code,
    "li": _Walk._item,
    "pre": _Walk._pre,
    "a": _Walk._link,
    "img": _Walk._image,
}


def _run_back(steps: list[Callable[[], None]]) -> None:
    for step in reversed(steps):
        step()
