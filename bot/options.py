"""What an admin may choose for a channel, as plain frozen values: how stories stand there, which, and how they look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Layout(StrEnum):
    """How a story stands in a channel; see docs/decisions/0009-layouts.md."""

    THREAD = "thread"
    FORUM = "forum"
    INLINE = "inline"
    STORY_ONLY = "story-only"


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a channel's topics goes there: all, but for what these refuse; ``bot.filters`` applies them.

    ``sources`` are those that may bring it, none: any. ``include``: one of these must stand in it, where there are
    any; ``exclude``: none of these may. ``minimum`` is what one of the channel's topics must score, 0 to 1.
    """

    sources: tuple[int, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    minimum: float = 0.0


@dataclass(frozen=True, slots=True)
class Looks:
    """How a card looks: the role that its first post mentions, its colour (0xRRGGBB) and the text above it.

    ``template`` has placeholders, which ``bot.looks`` fills.
    """

    role_id: int | None = None
    colour: int | None = None
    template: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How an admin wants stories to stand in a channel.

    ``comment_cap``: so many comments at a story's first mirror, 0 for all. ``grace``: so long a new comment waits
    before it is posted. ``publish``: cards of an announcement channel are sent to the servers that follow it.
    ``forum_tags``: names of the tags of every forum post; none: those that fit the story. ``replies``: what members
    write below a story is kept with its discussion.
    """

    layout: Layout = Layout.THREAD
    comment_cap: int = 50
    grace: timedelta = timedelta(0)
    publish: bool = False
    forum_tags: tuple[str, ...] = ()
    filters: Filters = Filters()
    looks: Looks = Looks()
    replies: bool = False
