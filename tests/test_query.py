"""What a member may type into a search, and what of a text is shown for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from bot import query
from bot.errors import NotFound
from bot.query import Term

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("rover", [Term(("rover",))]),
        ("  lunar   rover ", [Term(("lunar",)), Term(("rover",))]),
        ('"lunar rover" ESA', [Term(("lunar", "rover")), Term(("ESA",))]),
        ("“lunar rover”", [Term(("lunar", "rover"))]),
        ('"lunar rover', [Term(("lunar", "rover"))]),
        ("satell*", [Term(("satell",), prefix=True)]),
        ('"lunar gate"*', [Term(("lunar", "gate"), prefix=True)]),
        ("sat*", [Term(("sat",))]),  # too short for a star
        ("Soyuz-2.1b", [Term(("Soyuz", "2", "1b"))]),
        ("a AND NOT b", [Term(("a",)), Term(("AND",)), Term(("NOT",)), Term(("b",))]),
        ("title : mars", [Term(("title",)), Term(("mars",))]),
        ("Cafe\u0301", [Term(("Caf\u00e9",))]),
    ],
)
def test_words_phrases_and_beginnings_have_a_meaning_and_nothing_else(typed, terms):
    assert list(query.parse(typed)) == terms


@pytest.mark.parametrize("typed", ["", "  ", "*", '"', '""', "!!! ***", "^-+{}():", "\x00", "\ud800"])
def test_what_holds_no_word_is_refused_with_a_sentence(typed):
    with pytest.raises(NotFound, match="at least one word"):
        query.parse(typed)


def test_a17_words_after_the_sixteenth_are_left_out():
    found = query.parse(" ".join(f"w{number}" for number in range(50_000)))
    assert [term.words for term in found] == [(f"w{number}",) for number in range(16)]
    assert query.parse('"' + " ".join(map(str, range(40))) + '"') == (Term(tuple(map(str, range(16)))),)


@pytest.mark.parametrize(
    ("typed", "ago"),
    [
        ("7d", timedelta(days=7)),
        ("12h", timedelta(hours=12)),
        ("2 weeks", timedelta(days=14)),
        ("2 Weeks ago", timedelta(days=14)),
        ("3m", timedelta(days=90)),
        ("1 year", timedelta(days=365)),
        ("last week", timedelta(days=7)),
        ("Yesterday", timedelta(days=1)),
        ("today", timedelta(hours=15, minutes=30)),
        ("2026-11-22", timedelta(days=1, hours=15, minutes=30)),
        ("2026-11", timedelta(days=22, hours=15, minutes=30)),
    ],
)
def test_a_time_is_understood_as_people_say_it(typed, ago):
    assert NOW - query.parse_since(typed, NOW) == ago


@pytest.mark.parametrize(
    "typed", ["", "soon", "7", "-3d", "2026-13-01", "2026-02-30", "2027", "9999y", "**x**", "0000"]
)
def test_a_time_that_is_not_understood_is_refused_with_examples(typed):
    with pytest.raises(NotFound, match="2026-01-31") as refused:
        query.parse_since(typed, NOW)
    assert "**x**" not in str(refused.value).replace("\\*\\*x\\*\\*", "")


def marked(text, typed, limit=200):
    return query.snippet(text, query.parse(typed), limit)


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("The lunar rover drives.", "rover", "The lunar **rover** drives."),
        ("The lunar\nrover drives.", '"lunar rover"', "The **lunar rover** drives."),
        ("Rovers rove", "rover", None),
        ("Rovers rove", "rove*", "**Rovers** **rove**"),
        ("In Orléans", "orleans", "In **Orléans**"),
        ("SPACE", "space", "**SPACE**"),
        (r"5 \* 3 \_ \@everyone space", "space", "5 \\* 3 \\_ @\u200beveryone **space**"),
        ("a **bold** rover", "bold", "a **bold** rover"),
        ("||secret|| rover", "rover", "secret **rover**"),
        ("see [the rover](<https://example.org/rover>)", "rover", "see the **rover**"),
        ("\ue000evil\ue001 rover", "rover", "evil **rover**"),
    ],
)
def test_the_words_are_marked_and_the_rest_is_escaped(text, typed, shown):
    assert marked(text, typed) == shown


def test_a_snippet_is_cut_between_words_around_most_of_the_terms():
    text = "rover " + "filler words here " * 60 + "the lunar rover of the agency " + "more filler text " * 60
    shown = marked(text, "lunar rover agency", 80)
    assert "the **lunar** **rover** of the **agency**" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 120
    assert all(part.strip("*… ") in text for part in shown.split())


def test_the_more_often_a_comment_says_it_the_better_and_the_longer_the_worse():
    patterns = query.patterns_of(query.parse("rover"))
    once, often = query.weigh("Ann", "a rover", patterns), query.weigh("Ann", "rover, rover, rover", patterns)
    long, none = query.weigh("Ann", "a rover" + " and so on" * 200, patterns), query.weigh("Ann", "rovers", patterns)
    assert often > once > long > none == 0
    assert query.weigh("Rover", "hello", patterns) > once


def test_hostile_texts_take_linear_time():
    terms = query.parse('"a a a a a a a a" aaaa*')
    began = time.perf_counter()
    for text in ("a " * 50_000, "a" * 100_000, "a_" * 50_000, "*" * 100_000, "[" * 50_000, "\\" * 100_000):
        query.snippet(text, terms)
        query.weigh(text, text, query.patterns_of(terms))
        query.beginning(text)
    assert time.perf_counter() - began < 5
