"""A discussion as text: sorted within its tree, folded, paged within Discord's limit, with nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import discussion
from bot.discussion_tree import Conversation, Sort, arrange
from bot.markdown import escape, units
from bot.model import Comment, MemberReply, StoredComment, StoredStory, Story

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORED = StoredStory(7, Story("Two agencies share a dish", url="https://example.org/dish"), 1, NOW, 3)


def said(number, parent=None, *, minute=None, body="words", author=None, **more):
    """Return comment k1, k2, ...; ``minute`` is when it was written."""
    posted = None if minute is None else NOW + timedelta(minutes=minute)
    key = f"k{parent}" if parent else None
    comment = Comment(f"k{number}", author or f"A{number}", body, parent=key, posted_at=posted, **more)
    return StoredComment(number, 7, comment, 1, number)


def reply(number, *, minute=0, comment=None, answers=None, body="mine", **more):
    when = NOW + timedelta(minutes=minute)
    return MemberReply(number, 1, 22, 23, 7, 99, "Max", body, when, comment, answers, **more)


def talk(*comments, replies=(), links=(), story=STORED):
    return Conversation(story, comments, tuple(replies), links)


def order(conversation, sort=Sort.OLDEST):
    return [
        (node.depth, node.said.message_id if isinstance(node.said, MemberReply) else node.said.id)
        for node in arrange(conversation, sort)
    ]


LIVELY = talk(
    said(1, minute=0, likes=1),
    said(2, 1, minute=5, likes=2),
    said(3, 1, minute=4, likes=9),
    said(4, minute=1, likes=7),
    said(5, minute=2),
)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.OLDEST, [(0, 1), (1, 3), (1, 2), (0, 4), (0, 5)]),
        (Sort.NEWEST, [(0, 5), (0, 4), (0, 1), (1, 2), (1, 3)]),
        (Sort.LIKES, [(0, 4), (0, 1), (1, 3), (1, 2), (0, 5)]),
    ],
)
def test_siblings_are_sorted_within_the_tree(sort, expected):
    assert order(LIVELY, sort) == expected


def test_comments_without_a_time_keep_the_order_of_their_page():
    found = talk(said(1), said(2), said(3, minute=-9), replies=[reply(1000, minute=-99)])
    assert order(found) == [(0, 1), (0, 2), (0, 3), (0, 1000)]
    assert order(found, Sort.NEWEST) == [(0, 1000), (0, 3), (0, 2), (0, 1)]


def test_disliked_and_deleted_comments_come_last_and_in_the_middle():
    found = talk(said(1, likes=-3), said(2, likes=50, deleted=True), said(3), said(4, likes=1))
    assert order(found, Sort.LIKES) == [(0, 4), (0, 2), (0, 3), (0, 1)]


def test_members_replies_stand_under_what_they_answer_by_their_time():
    replies = [
        reply(1001, minute=3, comment=1),
        reply(1002, minute=9, comment=1, answers=1001),
        reply(1003, minute=1, comment=77),
        reply(1004, minute=0, answers=4711, comment=2),
    ]
    found = talk(said(1, minute=0), said(2, 1, minute=2), said(3, minute=2), replies=replies)
    assert order(found) == [(0, 1), (1, 2), (2, 1004), (1, 1001), (2, 1002), (0, 1003), (0, 3)]
    assert [node.below for node in arrange(found)] == [4, 1, 0, 1, 0, 0, 0]


def test_a_circle_of_parents_shows_each_once():
    found = talk(said(1, 2), said(2, 1), said(3, 3))
    assert sorted(number for _, number in order(found)) == [1, 2, 3]


@given(st.lists(st.integers(0, 30), max_size=30), st.sampled_from(Sort))
def test_whatever_the_parents_each_comment_is_there_once_under_its_parent(parents, sort):
    found = talk(*(said(number, parent or None) for number, parent in enumerate(parents, 1)))
    nodes = arrange(found, sort)
    assert sorted(node.said.id for node in nodes) == list(range(1, len(parents) + 1))
    assert all(node.parent is None or node.parent.comment.key == node.said.comment.parent for node in nodes)
    assert sum(node.below for node in nodes) == sum(node.depth for node in nodes)


def test_a_chain_of_thousands_is_arranged_without_recursion():
    found = talk(*(said(number, number - 1 or None) for number in range(1, 5001)))
    nodes = arrange(found)
    assert (nodes[0].below, nodes[-1].depth) == (4999, 4999)


def test_folded_only_top_comments_stand_with_the_number_of_their_replies():
    (page,) = discussion.pages(LIVELY, folded=True)
    assert [name for name in ("A1", "A2", "A3", "A4", "A5") if f"**{name}**" in page] == ["A1", "A4", "A5"]
    assert page.count("+ 2 replies") == 1
    (single,) = discussion.pages(talk(said(1), said(2, 1)), folded=True)
    assert "+ 1 reply\n" in single


def test_a_comment_says_when_it_was_written_where_it_stands_and_how_it_is_liked():
    link = "https://discord.com/channels/1/23/5"
    one = said(1, minute=0, url="https://example.org/dish#1", likes=3, edited_at=NOW)
    (page,) = discussion.pages(talk(one, said(2, likes=-4), links=((None, link), (1, link))))
    assert f"**A1** · [<t:1772366400:R>](<https://example.org/dish#1>) · [message](<{link}>) · edited · 👍 3\n" in page
    assert "👎 4" in page
    assert f"-# 2 comments · oldest first · [the story here](<{link}>)\n" in page


def test_a_members_reply_says_so_and_leads_to_its_message():
    (page,) = discussion.pages(talk(said(1), replies=[reply(1001, comment=1), reply(1002, deleted=True, answers=1001)]))
    assert "↳ **Max** · on this server · [<t:1772366400:R>](<https://discord.com/channels/1/23/1001>)\n" in page
    assert "*deleted on this server*" in page


def test_without_likes_the_order_says_that_it_knows_none():
    (page,) = discussion.pages(talk(said(1, minute=0)), Sort.LIKES)
    assert "its source does not say what is liked" in page
    assert "most liked first" in discussion.pages(LIVELY, Sort.LIKES)[0]


def test_a_discussion_is_paged_and_loses_no_comment():
    found = talk(*(said(number, number - 1 if number % 9 else None, body="text " * 40) for number in range(1, 60)))
    pages = discussion.pages(found)
    assert len(pages) > 3
    assert all(units(page) <= 2000 for page in pages)
    assert all(f"**A{number}**" in "".join(pages) for number in range(1, 60))


def test_a_long_comment_is_whole_and_a_quote_stays_a_quote():
    words = [f"word{number}" for number in range(900)]
    chain = (said(1), said(2, 1), said(3, 2, body="> quoted\n" + " ".join(words)))
    text = "".join(discussion.pages(talk(*chain)))
    assert all(word in text for word in words)
    assert "\n> \u2003\u2003quoted\n" in text


def test_a_discussion_without_comments_says_so():
    assert "There are no comments on this story yet." in discussion.pages(talk())[0]


def test_a_deleted_comment_shows_neither_text_nor_author():
    pages = discussion.pages(talk(said(1, body="line\n" * 3000), said(2, body="secret", deleted=True)))
    assert all(units(page) <= 2000 for page in pages)
    assert "A2" not in "".join(pages) and "secret" not in "".join(pages)


@given(
    title=st.text(max_size=300),
    address=st.integers(0, 1600),
    author=st.text(max_size=120),
    body=st.text(alphabet="ab *_\n>`#\\\U0001f600", max_size=1500),
    folded=st.booleans(),
)
def test_no_page_is_longer_than_discord_takes_and_none_is_empty(title, address, author, body, folded):
    url = "https://example.org/" + "a" * address
    link = "https://discord.com/channels/" + "9" * 20 + "/" + "9" * 20 + "/" + "9" * 20
    comments = [said(n, n - 1 or None, body=escape(body), author=author, url=url, minute=n, likes=9) for n in (1, 2, 3)]
    story = replace(STORED, story=Story(title, url=url))
    found = talk(*comments, story=story, links=((None, link), (1, link), (2, link)))
    pages = discussion.pages(found, Sort.LIKES, folded=folded)
    assert all(page.strip() and units(page) <= 2000 for page in pages)
