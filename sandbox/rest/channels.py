"""Channels over REST: make, look, change, delete, type."""

from __future__ import annotations

from sandbox.checks import check_name
from sandbox.errors import ApiError, invalid, snowflake
from sandbox.model import ANNOUNCEMENT, CATEGORY, DM, FORUM, FORUMS, TEXT, VOICE, Channel, Json
from sandbox.objects import channel_json
from sandbox.permissions import MANAGE_CHANNELS, MANAGE_THREADS, SEND_MESSAGES_IN_THREADS
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import archive_minutes, may_send, need, not_locked, see, sub_limit
from sandbox.rest.tags import REQUIRE_TAG, forum_tags, offered

CHANNEL = "/channels/{channel_id}"
KINDS = frozenset({TEXT, VOICE, CATEGORY, ANNOUNCEMENT, FORUM})
PINNED_POST = 1 << 1


async def create(call: Call) -> Reply:
    """POST /guilds/{id}/channels."""
    guild_id, body, world = call.id("guild_id"), call.fields(), call.world
    if guild_id not in world.guilds:
        raise ApiError(10004)
    if not world.guild_rights(guild_id) & MANAGE_CHANNELS:
        raise ApiError(50013)
    kind = int(body.get("type") or TEXT)
    if kind not in KINDS:
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(KINDS)}.")
    parent = snowflake("parent_id", body["parent_id"]) if body.get("parent_id") else None
    channel = world.add_channel(check_name("name", body.get("name")), kind, guild_id, parent_id=parent)
    _apply(call, channel, {key: value for key, value in body.items() if key not in ("name", "type", "parent_id")})
    return Reply(201, channel_json(world, channel))


async def look(call: Call) -> Reply:
    """GET /channels/{id}."""
    channel = call.channel()
    see(call, channel)
    return Reply(200, channel_json(call.world, channel))


async def change(call: Call) -> Reply:
    """PATCH /channels/{id}: a channel's or a thread's settings."""
    channel, body = call.channel(), call.fields()
    rename_limit(call, channel, body)
    (_change_channel if channel.thread is None else _change_thread)(call, channel, body)
    return Reply(200, channel_json(call.world, channel))


def rename_limit(call: Call, channel: Channel, body: Json) -> None:
    """Take a token of the tight limit on new names."""
    if "name" in body and body["name"] != channel.name:
        body["name"] = check_name("name", body["name"])
        limits = call.world.limits
        sub_limit(call, f"renames:{channel.id}", limits.renames, limits.rename_window)


def _change_channel(call: Call, channel: Channel, body: Json) -> None:
    need(call, channel, MANAGE_CHANNELS)
    _apply(call, channel, body)
    call.world.channel_changed(channel)


def _apply(call: Call, channel: Channel, body: Json) -> None:
    topic = body.get("topic", channel.topic)
    if len(topic or "") > topic_length(channel):
        text = f"Must be {topic_length(channel)} or fewer in length."
        raise invalid("topic", "BASE_TYPE_MAX_LENGTH", text)
    channel.slowmode = slowmode(body.get("rate_limit_per_user", channel.slowmode))
    channel.name, channel.topic = body.get("name", channel.name), topic
    if body.get("default_auto_archive_duration") is not None:
        channel.default_archive = archive_minutes(body["default_auto_archive_duration"])
    if channel.type in FORUMS:
        channel.flags = channel.flags & ~REQUIRE_TAG | int(body.get("flags", channel.flags) or 0) & REQUIRE_TAG
        if "available_tags" in body:
            channel.tags = offered(call, body["available_tags"] or [])


def topic_length(channel: Channel) -> int:
    """Return how long a topic may be: a forum's is its guidelines."""
    return 4096 if channel.type in FORUMS else 1024


def slowmode(value: object) -> int:
    """Return seconds between two messages of a person, from 0 to six hours."""
    seconds = int(str(value or 0))
    if not 0 <= seconds <= 21_600:
        raise invalid("rate_limit_per_user", "NUMBER_TYPE_MAX", "int value should be between 0 and 21600.")
    return seconds


def _change_thread(call: Call, channel: Channel, body: Json) -> None:
    state = channel.thread
    assert state is not None
    rights = see(call, channel)
    may_change_thread(call, channel, body, rights)
    only_waking(channel, body)
    channel.name = body.get("name", channel.name)
    channel.slowmode = slowmode(body.get("rate_limit_per_user", channel.slowmode))
    state.locked = bool(body.get("locked", state.locked))
    state.auto_archive = archive_minutes(body.get("auto_archive_duration", state.auto_archive))
    if "applied_tags" in body:
        state.applied_tags = forum_tags(call, call.world.get_channel(channel.parent_id or 0), body)
    if "flags" in body and rights & MANAGE_THREADS:
        channel.flags = channel.flags & ~PINNED_POST | int(body["flags"] or 0) & PINNED_POST
    if "archived" in body:
        call.world.set_archived(channel, bool(body["archived"]))
    else:
        call.world.thread_changed(channel)


def only_waking(channel: Channel, body: Json) -> None:
    """Refuse every change of a sleeping thread but waking and locking."""
    asleep = channel.thread is not None and channel.thread.archived
    if asleep and body.get("archived", True) and set(body) - {"archived", "locked"}:
        raise ApiError(50083)


def may_change_thread(call: Call, channel: Channel, body: Json, rights: int) -> None:
    """Refuse who neither manages threads nor owns this one; anyone may wake a thread that is not locked."""
    state = channel.thread
    assert state is not None
    if rights & MANAGE_THREADS:
        return
    not_locked(channel, rights)
    if set(body) == {"archived"} and body["archived"] is False:
        need(call, channel, SEND_MESSAGES_IN_THREADS)
    elif "locked" in body or state.owner_id != call.world.bot_id:
        raise ApiError(50013)


async def delete(call: Call) -> Reply:
    """DELETE /channels/{id}: threads need MANAGE_THREADS, channels MANAGE_CHANNELS."""
    channel = call.channel()
    if channel.type != DM:
        need(call, channel, MANAGE_THREADS if channel.thread is not None else MANAGE_CHANNELS)
    shown = channel_json(call.world, channel)
    call.world.delete_channel(channel.id)
    return Reply(200, shown)


async def typing(call: Call) -> Reply:
    """POST /channels/{id}/typing."""
    channel = call.channel()
    may_send(call, channel)
    call.world.typing(channel, call.world.bot_id)
    return NO_CONTENT


ROUTES = [
    Route("POST", "/guilds/{guild_id}/channels", create),
    Route("GET", CHANNEL, look),
    Route("PATCH", CHANNEL, change),
    Route("DELETE", CHANNEL, delete),
    Route("POST", CHANNEL + "/typing", typing),
]
