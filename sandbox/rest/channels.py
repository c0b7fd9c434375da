"""Channels over REST: look, change, delete, type."""

from __future__ import annotations

from sandbox.checks import check_name
from sandbox.errors import ApiError
from sandbox.model import DM, Channel, Json
from sandbox.objects import channel_json
from sandbox.permissions import MANAGE_CHANNELS, MANAGE_THREADS, SEND_MESSAGES_IN_THREADS
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import archive_minutes, may_send, need, see, sub_limit

CHANNEL = "/channels/{channel_id}"


async def look(call: Call) -> Reply:
    """GET /channels/{id}."""
    channel = call.channel()
    see(call, channel)
    return Reply(200, channel_json(call.world, channel))


async def change(call: Call) -> Reply:
    """PATCH /channels/{id}: a channel's or a thread's settings."""
    channel, body = call.channel(), call.fields()
    if "name" in body and body["name"] != channel.name:
        body["name"] = check_name("name", body["name"])
        limits = call.world.limits
        sub_limit(call, f"renames:{channel.id}", limits.renames, limits.rename_window)
    if channel.thread is not None:
        _change_thread(call, channel, body)
    else:
        _change_channel(call, channel, body)
    return Reply(200, channel_json(call.world, channel))


def _change_channel(call: Call, channel: Channel, body: Json) -> None:
    need(call, channel, MANAGE_CHANNELS)
    channel.name = body.get("name", channel.name)
    channel.topic = body.get("topic", channel.topic)
    channel.slowmode = int(body.get("rate_limit_per_user", channel.slowmode) or 0)
    call.world.channel_changed(channel)


def _change_thread(call: Call, channel: Channel, body: Json) -> None:
    state = channel.thread
    assert state is not None
    rights = see(call, channel)
    manages = bool(rights & MANAGE_THREADS)
    _check_thread_rights(call, channel, body, manages)
    # Only waking is possible while a thread sleeps.
    if state.archived and body.get("archived", True) and set(body) - {"archived", "locked"}:
        raise ApiError(50083)
    channel.name = body.get("name", channel.name)
    channel.slowmode = int(body.get("rate_limit_per_user", channel.slowmode) or 0)
    state.locked = bool(body.get("locked", state.locked))
    state.auto_archive = archive_minutes(body.get("auto_archive_duration", state.auto_archive))
    state.applied_tags = [int(t) for t in body.get("applied_tags", state.applied_tags) or []]
    if "archived" in body:
        call.world.set_archived(channel, bool(body["archived"]))
    else:
        call.world.thread_changed(channel)


def _check_thread_rights(call: Call, channel: Channel, body: Json, manages: bool) -> None:
    state = channel.thread
    assert state is not None
    if manages:
        return
    if state.locked:
        raise ApiError(160005)
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
    may_send(call, call.channel())
    return NO_CONTENT


ROUTES = [
    Route("GET", CHANNEL, look),
    Route("PATCH", CHANNEL, change),
    Route("DELETE", CHANNEL, delete),
    Route("POST", CHANNEL + "/typing", typing),
]
