"""After the first answer: follow-ups, and a look at, a change of or a farewell to @original."""

from __future__ import annotations

from sandbox.errors import ApiError
from sandbox.interactions import CB_DEFER, Interaction
from sandbox.message_json import message_json
from sandbox.model import EPHEMERAL, LOADING, Message
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.interactions import change, store
from sandbox.rest.payload import draft_of

HOOK = "/webhooks/{webhook_id}/{webhook_token}"


def _found(call: Call) -> Interaction:
    if call.id("webhook_id") != call.world.bot_id:
        raise ApiError(10015)
    return call.core.interactions.later(call.params["webhook_token"])


async def follow_up(call: Call) -> Reply:
    """POST a follow-up; the first one after a defer takes the place of the promised answer."""
    found, body = _found(call), call.fields()
    if found.waiting and found.callback == CB_DEFER:
        message = _settle(call, found)
    else:
        draft = draft_of(call, call.world.get_channel(found.channel_id), body, check=False)
        message = store(call, found, draft, body)
        found.hidden[message.id] = message
    found.settled.set()
    return Reply(200, message_json(call.world, message)) if awaited(call) else NO_CONTENT


def awaited(call: Call) -> bool:
    """Whether the caller waits for the message; who does not gets an empty answer."""
    return call.query.get("wait") in ("1", "true")


def _settle(call: Call, found: Interaction) -> Message:
    """Fill the promised (loading) answer; its visibility was decided by the defer."""
    assert found.original is not None
    promised, body = found.original, call.fields()
    draft = draft_of(call, call.world.get_channel(found.channel_id), body, check=False)
    draft.flags &= ~LOADING
    flags = {"flags": promised.flags & EPHEMERAL}
    found.original = store(call, found, draft, flags, message_id=promised.id)
    found.settled.set()
    return found.original


def _message(call: Call, found: Interaction) -> Message:
    key = call.params.get("message_id", "@original")
    message = found.original if key == "@original" else found.hidden.get(int(key))
    if message is None and found.original is not None and key == str(found.original.id):
        message = found.original
    gone = message is not None and not message.ephemeral and not message.flags & LOADING
    if message is None or (gone and call.world.find_message(message.id) is None):
        raise ApiError(10008)
    return message


async def look(call: Call) -> Reply:
    """GET @original or a follow-up."""
    return Reply(200, message_json(call.world, _message(call, _found(call))))


async def edit(call: Call) -> Reply:
    """PATCH @original or a follow-up; this also keeps a deferred promise."""
    found = _found(call)
    message = _message(call, found)
    if found.waiting and message is found.original:
        return Reply(200, message_json(call.world, _settle(call, found)))
    change(call, call.world.get_channel(found.channel_id), found, message, call.fields())
    found.settled.set()
    return Reply(200, message_json(call.world, message))


async def delete(call: Call) -> Reply:
    """DELETE @original or a follow-up."""
    found = _found(call)
    message = _message(call, found)
    if call.world.find_message(message.id) is not None:
        call.world.delete_message(message)
    found.hidden.pop(message.id, None)
    if message is found.original:
        found.original = None
        found.settled.set()
    return NO_CONTENT


# Where "@original" stands the id is always an interaction's; the other addresses are shared with webhooks.
ROUTES = [
    Route(method, f"{HOOK}/messages/@original", handler, auth=False)
    for method, handler in (("GET", look), ("PATCH", edit), ("DELETE", delete))
]
