"""Whose turn is next."""

from __future__ import annotations

import pytest

from bot.turns import STORIES_IN_A_ROW, Lane, Turns


def _take_all(turns: Turns) -> list[Lane]:
    return [turns.take() for _ in range(len(turns))]


def test_guilds_take_turns_however_much_one_of_them_has():
    turns = Turns()
    for story in range(1, 101):
        turns.add(Lane(1, 10, story))
    turns.add(Lane(2, 20, 7))
    turns.add(Lane(2, 20, 8))
    assert [lane.guild_id for lane in _take_all(turns)[:5]] == [1, 2, 1, 2, 1]


def test_a_guilds_own_lanes_take_turns_too():
    turns = Turns()
    turns.add(Lane(1, 10, 1))
    turns.add(Lane(1, 10, 2))
    first = turns.take()
    turns.add(first)
    assert [turns.take(), turns.take()] == [Lane(1, 10, 2), first]


def test_new_stories_go_before_the_backlog_but_do_not_end_it():
    turns = Turns()
    for number in range(1, 21):
        turns.add(Lane(1, 10, number))
        turns.add(Lane(number, 100 + number, 0))
    taken = [bool(lane.story_id) for lane in _take_all(turns)]
    assert taken[: 2 * STORIES_IN_A_ROW + 2] == [*[False] * STORIES_IN_A_ROW, True] * 2


def test_a_lane_waits_once():
    turns = Turns()
    turns.add(Lane(1, 10, 0))
    turns.add(Lane(1, 10, 0))
    assert _take_all(turns) == [Lane(1, 10, 0)]
    with pytest.raises(KeyError):
        turns.take()
