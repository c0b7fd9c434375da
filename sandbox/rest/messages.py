"""Messages over REST: send, list, look, edit, delete, crosspost."""

from __future__ import annotations

from sandbox.errors import ApiError, invalid, snowflake
from sandbox.message_json import message_json
from sandbox.model import ANNOUNCEMENT, CROSSPOSTED, REPLY, THREAD_STARTER, WRITTEN, Channel, Json, Message
from sandbox.permissions import MANAGE_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import may_send, need, not_archived, page_size, see, sub_limit
from sandbox.rest.payload import apply_edit, draft_of
from sandbox.snowflake import made_at
from sandbox.world_messages import Draft

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = MESSAGES + "/{message_id}"
HOUR, TWO_WEEKS = 3600, 1_209_600


async def send(call: Call) -> Reply:
    """POST /channels/{id}/messages."""
    channel, body = call.channel(), call.fields()
    rights = may_send(call, channel)
    if known := sent_before(call, body):
        return Reply(200, message_json(call.world, call.world.get_message(*known)))
    draft = draft_of(call, channel, body)
    if body.get("message_reference"):
        _refer(call, channel, draft, body["message_reference"], rights)
    return Reply(200, message_json(call.world, call.world.post(channel, draft)))


def sent_before(call: Call, body: Json) -> tuple[int, int] | None:
    """Return channel and id of the message that an enforced nonce has already made."""
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    return call.world.known_nonce(call.world.bot_id, str(body["nonce"]))


def _refer(call: Call, channel: Channel, draft: Draft, reference: Json, rights: int) -> None:
    if reference.get("message_id") is None:
        raise invalid("message_reference.message_id", "BASE_TYPE_REQUIRED", "This field is required")
    may_refer(rights)
    parent_id = snowflake("message_reference.message_id", reference["message_id"])
    same_channel(channel, reference)
    parent = call.world.messages[channel.id].get(parent_id)
    if parent is None:
        parent_needed(reference)
        return
    answerable(parent)
    draft.reply_to, draft.type = parent.id, REPLY


def may_refer(rights: int) -> None:
    """Refuse a reply to a bot that may not read what was said."""
    if not rights & READ_MESSAGE_HISTORY:
        raise ApiError(160002, status=400)


def same_channel(channel: Channel, reference: Json) -> None:
    """Refuse a reply to a message elsewhere."""
    if snowflake("message_reference.channel_id", reference.get("channel_id") or channel.id) != channel.id:
        text = "Cannot reply to a message in a different channel"
        raise invalid("message_reference", "MESSAGE_REFERENCE_CHANNEL_MISMATCH", text)


def parent_needed(reference: Json) -> None:
    """Refuse a reply to nothing, unless the request said that it does not mind."""
    if reference.get("fail_if_not_exists", True):
        raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")


def answerable(parent: Message) -> None:
    """Refuse a reply to what Discord itself wrote."""
    if parent.type not in WRITTEN:
        raise invalid("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")


async def listing(call: Call) -> Reply:
    """GET /channels/{id}/messages: newest first; empty without READ_MESSAGE_HISTORY."""
    channel = call.channel()
    readable = see(call, channel) & READ_MESSAGE_HISTORY
    limit = page_size(call, 50, 100)
    found = section(list(call.world.history(channel.id)), call.query, limit) if readable else []
    return Reply(200, [message_json(call.world, m) for m in reversed(found)])


def section(history: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    """Return the asked-for part of a history, oldest first."""
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
    own_message(call, message)
    not_archived(channel)
    old_edit_limit(call, message)
    published_edit_limit(call, message)
    apply_edit(call, channel, message, call.fields())
    call.world.edited(message)
    return Reply(200, message_json(call.world, message))


def own_message(call: Call, message: Message) -> None:
    """Refuse to edit what somebody else wrote."""
    if message.author_id != call.world.bot_id:
        raise ApiError(50005)


def old_edit_limit(call: Call, message: Message) -> None:
    """Take a token of the tight limit on edits of messages older than an hour."""
    limits = call.world.limits
    if call.world.clock.now() - made_at(message.id) > HOUR:
        key = f"old edits:{message.channel_id}"
        sub_limit(call, key, limits.old_edits, limits.old_edit_window, code=30046)


def published_edit_limit(call: Call, message: Message) -> None:
    """Take a token of the tight limit on edits of messages that other servers follow."""
    limits = call.world.limits
    if message.flags & CROSSPOSTED:
        key = f"published edits:{message.channel_id}"
        sub_limit(call, key, limits.published_edits, limits.published_edit_window, code=20022)


async def delete(call: Call) -> Reply:
    """DELETE a message: one's own, or any with MANAGE_MESSAGES."""
    channel = call.channel()
    rights = see(call, channel)
    message = call.world.get_message(channel.id, call.id("message_id"))
    may_delete(call, message, rights)
    call.world.delete_message(message)
    return NO_CONTENT


def may_delete(call: Call, message: Message, rights: int) -> None:
    """Refuse another's message without MANAGE_MESSAGES, and a thread's starter, which is only a view."""
    if message.type == THREAD_STARTER:
        raise ApiError(50021)
    if message.author_id != call.world.bot_id and not rights & MANAGE_MESSAGES:
        raise ApiError(50013)


async def bulk_delete(call: Call) -> Reply:
    """POST .../bulk-delete: 2 to 100 messages, none older than two weeks; unknown ones are passed over."""
    channel = call.channel()
    need(call, channel, MANAGE_MESSAGES, READ_MESSAGE_HISTORY)
    ids = [snowflake("messages", i) for i in call.fields().get("messages") or []]
    bulk_size(ids)
    bulk_age(call, ids)
    there = call.world.messages[channel.id]
    call.world.delete_messages(channel, [there[i] for i in dict.fromkeys(ids) if i in there])
    return NO_CONTENT


def bulk_size(ids: list[int]) -> None:
    """Refuse fewer than 2, more than 100, or the same message twice."""
    if not 2 <= len(ids) <= 100:
        raise invalid("messages", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    if len(set(ids)) < len(ids):
        raise invalid("messages", "SET_TYPE_DUPLICATE", "Items must be unique.")


def bulk_age(call: Call, ids: list[int]) -> None:
    """Refuse all when one is too old."""
    if min(made_at(i) for i in ids) < call.world.clock.now() - TWO_WEEKS:
        raise ApiError(50034)


async def crosspost(call: Call) -> Reply:
    """POST .../crosspost in an announcement channel: one's own message, or any with MANAGE_MESSAGES."""
    channel = call.channel()
    rights = need(call, channel, SEND_MESSAGES)
    message = call.world.get_message(channel.id, call.id("message_id"))
    crosspostable(channel, message)
    if message.author_id != call.world.bot_id and not rights & MANAGE_MESSAGES:
        raise ApiError(50013)
    crosspost_limit(call, channel)
    message.flags |= CROSSPOSTED
    call.world.emit_message("MESSAGE_UPDATE", message)
    return Reply(200, message_json(call.world, message))


def crosspost_limit(call: Call, channel: Channel) -> None:
    """Take a token of a channel's crossposts of the hour."""
    limits = call.world.limits
    sub_limit(call, f"crossposts:{channel.id}", limits.crossposts, limits.crosspost_window)


def crosspostable(channel: Channel, message: Message) -> None:
    """Refuse outside announcement channels, and a second time."""
    if channel.type != ANNOUNCEMENT:
        raise ApiError(50024)
    if message.flags & CROSSPOSTED:
        raise ApiError(40033)


ROUTES = [
    Route("POST", MESSAGES + "/bulk-delete", bulk_delete),
    Route("POST", MESSAGES, send, "messages"),
    Route("GET", MESSAGES, listing),
    Route("GET", MESSAGE, look),
    Route("PATCH", MESSAGE, edit, "messages"),
    Route("DELETE", MESSAGE, delete, "messages"),
    Route("POST", MESSAGE + "/crosspost", crosspost),
]
