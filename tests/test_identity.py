"""Keys for comments without keys."""

import time
from dataclasses import replace

from bot.identity import assign_keys
from bot.model import Comment

LONG = "The agreement covers three antennas and one control room and it will last for twelve years in all"


def c(author, body):
    return Comment(key="", author=author, body=body)


FIRST = [c("a", "one two three four"), c("b", "yes"), c("a", LONG), c("c", "last words here")]


def keys(comments):
    return [comment.key for comment in comments]


def test_keys_are_stable_and_unique():
    known = assign_keys([], FIRST)
    assert len(set(keys(known))) == 4
    assert assign_keys(known, FIRST) == known == assign_keys([], FIRST)


def test_H38_an_edit_keeps_the_key_and_takes_the_text():
    known = assign_keys([], FIRST)
    fresh = [FIRST[0], c("b", "no, on second thoughts"), c("a", LONG + " and more"), FIRST[3]]
    again = assign_keys(known, fresh)
    assert keys(again) == keys(known)
    assert again[2].body.endswith("and more")


def test_an_insertion_is_added_and_a_removal_vanishes():
    known = assign_keys([], FIRST)
    again = assign_keys(known, [FIRST[0], c("d", "new"), FIRST[2], FIRST[3]])
    assert keys(again)[0::2] == [known[0].key, known[2].key]
    assert again[1].key not in keys(known)


def test_equal_comments_stay_two_and_a_new_order_is_followed():
    known = assign_keys([], [c("a", "same"), c("a", "same"), c("b", "x")])
    again = assign_keys(known, [c("b", "x"), c("a", "same"), c("a", "same")])
    assert sorted(keys(again)) == sorted(keys(known))
    assert len(set(keys(again))) == 3


def test_a_last_comment_that_breaks_off_keeps_the_longer_text():
    known = assign_keys([], [FIRST[0], c("c", LONG)])
    again = assign_keys(known, [FIRST[0], c("c", LONG[:50])])
    assert again == known


def test_comments_with_keys_are_left_alone():
    keyed = replace(FIRST[0], key="dsq-1")
    assert assign_keys([keyed], [keyed]) == (keyed,)


def test_two_thousand_comments_take_less_than_a_second():
    many = [c(f"author {n % 7}", f"comment number {n} says {n * 31 % 977} words of its own") for n in range(2000)]
    known = assign_keys([], many)
    start = time.perf_counter()
    again = assign_keys(known, [replace(item, body=item.body + " edited") if n % 5 == 0 else item
                                for n, item in enumerate(many)])  # fmt: skip
    assert time.perf_counter() - start < 3  # a busy machine is given room
    assert len(set(keys(again))) == 2000
    assert sum(one == other for one, other in zip(keys(again), keys(known), strict=True)) > 1900
