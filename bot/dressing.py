"""A card as its channel wants it: the facts that a template may ask for, looked up only where it does."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.interests import judge, own_topics
from bot.looks import Facts, dressed, needs
from bot.model import StoredStory, Subscription
from bot.options import Looks
from bot.post import Post
from bot.store import links, subscriptions
from bot.store.database import Transaction

# A role is called for what is new; older stories that are posted later name it without a sound.
NEWS = timedelta(days=1)


async def dress(tx: Transaction, channel_id: int, stored: StoredStory, post: Post, now: datetime) -> Post:
    """Return a card as its channel wants it to look, with its role called where the story is news."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    if subscription is None or subscription.options.looks == Looks():
        return post
    found = await facts(tx, subscription, stored)
    return dressed(post, subscription.options.looks, stored, found, ping=now - stored.first_seen < NEWS)


async def facts(tx: Transaction, subscription: Subscription, stored: StoredStory) -> Facts:
    """Return what the channel's template asks for beside the story."""
    looks, names, told = subscription.options.looks, tuple[str, ...](), tuple[str, ...]()
    if needs(looks, "topic"):
        own = await own_topics(tx, subscription.guild_id)
        names = tuple(name for name in subscription.topics if judge(name, stored.story, own).match)
    if needs(looks, "source"):
        told = await links.names_of(tx, subscription.guild_id, stored.id)
    return Facts(names, told)
