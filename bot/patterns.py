"""Words and regular expressions that a story's text may hold; each is looked for in linear time. Pure.

A word or phrase is found whole, whatever its case and accents; ``*`` at its end takes any ending. ``/…/`` is a regular
expression of RE2 (docs/decisions/0012-regular-expressions.md), which ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it has no types of its own

from bot.errors import BadOption
from bot.markdown import plain
from bot.model import Story
from bot.topics.expression import fold
from bot.words import say

MOST = 20
LONGEST = 200
TEXT_LIMIT = 4096  # bytes of title and text that are looked at
TITLE_LIMIT = 1024
MEMORY = 1 << 17  # bytes that an expression may take, with all that it remembers while it searches
# Instructions of a compiled expression: searching 4 kB takes as many steps for each in the worst case.
LARGEST = 128
MOST_OF_SERVER = 40  # different expressions in all its channels: each may take 5 ms of every story
COMPILED = 1024  # of all servers; most take a few kB
_ITEM = re.compile(r"\s*(?:(?P<regex>/(?:[^/\\]|\\.)*/)|(?P<word>[^,\n]*?))\s*(?:[,\n]|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A story's title and the beginning of its text, made ready to be looked through.

    ``found`` remembers which expressions stand in it: many channels ask for the same, and each takes milliseconds.
    """

    folded: str
    raw: bytes
    found: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)


@lru_cache(maxsize=4)
def text_of(story: Story) -> Text:
    """Return what patterns are applied to; the story at hand is remembered, as many channels ask for it."""
    title = story.title.encode("utf-8", "replace")[:TITLE_LIMIT]
    rest = "\n".join(filter(None, (plain(story.summary[:TEXT_LIMIT]), plain(story.body[:TEXT_LIMIT]))))
    raw = b"\n".join((title, rest.encode("utf-8", "replace")))[:TEXT_LIMIT]
    return Text("\x1f".join(map(fold, raw.decode("utf-8", "ignore").split("\n"))), raw)  # no phrase crosses lines


def holds(pattern: str, text: Text) -> bool:
    """Tell whether a pattern is found; one that cannot be understood is not."""
    if not is_regex(pattern):
        words = fold(pattern)
        return bool(words.strip()) and (words[:-1] if pattern.endswith("*") else words) in text.folded
    if pattern not in text.found:
        text.found[pattern] = _stands(pattern[1:-1], text.raw)
    return text.found[pattern]


def _stands(expression: str, raw: bytes) -> bool:
    try:
        return _compiled(expression).search(raw) is not None
    except BadOption:
        return False


def is_regex(pattern: str) -> bool:
    """Tell a regular expression from words."""
    return len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")


def listed(text: str) -> tuple[str, ...]:
    """Read words, phrases and regular expressions with commas between; raises ``BadOption`` with what to change."""
    found, at = dict[str, None](), 0
    while at < len(text):
        match = _ITEM.match(text, at)
        if match is None or match.end() == at:
            raise BadOption(say("filter.unclosed", text=_shown(text[at:])))
        at = match.end()
        item = match["regex"] or (match["word"] or "").strip()
        if item:
            _check(item)
            found[item] = None
    if len(found) > MOST:
        raise BadOption(say("filter.too_many", most=MOST))
    return tuple(found)


def require_few(patterns: Iterable[str]) -> None:
    """Raise ``BadOption`` for more different expressions than one server may have in all its channels."""
    if len(set(filter(is_regex, patterns))) > MOST_OF_SERVER:
        raise BadOption(say("filter.too_many_of_server", most=MOST_OF_SERVER))


def _check(item: str) -> None:
    if len(item) > LONGEST:
        raise BadOption(say("filter.too_long", most=LONGEST, text=_shown(item)))
    if is_regex(item):
        if len(item) == len("//"):
            raise BadOption(say("filter.empty"))
        _compiled(item[1:-1])
    elif item.startswith("/"):
        raise BadOption(say("filter.unclosed", text=_shown(item)))
    elif not fold(item).strip():
        raise BadOption(say("filter.no_letter", text=_shown(item)))


@lru_cache(maxsize=COMPILED)
def _compiled(expression: str) -> Any:  # the library has no types
    options = re2.Options()
    options.max_mem, options.case_sensitive, options.log_errors, options.never_capture = MEMORY, False, False, True
    try:
        found = re2.compile(f"(?m){expression}".encode("utf-8", "replace"), options)  # ^ and $: of title or line
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else ""
        reason = reason.replace(f"(?m){expression}", expression)  # an admin wrote no (?m)
        raise BadOption(say("filter.no_regex", text=_shown(f"/{expression}/"), reason=_shown(reason))) from error
    if found.programsize > LARGEST:
        raise BadOption(say("filter.too_large", text=_shown(f"/{expression}/")))
    return found


def _shown(text: str) -> str:
    """Return an admin's own text as it can stand between backticks."""
    line = " ".join(text.replace("`", "ˋ").split())
    return line if len(line) <= 60 else line[:59] + "…"
