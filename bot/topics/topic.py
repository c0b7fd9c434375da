"""What a topic is and what it answers; topics other than the first are weighted phrases in a data file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bot.topics import actors, tables
from bot.topics.phrases import Item, Phrase, PhraseBook, compile_phrase
from bot.topics.text import BODY, LEDE, TITLE, Passage, passages

FIELDS = {TITLE: 1.0, LEDE: 0.6, BODY: 0.3}
_FOR, _AGAINST = "for", "against"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a story is about a topic, how surely (0 to 1; a match from 0.5 on), and why in a member's words."""

    match: bool
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    side: str
    weight: float
    reason: str


class PhraseTopic:
    """A topic of weighted phrase groups; each group counts once, most in the title, least in the body.

    Its file ``topic.<name>.tsv`` has a line ``=describe`` with one sentence, and rows of four cells or five: side (for
    or against), group, weight, phrases parted by "|", and optionally the reason to show. A story matches when the
    weights of the groups found add up to 1 or more.
    """

    def __init__(self, name: str) -> None:
        self.name, self.description = name, ""
        plain, with_parties = list[tuple[Phrase, _Group]](), list[tuple[Phrase, _Group]]()
        for row in tables.rows(f"topic.{name}.tsv"):
            if row[0] == "=describe":
                self.description = row[1]
                continue
            side, group, weight, phrases, *reason = row
            if side not in (_FOR, _AGAINST):
                raise ValueError(f"topic.{name}.tsv: the side is {side!r}, not for or against")
            meaning = _Group(group, side, float(weight), reason[0] if reason and reason[0] else group)
            for phrase in filter(None, phrases.split("|")):
                (with_parties if "@" in phrase else plain).append((compile_phrase(phrase), meaning))
        self._plain, self._with_parties = PhraseBook(plain), PhraseBook(with_parties) if with_parties else None

    def judge(self, title: str, lede: str = "", body: str = "") -> Verdict:
        """Judge one story."""
        best: dict[_Group, tuple[float, str]] = {}
        for passage in passages(title, lede, body):
            for group, words in self._found(passage):
                value = (group.weight * FIELDS[passage.field], words)
                best[group] = max(best.get(group, value), value, key=lambda pair: pair[0])
        total = sum(value if group.side == _FOR else -value for group, (value, _) in best.items())
        reasons = [
            f"{group.reason}: '{words}'" if group.side == _FOR else f"Not counted: {group.reason} ('{words}')"
            for group, (_, words) in sorted(best.items(), key=lambda pair: -pair[1][0])
        ]
        score = round(min(max(total / 2, 0.0), 1.0), 3)
        return Verdict(total >= 1 - 1e-9, score, tuple(reasons) or ("It says nothing of this topic",))

    def _found(self, passage: Passage) -> Iterator[tuple[_Group, str]]:
        """Yield groups and words; names such as "Falcon 9" are plain words except where a phrase asks for parties."""
        readings = [(self._plain, [Item(word.text) for word in passage.words])]
        if self._with_parties:
            readings.append((self._with_parties, actors.items(passage.words, actors.locate(passage.words))))
        for book, items in readings:
            for found, group in book.find(items):
                yield group, " ".join(item.word for item in items[found.start : found.end])


@cache
def phrase_topic(name: str) -> PhraseTopic:
    """Return a topic of this package's data, read once."""
    return PhraseTopic(name)


@cache
def phrase_topic_names() -> tuple[str, ...]:
    """Return the names of the topics that are data."""
    return tuple(name.removeprefix("topic.").removesuffix(".tsv") for name in tables.names("topic."))
