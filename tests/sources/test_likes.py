"""How often a comment is liked: as its source says it, within what is sane, and no content of it."""

from __future__ import annotations

import pytest

from bot.sources.discourse_posts import comments_of as discourse_comments
from bot.sources.disqus_json import comments_of as disqus_comments
from bot.sources.json_document import MOST_LIKES, as_likes
from bot.sources.lemmy_views import comment_of as lemmy_comment


def discourse(**more):
    post = {"id": 5, "post_number": 2, "username": "Ann", "cooked": "<p>Hello</p>", **more}
    return discourse_comments([post], None)[0].likes


@pytest.mark.parametrize(
    ("actions", "likes"),
    [
        ([{"id": 2, "count": 7}], 7),
        ([{"id": 3, "count": 1}, {"id": 2, "count": 4}], 4),
        ([{"id": 2, "can_act": True}], 0),  # nobody did, so that it has no count
        ([], 0),
        (None, None),
        ("many", None),
        ([None, 2, {"id": [2]}], 0),
        ([{"id": 2, "count": "x"}], 0),
        ([{"id": 2, "count": 10**18}], MOST_LIKES),
    ],
)
def test_discourse_counts_them_among_a_posts_actions(actions, likes):
    assert discourse(actions_summary=actions) == likes


def test_a_post_of_discourse_without_actions_says_nothing():
    assert discourse() is None


@pytest.mark.parametrize(("score", "likes"), [(12, 12), (-3, -3), (None, None), ("x", None)])
def test_lemmy_tells_the_score(score, likes):
    view = {"comment": {"id": 5, "content": "Hello", "path": "0.5"}, "counts": {"score": score}}
    assert lemmy_comment(view, None).likes == likes
    assert lemmy_comment({**view, "counts": [score]}, None).likes is None


@pytest.mark.parametrize(("given", "likes"), [(3, 3), (0, 0), (None, None), ({}, None)])
def test_disqus_tells_them_with_each_post(given, likes):
    entry = {"id": "5", "thread": "9", "parent": None, "message": "<p>Hello</p>", "likes": given}
    (found,) = disqus_comments([entry])
    assert found.comment.likes == likes


@pytest.mark.parametrize(("number", "likes"), [(-(10**15), -MOST_LIKES), (10**15, MOST_LIKES), (10**30, None)])
def test_absurd_numbers_are_clamped_or_no_numbers(number, likes):
    assert as_likes(number) == likes
    assert as_likes(str(number)) == likes


def test_what_no_number_is_says_nothing():
    assert [as_likes(value) for value in (None, True, "", "1e9", [], {}, float("nan"), 2.5)] == [None] * 8
