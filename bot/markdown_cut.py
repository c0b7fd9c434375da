"""Markdown cut to Discord's limits, in UTF-16 units, never through an escape, a link or a mark. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.markdown_escape import break_calls, escape_inline, escape_start, units
from bot.markdown_tokens import Token, after, plain, tokens

_PREFIX = re.compile(r"(?:> )?(?: {2,12})?")
_SENTENCE = re.compile(r"[.!?…][)\]\"'’”»*_~|]*(?=\s)")
_FENCE = "```"
_SMALLEST = 40
_LONGEST = 1100  # characters of the longest link or code span that we write


def split(markdown: str, limit: int, first_limit: int | None = None) -> list[str]:
    """Return the text in parts of at most ``limit`` units (the first of ``first_limit``), each whole Markdown.

    No part is empty, no word is lost; an empty text gives no part. Limits under 40 are taken as 40.
    """
    limit = max(limit, _SMALLEST)
    return _Parts(limit, max(first_limit or limit, _SMALLEST)).fill(markdown.split("\n"))


def excerpt(markdown: str, limit: int) -> str:
    """Return at most ``limit`` units of the text, cut behind a sentence or a word, with "…" where it was cut."""
    markdown = markdown.strip()
    if units(markdown) <= limit:
        return markdown
    if limit < _SMALLEST + 2:
        return _tiny(markdown, limit)
    parts = _Parts(limit - 2, limit - 2, tight=True).fill(markdown.split("\n"))
    head = parts[0] if parts else ""
    if head.endswith("\n" + _FENCE):
        return f"{head}\n…"
    whole = _whole_ends(head) if _FENCE not in head else frozenset[int]()
    for match in reversed(list(_SENTENCE.finditer(head))):
        if match.end() in whole and match.end() >= len(head) * 0.6:
            return f"{head[: match.end()]} …"
    return f"{head.rstrip()}…"


def _whole_ends(text: str) -> frozenset[int]:
    """Return the places between two tokens where no mark stands open."""
    ends, at = set(), 0
    opened: tuple[str, ...] = ()
    for token in tokens(text):
        at, opened = at + len(token.text), after(opened, [token])
        if not opened:
            ends.add(at)
    return frozenset(ends)


class _Parts:
    """Fills parts line by line; a line too long for any part is broken between words."""

    def __init__(self, limit: int, first: int, *, tight: bool = False) -> None:
        self.limit = limit
        self.first = first
        self.room = first  # units left in the current part
        self.tight = tight  # whether a line may be broken only to fill a part
        self.lines: list[str] = []
        self.parts: list[str] = []
        self.fence = ""  # the opening line of the fence we are in

    def fill(self, lines: list[str]) -> list[str]:
        """Take all lines and return the parts."""
        for line in lines:
            if self._is_done():
                break
            if line.startswith(_FENCE):
                self._fence(line)
            else:
                self._take(line)
        self._flush()
        return self.parts

    def _fence(self, line: str) -> None:
        if self.fence:
            self.fence = ""
            self._put(_FENCE)
            return
        if self.room < units(line) + 3 * len(_FENCE) + 20:
            self._flush()
        self._put(line)
        self.fence = line

    def _take(self, line: str) -> None:
        if units(line) <= self._space():
            self._put(line)
            return
        if not self.tight and self._has_text() and units(line) <= self._fresh():
            self._flush()
        if units(line) <= self._space():
            self._put(line)
        else:
            self._break(line)

    def _break(self, line: str) -> None:
        if not self.tight and self._has_text() and self._space() < self.limit // 4:
            self._flush()
        pieces = _cut_code if self.fence else _cut_text
        while line and not self._is_done():
            space = self._space()
            if space < _SMALLEST and self._has_text() and units(line) > space:
                self._flush()
                continue
            piece, line = pieces(line, max(space, 8))
            self._put(piece)
            if line:
                self._flush()

    def _space(self) -> int:
        return self.room - (len(_FENCE) + 1 if self.fence else 0)

    def _fresh(self) -> int:
        return self.limit - (units(self.fence) + len(_FENCE) + 2 if self.fence else 0)

    def _is_done(self) -> bool:
        return self.tight and bool(self.parts)  # an excerpt needs the first part only

    def _has_text(self) -> bool:
        return bool(self.lines) and self.lines != [self.fence]

    def _put(self, line: str) -> None:
        if not line and not self.lines and not self.fence:
            return  # a part never begins with an empty line
        self.lines.append(line)
        self.room -= units(line) + 1

    def _flush(self) -> None:
        """End the current part; one that stops inside a fence closes it and the next opens it again."""
        text = "\n".join([*self.lines, _FENCE] if self.fence and self.lines else self.lines).strip("\n")
        if text.strip() and text != f"{self.fence}\n{_FENCE}":
            self.parts.append(break_calls(text))
        self.lines, self.room = [], self.limit if self.parts else self.first
        if self.fence:
            self._put(self.fence)


def _cut_code(line: str, room: int) -> tuple[str, str]:
    """Cut a line of code at a blank in its second half, else anywhere."""
    end = _fit(line, room)
    blank = line.rfind(" ", end // 2, end)
    end = blank if blank > 0 and end < len(line) else end
    return line[:end], line[end:].removeprefix(" ")


def _cut_text(line: str, room: int) -> tuple[str, str]:
    """Return as many words as fit, with open marks closed, and the rest with its quote sign and marks opened again."""
    match = _PREFIX.match(line)
    prefix = match[0] if match else ""
    found = _window(line, len(prefix), room)
    opened: tuple[str, ...] = ()
    taken, size = 0, units(prefix)
    for end in _word_ends(found):
        size += sum(units(token.text) for token in found[taken:end])
        now = after(opened, found[taken:end])
        if size + sum(map(len, now)) > room:
            break
        taken, opened = end, now
    if not taken:
        return _cut_word(prefix, found, line, room)
    head = prefix + _text(found[:taken])
    return head + "".join(reversed(opened)), _resume(prefix, opened, line[len(head) :].lstrip(" "))


def _window(line: str, start: int, room: int) -> list[Token]:
    """Return the tokens that may fit, so that a very long line is not read again for every part of it."""
    end = start + 2 * room + _LONGEST
    found = list(tokens(line[start:end]))
    # The last one may be cut, which only does not matter to a word.
    return found if end >= len(line) or found[-1].kind == "word" else found[:-1]


def _text(found: list[Token]) -> str:
    return "".join(token.text for token in found)


def _resume(prefix: str, opened: tuple[str, ...], rest: str) -> str:
    """Begin the next line: what stood in the middle of a line must not act as its start now; "" for mere marks."""
    if all(token.kind in ("mark", "space") for token in tokens(rest)):
        return ""
    return prefix + "".join(opened) + (rest if opened else escape_start(rest))


def _word_ends(found: list[Token]) -> Iterator[int]:
    """Yield the index behind every word: a line may be cut before each blank."""
    for index, token in enumerate(found):
        if token.kind == "space" and index:
            yield index
    yield len(found)


def _cut_word(prefix: str, found: list[Token], line: str, room: int) -> tuple[str, str]:
    """Cut inside one word that is longer than a part: between tokens, else inside the first one."""
    size, taken = units(prefix), 0
    opened: tuple[str, ...] = ()
    for index, token in enumerate(found):
        now = after(opened, [token])
        size += units(token.text)
        if size + sum(map(len, now)) > room:
            break
        taken, opened = index + 1, now
    marks = _text(found[:taken])
    head, closers = prefix + marks, "".join(reversed(opened))
    if any(token.kind != "mark" for token in found[:taken]):
        return head + closers, _resume(prefix, opened, line[len(head) :].lstrip(" "))
    if taken == len(found):
        return "", ""  # marks around nothing
    token, rest = found[taken], line[len(head) + len(found[taken].text) :]
    if token.kind not in ("word", "other", "space"):
        # A link or code span longer than any part becomes plain text, which can be cut.
        words = escape_inline(token.shown, links=False)
        return _cut_text(head + (words if marks else escape_start(words)) + rest, room)
    end = max(_fit(token.text, room - units(prefix) - 2 * len(marks)), 1)
    return head + token.text[:end] + closers, _resume(prefix, opened, token.text[end:] + rest)


def _fit(text: str, room: int) -> int:
    """Return how many characters fit into ``room`` units, not parting a base from its marks where possible."""
    used = 0
    for index, char in enumerate(text):
        used += 2 if char > "\uffff" else 1
        if used > room:
            return index
    return len(text)


def _tiny(markdown: str, limit: int) -> str:
    """Cut plain words where there is no room for marks or links."""
    kept, room = "", limit - 1
    for token in tokens(escape_inline(" ".join(plain(markdown).split()), links=False)):
        room -= units(token.text)
        if room < 0:
            break
        kept += token.text
    return break_calls(kept.rstrip() + "…") if limit > 0 else ""
