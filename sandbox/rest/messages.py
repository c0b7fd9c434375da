"""Messages over REST: send, list, look, edit, delete, react, crosspost."""

from __future__ import annotations

from urllib.parse import unquote

from sandbox.errors import ApiError, invalid, snowflake
from sandbox.message_json import message_json
from sandbox.model import ANNOUNCEMENT, CROSSPOSTED, REPLY, THREAD_CREATED, THREAD_STARTER, Channel, Json, Message
from sandbox.permissions import ADD_REACTIONS, MANAGE_MESSAGES, PIN_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import may_send, need, not_archived, see, sub_limit
from sandbox.rest.payload import apply_edit, draft_of
from sandbox.snowflake import seconds_old
from sandbox.world_messages import Draft

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = MESSAGES + "/{message_id}"


async def send(call: Call) -> Reply:
    """POST /channels/{id}/messages."""
    channel, body = call.channel(), call.fields()
    rights = may_send(call, channel)
    if body.get("enforce_nonce") and body.get("nonce") is not None:
        known = call.world.known_nonce(call.world.bot_id, str(body["nonce"]))
        if known is not None:
            return Reply(200, message_json(call.world, call.world.get_message(*known)))
    draft = draft_of(call, channel, body)
    if body.get("message_reference"):
        _refer(call, channel, draft, body["message_reference"], rights)
    return Reply(200, message_json(call.world, call.world.post(channel, draft)))


def _refer(call: Call, channel: Channel, draft: Draft, reference: Json, rights: int) -> None:
    if reference.get("message_id") is None:
        raise invalid("message_reference.message_id", "BASE_TYPE_REQUIRED", "This field is required")
    if not rights & READ_MESSAGE_HISTORY:
        raise ApiError(160002, status=400)
    elsewhere = snowflake("message_reference.channel_id", reference.get("channel_id") or channel.id) != channel.id
    parent = call.world.messages[channel.id].get(snowflake("message_reference.message_id", reference["message_id"]))
    if elsewhere:
        text = "Cannot reply to a message in a different channel"
        raise invalid("message_reference", "MESSAGE_REFERENCE_CHANNEL_MISMATCH", text)
    if parent is None:
        if reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return
    if parent.type in (THREAD_CREATED, THREAD_STARTER):
        raise invalid("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
    draft.reply_to, draft.type = parent.id, REPLY


async def listing(call: Call) -> Reply:
    """GET /channels/{id}/messages: newest first; empty without READ_MESSAGE_HISTORY."""
    channel = call.channel()
    if not see(call, channel) & READ_MESSAGE_HISTORY:
        return Reply(200, [])
    limit = int(call.query.get("limit", "50"))
    if not 1 <= limit <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    found = _slice(list(call.world.history(channel.id)), call.query, limit)
    return Reply(200, [message_json(call.world, m) for m in reversed(found)])


def _slice(history: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    if "around" in query:
        at = int(query["around"])
        older = [m for m in history if m.id < at][-(limit // 2) :] if limit > 1 else []
        return older + [m for m in history if m.id >= at][: limit - len(older)]
    if "after" in query:
        return [m for m in history if m.id > int(query["after"])][:limit]
    if "before" in query:
        history = [m for m in history if m.id < int(query["before"])]
    return history[-limit:]


async def look(call: Call) -> Reply:
    """GET one message."""
    channel = call.channel()
    need(call, channel, READ_MESSAGE_HISTORY)
    return Reply(200, message_json(call.world, call.world.get_message(channel.id, call.id("message_id"))))


async def edit(call: Call) -> Reply:
    """PATCH one of the bot's own messages."""
    channel = call.channel()
    see(call, channel)
    message = call.world.get_message(channel.id, call.id("message_id"))
    if message.author_id != call.world.bot_id:
        raise ApiError(50005)
    not_archived(channel)
    limits = call.world.limits
    if seconds_old(message.id) > 3600:
        sub_limit(call, f"old edits:{channel.id}", limits.old_edits, limits.old_edit_window, code=30046)
    apply_edit(call, channel, message, call.fields())
    call.world.edited(message)
    return Reply(200, message_json(call.world, message))


async def delete(call: Call) -> Reply:
    """DELETE a message: one's own, or any with MANAGE_MESSAGES."""
    channel = call.channel()
    rights = see(call, channel)
    message = call.world.get_message(channel.id, call.id("message_id"))
    if message.author_id != call.world.bot_id and not rights & MANAGE_MESSAGES:
        raise ApiError(50013)
    call.world.delete_message(message)
    return NO_CONTENT


async def crosspost(call: Call) -> Reply:
    """POST .../crosspost in an announcement channel."""
    channel = call.channel()
    need(call, channel, SEND_MESSAGES)
    message = call.world.get_message(channel.id, call.id("message_id"))
    if channel.type != ANNOUNCEMENT:
        raise ApiError(50024)
    limits = call.world.limits
    sub_limit(call, f"crossposts:{channel.id}", limits.crossposts, limits.crosspost_window)
    message.flags |= CROSSPOSTED
    call.world.emit_message("MESSAGE_UPDATE", message)
    return Reply(200, message_json(call.world, message))


async def add_reaction(call: Call) -> Reply:
    """PUT the bot's own reaction."""
    channel = call.channel()
    need(call, channel, READ_MESSAGE_HISTORY)
    message = call.world.get_message(channel.id, call.id("message_id"))
    not_archived(channel)
    emoji = unquote(call.params["emoji_name"])
    # Joining in needs no right; being the first to react with an emoji does.
    if emoji not in message.reactions:
        need(call, channel, ADD_REACTIONS)
    call.world.react(message, call.world.bot_id, emoji, add=True)
    return NO_CONTENT


async def remove_reaction(call: Call) -> Reply:
    """DELETE the bot's own reaction."""
    channel = call.channel()
    see(call, channel)
    message = call.world.get_message(channel.id, call.id("message_id"))
    call.world.react(message, call.world.bot_id, unquote(call.params["emoji_name"]), add=False)
    return NO_CONTENT


async def pin(call: Call) -> Reply:
    """PUT or DELETE a pin."""
    channel = call.channel()
    need(call, channel, PIN_MESSAGES)
    message = call.world.get_message(channel.id, call.id("message_id"))
    message.pinned = call.method == "PUT"
    call.world.emit_message("MESSAGE_UPDATE", message)
    return NO_CONTENT


REACTION = MESSAGE + "/reactions/{emoji_name}/@me"
PIN = MESSAGES + "/pins/{message_id}"
ROUTES = [
    Route("PUT", PIN, pin),
    Route("DELETE", PIN, pin),
    Route("POST", MESSAGES, send, "messages"),
    Route("GET", MESSAGES, listing),
    Route("GET", MESSAGE, look),
    Route("PATCH", MESSAGE, edit, "messages"),
    Route("DELETE", MESSAGE, delete, "messages"),
    Route("POST", MESSAGE + "/crosspost", crosspost),
    Route("PUT", REACTION, add_reaction),
    Route("DELETE", REACTION, remove_reaction),
]
