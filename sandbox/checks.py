"""The documented limits of a message, refused as Discord refuses them (400, 50035, nested errors)."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from sandbox.components import walk
from sandbox.errors import ApiError, invalid
from sandbox.model import COMPONENTS_V2, Json

EMBED_TEXTS = (("title", 256), ("description", 4096), ("footer.text", 2048), ("author.name", 256))
CONTENT, EMBEDS, EMBED_TOTAL, FIELDS, FILES, NONCE = 2000, 10, 6000, 25, 10, 25
ROWS, IN_ROW, V2_TOTAL, V2_TEXT, CUSTOM_ID, LABEL, LISTED = 5, 5, 40, 4000, 100, 80, 100
SCHEMES = ("http://", "https://", "attachment://")
LEGACY = ("content", "embeds", "sticker_ids", "poll")


def check_message(body: Json, files: int = 0, *, edit: bool = False) -> None:
    """Refuse a message that Discord would not take; ``edit`` allows what is left out."""
    _length("content", str(body.get("content") or "").strip(), CONTENT)
    embeds = body.get("embeds") or []
    _few("embeds", embeds, EMBEDS)
    for number, embed in enumerate(embeds):
        _check_embed(f"embeds.{number}", embed)
    embeds_total(embeds)
    unsupported(body)
    _check_components(body)
    _check_mentions(body.get("allowed_mentions"))
    _check_nonce(body.get("nonce"))
    _few("files", range(files), FILES)
    if not edit:
        check_not_empty(str(body.get("content") or ""), embeds, body.get("components") or [], files)


def embeds_total(embeds: list[Json]) -> None:
    """Refuse embeds whose texts are too long together."""
    if sum(_embed_size(e) for e in embeds) > EMBED_TOTAL:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def unsupported(body: Json) -> None:
    """Refuse what the sandbox does not have, rather than lose it without a word."""
    for name in ("poll", "sticker_ids"):
        if body.get(name):
            raise invalid(name, "SANDBOX_UNSUPPORTED", f"The sandbox has no {name}; see sandbox/README.md.")


def check_not_empty(content: str, embeds: list[Json], components: list[Json], files: int) -> None:
    """Refuse a message with nothing in it."""
    if not (content.strip() or embeds or components or files):
        raise ApiError(50006)


def size(text: str) -> int:
    """Return a text's length as Discord counts it: in code points, not in UTF-16."""
    return len(text)


def _length(path: str, text: str, maximum: int, minimum: int = 0) -> None:
    if size(text) > maximum:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")
    if size(text) < minimum:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")


def _few(path: str, items: Sized, maximum: int) -> None:
    if len(items) > maximum:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")


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
    _few(f"{path}.fields", fields, FIELDS)
    for number, one in enumerate(fields):
        _length(f"{path}.fields.{number}.name", _pick(one, "name"), 256, 1)
        _length(f"{path}.fields.{number}.value", _pick(one, "value"), 1024, 1)
    for name in ("url", "image.url", "thumbnail.url", "author.url", "author.icon_url", "footer.icon_url"):
        _check_url(f"{path}.{name}", _pick(embed, name))


def _check_url(path: str, url: str) -> None:
    if url:
        check_scheme(path, url)
        check_form(path, url)
        _length(path, url, 2048)


def check_scheme(path: str, url: str) -> None:
    """Refuse addresses of any scheme but a page's or an attachment's."""
    if not url.lower().startswith(SCHEMES):
        raise invalid(path, "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https').")


def check_form(path: str, url: str) -> None:
    """Refuse addresses with spaces or without a host."""
    if any(c.isspace() for c in url) or not url.partition("://")[2]:
        raise invalid(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_components(body: Json) -> None:
    components = body.get("components") or []
    everything = list(walk(components))
    for component in everything:
        _length("components.custom_id", str(component.get("custom_id") or ""), CUSTOM_ID)
        if component["type"] == 2:
            _check_button(component)
        if component["type"] == 1 and not 1 <= len(component.get("components") or []) <= IN_ROW:
            raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        _few("components.options", component.get("options") or [], 25)
    unique_custom_ids(everything)
    if int(body.get("flags") or 0) & COMPONENTS_V2:
        _check_v2(body, everything)
    else:
        rows_only(components, everything)


def _check_button(button: Json) -> None:
    _length("components.label", str(button.get("label") or ""), LABEL)
    _check_url("components.url", str(button.get("url") or ""))
    button_target(button)


def button_target(button: Json) -> None:
    """Refuse a link without an address, and any other button without a custom id."""
    link = button.get("style") == 5
    if button.get("style") != 6 and (not button.get("url" if link else "custom_id")):
        raise invalid("components.custom_id", "BASE_TYPE_REQUIRED", "This field is required")


def unique_custom_ids(everything: list[Json]) -> None:
    """Refuse one custom id on two components."""
    names = [c["custom_id"] for c in everything if c.get("custom_id")]
    if len(names) != len(set(names)):
        raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")


def rows_only(components: list[Json], everything: list[Json]) -> None:
    """Refuse more than rows of buttons and selects without the Components V2 flag."""
    if len(components) > ROWS or any(c["type"] > 8 for c in everything):
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be 5 action rows or fewer without IS_COMPONENTS_V2.")


def _check_v2(body: Json, everything: list[Json]) -> None:
    for name in LEGACY:
        if body.get(name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise invalid(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    if len(everything) > V2_TOTAL:
        raise invalid("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Must be 40 or fewer components.")
    if sum(size(str(c.get("content", ""))) for c in everything if c["type"] == 10) > V2_TEXT:
        raise invalid("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Text size exceeds maximum of 4000")


def _check_mentions(allowed: Json | None) -> None:
    for kind in ("users", "roles"):
        listed = (allowed or {}).get(kind) or []
        parsed_or_listed(kind, listed, (allowed or {}).get("parse") or [])
        _few(f"allowed_mentions.{kind}", listed, LISTED)


def parsed_or_listed(kind: str, listed: list[Any], parse: list[str]) -> None:
    """Refuse allowed_mentions that name people and ask to find them as well."""
    if listed and kind in parse:
        message = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
        raise invalid("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def _check_nonce(nonce: Any) -> None:
    if nonce is not None and size(str(nonce)) > NONCE:
        raise invalid("nonce", "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length.")
