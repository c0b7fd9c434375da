"""Who is named: the table's promises, names that are no party, and names that need their capitals."""

from __future__ import annotations

import pytest

from bot.topics import actors, rule, tables
from bot.topics.text import words


def named(text):
    return [mention.actor for mention in actors.locate(words(text)) if mention.actor.kind != actors.NONE]


def parties(text):
    return ["/".join(sorted(actor.parties)) for actor in named(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US and U.S. and USA", ["US", "US", "US"]),
        ("join us for a talk", []),
        ("ESA's rover and the esa of nobody", ["ESA"]),
        ("Kasa is a lamp, KASA an agency", ["KR"]),
        ("Georgia joins ESA mission", ["GE", "ESA"]),
        ("Georgia Tech builds a cubesat", ["US"]),
        ("Georgia, Texas and Florida students", ["US", "US"]),
        ("Jordan signs accord", ["JO"]),
        ("Michael Jordan, Jordan Peterson and Jim Jordan", []),
        ("Chad Anderson invests", []),
        ("Chad and Niger", ["TD", "NE"]),
        ("Turkey and Türkiye", ["TR", "TR"]),
        ("Turkey dinner in orbit", []),
        ("New Mexico spaceport, Mexico's agency", ["US", "MX"]),
        ("Indian Ocean island", []),
        ("Kuiper belt object", []),
        ("Project Kuiper launch", ["US"]),
        ("South Korea, S. Korea, North Korea", ["KR", "KR", "KP"]),
        ("Galileo Galilei", []),
        ("European Space Agency and European Union", ["ESA", "EU"]),
        ("Iran's Space Force", ["IR"]),
        ("Space Force general", ["US"]),
        ("Artemis Accords", ["ARTEMIS"]),
        ("Apollo 11 at 50", []),
        ("CHANG’E-6 and Chang'e-6", ["CN", "CN"]),
    ],
)
def test_who_is_named(text, expected):
    assert parties(text) == expected


def pair(one, other):
    return named(one)[0], named(other)[0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("France", "Germany", True),
        ("NASA", "SpaceX", False),
        ("ESA", "European Union", False),
        ("ESA", "Airbus", False),
        ("ESA", "Ariane 6", False),
        ("ESA", "Poland", True),
        ("ESA", "SpaceX", True),
        ("Rocket Lab", "New Zealand", False),
        ("Rocket Lab", "Japan", True),
        ("Soviet Union", "Russia", False),
        ("Artemis Accords", "NASA", True),
        ("Artemis Accords", "ILRS", False),
    ],
)
def test_which_two_are_two_parties(one, other, expected):
    first, second = pair(one, other)
    assert actors.different(first, second) is expected
    assert actors.different(second, first) is expected


def test_the_table_is_sound():
    everyone = actors.everyone()
    rows = list(tables.rows("actors.tsv"))[1:]
    assert len(everyone) == len(rows), "an id stands twice"
    assert len(everyone) > 500
    for actor in everyone.values():
        assert actor.origin.startswith("public knowledge"), actor
        assert actor.kind in actors.KINDS
        if actor.kind == actors.COUNTRY:
            assert all(len(party) == 2 and party.isupper() for party in actor.parties), actor


def test_no_name_belongs_to_two():
    seen = {}
    for row in list(tables.rows("actors.tsv"))[1:]:
        for column, cell in zip(actors.LANGUAGES, row[5:], strict=False):
            for alias in filter(None, cell.split("|")):
                assert seen.setdefault(alias, row[0]) == row[0], f"{alias} ({column})"


@pytest.mark.parametrize("code", ["JP", "IN", "AE", "NG", "PH", "AR", "KZ", "PL", "TH", "ID", "MY", "VN", "EG", "ZA"])
def test_the_world_is_covered_by_country_and_agency(code):
    kinds = {actor.kind for actor in actors.everyone().values() if code in actor.parties}
    assert kinds >= {actors.COUNTRY, actors.AGENCY}


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("Woomera", "AU"), ("the town of Kiruna", "SE"), ("Danuri", "KR"), ("Chandrayaan-3", "IN"), ("AngoSat-2", "AO"),
        ("Türksat 6A", "TR"), ("Uznanski-Wisniewski", "PL"), ("MEXT", "JP"), ("Jared Isaacman", "US"),
        ("Noosphere", "UA"), ("ESTCube-2", "EE"), ("Semnan", "IR"), ("Hiroshi Yamakawa", "JP"),
    ],
)  # fmt: skip
def test_craft_towns_and_heads_stand_for_their_nation(text, party):
    assert [mention.actor.parties for mention in actors.locate(words(text))] == [frozenset((party,))]


@pytest.mark.parametrize("text", ["French Air and Space Force", "French Air & Space Force"])
def test_an_air_and_space_force_is_not_that_of_the_united_states(text):
    named = frozenset().union(*(mention.actor.parties for mention in actors.locate(words(text))))
    assert "US" not in named


def test_the_seat_of_a_firm_is_no_state_that_acts():
    based = rule.judge("Helsinki-based Kuva Space received a contract to join ESA's civil security programme")
    state = rule.judge("Finland signs agreement to join ESA's civil security programme")
    assert (based.match, state.match) == (False, True)
