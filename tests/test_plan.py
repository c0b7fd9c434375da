"""What a read changed: tables of cases for the pure decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Comment, StoredComment
from bot.plan import CommentPlan, compare, tree

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=1)


def said(key: str, body: str = "", parent: str | None = None, **more: bool) -> Comment:
    return Comment(key, "Ann", body or f"says {key}", parent, **more)


def known(*comments: Comment | str) -> list[StoredComment]:
    """Return comments as stored, with room between their places."""
    made = [said(item) if isinstance(item, str) else item for item in comments]
    return [StoredComment(100 + place, 1, comment, 1, (place + 1) * 1024) for place, comment in enumerate(made)]


def plan(old: list[StoredComment], fresh: list[Comment] | str, *, complete: bool = True, now=NOW) -> CommentPlan:
    return compare(old, [said(key) for key in fresh], complete=complete, now=now)


def keys(stored) -> str:
    return "".join(item.comment.key for item in stored)


def shape(fresh: list[Comment]) -> str:
    """Return what a first read adds, as "key<parent" in order."""
    added = compare([], fresh, complete=True, now=NOW).added
    positions = [position for position, _ in added]
    assert positions == sorted(set(positions))
    return " ".join(f"{comment.key}<{comment.parent or ''}" for _, comment in added)


@pytest.mark.parametrize(
    ("case", "pairs", "expected"),
    [
        ("in order", "a b<a c<b", "a< b<a c<b"),
        ("a reply before its parent", "b<a a", "a< b<a"),
        ("a whole chain backwards", "c<b b<a a", "a< b<a c<b"),
        ("the parent of itself", "a<a b<a", "a< b<a"),
        ("two that answer each other", "a<b b<a", "b< a<b"),
        ("a circle of three with a reply", "a<c b<a c<b d<a", "b< c<b a<c d<a"),
        ("a parent that is nowhere", "a<x b", "a<x b<"),
        ("the first of two with one key", "a b<a a<b", "a< b<a"),
        ("nothing", "", ""),
    ],
)
def test_first_reads(case, pairs, expected):
    fresh = []
    for pair in pairs.split():
        key, _, parent = pair.partition("<")
        fresh.append(said(key, parent=parent or None))
    assert shape(fresh) == expected, case


def test_the_first_of_two_with_one_key_wins():
    added = compare([], [said("a", "first"), said("a", "second")], complete=True, now=NOW).added
    assert [comment.body for _, comment in added] == ["first"]


def test_an_unchanged_read_is_no_plan_at_all():
    assert plan(known("a", "b", "c"), "abc") == CommentPlan()
    assert compare([], [], complete=True, now=NOW) == CommentPlan()


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"body": "other"}, True),
        ({"author": "Bob"}, True),
        ({"deleted": True, "body": ""}, True),
        ({"url": "https://example.org/#a"}, False),
        ({"author_url": "https://example.org/ann"}, False),
        ({"posted_at": NOW}, False),
        ({"parent": "b"}, False),
    ],
)
def test_what_counts_as_a_change(change, differs):
    old = known("a", "b")
    found = compare(old, [replace(old[0].comment, **change), old[1].comment], complete=True, now=NOW)
    assert bool(found.changed) is differs
    assert not (found.added or found.vanished or found.deleted)


def test_a_tombstone_is_a_change_once():
    gone = known(said("a", deleted=True))
    assert compare(gone, [said("a", "[removed]", deleted=True)], complete=True, now=NOW) == CommentPlan()


@pytest.mark.parametrize(
    ("reads", "since", "complete", "outcome"),
    [
        (0, None, True, "vanished"),
        (1, 9.99, True, "vanished"),
        (1, 10, True, "deleted"),
        (5, 9, True, "vanished"),
        (5, 60, True, "deleted"),
        (0, None, False, ""),
        (5, 60, False, ""),
    ],
)
def test_an_absent_comment_is_deleted_after_two_complete_reads_ten_minutes_apart(reads, since, complete, outcome):
    old = known("a", "b")
    old[1] = replace(old[1], missing_reads=reads, missing_since=None if since is None else NOW - since * MINUTES)
    found = plan(old, "a", complete=complete)
    assert keys(found.vanished) == ("b" if outcome == "vanished" else "")
    assert keys(found.deleted) == ("b" if outcome == "deleted" else "")
    assert not found.frozen


@pytest.mark.parametrize(
    ("total", "absent", "frozen"),
    [(20, 6, False), (20, 7, True), (10, 5, False), (10, 6, True), (5, 5, False), (6, 6, True), (100, 30, False)],
)
def test_many_that_vanish_at_once_freeze(total, absent, frozen):
    """More than 30 % and more than five."""
    old = known(*(f"k{number}" for number in range(total)))
    old = [replace(stored, missing_reads=9, missing_since=NOW - 60 * MINUTES) for stored in old]
    fresh = [stored.comment for stored in old[absent:]]
    found = compare(old, fresh, complete=True, now=NOW)
    assert found.frozen is frozen
    assert len(found.deleted) == (0 if frozen else absent)
    assert len(found.vanished) == (absent if frozen else 0)


def test_an_incomplete_read_takes_nothing_away_and_is_not_frozen():
    old = known(*(f"k{number}" for number in range(20)))
    assert compare(old, [], complete=False, now=NOW) == CommentPlan()
    found = compare(old, [said("new")], complete=False, now=NOW)
    assert len(found.added) == 1 and not (found.vanished or found.deleted or found.frozen)


@pytest.mark.parametrize("complete", [True, False])
def test_one_that_is_there_again_is_forgiven(complete):
    old = known("a", "b")
    old[0] = replace(old[0], missing_reads=1, missing_since=NOW)
    found = plan(old, "ab", complete=complete)
    assert keys(found.returned) == "a"
    assert not (found.changed or found.vanished or found.moved)


def test_one_that_comes_back_with_another_text_is_changed_only():
    old = known("a")
    old[0] = replace(old[0], missing_reads=1, missing_since=NOW)
    found = compare(old, [said("a", "other")], complete=True, now=NOW)
    assert keys(stored for stored, _ in found.changed) == "a" and not found.returned


def test_a_deleted_one_that_stands_again_is_restored():
    old = known(said("a", deleted=True), "b")
    found = plan(old, "ab")
    assert [(stored.comment.key, comment.deleted) for stored, comment in found.changed] == [("a", False)]


def test_a_deleted_one_is_not_missed():
    assert plan(known(said("a", deleted=True), "b"), "b") == CommentPlan()


def order(old: list[StoredComment], found: CommentPlan) -> str:
    """Return the keys in the order in which they stand after a plan."""
    places = {stored.comment.key: stored.position for stored in old}
    places |= {stored.comment.key: position for stored, position in found.moved}
    places |= {comment.key: position for position, comment in found.added}
    assert len(set(places.values())) == len(places)
    return "".join(sorted(places, key=places.__getitem__))


@pytest.mark.parametrize(
    ("fresh", "expected", "moved"),
    [
        ("abcd", "abcd", ""),
        ("xabcd", "xabcd", ""),
        ("abxcd", "abxcd", ""),
        ("abcdx", "abcdx", ""),
        ("wabxyzcd", "wabxyzcd", ""),
        ("abdc", "abdc", "cd"),
        ("acd", "abcd", ""),
        ("axcd", "abxcd", ""),
        ("cd", "abcd", ""),
        ("", "abcd", ""),
    ],
)
def test_places_follow_the_page_and_the_absent_keep_their_neighbour(fresh, expected, moved):
    old = known(*"abcd")
    found = plan(old, fresh)
    assert order(old, found) == expected
    assert keys(stored for stored, _ in found.moved) == moved


def test_where_no_room_is_left_places_are_given_anew():
    old = [replace(stored, position=place) for place, stored in enumerate(known(*"abc"))]
    found = plan(old, "axbc")
    assert order(old, found) == "axbc"


def test_insertions_at_one_place_without_end_keep_the_order():
    old, fresh = known("a", "z"), ["a", "z"]
    for number in range(40):
        fresh.insert(1, f"n{number}")
        found = compare(old, [said(key) for key in fresh], complete=True, now=NOW)
        moved = {stored.id: position for stored, position in found.moved}
        old = [replace(stored, position=moved.get(stored.id, stored.position)) for stored in old]
        old += [StoredComment(200 + number, 1, comment, 1, position) for position, comment in found.added]
        old.sort(key=lambda stored: stored.position)
        assert [stored.comment.key for stored in old] == fresh


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("a b<a c d<b", "0a 1b 2d 0c"),
        ("a<x b<a", "0a 1b"),
        ("b<a a", "0a 1b"),
        ("a<a b", "0b 0a"),
        ("a<b b<a c", "0c 0a 1b"),
        ("a<c b<a c<b d<c", "0a 1b 2c 3d"),
        ("", ""),
    ],
)
def test_the_tree_shows_everybody_once(pairs, expected):
    """Circles close only over several incomplete reads; nobody may be lost by them."""
    found = [said(pair[0], parent=pair[2:] or None) for pair in pairs.split()]
    shown = tree(known(*found))
    assert " ".join(f"{depth}{stored.comment.key}" for depth, stored in shown) == expected


@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_100_000_needs_no_recursion(backwards):
    chain = [said(str(number), parent=str(number - 1) if number else None) for number in range(100_000)]
    fresh = chain[::-1] if backwards else chain
    added = compare([], fresh, complete=True, now=NOW).added
    assert [comment.key for _, comment in added] == [comment.key for comment in chain]
    depths = [depth for depth, _ in tree(known(*fresh))]
    assert depths == list(range(100_000))
    circle = [replace(chain[0], parent="99999"), *chain[1:]]
    assert len(compare([], circle, complete=True, now=NOW).added) == 100_000
