"""Where a story's card and comments stand in a server, in SQLite."""

from __future__ import annotations

from dataclasses import dataclass

from aiosqlite import Connection as Transaction

# The channel or thread that a message of ours ``d`` stands in, where ``card`` is its story's card.
PLACE = """CASE d.layout WHEN 'inline' THEN d.channel_id WHEN 'forum' THEN card.thread_id
    ELSE iif(d.comment_id IS NULL, d.channel_id, card.thread_id) END"""
_OF_STORY = f"""SELECT d.channel_id, d.comment_id, d.message_id, {PLACE} AS place_id
    FROM deliveries d INDEXED BY deliveries_story JOIN deliveries card
        ON card.story_id = d.story_id AND card.channel_id = d.channel_id AND card.comment_id IS NULL
    WHERE d.story_id = ? AND d.guild_id = ? AND d.part = 0 AND d.message_id IS NOT NULL
        AND d.state IN ('live', 'held')"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message of ours: of a comment, or of the story's card (None), in a followed channel or a thread of it."""

    channel_id: int
    comment_id: int | None
    message_id: int
    place_id: int


async def of_story(tx: Transaction, guild_id: int, story_id: int) -> list[Standing]:
    """Return what stands of a story in a server, in all its channels."""
    found = await tx.execute_fetchall(_OF_STORY, (story_id, guild_id))
    return [
        Standing(row["channel_id"], row["comment_id"], row["message_id"], row["place_id"])
        for row in found
        if row["place_id"] is not None
    ]
