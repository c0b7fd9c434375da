"""Threads over REST: start them from a message, alone or as a forum post; list, join, leave."""

from __future__ import annotations

from sandbox.checks import check_name
from sandbox.errors import ApiError, invalid
from sandbox.message_json import message_json
from sandbox.model import FORUMS, PRIVATE_THREAD, PUBLIC_THREAD, Channel, Json, Message
from sandbox.objects import thread_json, thread_member_json
from sandbox.permissions import (
    CREATE_PRIVATE_THREADS,
    CREATE_PUBLIC_THREADS,
    MANAGE_THREADS,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    VIEW_CHANNEL,
)  # fmt: skip
from sandbox.rest.call import Call, Reply, Route
from sandbox.rest.guard import archive_minutes, need, page_size, text_place, thread_limit
from sandbox.rest.payload import draft_of
from sandbox.rest.tags import forum_tags

CHANNEL = "/channels/{channel_id}"


async def from_message(call: Call) -> Reply:
    """POST .../messages/{id}/threads."""
    channel, body, world = call.channel(), call.fields(), call.world
    need(call, channel, CREATE_PUBLIC_THREADS)
    text_place(channel)
    message = world.get_message(channel.id, call.id("message_id"))
    name, minutes = _named(channel, body)
    first_thread(call, message)
    world.check_thread_room(channel.guild_id)
    thread_limit(call, channel.guild_id)
    thread = world.start_thread(channel, name, world.bot_id, message=message, auto_archive=minutes)
    return Reply(201, thread_json(world, thread))


def _named(channel: Channel, body: Json) -> tuple[str, int]:
    minutes = archive_minutes(body.get("auto_archive_duration"), channel.default_archive)
    return check_name("name", body.get("name")), minutes


def first_thread(call: Call, message: Message) -> None:
    """Refuse a second thread on a message."""
    if message.id in call.world.channels:
        raise ApiError(160004)


async def alone(call: Call) -> Reply:
    """POST /channels/{id}/threads: a thread without message, or a forum post."""
    channel, body, world = call.channel(), call.fields(), call.world
    if channel.type in FORUMS:
        return _forum_post(call, channel, body)
    kind = int(body.get("type", PRIVATE_THREAD))
    need(call, channel, CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else CREATE_PUBLIC_THREADS)
    text_place(channel)
    name, minutes = _named(channel, body)
    world.check_thread_room(channel.guild_id)
    thread_limit(call, channel.guild_id)
    thread = world.start_thread(channel, name, world.bot_id, kind=kind, auto_archive=minutes)
    return Reply(201, thread_json(world, thread))


def _forum_post(call: Call, channel: Channel, body: Json) -> Reply:
    world = call.world
    need(call, channel, SEND_MESSAGES)
    name, minutes = _named(channel, body)
    tags = forum_tags(call, channel, body)
    nested = body.get("message")
    if not isinstance(nested, dict):
        raise invalid("message", "BASE_TYPE_REQUIRED", "This field is required")
    draft = draft_of(call, channel, nested)
    # A nonce is not honoured here: a repeated request makes a second post.
    draft.nonce = None
    world.check_thread_room(channel.guild_id)
    thread_limit(call, channel.guild_id)
    thread = world.start_thread(channel, name, world.bot_id, kind=PUBLIC_THREAD, auto_archive=minutes, tags=tags)
    draft.id = thread.id
    message = world.post(thread, draft)
    channel.last_message_id = thread.id
    return Reply(201, thread_json(world, thread) | {"message": message_json(world, message)})




async def active(call: Call) -> Reply:
    """GET /guilds/{id}/threads/active."""
    guild_id = call.id("guild_id")
    if guild_id not in call.world.guilds:
        raise ApiError(10004)
    threads = [t for t in call.world.guild_threads(guild_id) if t.thread is not None and not t.thread.archived]
    threads = [t for t in threads if visible(call, t)]
    return Reply(200, _listed(call, sorted(threads, key=lambda t: -t.id)))


def visible(call: Call, thread: Channel) -> bool:
    """Whether the bot may know of a thread."""
    world = call.world
    return bool(world.permissions(thread, world.bot_id) & VIEW_CHANNEL) and world.let_in(thread, world.bot_id)


async def archived(call: Call) -> Reply:
    """GET /channels/{id}/threads/archived/public, newest archive first."""
    channel = call.channel()
    need(call, channel, READ_MESSAGE_HISTORY)
    return _archived(call, [t for t in _asleep(call, channel) if t.type != PRIVATE_THREAD])


async def archived_private(call: Call) -> Reply:
    """GET /channels/{id}/threads/archived/private, which takes MANAGE_THREADS."""
    channel = call.channel()
    need(call, channel, READ_MESSAGE_HISTORY, MANAGE_THREADS)
    return _archived(call, [t for t in _asleep(call, channel) if t.type == PRIVATE_THREAD])


async def archived_joined(call: Call) -> Reply:
    """GET /channels/{id}/users/@me/threads/archived/private: those that the bot is in."""
    channel = call.channel()
    need(call, channel, READ_MESSAGE_HISTORY)
    found = [t for t in _asleep(call, channel) if t.type == PRIVATE_THREAD]
    return _archived(call, [t for t in found if t.thread is not None and call.world.bot_id in t.thread.members])


def _asleep(call: Call, channel: Channel) -> list[Channel]:
    threads = [t for t in call.world.channels.values() if t.parent_id == channel.id]
    return [t for t in threads if t.thread is not None and t.thread.archived]


def _archived(call: Call, found: list[Channel]) -> Reply:
    found.sort(key=lambda t: t.thread.archive_at if t.thread else "", reverse=True)
    if before := call.query.get("before"):
        # Discord reads an id as well as a time here, depending on the list.
        found = [t for t in found if t.thread is not None and t.thread.archive_at < before]
    limit = page_size(call, 50, 100)
    return Reply(200, _listed(call, found[:limit]) | {"has_more": len(found) > limit})


def _listed(call: Call, threads: list[Channel]) -> Json:
    bot = call.world.bot_id
    members = [thread_member_json(t, bot) for t in threads if t.thread is not None and bot in t.thread.members]
    return {"threads": [thread_json(call.world, t) for t in threads], "members": members, "has_more": False}


ROUTES = [
    Route("POST", CHANNEL + "/messages/{message_id}/threads", from_message),
    Route("POST", CHANNEL + "/threads", alone),
    Route("GET", CHANNEL + "/threads/archived/public", archived),
    Route("GET", CHANNEL + "/threads/archived/private", archived_private),
    Route("GET", CHANNEL + "/users/@me/threads/archived/private", archived_joined),
    Route("GET", "/guilds/{guild_id}/threads/active", active),
]
