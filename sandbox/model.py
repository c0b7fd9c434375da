"""What the local Discord is made of: users, roles, guilds, channels (threads too) and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEXT, DM, VOICE, CATEGORY, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM, MEDIA = (
    0, 1, 2, 4, 5, 10, 11, 12, 15, 16,
)  # fmt: skip
THREADS = frozenset({ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})
FORUMS = frozenset({FORUM, MEDIA})

DEFAULT_MESSAGE, PINNED, THREAD_CREATED, REPLY, CHAT_COMMAND, THREAD_STARTER = 0, 6, 18, 19, 20, 21
# What a person or a bot wrote; every other type is a note of Discord's own.
WRITTEN = frozenset({DEFAULT_MESSAGE, REPLY, CHAT_COMMAND})
CROSSPOSTED, SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, COMPONENTS_V2 = 1, 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 15


@dataclass(slots=True)
class User:
    """An account; the bot is one too."""

    id: int
    name: str
    bot: bool = False


@dataclass(slots=True)
class Webhook:
    """A door into one channel; whoever has the token may write through it."""

    id: int
    token: str
    name: str
    channel_id: int
    guild_id: int
    user_id: int
    avatar: str | None = None


@dataclass(slots=True)
class Role:
    """A bundle of permissions; the role with the guild's id is @everyone."""

    id: int
    name: str
    permissions: int = 0
    position: int = 0
    managed: bool = False
    mentionable: bool = False


@dataclass(slots=True)
class Member:
    """A user inside one guild."""

    user_id: int
    role_ids: list[int] = field(default_factory=list)
    joined_at: str = "2024-01-01T00:00:00+00:00"


@dataclass(slots=True)
class Guild:
    """A server with its roles and members; channels point to it by ``guild_id``."""

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


@dataclass(slots=True)
class Overwrite:
    """What a channel grants (``allow``) or takes (``deny``) for a role (kind 0) or a member (kind 1)."""

    id: int
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class ThreadState:
    """The part of a channel that only threads have."""

    owner_id: int
    created_at: str
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    archive_at: str = ""
    message_count: int = 0
    total_sent: int = 0
    applied_tags: list[int] = field(default_factory=list)
    members: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Channel:
    """A place for messages: guild channel, thread (``thread`` is set) or DM (``recipient_id`` is set)."""

    id: int
    type: int
    name: str = ""
    guild_id: int | None = None
    parent_id: int | None = None
    position: int = 0
    topic: str | None = None
    slowmode: int = 0
    flags: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    tags: list[Json] = field(default_factory=list)
    default_archive: int | None = None
    thread: ThreadState | None = None
    recipient_id: int | None = None
    last_message_id: int | None = None


@dataclass(slots=True)
class Pings:
    """Who was really notified by a message, after allowed_mentions."""

    users: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    everyone: bool = False


@dataclass(slots=True)
class Message:
    """One message; ``embeds`` and ``components`` are kept as Discord would answer them."""

    id: int
    channel_id: int
    author_id: int
    content: str
    created_at: str
    type: int = DEFAULT_MESSAGE
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    flags: int = 0
    edited_at: str | None = None
    reply_to: int | None = None
    reference_channel: int | None = None
    nonce: str | int | None = None
    pings: Pings = field(default_factory=Pings)
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)
    pinned_at: str | None = None
    interaction: Json | None = None
    # The name under which a webhook wrote it; ``author_id`` is then the webhook's id.
    webhook_name: str | None = None

    @property
    def pinned(self) -> bool:
        """Whether it is among the channel's pins."""
        return self.pinned_at is not None

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)
