"""The documented limits of a message, refused as Discord refuses them (400, 50035, nested errors)."""

from __future__ import annotations

from typing import Any

from sandbox.components import walk
from sandbox.errors import ApiError, invalid
from sandbox.model import COMPONENTS_V2, Json

EMBED_TEXTS = (("title", 256), ("description", 4096), ("footer.text", 2048), ("author.name", 256))
SCHEMES = ("http://", "https://", "attachment://")


def check_message(body: Json, files: int = 0, *, edit: bool = False) -> None:
    """Refuse a message that Discord would not take; ``edit`` allows what is left out."""
    content = body.get("content")
    if content is not None:
        _length("content", str(content).strip(), 2000)
    embeds = body.get("embeds") or []
    if len(embeds) > 10:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    for number, embed in enumerate(embeds):
        _check_embed(f"embeds.{number}", embed)
    if sum(_embed_size(e) for e in embeds) > 6000:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    unsupported(body)
    _check_components(body)
    _check_mentions(body.get("allowed_mentions"))
    _check_nonce(body.get("nonce"))
    if files > 10:
        raise invalid("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if not edit:
        check_not_empty(str(content or ""), embeds, body.get("components") or [], files)


def unsupported(body: Json) -> None:
    """Refuse what the sandbox does not have, rather than lose it without a word."""
    for name in ("poll", "sticker_ids"):
        if body.get(name):
            raise invalid(name, "SANDBOX_UNSUPPORTED", f"The sandbox has no {name}; see sandbox/README.md.")


def check_not_empty(content: str, embeds: list[Json], components: list[Json], files: int) -> None:
    """Refuse a message with nothing in it."""
    if not (content.strip() or embeds or components or files):
        raise ApiError(50006)


def _length(path: str, text: str, maximum: int, minimum: int = 0) -> None:
    if len(text) > maximum:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")
    if len(text) < minimum:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")


def check_name(path: str, name: Any, maximum: int = 100) -> str:
    """Return a trimmed name of 1 to ``maximum`` characters."""
    text = str(name or "").strip()
    _length(path, text, maximum, 1)
    return text


def _pick(embed: Json, path: str) -> str:
    value: Any = embed
    for step in path.split("."):
        value = (value or {}).get(step)
    return str(value).strip() if value else ""


def _embed_size(embed: Json) -> int:
    fields = embed.get("fields") or []
    texts = [_pick(embed, path) for path, _ in EMBED_TEXTS]
    return sum(map(len, texts)) + sum(len(_pick(f, "name")) + len(_pick(f, "value")) for f in fields)


def _check_embed(path: str, embed: Json) -> None:
    for name, maximum in EMBED_TEXTS:
        _length(f"{path}.{name}", _pick(embed, name), maximum)
    fields = embed.get("fields") or []
    if len(fields) > 25:
        raise invalid(f"{path}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for number, one in enumerate(fields):
        _length(f"{path}.fields.{number}.name", _pick(one, "name"), 256, 1)
        _length(f"{path}.fields.{number}.value", _pick(one, "value"), 1024, 1)
    for name in ("url", "image.url", "thumbnail.url", "author.url", "author.icon_url", "footer.icon_url"):
        _check_url(f"{path}.{name}", _pick(embed, name))


def _check_url(path: str, url: str) -> None:
    if not url:
        return
    if not url.lower().startswith(SCHEMES):
        raise invalid(path, "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https').")
    if any(c.isspace() for c in url) or not url.partition("://")[2]:
        raise invalid(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    _length(path, url, 2048)


def _check_components(body: Json) -> None:
    components = body.get("components") or []
    everything = list(walk(components))
    for component in everything:
        _length("components.custom_id", str(component.get("custom_id") or ""), 100)
        _length("components.label", str(component.get("label") or "") if component["type"] == 2 else "", 80)
        _check_url("components.url", str(component.get("url") or "") if component["type"] == 2 else "")
        if component["type"] == 1 and not 1 <= len(component.get("components") or []) <= 5:
            raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    names = [c["custom_id"] for c in everything if c.get("custom_id")]
    if len(names) != len(set(names)):
        raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    if int(body.get("flags") or 0) & COMPONENTS_V2:
        _check_v2(body, everything)
    elif len(components) > 5 or any(c["type"] > 8 for c in everything):
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be 5 action rows or fewer without IS_COMPONENTS_V2.")


def _check_v2(body: Json, everything: list[Json]) -> None:
    for name in ("content", "embeds", "sticker_ids", "poll"):
        if body.get(name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise invalid(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    if len(everything) > 40:
        raise invalid("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Must be 40 or fewer components.")
    if sum(len(str(c.get("content", ""))) for c in everything if c["type"] == 10) > 4000:
        raise invalid("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Text size exceeds maximum of 4000")


def _check_mentions(allowed: Json | None) -> None:
    for kind in ("users", "roles"):
        listed = (allowed or {}).get(kind) or []
        if listed and kind in ((allowed or {}).get("parse") or []):
            message = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            raise invalid("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
        if len(listed) > 100:
            raise invalid(f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")


def _check_nonce(nonce: Any) -> None:
    if nonce is not None and len(str(nonce)) > 25:
        raise invalid("nonce", "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length.")
