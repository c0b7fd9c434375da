"""World to Discord JSON: messages, with their references, threads and reactions."""

from __future__ import annotations

from sandbox.model import CHAT_COMMAND, REPLY, Json, Message, User
from sandbox.objects import member_json, thread_json, user_json
from sandbox.world_base import WorldBase


def message_json(world: WorldBase, message: Message, *, nested: bool = False) -> Json:
    """Return a message object as REST answers it; ``nested`` is for a referenced message (one level only)."""
    data: Json = {
        "id": str(message.id), "channel_id": str(message.channel_id), "type": message.type,
        "author": author_json(world, message), "content": message.content,
        "timestamp": message.created_at, "edited_timestamp": message.edited_at, "tts": False,
        "mention_everyone": message.pings.everyone, "mentions": [user_json(world.users[u]) for u in message.mentions],
        "mention_roles": [str(r) for r in message.mention_roles], "attachments": message.attachments,
        "embeds": message.embeds, "components": message.components, "pinned": message.pinned,
        "flags": message.flags,
    }  # fmt: skip
    if message.nonce is not None:
        data["nonce"] = message.nonce
    if message.webhook_name is not None:
        data["webhook_id"] = str(message.author_id)
    elif world.users[message.author_id].bot:
        data["application_id"] = str(world.bot_id)
    if message.reply_to is not None:
        data |= _reference(world, message, nested)
    if message.interaction is not None:
        data["interaction_metadata"] = message.interaction
        data["webhook_id"] = str(world.bot_id)
    if not nested:
        data |= _extras(world, message)
    return data


def author_json(world: WorldBase, message: Message) -> Json:
    """Return the author: a user, or the name under which a webhook wrote."""
    if message.webhook_name is None:
        return user_json(world.users[message.author_id])
    return user_json(User(message.author_id, message.webhook_name, bot=True))


def emoji_json(name: str) -> Json:
    """Return a Unicode emoji; the sandbox has no others."""
    return {"id": None, "name": name}


def _reference(world: WorldBase, message: Message, nested: bool) -> Json:
    channel = world.channels.get(message.reference_channel or message.channel_id)
    reference: Json = {"type": 0, "channel_id": str(message.reference_channel or message.channel_id)}
    reference["message_id"] = str(message.reply_to)
    if channel is not None and channel.guild_id is not None:
        reference["guild_id"] = str(channel.guild_id)
    if nested or message.type == CHAT_COMMAND:
        return {"message_reference": reference}
    there = world.messages.get(message.reference_channel or message.channel_id, {})
    parent = there.get(message.reply_to or 0)
    shown = message_json(world, parent, nested=True) if parent else None
    # A reply says null when its parent is gone; other references then say nothing at all.
    known = shown is not None or message.type == REPLY
    return {"message_reference": reference} | ({"referenced_message": shown} if known else {})


def _extras(world: WorldBase, message: Message) -> Json:
    data: Json = {}
    thread = world.channels.get(message.id)
    if thread is not None and thread.thread is not None and thread.parent_id == message.channel_id:
        data["thread"] = thread_json(world, thread)
    if message.reactions:
        data["reactions"] = [_reaction(world, name, users) for name, users in message.reactions.items()]
    return data


def _reaction(world: WorldBase, name: str, users: list[int]) -> Json:
    return {
        "emoji": emoji_json(name), "count": len(users), "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [], "me_burst": False, "me": world.bot_id in users,
    }  # fmt: skip


def gateway_message_json(world: WorldBase, message: Message) -> Json:
    """Return a message as the gateway sends it: with guild and author's member."""
    data = message_json(world, message)
    channel = world.channels.get(message.channel_id)
    guild = world.guilds.get(channel.guild_id or 0) if channel else None
    if guild is not None:
        data["guild_id"] = str(guild.id)
        member = guild.members.get(message.author_id)
        if member is not None:
            data["member"] = member_json(world, member, with_user=False)
    return data
