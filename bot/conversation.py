"""A story's discussion gathered for one member: comments, where they stand here, and replies they may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.discussion_tree import Conversation
from bot.store import comments, member_replies, standing, stories
from bot.store.database import Database
from bot.store.standing import Standing
from bot.urls import jump_link


async def gather(
    database: Database, guild_id: int, story_id: int, sees: Callable[[int], bool], here: int | None = None
) -> Conversation:
    """Return a discussion; raises ``NotFound``, the same for absent and for foreign stories.

    ``sees`` tells whether the member may look into a channel: nothing is told of others. Where the story stands in
    several, the links lead to ``here`` if it is one of them.
    """
    async with database.read() as tx:
        story = await stories.visible(tx, guild_id, story_id)
        found = await comments.of_story(tx, story_id)
        stands = await standing.of_story(tx, guild_id, story_id)
        replies = await member_replies.of_story(tx, guild_id, story_id)
    channels = {one.channel_id for one in stands} | {reply.channel_id for reply in replies}
    seen = {channel_id for channel_id in channels if sees(channel_id)}
    return Conversation(
        story,
        tuple(found),
        tuple(reply for reply in replies if reply.channel_id in seen),
        _links(guild_id, (one for one in stands if one.channel_id in seen), here),
    )


def _links(guild_id: int, stands: Iterable[Standing], here: int | None) -> tuple[tuple[int | None, str], ...]:
    """Return one link for each comment and for the card."""
    links: dict[int | None, str] = {}
    for one in sorted(stands, key=lambda one: (one.channel_id != here, one.channel_id)):
        link = jump_link(guild_id, one.place_id, one.message_id)
        links.setdefault(one.comment_id, link)
    return tuple(links.items())
