"""Phrases of words, stems, gaps and parties, looked up by their first word so that a text is read once.

A phrase is elements parted by spaces: ``a/b`` is either word, ``stem*`` any word that begins so, ``*ending`` any that
ends so (German compounds), ``#`` a number
(``#th`` 1st, 2nd, 3rd, 4th and so on), ``@`` any party and ``@land``, ``@company``, ``@accord`` ... a party of that
kind. ``..`` lets up to four words stand between; ``^`` in front asks for the beginning of the passage. Neither words
nor gaps cross the end of a clause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

from bot.topics.text import fold

T = TypeVar("T")

GAP = 4
MOST_GAPS = 3
SHORTEST_STEM = 2
LONGEST_STEM = 24
SHORTEST_ENDING = 4
LAND = ("country", "bloc", "region", "agency")
_KINDS = {"land": LAND, "company": ("company", "firm")}
_ORDINALS = ("st", "nd", "rd", "th")


@dataclass(frozen=True, slots=True)
class Item:
    """One place in a passage: a word, a party with the words that name it, or the end of a clause (neither)."""

    word: str
    party: str = ""
    kind: str = ""


class Lookup(Generic[T]):
    """Entries by a word or by a stem; asks for a word once and remembers the answer."""

    def __init__(self, remember: int = 20_000) -> None:
        self._exact: dict[str, list[T]] = defaultdict(list)
        self._stems: dict[str, list[T]] = defaultdict(list)
        self._endings: dict[str, list[T]] = defaultdict(list)
        self.find: Callable[[str], tuple[T, ...]] = lru_cache(maxsize=remember)(self._find)

    def add(self, key: str, entry: T) -> None:
        """Store an entry under a word, a stem (the key ends with ``*``) or an ending (it begins with ``*``)."""
        if key.endswith("*"):
            if not SHORTEST_STEM <= len(key) - 1 <= LONGEST_STEM:
                raise ValueError(f"the stem {key!r} must have {SHORTEST_STEM} to {LONGEST_STEM} letters")
            self._stems[key[:-1]].append(entry)
        elif key.startswith("*"):
            if not SHORTEST_ENDING <= len(key) - 1 <= LONGEST_STEM:
                raise ValueError(f"the ending {key!r} must have {SHORTEST_ENDING} to {LONGEST_STEM} letters")
            self._endings[key[1:]].append(entry)
        else:
            self._exact[key].append(entry)

    def _find(self, word: str) -> tuple[T, ...]:
        found = list(self._exact.get(word, ()))
        for length in range(SHORTEST_STEM, min(len(word), LONGEST_STEM) + 1):
            found += self._stems.get(word[:length], ())
            found += self._endings.get(word[-length:], ())
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Element:
    """What may stand at one place of a phrase."""

    exact: frozenset[str]
    stems: tuple[str, ...]
    endings: tuple[str, ...]
    kinds: frozenset[str] | None
    number: str = ""
    gap: int = 0

    def lookups(self) -> Iterator[str]:
        """Yield its words, stems and endings as a ``Lookup`` takes them."""
        yield from self.exact
        yield from (f"{stem}*" for stem in self.stems)
        yield from (f"*{ending}" for ending in self.endings)

    def fits(self, item: Item) -> bool:
        """Say whether this item may stand here."""
        if item.kind:
            return self.kinds is not None and (not self.kinds or item.kind in self.kinds)
        word = item.word
        return bool(word) and (
            word in self.exact
            or (bool(self.stems) and word.startswith(self.stems))
            or (bool(self.endings) and word.endswith(self.endings))
            or (bool(self.number) and _is_number(word, self.number))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that stands in a passage: where, the parties at its ``@``, and the words as read."""

    start: int
    end: int
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase."""

    elements: tuple[Element, ...]
    text: str = field(compare=False)
    anchored: bool = False

    def at(self, items: Sequence[Item], start: int) -> Found | None:
        """Return the phrase if it begins at this place; its work is bounded by its few gaps."""
        if (self.anchored and start) or not self.elements[0].fits(items[start]):
            return None
        return self._rest(items, start, start + 1, 1, (items[start].party,) if items[start].party else ())

    def _rest(
        self, items: Sequence[Item], start: int, place: int, index: int, parties: tuple[str, ...]
    ) -> Found | None:
        if index == len(self.elements):
            return Found(start, place, parties)
        element = self.elements[index]
        for here in range(place, min(place + element.gap + 1, len(items))):
            item = items[here]
            if not item.word and not item.kind:
                return None
            if element.fits(item):
                more = (*parties, item.party) if item.party else parties
                found = self._rest(items, start, here + 1, index + 1, more)
                if found is not None:
                    return found
        return None


class PhraseBook(Generic[T]):
    """Many phrases, each with what it means; finds all that stand in a passage.

    A phrase that begins with a party is looked up by its next word: it is tried only in a passage with that word.
    """

    def __init__(self, entries: Iterable[tuple[Phrase, T]]) -> None:
        self._by_word: Lookup[tuple[Phrase, T]] = Lookup()
        self._by_party: list[tuple[Phrase, T]] = []
        self._needs: Lookup[int] = Lookup()
        self._unneeding = set[int]()
        for phrase, meaning in entries:
            first, *rest = phrase.elements
            if first.number:
                raise ValueError(f"{phrase.text!r} begins with a number: begin with a word or a party")
            for key in first.lookups():
                self._by_word.add(key, (phrase, meaning))
            if first.kinds is not None:
                self._need(rest, len(self._by_party))
                self._by_party.append((phrase, meaning))

    def _need(self, rest: Sequence[Element], index: int) -> None:
        if not rest or rest[0].kinds is not None or rest[0].number:
            self._unneeding.add(index)
        else:
            for key in rest[0].lookups():
                self._needs.add(key, index)

    def find(self, items: Sequence[Item]) -> Iterator[tuple[Found, T]]:
        """Yield every phrase that begins at each place, in the order of the text."""
        fitting = self._unneeding.union(*(self._needs.find(item.word) for item in items if not item.kind))
        by_party = [self._by_party[index] for index in sorted(fitting)]
        for place, item in enumerate(items):
            entries = by_party if item.kind else self._by_word.find(item.word) if item.word else ()
            for phrase, meaning in entries:
                found = phrase.at(items, place)
                if found is not None:
                    yield found, meaning


def compile_phrase(text: str) -> Phrase:
    """Compile a phrase in the notation of this module; raise ``ValueError`` for one that cannot be read."""
    elements, gap = list[Element](), 0
    anchored = text.startswith("^")
    for part in fold(text).removeprefix("^").split():
        if part == "..":
            gap = GAP
        else:
            elements.append(_element(part, gap if elements else 0))
            gap = 0
    if not elements or gap or sum(1 for element in elements if element.gap) > MOST_GAPS:
        raise ValueError(f"the phrase {text!r} is empty, ends with a gap or has more than {MOST_GAPS} gaps")
    return Phrase(tuple(elements), text, anchored)


def _element(part: str, gap: int) -> Element:
    options = [option for option in part.split("/") if option]
    kinds = [option[1:] for option in options if option.startswith("@")]
    plain = [option for option in options if option[0] not in "@#"]
    number = next((option[1:] or "1" for option in options if option.startswith("#")), "")
    allowed = frozenset(kind for name in kinds for kind in _KINDS.get(name, (name,)) if kind)
    return Element(
        exact=frozenset(option for option in plain if "*" not in option),
        stems=tuple(option[:-1] for option in plain if option.endswith("*")),
        endings=tuple(option[1:] for option in plain if option.startswith("*")),
        kinds=allowed if kinds and "" not in kinds else (frozenset() if kinds else None),
        number=number,
        gap=gap,
    )


def _is_number(word: str, form: str) -> bool:
    if form == "1":
        return word.isdecimal()
    return word[:-2].isdecimal() and word.endswith(_ORDINALS)
