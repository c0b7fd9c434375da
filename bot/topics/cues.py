"""What a story says: groups of weighted phrases for and against cooperation, in every language at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.topics import tables
from bot.topics.phrases import Found, Item, PhraseBook, compile_phrase

# What each group says, as a member reads it; the order is that of the fitted weights.
CUES = {
    "accession": "a state joins",
    "station": "a partner of the space station stays or leaves",
    "agreement": "they agree",
    "cooperation": "they work together",
    "joint": "a joint act",
    "contribution": "one gives hardware or samples to the other",
    "seat": "a seat or training for another country's astronaut",
    "payload": "another country's craft is launched",
    "data": "shared data or ground stations",
    "site": "a launch site or rocket of another country",
    "strain": "a cooperation is strained or ends",
    "negotiation": "they negotiate or plan it",
    "contract": "an order across a border",
    "link": "named together",
}
VETOES = {
    "ownership": "a merger or an investment is ownership, not cooperation",
    "rivalry": "rivalry or accusation",
    "routine": "routine flight operations",
    "results": "results or operations of a mission",
    "people": "a person's post",
    "mishap": "a failure or debris",
    "retrospective": "a look back",
    "market": "business or entering a market",
    "norms": "norms and debate",
    "opinion": "opinion or explanation",
    "alone": "one nation on its own",
    "roundup": "a roundup of many stories",
    "budget": "budget or delay",
    "politics": "politics or trade outside space",
}
SPACE = "space"


@dataclass(frozen=True, slots=True)
class Cue:
    """What a phrase means: its group, and how surely it says so (0 to 1)."""

    group: str
    strength: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """A cue in a passage, with the words as read and the ids of the actors at its ``@``."""

    cue: Cue
    words: str
    found: Found


def sightings(items: Sequence[Item]) -> list[Sighting]:
    """Return every cue in a passage."""
    return [
        Sighting(cue, " ".join(item.word for item in items[found.start : found.end]), found)
        for found, cue in _book().find(items)
    ]


@cache
def _book() -> PhraseBook[Cue]:
    known = {*CUES, *VETOES, SPACE}
    entries = []
    for name in tables.names("cues."):
        for group, strength, phrases in _read(tables.rows(name)):
            if group not in known:
                raise ValueError(f"{name}: there is no group {group!r}")
            entries += [(compile_phrase(phrase), Cue(group, strength)) for phrase in phrases]
    return PhraseBook(entries)


def _read(rows: Iterable[list[str]]) -> list[tuple[str, float, list[str]]]:
    """Return group, strength and phrases of each row, with {NAMES} spelled out."""
    meanings: dict[str, str] = {}
    result = []
    for name, strength, written in rows:
        phrases = written
        for word, meaning in meanings.items():
            phrases = phrases.replace(f"{{{word}}}", meaning)
        if name.startswith("="):
            meanings[name[1:]] = phrases
        else:
            result.append((name.lstrip("@"), float(strength), [phrase for phrase in phrases.split("|") if phrase]))
    return result
