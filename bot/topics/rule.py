"""The space-cooperation rule: two parties of different countries, a cue that joins them, and no better explanation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

from bot.topics import actors, tables
from bot.topics.actors import ACCORD, AGENCY, COMPANY, COUNTRY, FIRM, PROGRAMME, SITE, Actor, Mention
from bot.topics.cues import CUES, SPACE, VETOES, Sighting, sightings
from bot.topics.phrases import LAND
from bot.topics.text import BODY, LEDE, TITLE, Passage, passages
from bot.topics.topic import Verdict

BIAS, PAIR, NONSPACE = "bias", "pair-in-title", "nonspace"
DESCRIPTION = (
    "Parties of two or more countries or blocs act together in space, or agree, plan, negotiate, extend, strain, "
    "suspend or end doing so."
)
# A headline is the news, its lede explains it, and a body may begin with something else.
_CUE_IN = {TITLE: 1.0, LEDE: 0.7, BODY: 0.5}
_VETO_IN = {TITLE: 1.0, LEDE: 0.4, BODY: 0.2}
# How surely a cue joins two parties, by where they stand.
_SAME_SENTENCE, _WITH_TITLE, _SOMEWHERE = 1.0, 0.8, 0.5
_LEAGUE, _UNNAMED, _STATE_AND_FIRM = 0.7, 0.6, 0.25
# A satellite of a firm on a foreign rocket is trade, unless a state or an agency is named anywhere.
_FIRMS_ONLY = 0.5
# "Foreign partners" stand for a party that nobody names.
_VAGUE = frozenset(("ISSP", "FOREIGN"))
# The parties of these must be others than those whose craft, crew or ground it is; where it starts is no party.
_OWNED = frozenset(("payload", "seat", "site", "link", "joint"))
_CRAFT_NAMES = ("sat", "sats")  # WildFireSat, cubesats
_SPACE_WORD = "space"  # also within a name: Combined Space Operations
_FIRM = frozenset(
    ("startup", "startups", "start", "company", "companies", "firm", "firms", "operator", "maker", "based")
)
_SPACE_KINDS = frozenset((AGENCY, COMPANY, SITE, PROGRAMME, ACCORD))
_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Features:
    """What the rule weighs: a value from 0 to 1 for each feature, the words behind it, and the two parties."""

    values: dict[str, float]
    words: dict[str, str]
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    passage: Passage
    mentions: tuple[Mention, ...]
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    quality: float = 0.0
    names: tuple[str, ...] = ()


def judge(title: str, lede: str = "", body: str = "") -> Verdict:
    """Judge whether a story is about cooperation in space."""
    features = extract(title, lede, body)
    score = probability(features.values, weights())
    return Verdict(score >= 0.5, round(score, 3), _reasons(features, score >= 0.5))


def probability(values: dict[str, float], weight: dict[str, float]) -> float:
    """Return the score of a story; without a cue that joins two parties, or a word about space, it is nought."""
    if values.get(NONSPACE) or not any(values.get(group) for group in CUES):
        return 0.0
    total = weight[BIAS] + sum(weight[name] * value for name, value in values.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@cache
def weights() -> dict[str, float]:
    """Return the weight of each feature: cues count for, vetoes against."""
    table = {name: float(weight) for name, weight, _ in tables.rows("weights.tsv")}
    if missing := {BIAS, PAIR, NONSPACE, *CUES, *VETOES} ^ set(table):
        raise ValueError(f"weights.tsv: missing or unknown: {', '.join(sorted(missing))}")
    return table


def extract(title: str, lede: str = "", body: str = "") -> Features:
    """Return the features of a story."""
    readings = [_read(passage) for passage in passages(title, lede, body)]
    head = readings[0]
    story = _pair(mention for reading in readings if reading.passage.field != BODY for mention in reading.mentions)
    values, words = dict[str, float](), dict[str, str]()
    for reading in readings:
        local = _local(reading, head, story)
        for sighting in reading.sightings:
            group = sighting.cue.group
            value = _value(sighting, reading, head, local)
            if value > values.get(group, 0.0):
                values[group], words[group] = value, sighting.words
    if "payload" in values and not any(m.actor.kind in LAND for reading in readings for m in reading.mentions):
        values["payload"] *= _FIRMS_ONLY
    if not _about_space(readings, values):
        values[NONSPACE] = 1.0
    values.pop(SPACE, None)
    together, names = _together([m for m in head.mentions if not _describes_firm(m, head.passage)])
    if _has_rivals(head.mentions):
        values.pop("link", None)
    elif together > values.get("link", 0.0):
        values["link"], words["link"] = together, names
    title_pair = _pair(head.mentions)
    values[PAIR] = title_pair.quality
    anywhere = _pair(mention for reading in readings for mention in reading.mentions)
    parties = title_pair.names or story.names or anywhere.names or _named(head.mentions)
    return Features(values, words, parties)


def _read(passage: Passage) -> _Reading:
    mentions = [_as_firm(mention, passage) for mention in actors.locate(passage.words)]
    found = sightings(actors.items(passage.words, mentions))
    return _Reading(passage, tuple(m for m in mentions if m.actor.kind != actors.NONE), tuple(found))


def _local(reading: _Reading, head: _Reading, story: _Pair) -> float:
    """Return how well the passage's own parties, or those of the whole story, carry a cue that stands in it."""
    here = _pair(reading.mentions).quality
    if reading is head:
        lede = _SOMEWHERE * story.quality if reading.mentions else 0.0
        return max(_SAME_SENTENCE * here, lede)
    with_title = _pair((*head.mentions, *reading.mentions)).quality
    somewhere = story.quality if reading.passage.field == LEDE else 0.0
    return max(_SAME_SENTENCE * here, _WITH_TITLE * with_title, _SOMEWHERE * somewhere)


def _value(sighting: Sighting, reading: _Reading, head: _Reading, local: float) -> float:
    cue, field = sighting.cue, reading.passage.field
    if cue.group == SPACE:
        return 1.0
    if cue.group in VETOES:
        return cue.strength * _VETO_IN[field]
    if cue.group in _OWNED and sighting.found.parties:
        support = _owned(cue.group, sighting.found.parties, reading.mentions, head.mentions)
    elif cue.group == "station":  # the station's partners are many by themselves
        support = 1.0 if any(mention.actor.kind in LAND for mention in reading.mentions) else 0.0
    else:
        support = local
    return cue.strength * _CUE_IN[field] * support


def _owned(group: str, owners: Sequence[str], here: Sequence[Mention], title: Sequence[Mention]) -> float:
    """Return the support for a deed whose words name parties: these differ, or another one is named beside."""
    known = [actors.everyone()[owner] for owner in owners]

    def joined(one: Actor, other: Actor) -> bool:
        return actors.different(one, other) and not (group == "link" and actors.at_odds(one, other))

    if len(known) > 1:
        return _SAME_SENTENCE if any(joined(*pair) for pair in combinations(known, 2)) else 0.0
    for mentions, support in ((here, _SAME_SENTENCE), (title, _WITH_TITLE)):
        others = {mention.actor.id: mention.actor for mention in mentions if mention.actor.kind != SITE}
        if group in ("site", "link"):  # whose launch it is stands first: others may be on board
            others = dict(list(others.items())[:1])
        if any(joined(owner, other) for owner in known for other in others.values()):
            return support
    return 0.0


def _pair(mentions: Iterable[Mention]) -> _Pair:
    """Return the first two different parties; without them a vague one, or a league of states by itself."""
    distinct: dict[tuple[frozenset[str], str], Mention] = {}
    for mention in mentions:
        distinct.setdefault((mention.actor.parties, mention.actor.kind), mention)
    best, european = _Pair(), any(actors.is_european_body(mention.actor) for mention in distinct.values())
    for one, other in combinations(distinct.values(), 2):
        if european and actors.both_inside_europe(one.actor, other.actor):
            continue
        if actors.different(one.actor, other.actor):
            if not _VAGUE & (one.actor.parties | other.actor.parties):
                return _Pair(1.0, (one.name, other.name))
            best = best if best.quality else _Pair(_UNNAMED, (one.name, other.name))
    league = next((m for m in distinct.values() if actors.many(m.actor) and not _VAGUE & m.actor.parties), None)
    return best if best.quality or league is None else _Pair(_LEAGUE, (league.name,))


def _together(title: Sequence[Mention]) -> tuple[float, str]:
    """Return how much it says that a headline names both: most for two states, nothing for two firms."""
    distinct = {
        (m.actor.parties, m.actor.kind): m for m in title if m.actor.kind != SITE and not _VAGUE & m.actor.parties
    }
    best, names = 0.0, ""
    for one, other in combinations(distinct.values(), 2):
        states = (one.actor.kind in LAND) + (other.actor.kind in LAND)
        value = (0.0, _STATE_AND_FIRM, 1.0)[states]
        if value > best and actors.different(one.actor, other.actor):
            best, names = value, f"{one.name}, {other.name}"
    return best, names


def _has_rivals(title: Sequence[Mention]) -> bool:
    distinct = {mention.actor.parties: mention.actor for mention in title}
    return any(actors.at_odds(*pair) for pair in combinations(distinct.values(), 2))


def _describes_firm(mention: Mention, passage: Passage) -> bool:
    """Say whether a country only tells where a firm is from, as in "Indian launch startup"."""
    following = passage.words[mention.end : mention.end + 2]
    return mention.actor.kind in LAND and any(word.text in _FIRM for word in following)


def _as_firm(mention: Mention, passage: Passage) -> Mention:
    """Return a mention of a place as one of the firm there, as in "Helsinki-based": what it does, no state does."""
    following = passage.words[mention.end].text if mention.end < len(passage.words) else ""
    if mention.actor.kind != COUNTRY or following != "based":
        return mention
    return replace(mention, actor=replace(mention.actor, kind=FIRM))


def _about_space(readings: Sequence[_Reading], values: dict[str, float]) -> bool:
    named_so = any(
        word.text.endswith(_CRAFT_NAMES) or word.text.startswith(_SPACE_WORD)
        for reading in readings
        for word in reading.passage.words
    )
    return (
        bool(values.get(SPACE))
        or named_so
        or any(
            mention.actor.kind in _SPACE_KINDS and "FOREIGN" not in mention.actor.parties
            for reading in readings
            for mention in reading.mentions
        )
    )


def _named(mentions: Iterable[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.name for mention in mentions))[:1]


def _reasons(features: Features, match: bool) -> tuple[str, ...]:
    weight, values = weights(), features.values
    for_it = sorted((g for g in CUES if values.get(g)), key=lambda g: -weight[g] * values[g])
    against = sorted((g for g in VETOES if values.get(g)), key=lambda g: weight[g] * values[g])
    reasons = [_parties(features.parties)]
    reasons += [f"{CUES[group].capitalize()}: '{features.words[group]}'" for group in for_it[:_MOST_REASONS]]
    if not for_it:
        reasons.append("No words that join two parties in an act")
    lead = "Against it, but not enough" if match else "Not counted"
    if values.get(NONSPACE):
        return (*reasons, f"{lead}: nothing in it is about space")
    reasons += [f"{lead}: {VETOES[group]} ('{features.words[group]}')" for group in against[:_MOST_REASONS]]
    return tuple(reasons)


def _parties(names: Sequence[str]) -> str:
    if len(names) > 1:
        return f"Names two parties: {names[0]} and {names[1]}"
    return f"Names only one party: {names[0]}" if names else "Names no party"
