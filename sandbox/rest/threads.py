"""Threads over REST: start them from a message, alone or as a forum post; list, join, leave."""

from __future__ import annotations

from sandbox.checks import check_name
from sandbox.errors import ApiError, invalid
from sandbox.message_json import message_json
from sandbox.model import FORUMS, PRIVATE_THREAD, PUBLIC_THREAD, Channel, Json
from sandbox.objects import thread_json, thread_member_json
from sandbox.permissions import CREATE_PRIVATE_THREADS, CREATE_PUBLIC_THREADS, READ_MESSAGE_HISTORY, SEND_MESSAGES
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import archive_minutes, need, see, text_place, thread_limit
from sandbox.rest.payload import draft_of

CHANNEL = "/channels/{channel_id}"
REQUIRE_TAG = 1 << 4


async def from_message(call: Call) -> Reply:
    """POST .../messages/{id}/threads."""
    channel, body, world = call.channel(), call.fields(), call.world
    need(call, channel, CREATE_PUBLIC_THREADS)
    text_place(channel)
    message = world.get_message(channel.id, call.id("message_id"))
    name, minutes = check_name("name", body.get("name")), archive_minutes(body.get("auto_archive_duration"))
    if message.id in world.channels:
        raise ApiError(160004)
    world.check_thread_room(channel.guild_id)
    thread_limit(call, channel.guild_id)
    thread = world.start_thread(channel, name, world.bot_id, message=message, auto_archive=minutes)
    return Reply(201, thread_json(world, thread))


async def alone(call: Call) -> Reply:
    """POST /channels/{id}/threads: a thread without message, or a forum post."""
    channel, body, world = call.channel(), call.fields(), call.world
    if channel.type in FORUMS:
        return _forum_post(call, channel, body)
    kind = int(body.get("type", PRIVATE_THREAD))
    need(call, channel, CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else CREATE_PUBLIC_THREADS)
    text_place(channel)
    name, minutes = check_name("name", body.get("name")), archive_minutes(body.get("auto_archive_duration"))
    world.check_thread_room(channel.guild_id)
    thread_limit(call, channel.guild_id)
    thread = world.start_thread(channel, name, world.bot_id, kind=kind, auto_archive=minutes)
    return Reply(201, thread_json(world, thread))


def _forum_post(call: Call, channel: Channel, body: Json) -> Reply:
    world = call.world
    need(call, channel, SEND_MESSAGES)
    name, minutes = check_name("name", body.get("name")), archive_minutes(body.get("auto_archive_duration"))
    tags = _tags(channel, body)
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


def _tags(channel: Channel, body: Json) -> list[int]:
    wanted = [int(t) for t in body.get("applied_tags") or []]
    if len(wanted) > 5:
        raise invalid("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
    if channel.flags & REQUIRE_TAG and not wanted:
        raise ApiError(40067)
    known = {int(t["id"]) for t in channel.tags}
    if any(t not in known for t in wanted):
        raise invalid("applied_tags", "UNKNOWN_TAG", "Unknown tag")
    return wanted


async def active(call: Call) -> Reply:
    """GET /guilds/{id}/threads/active."""
    guild_id = call.id("guild_id")
    if guild_id not in call.world.guilds:
        raise ApiError(10004)
    threads = [t for t in call.world.guild_threads(guild_id) if t.thread is not None and not t.thread.archived]
    return Reply(200, _listed(call, sorted(threads, key=lambda t: -t.id)))


async def archived(call: Call) -> Reply:
    """GET /channels/{id}/threads/archived/public, newest archive first."""
    channel = call.channel()
    need(call, channel, READ_MESSAGE_HISTORY)
    threads = [t for t in call.world.channels.values() if t.parent_id == channel.id and t.thread is not None]
    gone = [t for t in threads if t.thread is not None and t.thread.archived and t.type != PRIVATE_THREAD]
    gone.sort(key=lambda t: t.thread.archive_at if t.thread else "", reverse=True)
    if before := call.query.get("before"):
        gone = [t for t in gone if t.thread is not None and t.thread.archive_at < before]
    limit = int(call.query.get("limit", "50"))
    return Reply(200, _listed(call, gone[:limit]) | {"has_more": len(gone) > limit})


def _listed(call: Call, threads: list[Channel]) -> Json:
    bot = call.world.bot_id
    members = [thread_member_json(t, bot) for t in threads if t.thread is not None and bot in t.thread.members]
    return {"threads": [thread_json(call.world, t) for t in threads], "members": members, "has_more": False}


async def join(call: Call) -> Reply:
    """PUT /channels/{id}/thread-members/@me."""
    thread = _thread(call)
    call.world.join_thread(thread, call.world.bot_id)
    return NO_CONTENT


async def leave(call: Call) -> Reply:
    """DELETE /channels/{id}/thread-members/@me."""
    thread = _thread(call)
    assert thread.thread is not None
    thread.thread.members.pop(call.world.bot_id, None)
    return NO_CONTENT


def _thread(call: Call) -> Channel:
    channel = call.channel()
    see(call, channel)
    if channel.thread is None:
        raise ApiError(50024)
    return channel


ROUTES = [
    Route("POST", CHANNEL + "/messages/{message_id}/threads", from_message),
    Route("POST", CHANNEL + "/threads", alone),
    Route("GET", CHANNEL + "/threads/archived/public", archived),
    Route("PUT", CHANNEL + "/thread-members/@me", join),
    Route("DELETE", CHANNEL + "/thread-members/@me", leave),
    Route("GET", "/guilds/{guild_id}/threads/active", active),
]
