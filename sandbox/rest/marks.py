"""Reactions and pins over REST."""

from __future__ import annotations

from urllib.parse import unquote

from sandbox.errors import ApiError
from sandbox.message_json import message_json
from sandbox.model import WRITTEN, Channel, Message
from sandbox.objects import user_json
from sandbox.permissions import ADD_REACTIONS, MANAGE_MESSAGES, PIN_MESSAGES, READ_MESSAGE_HISTORY
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import need, not_archived, page_size, see

MESSAGES = "/channels/{channel_id}/messages"
REACTIONS = MESSAGES + "/{message_id}/reactions"


def emoji_of(call: Call) -> str:
    """Return the emoji of the path; the sandbox knows Unicode's, which have no letters."""
    emoji = unquote(call.params["emoji_name"])
    if any(c.isascii() and c.isalpha() for c in emoji):
        raise ApiError(10014)
    return emoji


def reaction_rights(call: Call, channel: Channel, message: Message, emoji: str) -> None:
    """Refuse the first reaction with an emoji without ADD_REACTIONS; joining in needs no right."""
    if emoji not in message.reactions:
        need(call, channel, ADD_REACTIONS)


def reaction_room(call: Call, message: Message, emoji: str) -> None:
    """Refuse another kind of reaction where there are as many as may be."""
    if emoji not in message.reactions and len(message.reactions) >= call.world.limits.reactions:
        raise ApiError(30010)


def _place(call: Call) -> tuple[Channel, Message]:
    channel = call.channel()
    see(call, channel)
    return channel, call.world.get_message(channel.id, call.id("message_id"))


async def add(call: Call) -> Reply:
    """PUT the bot's own reaction."""
    channel, message = _place(call)
    need(call, channel, READ_MESSAGE_HISTORY)
    not_archived(channel)
    emoji = emoji_of(call)
    reaction_rights(call, channel, message, emoji)
    reaction_room(call, message, emoji)
    call.world.react(message, call.world.bot_id, emoji, add=True)
    return NO_CONTENT


async def remove_own(call: Call) -> Reply:
    """DELETE the bot's own reaction."""
    _, message = _place(call)
    call.world.react(message, call.world.bot_id, emoji_of(call), add=False)
    return NO_CONTENT


async def remove_other(call: Call) -> Reply:
    """DELETE somebody's reaction."""
    channel, message = _place(call)
    need(call, channel, MANAGE_MESSAGES)
    call.world.react(message, call.id("user_id"), emoji_of(call), add=False)
    return NO_CONTENT


async def clear(call: Call) -> Reply:
    """DELETE every reaction, or all with one emoji."""
    channel, message = _place(call)
    need(call, channel, MANAGE_MESSAGES)
    call.world.clear_reactions(message, emoji_of(call) if "emoji_name" in call.params else None)
    return NO_CONTENT


async def who_reacted(call: Call) -> Reply:
    """GET the users who reacted with an emoji, by id."""
    _, message = _place(call)
    users = sorted(message.reactions.get(emoji_of(call), []))
    after = int(call.query.get("after") or 0)
    found = [u for u in users if u > after][: page_size(call, 25, 100)]
    return Reply(200, [user_json(call.world.users[u]) for u in found])


def pin_room(call: Call, channel: Channel) -> None:
    """Refuse another pin where there are as many as may be."""
    if len(call.world.pins(channel.id)) >= call.world.limits.pins:
        raise ApiError(30003)


def not_a_note(message: Message) -> None:
    """Refuse to pin what Discord itself wrote."""
    if message.type not in WRITTEN:
        raise ApiError(50021)


async def pin(call: Call) -> Reply:
    """PUT a pin."""
    channel, message = _place(call)
    need(call, channel, PIN_MESSAGES)
    not_archived(channel)
    not_a_note(message)
    if not message.pinned:
        pin_room(call, channel)
        call.world.pin(message, call.world.bot_id)
    return NO_CONTENT


async def unpin(call: Call) -> Reply:
    """DELETE a pin."""
    channel, message = _place(call)
    need(call, channel, PIN_MESSAGES)
    not_archived(channel)
    call.world.unpin(message)
    return NO_CONTENT


async def pins(call: Call) -> Reply:
    """GET pages of pins, the newest pin first; empty without READ_MESSAGE_HISTORY."""
    channel = call.channel()
    found = call.world.pins(channel.id) if see(call, channel) & READ_MESSAGE_HISTORY else []
    if before := call.query.get("before"):
        found = [m for m in found if (m.pinned_at or "") < before]
    size = page_size(call, 50, 50)
    items = [{"pinned_at": m.pinned_at, "message": message_json(call.world, m)} for m in found[:size]]
    return Reply(200, {"items": items, "has_more": len(found) > size})


async def old_pins(call: Call) -> Reply:
    """GET the newest fifty pins at the old address."""
    channel = call.channel()
    found = call.world.pins(channel.id) if see(call, channel) & READ_MESSAGE_HISTORY else []
    return Reply(200, [message_json(call.world, m) for m in found[:50]])


PINS, OLD_PINS = MESSAGES + "/pins", "/channels/{channel_id}/pins"
ONE = REACTIONS + "/{emoji_name}"
ROUTES = [
    Route("GET", PINS, pins),
    Route("GET", OLD_PINS, old_pins),
    *[Route("PUT", base + "/{message_id}", pin) for base in (PINS, OLD_PINS)],
    *[Route("DELETE", base + "/{message_id}", unpin) for base in (PINS, OLD_PINS)],
    Route("PUT", ONE + "/@me", add),
    Route("DELETE", ONE + "/@me", remove_own),
    Route("DELETE", ONE + "/{user_id}", remove_other),
    Route("GET", ONE, who_reacted),
    Route("DELETE", ONE, clear),
    Route("DELETE", REACTIONS, clear),
]
