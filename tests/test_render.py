"""Posts stay within Discord's limits and carry their permalink, whatever the source says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import render
from bot.model import Comment, StoredStory, Story
from bot.post import Post

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORY = Story("Two agencies share a dish", url="https://example.org/dish", site="Example", summary="They signed.")
STORED = StoredStory(7, STORY, 1, NOW, 3)
HOSTILE = [
    "@everyone",
    "<@123>",
    "[bank](https://evil.example)",
    "**x",
    "`" * 5,
    "\\",
    "\u202e",
    "a" * 5000,
    "\ud800",
    "",
]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_a_card_links_to_the_story_and_has_a_button_that_names_it() -> None:
    post = render.card(STORED)
    assert post.embed is not None
    assert post.embed.url == post.permalink == "https://example.org/dish"
    assert [button.label for button in post.buttons] == ["Read the story", "Discussion", "Follow", "Why?"]
    assert [button.custom_id for button in post.buttons[1:]] == ["story:discussion:7", "story:follow:7", "story:why:7"]


def test_a_card_in_a_channel_counts_no_comments_as_nobody_would_edit_it_when_more_come() -> None:
    by_gazette = replace(STORED, story=replace(STORY, author="Gazette"), comment_count=1)
    more = replace(by_gazette, comment_count=2)
    assert render.card(by_gazette) == render.card(more)
    assert [render.card(one).embed.footer for one in (more, replace(more, story=replace(STORY, author=None)))] == [
        "Gazette",
        None,
    ]
    assert [render.card(one, counted=True).embed.footer for one in (by_gazette, more)] == [
        "Gazette · 1 comment",
        "Gazette · 2 comments",
    ]


def test_h36_an_address_that_is_not_http_is_nowhere_in_the_card() -> None:
    story = replace(STORY, url="javascript:alert(1)", image_url="file:///etc/passwd")
    text = render.card(replace(STORED, story=story)).to_json()
    assert "javascript" not in text
    assert "passwd" not in text


@pytest.mark.parametrize("bad", HOSTILE)
def test_h22_h23_hostile_fields_stay_within_the_limits(bad: str) -> None:
    story = replace(STORY, title=bad, author=bad, site=bad, summary=bad)
    post = render.card(replace(STORED, story=story))
    assert post.embed is not None
    assert 0 < units(post.embed.title) <= 256
    assert units(post.embed.description) <= 4096
    assert units(post.embed.footer or "") <= 2048
    assert 0 < units(render.thread_name(story)) <= 100
    assert 0 < units(render.plain_card(replace(STORED, story=story)).content) <= 2000


@pytest.mark.parametrize("bad", HOSTILE)
def test_h05_an_author_cannot_ping_nor_link(bad: str) -> None:
    (post,) = render.comment_parts(STORY, Comment("k", bad, "text", url="https://example.org/dish#k"))
    head = post.content.split("\n")[0]
    assert "@everyone" not in head
    assert "<@123>" not in head
    assert "](https://evil.example)" not in head
    assert units(post.content) <= 2000


def test_every_part_of_a_long_comment_carries_the_permalink() -> None:
    parts = render.comment_parts(STORY, Comment("k", "Ann", "word " * 2000, url="https://example.org/dish#k"))
    assert len(parts) > 4
    assert all("https://example.org/dish#k" in part.content for part in parts)
    assert all(units(part.content) <= 2000 for part in parts)


def test_a_comment_without_an_address_gets_the_storys_with_its_key() -> None:
    assert render.comment_link(STORY, Comment("t/1 x", "Ann", "hi")) == "https://example.org/dish#t%2F1%20x"
    assert render.comment_link(replace(STORY, url=None), Comment("k", "Ann", "hi")) is None


def test_the_time_links_to_the_comment() -> None:
    (post,) = render.comment_parts(STORY, Comment("k", "Ann", "hi", url="https://example.org/dish#k", posted_at=NOW))
    assert post.content == f"**Ann** · [<t:{int(NOW.timestamp())}:f>](<https://example.org/dish#k>)\nhi"


def test_a_marker_names_nobody() -> None:
    post = render.deleted_marker(STORY, Comment("k", "Ann", "secret words"))
    assert "Ann" not in post.content
    assert "secret" not in post.content


def test_a_post_survives_the_outbox() -> None:
    post = render.card(STORED).answering(5)
    assert Post.from_json(post.to_json()) == post


def test_plain_text_has_no_markup_left() -> None:
    plain = render.plain_comment(Post(content="**Ann**\n*hello* ~~there~~", permalink="https://example.org"))
    assert "*" not in plain.content.replace("\\*", "")
    assert "hello" in plain.content


def test_a_long_address_leaves_room_for_the_words() -> None:
    story = replace(STORY, url="https://example.org/" + "a" * 1600, title="T" * 250, summary="word " * 300)
    assert units(render.plain_card(replace(STORED, story=story)).content) <= 2000
