"""Who is in a thread, over REST."""

from __future__ import annotations

from sandbox.errors import ApiError
from sandbox.model import Channel
from sandbox.objects import thread_member_json
from sandbox.permissions import MANAGE_THREADS, SEND_MESSAGES
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import need, not_archived, see

MEMBERS = "/channels/{channel_id}/thread-members"


def _thread(call: Call) -> Channel:
    channel = call.channel()
    see(call, channel)
    if channel.thread is None:
        raise ApiError(50024)
    return channel


async def join(call: Call) -> Reply:
    """PUT the bot itself."""
    thread = _thread(call)
    not_archived(thread)
    call.world.join_thread(thread, call.world.bot_id)
    return NO_CONTENT


async def leave(call: Call) -> Reply:
    """DELETE the bot itself."""
    thread = _thread(call)
    not_archived(thread)
    call.world.leave_thread(thread, call.world.bot_id)
    return NO_CONTENT


async def add(call: Call) -> Reply:
    """PUT somebody who can see the channel."""
    thread = _thread(call)
    need(call, thread, SEND_MESSAGES)
    not_archived(thread)
    user_id = call.id("user_id")
    if user_id not in call.world.guilds[thread.guild_id or 0].members:
        raise ApiError(10007)
    call.world.join_thread(thread, user_id)
    return NO_CONTENT


async def remove(call: Call) -> Reply:
    """DELETE somebody, which takes MANAGE_THREADS."""
    thread = _thread(call)
    need(call, thread, MANAGE_THREADS)
    not_archived(thread)
    call.world.leave_thread(thread, call.id("user_id"))
    return NO_CONTENT


async def look(call: Call) -> Reply:
    """GET one member of a thread."""
    thread, user_id = _thread(call), call.id("user_id")
    if thread.thread is None or user_id not in thread.thread.members:
        raise ApiError(10007)
    return Reply(200, thread_member_json(thread, user_id))


async def listing(call: Call) -> Reply:
    """GET all members of a thread."""
    thread = _thread(call)
    members = thread.thread.members if thread.thread is not None else {}
    return Reply(200, [thread_member_json(thread, user_id) for user_id in members])


ROUTES = [
    Route("PUT", MEMBERS + "/@me", join),
    Route("DELETE", MEMBERS + "/@me", leave),
    Route("PUT", MEMBERS + "/{user_id}", add),
    Route("DELETE", MEMBERS + "/{user_id}", remove),
    Route("GET", MEMBERS + "/{user_id}", look),
    Route("GET", MEMBERS, listing),
]
