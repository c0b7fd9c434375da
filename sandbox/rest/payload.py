"""From a request's message body to a draft, and from an edit's body to the message."""

from __future__ import annotations

from typing import Any

from sandbox.checks import check_message, check_not_empty
from sandbox.components import stored_components, stored_embeds
from sandbox.errors import ApiError, invalid
from sandbox.model import COMPONENTS_V2, SUPPRESS_EMBEDS, Channel, Json, Message
from sandbox.permissions import ATTACH_FILES, EMBED_LINKS
from sandbox.rest.call import Call, Upload
from sandbox.rest.files import keep_files
from sandbox.world import World
from sandbox.world_messages import Draft

SETTABLE = SUPPRESS_EMBEDS | 1 << 12 | COMPONENTS_V2


def draft_of(call: Call, channel: Channel, body: Json, *, check: bool = True) -> Draft:
    """Check a message body and return what is to be posted by the bot."""
    check_message(body, len(call.files))
    world = call.world
    if check:
        may_attach(world, channel, body, call.files)
    draft = Draft(
        author_id=world.bot_id, content=trimmed(body.get("content")),
        embeds=stored_embeds(body.get("embeds") or []), components=stored_components(body.get("components") or []),
        attachments=keep_files(world, call.files),
        flags=int(body.get("flags") or 0) & SETTABLE, nonce=body.get("nonce"),
        allowed_mentions=body.get("allowed_mentions"),
    )  # fmt: skip
    check_not_empty(draft.content, draft.embeds, draft.components, len(draft.attachments))
    return draft


def trimmed(content: object) -> str:
    """Return a content without the spaces around it, as Discord keeps it."""
    return str(content or "").strip()


def may_attach(world: World, channel: Channel, body: Json, files: list[Upload]) -> None:
    """Refuse embeds and files to a bot that may only write text here."""
    rights = world.permissions(channel, world.bot_id)
    if (body.get("embeds") and not rights & EMBED_LINKS) or (files and not rights & ATTACH_FILES):
        raise ApiError(50013)


def apply_edit(call: Call, channel: Channel, message: Message, body: Json) -> None:
    """Change a message as a PATCH body says; what it leaves out stays."""
    check_message(_merged(message, body), len(call.files), edit=True)
    kept_v2(message, body)
    new: dict[str, Any] = {
        "content": message.content if "content" not in body else trimmed(body["content"]),
        "embeds": message.embeds if "embeds" not in body else stored_embeds(body["embeds"] or []),
        "components": message.components if "components" not in body else stored_components(body["components"] or []),
    }
    kept = [a for a in message.attachments if _keeps(body, a["id"])] + keep_files(call.world, call.files)
    check_not_empty(new["content"], new["embeds"], new["components"], len(kept))
    if "flags" in body:
        wanted = int(body["flags"] or 0) & (SUPPRESS_EMBEDS | COMPONENTS_V2)
        # Once a message is Components V2 it stays so.
        message.flags = message.flags & ~SUPPRESS_EMBEDS | wanted
    message.content, message.embeds, message.components = new["content"], new["embeds"], new["components"]
    message.attachments = kept
    call.world.set_pings(channel, message, body.get("allowed_mentions"))


def _keeps(body: Json, attachment_id: str) -> bool:
    listed = body.get("attachments")
    return listed is None or any(str(a.get("id")) == attachment_id for a in listed)


def _merged(message: Message, body: Json) -> Json:
    flags = message.flags & COMPONENTS_V2 | int(body.get("flags") or 0)
    return {key: value for key, value in body.items() if key != "nonce"} | {"flags": flags}


def kept_v2(message: Message, body: Json) -> None:
    """Refuse to make a message Components V2 while its content stands."""
    if int(body.get("flags") or 0) & COMPONENTS_V2 and message.content and "content" not in body:
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "content must be cleared")
