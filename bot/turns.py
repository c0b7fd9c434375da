"""Whose turn is next: guilds in turn, and new stories before the backlog of comments. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

# Of five turns in a row four may be new stories' while comments wait: a flood of stories must not end all else.
STORIES_IN_A_ROW = 4


class Lane(NamedTuple):
    """Where one thing happens after the other: ``story_id`` 0 is the channel itself, else what belongs to a story."""

    guild_id: int
    channel_id: int
    story_id: int


class Turns:
    """Lanes that wait for their turn, each once. Taking the next takes the same time however many wait."""

    def __init__(self) -> None:
        self._channels, self._stories = _Circle(), _Circle()
        self._waiting: set[Lane] = set()
        self._in_a_row = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, lane: Lane) -> None:
        """Let a lane wait behind the others of its guild."""
        if lane not in self._waiting:
            self._waiting.add(lane)
            (self._stories if lane.story_id else self._channels).add(lane)

    def take(self) -> Lane:
        """Return whose turn it is, of a guild whose last turn is longest ago; raises ``KeyError`` when nobody waits."""
        backlog = not self._channels or (bool(self._stories) and self._in_a_row >= STORIES_IN_A_ROW)
        self._in_a_row = 0 if backlog else self._in_a_row + 1
        lane = (self._stories if backlog else self._channels).take()
        self._waiting.remove(lane)
        return lane


class _Circle:
    """Lanes by guild; the guild whose turn it was goes to the end."""

    def __init__(self) -> None:
        self._guilds: OrderedDict[int, deque[Lane]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._guilds)

    def add(self, lane: Lane) -> None:
        self._guilds.setdefault(lane.guild_id, deque()).append(lane)

    def take(self) -> Lane:
        guild_id, lanes = self._guilds.popitem(last=False)
        lane = lanes.popleft()
        if lanes:
            self._guilds[guild_id] = lanes
        return lane
