"""All that ever stood in the sandbox's channels, in the order in which it came and went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.render import CONTINUED
from sandbox.model import WRITTEN
from sandbox.world import World
from sandbox.world_base import Event

LINK = re.compile(r"\]\(<([^>]+)>\)")


@dataclass
class Stood:
    """One message. ``root`` is the channel, ``place`` the channel or thread; ``came`` and ``went`` are counted alike.

    ``link`` is the address of the story or comment that it shows; ``more``: it is not a comment's first part.
    """

    id: int
    root: int
    place: int
    link: str
    more: bool
    reply_to: int | None
    came: int
    went: int | None = None
    by_moderator: bool = False

    @property
    def key(self) -> tuple[int, str]:
        return self.root, self.link


@dataclass
class Log:
    """Listens to a world. ``hands`` is set while a moderator acts; ``cut`` are the threads that were deleted."""

    world: World
    all: dict[int, Stood] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    cut: set[int] = field(default_factory=set)
    hands: bool = False
    time: int = 0

    def __post_init__(self) -> None:
        self.world.listeners.append(self._hear)

    def standing(self, root: int | None = None) -> Iterator[Stood]:
        return (one for one in self.all.values() if one.went is None and root in (None, one.root))

    def of(self, root: int, link: str) -> list[Stood]:
        """Return all first messages that an item ever had in a channel."""
        return [one for one in self.all.values() if one.key == (root, link) and not one.more]

    def _hear(self, event: Event) -> None:
        self.time += 1
        if event.name == "MESSAGE_CREATE" and event.author_id == self.world.bot_id and event.data["type"] in WRITTEN:
            self._came(event)
        elif event.name == "MESSAGE_DELETE":
            self._went(int(event.data["id"]))
        elif event.name == "THREAD_DELETE":
            self.cut.add(int(event.data["id"]))
            for one in [one for one in self.standing() if one.place == int(event.data["id"])]:
                self._went(one.id)

    def _came(self, event: Event) -> None:
        place = int(event.data["channel_id"])
        link, more = item_of(event.data)
        reply = self.world.messages[place][int(event.data["id"])].reply_to
        root = self.world.channels[place].parent_id if self.world.channels[place].thread else place
        new = Stood(int(event.data["id"]), root or place, place, link, more, reply, self.time)
        if not more and any(one.went is None for one in self.of(new.root, link)):
            self.doubled.append(f"{link} in {new.root} as {new.id}")
        self.all[new.id] = new

    def _went(self, message_id: int) -> None:
        if message_id in self.all:
            self.all[message_id].went = self.time
            self.all[message_id].by_moderator = self.hands


def item_of(message: dict[str, Any]) -> tuple[str, bool]:
    """Return the address of the item that a message shows, and whether it only continues it."""
    if message["embeds"]:
        return str(message["embeds"][0].get("url", "")), False
    first = message["content"].split("\n")[0]
    found = LINK.search(first)
    return found[1] if found else message["content"][:80], first.startswith(CONTINUED)
