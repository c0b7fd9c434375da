"""What a reader would see: every channel with its messages and, inside them, their threads."""

from __future__ import annotations

from sandbox.message_json import author_json
from sandbox.model import FORUMS, PINNED, THREAD_CREATED, THREAD_STARTER, Channel, Json, Message
from sandbox.world import World

HIDDEN = frozenset({PINNED, THREAD_CREATED, THREAD_STARTER})


def transcript(world: World) -> Json:
    """Return all channels with their messages, oldest first; system messages are left out."""
    channels = [c for g in world.guilds for c in world.guild_channels(g)]
    return {"channels": [{"name": c.name, "messages": _channel(world, c)} for c in channels]}


def _channel(world: World, channel: Channel) -> list[Json]:
    if channel.type in FORUMS:
        posts = sorted((t for t in world.channels.values() if t.parent_id == channel.id), key=lambda t: t.id)
        return [_post(world, post) for post in posts]
    own = [_message(world, m) for m in _shown(world, channel.id)]
    loose = [
        t for t in world.channels.values() if t.parent_id == channel.id and t.thread and not _has_starter(world, t)
    ]
    return own + [_loose_thread(world, t) for t in loose]


def _shown(world: World, channel_id: int) -> list[Message]:
    return [m for m in world.history(channel_id) if m.type not in HIDDEN]


def _has_starter(world: World, thread: Channel) -> bool:
    return thread.id in world.messages.get(thread.parent_id or 0, {})


def _message(world: World, message: Message) -> Json:
    thread = world.channels.get(message.id)
    inner = _thread(world, thread) if thread is not None and thread.parent_id == message.channel_id else None
    return {
        "id": str(message.id), "author": author_json(world, message)["username"], "content": message.content,
        "embeds": message.embeds, "reply_to": str(message.reply_to) if message.reply_to else None, "thread": inner,
    }  # fmt: skip


def _thread(world: World, thread: Channel) -> Json:
    return {"name": thread.name, "messages": [_message(world, m) for m in _shown(world, thread.id)]}


def _post(world: World, post: Channel) -> Json:
    """A forum post reads like a message with a thread: its first message, then the rest."""
    inner = _thread(world, post)
    first = world.messages[post.id].get(post.id)
    if first is None:
        return _loose_thread(world, post)
    inner["messages"] = [m for m in inner["messages"] if m["id"] != str(post.id)]
    return _message(world, first) | {"thread": inner}


def _loose_thread(world: World, thread: Channel) -> Json:
    """A thread whose first message is gone (or never was) still has to be seen."""
    return {
        "id": str(thread.id), "author": "", "content": "", "embeds": [], "reply_to": None,
        "thread": _thread(world, thread),
    }  # fmt: skip
