"""Who is named: countries, blocs, agencies, companies, sites and programmes, each mapped to a party."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.topics import tables
from bot.topics.phrases import Item, Lookup
from bot.topics.text import Word, words

COUNTRY, BLOC, REGION, AGENCY, COMPANY, FIRM, SITE, PROGRAMME, ACCORD, NONE = (
    "country", "bloc", "region", "agency", "company", "firm", "site", "programme", "accord", "none",
)  # fmt: skip
KINDS = (COUNTRY, BLOC, REGION, AGENCY, COMPANY, FIRM, SITE, PROGRAMME, ACCORD, NONE)
LANGUAGES = ("en", "de", "fr", "es", "ru")
_COLUMNS = ("id", "party", "kind", "origin", "unless", *LANGUAGES)
# The members of ESA or the EU and the states bound to them by treaty: their firms are inside the European bloc.
EUROPE = frozenset(
    (
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
        "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "EU", "ESA",
    )
)  # fmt: skip
_BLOCS = frozenset(("EU", "ESA"))
_ONE_STATE = frozenset(("RU", "SU"))
# Governments so much at odds that a headline with both is no sign of cooperation; it takes words that say so.
_AT_ODDS = frozenset(
    frozenset(pair.split("-"))
    for pair in (
        "US-CN", "US-RU", "US-SU", "US-KP", "US-IR", "KR-KP", "JP-KP", "JP-CN", "CN-TW", "IN-PK", "IN-CN", "RU-UA",
        "IL-IR", "NATO-RU", "NATO-CN", "UN-KP", "UN-IR", "EU-RU", "AM-AZ",
    )
)  # fmt: skip
# Leagues in which states keep acting for themselves, so that their common act is cooperation.
LEAGUES = frozenset(
    (
        "BRICS", "QUAD", "NATO", "G7", "G20", "ASEAN", "AUKUS", "FVEY", "CSPO", "SCO", "GCC", "ARAB", "AFU", "APSCO",
        "ALCE", "CIS", "EAEU", "NORDIC", "BALTIC", "PIF", "CARIB", "ASIA",
    )
)  # fmt: skip
# Parts of the world by their names: a state in one of them is no second party to it.
_PARTS = {
    "ME": "AE BH EG IL IQ IR JO KW LB OM PS QA SA SY TR YE",
    "AFU": "AO BF BI BJ BW CD CI CM DJ DZ EG ER ET GA GH KE LY MA MG ML MR MU MZ NA NE NG RW SD SN SO TD TG TN TZ UG "
    "ZA ZM ZW",
    "ALCE": "AR BO BR CL CO CR CU DO EC GT GY HN JM MX NI PA PE PY SV TT UY VE",
}
_WITHIN = {part: frozenset(states.split()) for part, states in _PARTS.items()}


@dataclass(frozen=True, slots=True)
class Actor:
    """One row of the table: who it is and to which party it belongs; a firm of two nations belongs to both."""

    id: str
    parties: frozenset[str]
    kind: str
    name: str
    origin: str = ""
    unless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mention:
    """An actor named in a text: from which word to which, and the name to show to a member."""

    start: int
    end: int
    actor: Actor
    name: str


@dataclass(frozen=True, slots=True)
class _Alias:
    actor: Actor
    name: str
    spelling: tuple[tuple[str, bool, bool], ...]  # word, must stand in capitals, is a stem

    def at(self, text: Sequence[Word], start: int) -> bool:
        if start + len(self.spelling) > len(text):
            return False
        for offset, (word, capitals, stem) in enumerate(self.spelling):
            there = text[start + offset]
            if offset and there.after_comma:
                return False
            if not (there.text.startswith(word) if stem else there.text == word) or (capitals and not there.capitals):
                return False
        return True


def different(one: Actor, other: Actor) -> bool:
    """Say whether two actors are two parties: not of one state, and not ESA, the EU and a firm of their own bloc."""
    if one.parties & other.parties or NONE in (one.kind, other.kind):
        return False
    if ACCORD in (one.kind, other.kind):
        return one.kind != other.kind
    for bloc, member in ((one, other), (other, one)):
        # A state may have a deal of its own with the bloc, but its satellite on an Ariane is the bloc's own affair.
        its_own = (
            member.kind in (COMPANY, FIRM, SITE, PROGRAMME)
            or bloc.kind == REGION
            or (bloc.kind == PROGRAMME and "ESA" in bloc.parties)
        )
        inside = member.parties <= _BLOCS or (member.parties <= EUROPE and its_own)
        if bloc.parties <= _BLOCS and inside:
            return False
        if bloc.kind == BLOC and any(member.parties <= _WITHIN.get(part, frozenset()) for part in bloc.parties):
            return False
    return not one.parties | other.parties <= _ONE_STATE


def is_european_body(actor: Actor) -> bool:
    """Say whether an actor is ESA, the EU or a body of theirs, whose orders to European firms are the bloc's affair."""
    return actor.kind in (AGENCY, BLOC) and actor.parties <= _BLOCS


def both_inside_europe(one: Actor, other: Actor) -> bool:
    """Say whether two actors are firms of the European bloc."""
    return all(actor.kind in (COMPANY, FIRM) and actor.parties <= EUROPE for actor in (one, other))


def at_odds(one: Actor, other: Actor) -> bool:
    """Say whether two governments are so much at odds that naming both says nothing of cooperation."""
    return any(frozenset((a, b)) in _AT_ODDS for a in one.parties for b in other.parties)


def many(actor: Actor) -> bool:
    """Say whether an actor stands for many states by itself, as an accord or a league of states does."""
    return actor.kind == ACCORD or actor.parties <= LEAGUES


@cache
def everyone() -> dict[str, Actor]:
    """Return every actor by its id."""
    return {actor.id: actor for actor, _ in _table()}


def locate(text: Sequence[Word]) -> list[Mention]:
    """Return where actors are named, left to right; of names that overlap, the first and of these the longest."""
    found, place, book = [], 0, _book()
    while place < len(text):
        word = text[place].text
        fitting = [alias for alias in book.find(word) if alias.at(text, place)] if word else []
        alias = max(fitting, key=lambda alias: len(alias.spelling), default=None)
        end = place + len(alias.spelling) if alias else place + 1
        if alias and not _cancelled(alias.actor, text, place, end):
            name = alias.actor.name if alias.actor.kind in (COUNTRY, BLOC) else alias.name
            found.append(Mention(place, end, alias.actor, name))
        place = end
    return found


def items(text: Sequence[Word], mentions: Iterable[Mention]) -> list[Item]:
    """Return a passage for phrases to be found in: each name of an actor is one item."""
    result, place = list[Item](), 0
    for mention in mentions:
        inside = text[mention.start : mention.end]
        result += [Item(word.text) for word in text[place : mention.start]]
        if mention.actor.kind == NONE:
            result += [Item(word.text) for word in inside]
        else:
            result.append(Item(" ".join(word.text for word in inside), mention.actor.id, mention.actor.kind))
        place = mention.end
    return result + [Item(word.text) for word in text[place:]]


def _cancelled(actor: Actor, text: Sequence[Word], start: int, end: int) -> bool:
    near = [word.text for word in (*text[max(0, start - 1) : start], *text[end : end + 1])]
    return any(word in actor.unless for word in near)


def _table() -> Iterable[tuple[Actor, list[str]]]:
    table = iter(tables.rows("actors.tsv"))
    if tuple(next(table)) != _COLUMNS:
        raise ValueError(f"actors.tsv must have the columns {', '.join(_COLUMNS)}")
    for row in table:
        cells = dict(zip(_COLUMNS, row + [""] * len(_COLUMNS), strict=False))
        if cells["kind"] not in KINDS:
            raise ValueError(f"actors.tsv: {cells['id']} has the unknown kind {cells['kind']!r}")
        aliases = [alias for language in LANGUAGES for alias in cells[language].split("|") if alias]
        unless = frozenset(word for word in cells["unless"].split("|") if word)
        yield (
            Actor(
                cells["id"], frozenset(cells["party"].split("/")), cells["kind"], aliases[0], cells["origin"], unless
            ),
            aliases,
        )


@cache
def _book() -> Lookup[_Alias]:
    aliases = [_Alias(actor, alias.replace("*", ""), _spelling(alias)) for actor, names in _table() for alias in names]
    book: Lookup[_Alias] = Lookup()
    for alias in aliases:
        word, _, stem = alias.spelling[0]
        book.add(f"{word}*" if stem else word, alias)
    return book


def _spelling(alias: str) -> tuple[tuple[str, bool, bool], ...]:
    spelling = list[tuple[str, bool, bool]]()
    for part in alias.split():
        read = [word for word in words(part) if word.text]
        spelling += [(word.text, word.capitals and word.text.isalpha(), False) for word in read[:-1]]
        if read:
            last = read[-1]
            spelling.append((last.text, last.capitals and last.text.isalpha(), part.endswith("*")))
    return tuple(spelling)
