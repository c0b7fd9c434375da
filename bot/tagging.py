"""What a forum post is tagged with: what an admin chose, else the story's topics and where it comes from."""

from __future__ import annotations

import asyncio

from bot import topics
from bot.interests import own_topics, wants
from bot.model import Delivery
from bot.store import stories, subscriptions
from bot.store.database import Database

TAGLESS = (
    "the forum wants a tag on each post and has none that I may set. Name one with `/channels edit`, "
    "or give me Manage Channels there so that I can make it"
)


async def tag_names(database: Database, card: Delivery) -> tuple[str, ...]:
    """Return the names of the tags for a story's forum post, the most telling first."""
    async with database.read() as tx:
        subscription = await subscriptions.of_channel(tx, card.channel_id)
        story = (await stories.get(tx, card.story_id)).story
        own = await own_topics(tx, card.guild_id)
    if subscription is None:
        return ()
    if subscription.options.forum_tags:
        return subscription.options.forum_tags
    chosen = subscription.topics or tuple(topics.names())
    # Judging takes milliseconds of the processor: not in the event loop.
    fitting = await asyncio.to_thread(lambda: tuple(name for name in chosen if wants((name,), story, own)))
    return (*fitting, story.site) if story.site else fitting
