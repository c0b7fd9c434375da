"""Components and embeds as Discord gives them back: numbered, with defaults, without nulls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.model import Json

ROW, BUTTON, SELECTS, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = (
    1, 2, (3, 5, 6, 7, 8), 9, 10, 11, 12, 13, 14, 17,
)  # fmt: skip


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component, nested ones too."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for name in ("accessory", "component"):
            if isinstance(component.get(name), dict):
                yield from walk([component[name]])


def stored_components(components: list[Json]) -> list[Json]:
    """Return components as an answer shows them; ids that were left out are counted up."""
    taken = {int(c["id"]) for c in walk(components) if c.get("id")}
    numbers = (n for n in range(1, 10_000) if n not in taken)
    return [_stored(component, numbers) for component in components]


def _stored(component: Json, numbers: Iterator[int]) -> Json:
    data = {key: value for key, value in component.items() if value is not None}
    data["id"] = int(data.get("id") or 0) or next(numbers)
    if "components" in data:
        data["components"] = [_stored(c, numbers) for c in data["components"]]
    if "accessory" in data:
        data["accessory"] = _stored(data["accessory"], numbers)
    return data | _defaults(data)


def _defaults(data: Json) -> Json:
    kind = data["type"]
    if kind in SELECTS:
        return _chosen(data) | {"min_values": data.get("min_values", 1), "max_values": data.get("max_values", 1)}
    if kind == SEPARATOR:
        return {"spacing": data.get("spacing", 1), "divider": data.get("divider", True)}
    if kind == CONTAINER:
        return {"accent_color": data.get("accent_color"), "spoiler": data.get("spoiler", False)}
    if kind == THUMBNAIL:
        return _media(data)
    if kind == GALLERY:
        return {"items": [item | _media(item) for item in data.get("items", [])]}
    return {}


def _chosen(data: Json) -> Json:
    """Return what a select shows as chosen; a request may give ids as numbers, an answer has them as text."""
    chosen = data.get("default_values")
    return {} if chosen is None else {"default_values": [one | {"id": str(one["id"])} for one in chosen]}


def _media(item: Json) -> Json:
    url = item["media"]["url"]
    return {
        "media": {"id": "1", "url": url, "proxy_url": url, "width": 0, "height": 0, "content_type": None},
        "description": item.get("description"), "spoiler": bool(item.get("spoiler", False)),
    }  # fmt: skip


def stored_embeds(embeds: list[Json]) -> list[Json]:
    """Return embeds as an answer shows them; of several with one url only the first is kept."""
    seen: set[str] = set()
    kept: list[Json] = []
    for embed in embeds:
        url = embed.get("url")
        if url and url in seen:
            continue
        seen.add(url or "")
        kept.append(_embed(embed))
    return kept


def _embed(embed: Json) -> Json:
    data: Json = {"type": "rich"}
    for name in ("url", "title", "description", "color", "timestamp"):
        if embed.get(name) is not None:
            data[name] = _trim(embed[name])
    for name in ("footer", "author", "image", "thumbnail"):
        if embed.get(name):
            data[name] = {key: _trim(value) for key, value in embed[name].items() if value is not None}
    if embed.get("fields"):
        data["fields"] = [
            {"name": _trim(f["name"]), "value": _trim(f["value"]), "inline": bool(f.get("inline"))}
            for f in embed["fields"]
        ]
    return data


def _trim(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
