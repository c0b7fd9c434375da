"""What is said and what came of it: rendered posts, and the messenger's five answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.model import Layout


@dataclass(frozen=True, slots=True)
class Embed:
    """A card: plain values within Discord's documented limits; ``timestamp`` is ISO 8601, ``colour`` 0xRRGGBB."""

    title: str
    url: str | None = None
    description: str = ""
    author: str | None = None
    footer: str | None = None
    timestamp: str | None = None
    image_url: str | None = None
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button: a link when ``url`` is set, else an action named by ``custom_id``."""

    label: str
    url: str | None = None
    custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One message as it will be sent; ``permalink`` is the item's address by which it is found again.

    With a ``name`` it begins a forum post, which is called so and carries ``tags``. ``role_id`` is the one role that is
    notified when it is sent; nobody is when it is edited.
    """

    content: str = ""
    embed: Embed | None = None
    buttons: tuple[Button, ...] = ()
    reply_to: int | None = None
    permalink: str | None = None
    name: str | None = None
    tags: tuple[int, ...] = ()
    role_id: int | None = None

    def answering(self, message_id: int | None) -> Post:
        """Return the same post as a reply to ``message_id``."""
        return replace(self, reply_to=message_id)

    def to_json(self) -> str:
        """Return the text that the intent keeps, so that a repeat sends exactly the same."""
        return json.dumps(self, ensure_ascii=False, default=_fields)

    @classmethod
    def from_json(cls, text: str) -> Post:
        """Read what ``to_json`` wrote."""
        data = json.loads(text)
        data["embed"] = Embed(**data["embed"]) if data["embed"] else None
        data["buttons"] = tuple(Button(**button) for button in data["buttons"])
        data["tags"] = tuple(data.get("tags", ()))
        return cls(**data)


def _fields(value: Post | Embed | Button) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__slots__}  # ``asdict`` copies all there is, for a long time


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands: a channel or thread of a guild."""

    guild_id: int
    channel_id: int


class Duty(StrEnum):
    """What a definite refusal asks of us; the table of codes is ``bot.chat.duties``."""

    FALLBACK = "fallback"
    DEAD = "dead"
    GONE = "gone"
    PLACE_GONE = "place gone"
    HOLD = "hold"
    UNARCHIVE = "unarchive"
    TAKEN = "taken"
    UNTAGGED = "untagged"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Sent:
    """Discord did it; ``id`` is the message or thread. ``loose``: what the message should answer is gone."""

    id: int
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Discord definitely did not do it; ``code`` is its error code or HTTP status."""

    code: int
    duty: Duty
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether Discord did it: settle, look, then repeat with the same nonce."""

    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Discord definitely did not do it and asks for ``seconds`` of patience.

    ``everywhere`` means of every request, ``in_guild`` of all that concerns this server.
    """

    seconds: float
    everywhere: bool = False
    in_guild: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """No further request may be sent at all: the token is dead."""

    text: str


Answer = Sent | Refused | Unknown | Wait | Stop


OTHER_KIND = "the kind of channel that it was"
"""What the bot lacks where a channel was turned into one that it cannot post into in the way that was chosen."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What the bot lacks in a place; ``fatal`` names keep it from posting, without ``embeds`` it posts plain text."""

    fatal: tuple[str, ...] = ()
    embeds: bool = False


class Messenger(Protocol):
    """The only mouth. Each call is at most one request that changes something; none raises on Discord's account."""

    @property
    def skew(self) -> timedelta:
        """Return how far Discord's clock is ahead of ours, as its last answer said."""

    def missing(self, place: Place, layout: Layout = Layout.THREAD) -> Missing | None:
        """Return what the bot may not do there, from the gateway's cache; None while the guild is unavailable."""

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        """Send one message, or begin a forum post, whose thread and first message have the same id."""

    async def forum_tags(self, place: Place, names: Sequence[str]) -> tuple[int, ...] | None:
        """Return a forum's tags of these names, made where that is allowed; None: it asks for one and has none."""

    async def rename(self, place: Place, name: str) -> Answer:
        """Give a thread another name."""

    async def publish(self, place: Place, message_id: int) -> Answer:
        """Send a message of an announcement channel to the servers that follow it."""

    async def open_thread(self, place: Place, message_id: int, name: str) -> Answer:
        """Open a public thread on a message."""

    async def edit(self, place: Place, message_id: int, post: Post) -> Answer:
        """Replace a message's content."""

    async def delete(self, place: Place, message_id: int) -> Answer:
        """Remove a message."""

    async def unarchive(self, thread_id: int) -> Answer:
        """Open an archived thread again, so that its messages can be edited."""

    async def find(self, place: Place, post: Post, since: datetime, known: Collection[int]) -> Answer | None:
        """Return our own message that says ``post`` and is not in ``known``, as ``Sent``; None: there is none.

        It is newer than ``since``, by Discord's clock: ours may have been set anew in between.
        """
