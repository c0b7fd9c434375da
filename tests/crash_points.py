"""The named steps at which the crash tests kill a process, by its own hand and in the very middle of things."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from bot import poll_one
from bot.aftermath import Aftermath
from bot.attempt import Attempt
from bot.chat.forum import Forum
from bot.chat.messenger import DiscordMessenger
from bot.store import deliveries, restore, sources


class Point(NamedTuple):
    """Before or after a call; ``row`` is the row of faults.md that asks for it."""

    row: str
    owner: Any
    name: str
    after: bool = False


POINTS: dict[str, Point] = {
    "in the fetch": Point("C01", poll_one, "_ended"),
    "before the ingest commit": Point("C03", sources, "save", after=True),
    "after the ingest commit": Point("C03", poll_one, "take_read", after=True),
    "before the intent": Point("C04", Attempt, "_create"),
    "before the intent's commit": Point("C04", deliveries, "intend", after=True),
    "after the intent": Point("C04", DiscordMessenger, "create"),
    "after the answer": Point("C07", DiscordMessenger, "create", after=True),
    "before the answer's commit": Point("C07", deliveries, "record_sent", after=True),
    "after the answer's commit": Point("C07", Aftermath, "stands", after=True),
    "before the mark": Point("C07", restore, "mark"),
    "before the forum post": Point("C04", Forum, "create"),
    "after the forum post": Point("C07", Forum, "create", after=True),
    "before the look": Point("C08", DiscordMessenger, "find"),
    "after the look": Point("C08", DiscordMessenger, "find", after=True),
    "before the thread": Point("C09", DiscordMessenger, "open_thread"),
    "after the thread": Point("C09", DiscordMessenger, "open_thread", after=True),
    "before the first comment": Point("C10", Attempt, "_open_thread", after=True),
    "before the edit": Point("C11", DiscordMessenger, "edit"),
    "after the edit": Point("C11", DiscordMessenger, "edit", after=True),
    "before the deletion": Point("C11", DiscordMessenger, "delete"),
    "after the deletion": Point("C11", DiscordMessenger, "delete", after=True),
    "after the rename": Point("C11", DiscordMessenger, "rename", after=True),
    "after the publishing": Point("C11", DiscordMessenger, "publish", after=True),
}


def arm(name: str, passages: int) -> None:
    """Let this process kill itself at a named point, when it comes there for the ``passages``-th time."""
    point = POINTS[name]
    setattr(point.owner, point.name, _deadly(getattr(point.owner, point.name), passages, after=point.after))


def _deadly(call: Callable[..., Any], passages: int, *, after: bool) -> Callable[..., Any]:
    """Return the same call, which ends the process."""
    left = passages

    def pass_by() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    if call.__code__.co_flags & 0x80:  # a coroutine

        @wraps(call)
        async def wrapped(*args: Any, **more: Any) -> Any:
            if not after:
                pass_by()
            result = await call(*args, **more)
            if after:
                pass_by()
            return result

        return wrapped

    @wraps(call)
    def plain(*args: Any, **more: Any) -> Any:
        pass_by()
        return call(*args, **more)

    return plain
