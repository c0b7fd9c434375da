"""The words of the house: stories, comments, subscriptions and deliveries as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Comment:
    """One node of a story's comment tree, as a source gives it.

    ``key`` is stable within its story: a short mark of the kind and the source's own id ("dsq-115"), or "" where the
    source has none (``bot.identity.assign_keys`` then gives it one by comparing with what is known).
    ``body`` is Discord Markdown that is already escaped; see ``bot.markdown``.
    """

    key: str
    author: str
    body: str
    parent: str | None = None
    url: str | None = None
    author_url: str | None = None
    posted_at: datetime | None = None
    deleted: bool = False
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One article. ``summary`` and ``body`` are Discord Markdown; ``title``, ``author``, ``site``, ``tags`` plain text.

    ``native_id`` is the source's own id, ``origin`` the host within which it means one story (``site`` where it is
    None). ``shared_url``: the address leads to a page that several stories share, so it tells them not apart.
    """

    title: str
    url: str | None = None
    native_id: str | None = None
    author: str | None = None
    site: str | None = None
    summary: str = ""
    body: str = ""
    image_url: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    origin: str | None = None
    shared_url: bool = False


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One story with its comments in document order, as one read of a source gave them.

    ``complete`` promises that every comment was seen, so that an absent one may count as vanished.
    """

    story: Story
    comments: tuple[Comment, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class StoredStory:
    """A story as the store knows it."""

    id: int
    story: Story
    revision: int
    first_seen: datetime
    comment_count: int


@dataclass(frozen=True, slots=True)
class StoredComment:
    """A comment as the store knows it; ``missing_reads`` counts complete reads in a row that lacked it."""

    id: int
    story_id: int
    comment: Comment
    revision: int
    position: int
    missing_reads: int = 0
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """An admin's wish: new stories go to this channel. ``held_reason`` says why nothing goes there at the moment."""

    id: int
    guild_id: int
    channel_id: int
    created_by: int
    created_at: datetime
    paused_reason: str | None = None
    held_reason: str | None = None


class State(StrEnum):
    """Where a delivery stands; see docs/architecture.md."""

    PENDING = "pending"
    INFLIGHT = "inflight"
    LIVE = "live"
    GONE = "gone"
    HELD = "held"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A promise, written before it is kept: this item stands in this channel at this revision.

    ``comment_id`` is None for the story's own card. ``part`` numbers the messages of a long comment from 0.
    ``thread_id`` is set on the story's row once its thread exists.
    """

    id: int
    guild_id: int
    channel_id: int
    subscription_id: int
    story_id: int
    comment_id: int | None
    part: int
    state: State
    nonce: str
    want_rev: int
    want_gone: bool
    have_rev: int
    attempt_at: datetime | None
    sent_rev: int | None
    sent_payload: str | None
    message_id: int | None
    thread_id: int | None
    tries: int
    next_at: datetime | None
    reason: str | None
