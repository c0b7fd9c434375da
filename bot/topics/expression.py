"""Topics that a server's admins write themselves: words, phrases and groups, joined by and, or and not. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.errors import BadTopic
from bot.words import say

MAX_LENGTH = 500
MAX_TERMS = 50
MAX_DEPTH = 10
TEXT_LIMIT = 8000  # characters of a story that are looked at

_LEXEME = re.compile(r'\s*(?:(?P<mark>[()|])|(?P<minus>-)(?=\S)|"(?P<phrase>[^"]*)"?|(?P<word>[^\s()|"]+))')
_WORD = re.compile(r"\w+")
_TOPIC = "topic:"

# Tells whether a story is about another topic, by its name.
Refer = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase (``text`` is folded, between blanks), or another topic's name."""

    shown: str
    text: str
    topic: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Several parts of which all must hold, or any one."""

    parts: tuple[Node, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Not:
    """A part that must not hold."""

    part: Node


Node = Term | Group | Not


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an expression holds for a story, and the terms that made it so, in words that a member understands."""

    match: bool
    reasons: tuple[str, ...]


def parse(text: str) -> Node:
    """Return what an admin wrote as an expression; raises ``BadTopic`` with a sentence that says what to do.

    Words side by side must all stand in a story, ``|`` (or OR) means any of them, ``-`` (or NOT) none; quotes make a
    phrase, ``*`` at a word's end any ending, parentheses a group; ``topic:mars`` is another topic. ``OR`` binds weaker.
    """
    if len(text) > MAX_LENGTH:
        raise BadTopic(say("expression.too_long", most=MAX_LENGTH, count=len(text)))
    parser = _Parser(text)
    node = parser.any(0)
    parser.end()
    if not _asks(node):
        raise BadTopic(say("expression.only_not"))
    return node


def topics_in(node: Node) -> Iterator[str]:
    """Yield the names of the other topics that an expression speaks of."""
    if isinstance(node, Term):
        if node.topic:
            yield node.text
    elif isinstance(node, Not):
        yield from topics_in(node.part)
    else:
        for part in node.parts:
            yield from topics_in(part)


def judge(node: Node, title: str, lede: str, body: str, refer: Refer) -> Finding:
    """Say whether an expression holds for a story, and why; linear in the text, whatever it is."""
    text = fold(f"{title} \x1f {lede} \x1f {body}"[:TEXT_LIMIT])
    found = _holds(node, text, refer)
    if found:
        return Finding(True, tuple(dict.fromkeys(_present(node, text, refer))))
    return Finding(False, (_missing(node, text, refer),))


def fold(text: str) -> str:
    """Return a text's words without case and accents, one blank between and around them."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return f" {' '.join(_WORD.findall(bare))} "


class _Parser:
    """Recursive descent over a bounded text; each method takes one level of the grammar."""

    def __init__(self, text: str) -> None:
        self._found = [match for match in _LEXEME.finditer(text) if match[0].strip()]
        self._at = 0
        self._terms = 0

    def any(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise BadTopic(say("expression.too_deep", most=MAX_DEPTH))
        parts = [self._every(depth)]
        while self._is("|") or self._is("OR"):
            self._at += 1
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Group(tuple(parts), every=False)

    def end(self) -> None:
        if self._at < len(self._found):
            raise BadTopic(say("expression.unopened"))

    def _every(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._at < len(self._found) and not (self._is("|") or self._is("OR") or self._is(")")):
            if self._is("AND"):
                self._at += 1
                continue
            parts.append(self._one(depth))
        if not parts:
            raise BadTopic(say("expression.missing"))
        return parts[0] if len(parts) == 1 else Group(tuple(parts), every=True)

    def _one(self, depth: int) -> Node:
        negative = False
        while self._at < len(self._found) and (self._found[self._at]["minus"] or self._is("NOT")):
            self._at += 1
            negative = not negative
        if self._at >= len(self._found):
            raise BadTopic(say("expression.missing_not"))
        node = self._group(depth) if self._is("(") else self._term()
        return Not(node) if negative else node

    def _group(self, depth: int) -> Node:
        self._at += 1
        node = self.any(depth + 1)
        if not self._is(")"):
            raise BadTopic(say("expression.unclosed"))
        self._at += 1
        return node

    def _term(self) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise BadTopic(say("expression.too_many", most=MAX_TERMS))
        match = self._found[self._at]
        self._at += 1
        phrase, word = match["phrase"], match["word"] or ""
        if phrase is None and word.casefold().startswith(_TOPIC):
            return Term(word, word[len(_TOPIC) :].casefold(), topic=True)
        shown = word if phrase is None else phrase
        folded = fold(shown)
        if not folded.strip():
            raise BadTopic(say("expression.no_letter", text=shown or match[0].strip()))
        return Term(shown, folded[:-1] if shown.endswith("*") else folded)

    def _is(self, mark: str) -> bool:
        if self._at >= len(self._found):
            return False
        match = self._found[self._at]
        return match["mark"] == mark or (mark.isalpha() and match["word"] == mark)


def _asks(node: Node) -> bool:
    """Say whether an expression demands that something stands in a story."""
    if isinstance(node, Group):
        asked = [_asks(part) for part in node.parts]
        return any(asked) if node.every else all(asked)
    return isinstance(node, Term)


def _holds(node: Node, text: str, refer: Refer) -> bool:
    if isinstance(node, Not):
        return not _holds(node.part, text, refer)
    if isinstance(node, Group):
        return (all if node.every else any)(_holds(part, text, refer) for part in node.parts)
    return refer(node.text) if node.topic else node.text in text


def _present(node: Node, text: str, refer: Refer) -> Iterator[str]:
    """Yield a sentence for each demanded term that stands there."""
    if isinstance(node, Group):
        for part in node.parts:
            yield from _present(part, text, refer)
    elif isinstance(node, Term) and _holds(node, text, refer):
        yield say("expression.about" if node.topic else "expression.says", topic=node.text, text=node.shown)


def _missing(node: Node, text: str, refer: Refer) -> str:
    """Return a sentence on the first part that does not hold."""
    if isinstance(node, Group) and node.every:
        return _missing(next(part for part in node.parts if not _holds(part, text, refer)), text, refer)
    if isinstance(node, Group):
        return say("expression.says_none", texts=", ".join(f"“{_name(part)}”" for part in node.parts))
    if isinstance(node, Not):
        return say("expression.shut_out", text=_name(node.part))
    return say("expression.not_about" if node.topic else "expression.says_not", topic=node.text, text=node.shown)


def _name(node: Node) -> str:
    if isinstance(node, Group):
        return (" " if node.every else " | ").join(_name(part) for part in node.parts)
    return f"-{_name(node.part)}" if isinstance(node, Not) else node.shown
