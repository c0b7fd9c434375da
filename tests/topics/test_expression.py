"""Admins' own topics: what they may write, what it means, and what is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadTopic
from bot.topics.expression import MAX_DEPTH, MAX_TERMS, judge, parse, topics_in


def holds(expression, title, lede="", body="", topics=()):
    return judge(parse(expression), title, lede, body, lambda name: name in topics).match


@pytest.mark.parametrize(
    ("expression", "title", "expected"),
    [
        ("mars", "Rover lands on Mars", True),
        ("mars", "Marsquake felt", False),
        ("mars*", "Marsquake felt", True),
        ("mars rover", "Rover lands on Mars", True),
        ("mars rover", "Mars from afar", False),
        ("mars | venus", "Venus from afar", True),
        ("mars OR venus", "Venus from afar", True),
        ("mars AND venus", "Venus from afar", False),
        ('"sample return"', "A return of the sample", False),
        ('"sample return"', "Sample-return is delayed", True),
        ("mars -film", "A film on Mars", False),
        ("mars NOT film", "A book on Mars", True),
        ("--mars", "A book on Mars", True),
        ("(mars | moon) (rover | lander)", "A lander for the Moon", True),
        ("(mars | moon) (rover | lander)", "A crew for the Moon", False),
        ("-(film | game) mars", "The Mars game", False),
        ("são", "Sao Paulo hosts the congress", True),
        ("космос", "КОСМОС для всех", True),
        ("moon-based", "A moon based telescope", True),
        ("orbiter", "An ORBITER", True),
        ("or", "This or that", True),
    ],
)
def test_an_expression_means_what_it_says(expression, title, expected):
    assert holds(expression, title) is expected


def test_lede_and_body_count_but_a_phrase_does_not_span_them():
    assert holds("rover lander", "A rover", "and a lander")
    assert holds("rover", "News", "", "body with a rover")
    assert holds('"rover lander"', "A rover", "lander") is True  # words are neighbours wherever they stand


def test_a_topic_may_speak_of_another_topic():
    node = parse("topic:Space-Cooperation -topic:iss")
    assert list(topics_in(node)) == ["space-cooperation", "iss"]
    assert holds("topic:mars", "Anything", topics={"mars"})
    assert not holds("topic:mars", "Mars", topics=())


def test_reasons_name_what_stood_there_and_what_was_missing():
    found = judge(parse("(mars | moon) rover -film"), "Mars rover on the Moon", "", "", lambda _: False)
    assert found.reasons == ("It says “mars”.", "It says “moon”.", "It says “rover”.")
    assert judge(parse("mars rover"), "Mars", "", "", lambda _: False).reasons == ("It does not say “rover”.",)
    shut = judge(parse("mars -film"), "Mars film", "", "", lambda _: False)
    assert shut.reasons == ("It says “film”, which this topic shuts out.",)
    assert judge(parse("a|b"), "c", "", "", lambda _: False).reasons == ("It says none of: “a”, “b”.",)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "missing"),
        ("()", "missing"),
        ("mars |", "missing"),
        ("| mars", "missing"),
        ("(mars", "no closing"),
        ("mars)", "without an opening"),
        ("-mars", "must not"),
        ("mars | -film", "must not"),
        ("NOT", "missing behind"),
        ("***", "no letter"),
        ('""', "no letter"),
        ("x" * 501, "501"),
        (" ".join("ab" for _ in range(MAX_TERMS + 1)), "Leave some out"),
        ("(" * (MAX_DEPTH + 2) + "a" + ")" * (MAX_DEPTH + 2), "nested"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(expression, words):
    with pytest.raises(BadTopic, match=words):
        parse(expression)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_parsed_or_refused_and_judged_without_an_error(expression, title):
    try:
        node = parse(expression)
    except BadTopic:
        return
    found = judge(node, title, "", "", lambda _: False)
    assert found.reasons
