"""The words of the house: stories, comments, subscriptions and deliveries as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# The words of the house, wherever they are written.
from bot.options import Layout as Layout  # noqa: PLC0414
from bot.options import Options as Options  # noqa: PLC0414


@dataclass(frozen=True, slots=True)
class Comment:
    """One node of a story's comment tree, as a source gives it.

    ``key`` is stable within its story: a short mark of the kind and the source's own id ("dsq-115"), or "" where the
    source has none (``bot.identity.assign_keys`` then gives it one by comparing with what is known).
    ``body`` is Discord Markdown that is already escaped; see ``bot.markdown``. ``likes`` is how many liked it, below 0
    where more disliked it; None where the source does not say. It is no content: a change of it is never posted.
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
    likes: int | None = None


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
    """A comment as the store knows it; ``missing_reads`` counts complete reads in a row that lacked it.

    ``thread_id`` is the thread whose reads gave it, None for what came with a page: only who gave may take away.
    ``kept``: an admin decided that it stays although its source lacks it.
    """

    id: int
    story_id: int
    comment: Comment
    revision: int
    position: int
    missing_reads: int = 0
    missing_since: datetime | None = None
    thread_id: int | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """Whom a comment answers in a channel: natively the message ``message_id``, else its ``comment`` is named.

    ``comment`` is None where no read ever gave it.
    """

    message_id: int | None = None
    comment: Comment | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """An admin's wish: new stories about any of ``topics`` (none: about anything) go to this channel.

    ``held_reason`` says why nothing goes there at the moment.
    """

    id: int
    guild_id: int
    channel_id: int
    created_by: int
    created_at: datetime
    paused_reason: str | None = None
    held_reason: str | None = None
    topics: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)


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
    ``thread_id`` is set on the story's row once its thread exists, ``skipped`` to how many comments its first mirror
    left out. ``lane`` is 0 for what stands in the channel itself, else the story: one create at a time in each.
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
    layout: Layout = Layout.THREAD
    lane: int = 0
    skipped: int = 0
    editing: bool = False


class ChoreKind(StrEnum):
    """What Discord allows only a few times an hour."""

    RENAME = "rename"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Chore:
    """A slow wish about a card; ``wish`` numbers what was wished for, so that a later wish is not taken as kept."""

    delivery_id: int
    kind: ChoreKind
    wish: int
    tries: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where stories are read from, how far it was read and when it is read next; see ``bot.schedule``.

    ``everyone``: the operator's own, for all servers. ``cursor`` is understood by its kind alone. ``least``,
    ``skip_hours`` and ``skip_days`` (UTC, Monday is 0) are what it asks of those who poll it. ``moves`` are the last
    addresses that it said to have moved to. ``stopped_reason``: it is read no more until somebody restarts it.
    """

    id: int
    kind: str
    address: str
    name: str | None
    everyone: bool
    added_at: datetime
    interval: timedelta
    cursor: Mapping[str, str]
    least: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    next_at: datetime | None = None
    last_read_at: datetime | None = None
    last_full_at: datetime | None = None
    last_change_at: datetime | None = None
    baseline_at: datetime | None = None
    fails: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    told_at: datetime | None = None
    moves: tuple[str, ...] = ()
    stopped_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Follower:
    """A server that added a source, and the member who did."""

    guild_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class StoredThread:
    """Where a story's comments are read from; ``signal`` as last told, ``read_signal`` as of the last read.

    Of a story's threads the one of the lowest ``rank`` is read.
    ``born_at`` is when its story was published, ``woken_at`` when a later signal said that it lives.
    """

    id: int
    story_id: int
    kind: str
    address: str
    rank: int
    born_at: datetime
    cursor: Mapping[str, str]
    signal: str | None = None
    read_signal: str | None = None
    woken_at: datetime | None = None
    next_at: datetime | None = None
    last_read_at: datetime | None = None
    last_full_at: datetime | None = None
    fails: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a server's admins are to be told; ``user_id`` is the member whom it concerns most."""

    id: int
    guild_id: int
    user_id: int | None
    subject: str
    text: str
    nonce: str
    created_at: datetime
    source_id: int | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class MemberReply:
    """What a member wrote below a mirrored story in the channel or thread ``place_id`` of one server.

    It answers another member's reply (``answers``, a message's id), else a comment (``comment_id``), else the story.
    ``channel_id`` is the followed channel. ``body`` is escaped as ``Comment.body`` is. ``deleted``: it is gone but was
    answered, so that its place is kept, without its text and author.
    """

    message_id: int
    guild_id: int
    channel_id: int
    place_id: int
    story_id: int
    author_id: int
    author: str
    body: str
    posted_at: datetime
    comment_id: int | None = None
    answers: int | None = None
    edited_at: datetime | None = None
    deleted: bool = False
