"""The bot's first answer to an interaction."""

from __future__ import annotations

from typing import Any

from sandbox.components import walk
from sandbox.errors import ApiError, invalid
from sandbox.interactions import (
    AUTOCOMPLETE,
    CB_CHOICES,
    CB_DEFER,
    CB_DEFER_UPDATE,
    CB_MESSAGE,
    CB_MODAL,
    CB_UPDATE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
)  # fmt: skip
from sandbox.message_json import message_json
from sandbox.model import CHAT_COMMAND, DEFAULT_MESSAGE, EPHEMERAL, LOADING, Channel, Json, Message
from sandbox.objects import user_json
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.payload import apply_edit, draft_of
from sandbox.world_messages import Draft

CHOICES, TITLE, IN_MODAL = 25, 45, 5
ALLOWED = {
    COMMAND: {CB_MESSAGE, CB_DEFER, CB_MODAL},
    COMPONENT: {CB_MESSAGE, CB_DEFER, CB_DEFER_UPDATE, CB_UPDATE, CB_MODAL},
    AUTOCOMPLETE: {CB_CHOICES},
    MODAL_SUBMIT: {CB_MESSAGE, CB_DEFER, CB_DEFER_UPDATE, CB_UPDATE},
}


async def callback(call: Call) -> Reply:
    """POST /interactions/{id}/{token}/callback."""
    body = call.fields()
    found = call.core.interactions.open(call.id("interaction_id"), call.params["interaction_token"])
    kind = int(body.get("type") or 0)
    fitting(found, kind)
    _act(call, found, kind, body.get("data") or {})
    found.callback = kind
    found.acknowledged.set()
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return NO_CONTENT
    return Reply(200, _described(call, found, kind))


def fitting(found: Interaction, kind: int) -> None:
    """Refuse an answer of a kind that does not belong to this interaction."""
    if kind not in ALLOWED[found.type] or (kind in (CB_UPDATE, CB_DEFER_UPDATE) and found.source is None):
        raise invalid("type", "INTERACTION_CALLBACK_TYPE_INVALID", "This type does not answer this interaction")


def _act(call: Call, found: Interaction, kind: int, data: Json) -> None:
    channel = call.world.get_channel(found.channel_id)
    if kind == CB_MESSAGE:
        found.original = store(call, found, draft_of(call, channel, data, check=False), data)
    elif kind == CB_DEFER:
        flags = int(data.get("flags") or 0) & EPHEMERAL | LOADING
        draft = Draft(call.world.bot_id, flags=flags, type=kind_of(found), interaction=metadata(call, found))
        found.original = call.world.make(channel, draft)
    elif kind == CB_UPDATE:
        change(call, channel, found, found.source, data)
        found.original = found.source
    elif kind == CB_DEFER_UPDATE:
        found.original = found.source
    elif kind == CB_CHOICES:
        found.choices = _choices(data)
    elif kind == CB_MODAL:
        found.modal = _modal(data)


def kind_of(found: Interaction) -> int:
    """Return the message type of an answer: commands have one of their own."""
    return CHAT_COMMAND if found.type == COMMAND else DEFAULT_MESSAGE


def metadata(call: Call, found: Interaction) -> Json:
    """Return the ``interaction_metadata`` of an answer."""
    owner = str(found.guild_id or found.user_id)
    data: Json = {
        "id": str(found.id), "type": found.type, "user": user_json(call.world.users[found.user_id]),
        "authorizing_integration_owners": {"0" if found.guild_id else "1": owner},
    }  # fmt: skip
    if found.type == COMPONENT and found.source is not None:
        data["interacted_message_id"] = str(found.source.id)
    if found.type == MODAL_SUBMIT:
        inner: Json = {key: data[key] for key in ("id", "user", "authorizing_integration_owners")}
        data["triggering_interaction_metadata"] = inner | {"type": COMMAND}
    return data


def store(call: Call, found: Interaction, draft: Draft, data: Json, message_id: int | None = None) -> Message:
    """Post an answer; an ephemeral one is kept with its interaction only."""
    channel = call.world.get_channel(found.channel_id)
    draft.nonce, draft.type, draft.interaction, draft.id = None, kind_of(found), metadata(call, found), message_id
    if for_one(data):
        draft.flags |= EPHEMERAL
        message = call.world.make(channel, draft)
        found.hidden[message.id] = message
        return message
    return call.world.post(channel, draft)


def for_one(data: Json) -> bool:
    """Whether only the person who asked is to see an answer."""
    return bool(int(data.get("flags") or 0) & EPHEMERAL)


def change(call: Call, channel: Channel, found: Interaction, message: Message | None, data: Json) -> None:
    """Edit an answer or the clicked message."""
    if message is None:
        raise ApiError(10008)
    apply_edit(call, channel, message, data)
    if message.id in call.world.messages.get(channel.id, {}):
        call.world.edited(message)


def _choices(data: Json) -> list[Json]:
    choices: list[Json] = data.get("choices") or []
    if len(choices) > CHOICES:
        raise invalid("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for number, choice in enumerate(choices):
        for key in ("name", "value"):
            if not 1 <= len(str(choice.get(key, ""))) <= 100:
                path = f"data.choices.{number}.{key}"
                raise invalid(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return choices


def _modal(data: Json) -> Json:
    if not 1 <= len(str(data.get("title") or "")) <= TITLE:
        raise invalid("data.title", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
    components: list[Any] = data.get("components") or []
    if not 1 <= len(components) <= IN_MODAL:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for component in walk(components):
        if component["type"] == 18 and len(str(component.get("label") or "")) > 45:
            raise invalid("data.components.label", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
    return data


def _described(call: Call, found: Interaction, kind: int) -> Json:
    told: Json = {"id": str(found.id), "type": found.type, "channel_id": str(found.channel_id)}
    if found.guild_id is not None:
        told["guild_id"] = str(found.guild_id)
    if found.original is not None and kind in (CB_MESSAGE, CB_DEFER, CB_UPDATE, CB_DEFER_UPDATE):
        told |= {
            "response_message_id": str(found.original.id), "response_message_loading": found.waiting,
            "response_message_ephemeral": found.original.ephemeral,
        }  # fmt: skip
    if found.original is None or kind not in (CB_MESSAGE, CB_UPDATE):
        return {"interaction": told}
    return {"interaction": told, "resource": {"type": kind, "message": message_json(call.world, found.original)}}


ROUTES = [Route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", callback, auth=False)]
