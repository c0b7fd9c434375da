"""A person's click or filled-in modal, turned into the ``data`` of an interaction."""

from __future__ import annotations

from typing import Any

from sandbox.model import Json, Message

LABEL, TEXT_INPUT, STRING_SELECT = 18, 4, 3


def find_component(components: list[Json], custom_id: str) -> Json | None:
    """Find the component with a custom id, however deep it is."""
    for component in components:
        if component.get("custom_id") == custom_id:
            return component
        inner = list(component.get("components") or [])
        inner += [component[k] for k in ("accessory", "component") if isinstance(component.get(k), dict)]
        if found := find_component(inner, custom_id):
            return found
    return None


def click_data(message: Message, custom_id: str, values: list[str] | None) -> Json:
    """Return the data of a click on a button or of a choice in a select."""
    component = find_component(message.components, custom_id)
    if component is None:
        raise LookupError(f"message {message.id} has no component {custom_id!r}")
    if component.get("disabled"):
        raise PermissionError(f"component {custom_id!r} is disabled")
    data: Json = {"custom_id": custom_id, "component_type": component["type"], "id": component.get("id", 0)}
    if component["type"] != 2:
        data["values"] = values or []
    return data


def modal_data(modal: Json | None, custom_id: str, fields: dict[str, Any]) -> Json:
    """Return the data of a submitted modal, shaped like the modal that was shown."""
    shown = (modal or {}).get("components") or []
    if not shown:
        rows = [
            {"type": 1, "id": n, "components": [_input(TEXT_INPUT, k, v)]} for n, (k, v) in enumerate(fields.items())
        ]
        return {"custom_id": custom_id, "components": rows}
    unknown = [key for key in fields if find_component(shown, key) is None]
    if unknown:
        raise LookupError(f"the modal has no fields {unknown}")
    return {"custom_id": custom_id, "components": [_row(n, row, fields) for n, row in enumerate(shown, 1)]}


def _row(number: int, row: Json, fields: dict[str, Any]) -> Json:
    if row["type"] == LABEL:
        return {"type": LABEL, "id": number, "component": _filled(row["component"], fields)}
    if row["type"] == 1:
        return {"type": 1, "id": number, "components": [_filled(c, fields) for c in row["components"]]}
    return {"type": row["type"], "id": number}


def _filled(component: Json, fields: dict[str, Any]) -> Json:
    custom_id = component["custom_id"]
    text = component["type"] == TEXT_INPUT
    value: Any = fields.get(custom_id, component.get("value") or "" if text else [])
    if text and component.get("required", True) and not value:
        raise ValueError(f"field {custom_id!r} is required")
    if text and len(value) > (component.get("max_length") or 4000):
        raise ValueError(f"field {custom_id!r} is too long")
    return _input(component["type"], custom_id, value)


def _input(kind: int, custom_id: str, value: Any) -> Json:
    data: Json = {"type": kind, "id": 0, "custom_id": custom_id}
    if kind == TEXT_INPUT:
        return data | {"value": str(value)}
    return data | {"values": [value] if isinstance(value, str) else list(value)}
