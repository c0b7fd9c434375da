"""What a channel's filters let through, and that no expression of an admin's holds anything up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import filters, patterns
from bot.errors import BadOption
from bot.filters import refusal
from bot.model import Story
from bot.options import Filters
from bot.patterns import holds, listed, text_of

STORY = Story(
    "China's Shenzhou-21 crew docks at Tiangong",
    summary="Three taikonauts reached the station on Friday.",
    body="The **Long March 2F** rocket lifted off from Jiuquan. Überraschend früh.",
)


def refused(story=STORY, score=None, sources=(), **chosen):
    return refusal(Filters(**chosen), story, score, sources)


@pytest.mark.parametrize(
    "pattern",
    ["shenzhou", "TIANGONG", "long march", "taikonaut*", "uberraschend", "Jiuquan.", "/shenzhou-\\d+/", "/^china/",
     "/long\\s+march\\s+\\d[a-z]/", "/FRÜH/", "/überraschend/", "/tiangong$/", "/^three/"],
)  # fmt: skip
def test_a_word_phrase_or_expression_is_found_whatever_its_case(pattern):
    assert listed(pattern) == (pattern,)
    assert refused(include=(pattern,)) is None
    assert pattern.replace("`", "") in (refused(exclude=(pattern,)) or "")


@pytest.mark.parametrize("pattern", ["tai", "march 2", "moon", "station thursday", "/moon|mars/", "crew reached"])
def test_what_does_not_stand_there_whole_is_not_found(pattern):
    assert "none of" in (refused(include=(pattern,)) or "")
    assert refused(exclude=(pattern,)) is None


def test_any_of_the_included_words_is_enough_and_any_of_the_excluded_too_much():
    assert refused(include=("moon", "tiangong")) is None
    assert "`tiangong`" in (refused(exclude=("moon", "tiangong")) or "")
    assert "`crew`" in (refused(include=("crew",), exclude=("crew",)) or "")


def test_words_of_the_title_and_of_the_text_make_no_phrase_together():
    assert refused(include=("Tiangong three",)) is not None


def test_only_the_chosen_sources_count_and_none_means_all():
    assert refused(sources=()) is None
    assert refused(sources=(1, 2), **{"include": ()}) is None
    assert refusal(Filters(sources=(2, 3)), STORY, None, [1, 2]) is None
    assert "sources" in (refusal(Filters(sources=(3,)), STORY, None, [1, 2]) or "")
    assert "sources" in (refusal(Filters(sources=(3,)), STORY, None, []) or "")


def test_a_topic_must_score_the_minimum_and_where_there_is_none_nothing_can_score():
    assert "0.55" in (refused(score=0.55, minimum=0.7) or "")
    assert refused(score=0.7, minimum=0.7) is None
    assert refused(score=None, minimum=0.7) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -1, -0.001, 1.001, 1e9])
def test_a11_a_score_outside_of_0_to_1_is_refused(value):
    with pytest.raises(BadOption, match="from 0 to 1"):
        filters.minimum(value)


def test_a11_a_score_inside_is_kept():
    assert [filters.minimum(value) for value in (0, 0.666, 1)] == [0, 0.67, 1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("moon, mars rover ,, /a{1,2}b/, /x\\/,y/", ("moon", "mars rover", "/a{1,2}b/", "/x\\/,y/")),
        ("moon, moon", ("moon",)),
        ("moon\nmars", ("moon", "mars")),
        (" , ", ()),
        ("", ()),
        ("and/or", ("and/or",)),
    ],
)
def test_a_list_has_commas_between_its_items_but_not_inside_an_expression(text, found):
    assert listed(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/(?=moon)/", "Look-around"),
        ("/(moon)\\1/", "back-references"),
        ("/(?<!x)y/", "Look-around"),
        ("/[/", "missing ]"),
        ("/" + "a" * 10_000 + "/", "200 characters"),
        ("a" * 201, "200 characters"),
        ("/((a{30}){30}){10}/", "repetition"),
        ("/(\\pL{1,300}){3}/", "too large"),
        ("/\\w{500}/", "too long on every story"),
        ("//", "empty"),
        ("/moon", "closing"),
        ("/moon/i", "closing"),
        ("...", "no letter"),
        (",".join(f"w{n}" for n in range(21)), "20 words"),
    ],
)
def test_h33_what_cannot_be_used_is_refused_with_a_reason(text, words):
    with pytest.raises(BadOption, match=words) as caught:
        listed(text)
    assert len(str(caught.value)) < 400


def test_h33_an_expression_that_would_backtrack_for_ever_is_harmless():
    story = Story("a" * 5000 + "!", body="a" * 100_000 + "!")
    for bomb in ("/(a+)+$/", "/(a|a)*$/", "/(a|aa)+$/", "/(.*a){8}x/", "/(x+x+)+y/"):
        assert listed(bomb) == (bomb,)
        refused(story, include=(bomb,), exclude=(bomb,))


@pytest.mark.parametrize(
    "bomb", ["/(a+)+$/", "/a{100}z/", "/(?:a?){40}a{40}z/", "/(.[ab]{60}a*)+z/", "/(b?(a|b){80})*z/", "/.*a.{10}x/"]
)
def test_h34_100_kb_of_text_are_looked_through_to_4_kb_in_less_than_5_ms(bomb):
    (bomb,) = listed(bomb)
    text = text_of(Story("a", body="a" * 100_000))
    assert len(text.raw) <= 4096
    times = []
    for _ in range(20):
        patterns._compiled.cache_clear()  # else they remember what they found
        text.found.clear()
        begun = time.thread_time()
        holds(bomb, text)
        times.append(time.thread_time() - begun)
    assert min(times) < 0.005


def test_h34_what_stands_behind_4_kb_is_not_looked_at():
    story = Story("Title", body="x " * 2500 + "moon")
    assert refused(story, include=("moon",)) is not None
    assert refused(story, include=("/moon/",)) is not None


def test_a_title_of_any_length_leaves_room_for_the_text():
    assert refused(Story("a" * 9000, body="moon"), include=("/moon/", "never")) is None


def test_a_stored_expression_that_is_understood_no_more_fits_nothing():
    assert not holds("/(?=x)/", text_of(STORY))


def test_a_reason_says_a_pattern_without_letting_it_out_of_its_frame():
    assert refused(exclude=("crew`@everyone",), story=Story("crew @everyone")) == (
        "It says `crewˋ@everyone`, which this channel shuts out."
    )


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=400))
def test_any_text_is_looked_through_and_any_list_is_read_or_refused(title, text, body):
    try:
        found = listed(text)
    except BadOption:
        found = ()
    refused(Story(title, body=body), include=found, exclude=found)


def test_the_bounds_are_those_of_the_decision():
    assert (patterns.LONGEST, patterns.MEMORY, patterns.TEXT_LIMIT) == (200, 1 << 17, 4096)
    assert (patterns.MOST_OF_SERVER, patterns._compiled.cache_info().maxsize) == (40, 1024)


def test_an_expression_is_looked_for_once_in_a_text_however_many_ask(monkeypatch):
    asked = []
    monkeypatch.setattr(patterns, "_compiled", lambda expression: asked.append(expression) or Always())
    text = text_of(Story("Asked for by many"))
    assert [holds(pattern, text) for pattern in ("/moon/", "/moon/", "/mars/", "/moon/")] == [True] * 4
    assert asked == ["moon", "mars"]


class Always:
    def search(self, raw):
        return raw


def test_the_reason_why_an_expression_cannot_be_used_holds_only_what_an_admin_wrote():
    with pytest.raises(BadOption) as refused:
        patterns.listed("/((/")
    assert "`/((/`: " in str(refused.value)
    assert "(?m)" not in str(refused.value)
