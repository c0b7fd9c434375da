"""What the page sees: a live stream of changes, a snapshot to start from, and a channel's messages."""

from __future__ import annotations

import asyncio

from sandbox.message_json import message_json
from sandbox.model import Channel, Json, User
from sandbox.objects import channel_json, thread_json
from sandbox.permissions import guild_permissions
from sandbox.world import World
from sandbox.world_base import Event


class PageEvents:
    """Copies every world change into the queues of whoever subscribed."""

    def __init__(self) -> None:
        self._queues: list[asyncio.Queue[Json]] = []

    def subscribe(self) -> asyncio.Queue[Json]:
        """Return a queue that will get {"t": name, "d": data} for every change from now on."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._queues.append(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Json]) -> None:
        """Stop filling a queue."""
        if queue in self._queues:
            self._queues.remove(queue)

    def on_event(self, event: Event) -> None:
        """Take one change from the world."""
        for queue in self._queues:
            queue.put_nowait({"t": event.name, "d": event.data})


def snapshot(world: World) -> Json:
    """Return everything the page needs to draw itself once."""
    return {
        "guilds": [_guild(world, guild_id) for guild_id in world.guilds],
        "users": [_user(world, user) for user in world.users.values()],
        "directs": [_direct(channel) for channel in world.channels.values() if channel.recipient_id is not None],
        "integrations_open": world.integrations_open,
        "commands": [command for scope in world.commands.values() for command in scope],
    }


def _user(world: World, user: User) -> Json:
    rights = {str(guild.id): str(guild_permissions(guild, user.id)) for guild in world.guilds.values()}
    return {"id": str(user.id), "name": user.name, "bot": user.bot, "role": world.role_of(user.id), "rights": rights}


def _direct(channel: Channel) -> Json:
    """Return the bot's direct channel with a person; the page shows it only while it acts as that person."""
    return {"id": str(channel.id), "type": channel.type, "recipient_id": str(channel.recipient_id)}


def _guild(world: World, guild_id: int) -> Json:
    guild = world.guilds[guild_id]
    return {
        "id": str(guild_id), "name": guild.name,
        "channels": [channel_json(world, c) for c in world.guild_channels(guild_id)],
        "threads": [thread_json(world, t) for t in world.guild_threads(guild_id)],
        "roles": [{"id": str(role.id), "name": role.name} for role in guild.roles.values()],
    }  # fmt: skip


def messages(world: World, channel_id: int) -> list[Json]:
    """Return a channel's messages as Discord JSON, oldest first."""
    return [message_json(world, m) for m in world.history(channel_id)]


def first_messages(world: World, forum_id: int) -> Json:
    """Return the message that each post of a forum began with, by the post's id; a deleted one is absent."""
    posts = (c for c in world.channels.values() if c.parent_id == forum_id and c.thread is not None)
    found = ((post.id, world.messages.get(post.id, {}).get(post.id)) for post in posts)
    return {str(post_id): message_json(world, message) for post_id, message in found if message is not None}
