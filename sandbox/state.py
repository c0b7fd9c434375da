"""The world on disk: one JSON file, written whole and swapped in at once."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import os
import time
import types
import typing
from pathlib import Path
from typing import Any

from sandbox.model import Channel, Guild, Json, Message, User, Webhook
from sandbox.world import World
from sandbox.world_base import Event

BATCH_SECONDS = 0.2


def dump(world: World) -> Json:
    """Return the whole world as JSON."""
    return {
        "version": 1, "token": world.token, "last_id": world.ids.last, "bot_id": world.bot_id,
        "home_id": world.home_id, "integrations_open": world.integrations_open,
        "users": [dataclasses.asdict(u) for u in world.users.values()],
        "guilds": [dataclasses.asdict(g) for g in world.guilds.values()],
        "channels": [dataclasses.asdict(c) for c in world.channels.values()],
        "messages": [dataclasses.asdict(m) for c in world.messages.values() for m in c.values()],
        "webhooks": [dataclasses.asdict(w) for w in world.webhooks.values()],
        "commands": world.commands,
    }  # fmt: skip


def load(path: Path) -> World:
    """Read a world from its file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    world = World()
    world.token, world.ids.last = data["token"], data["last_id"]
    world.bot_id, world.home_id, world.integrations_open = data["bot_id"], data["home_id"], data["integrations_open"]
    world.users = {u["id"]: _decode(User, u) for u in data["users"]}
    world.guilds = {g["id"]: _decode(Guild, g) for g in data["guilds"]}
    world.channels = {c["id"]: _decode(Channel, c) for c in data["channels"]}
    world.webhooks = {w["id"]: _decode(Webhook, w) for w in data.get("webhooks", [])}
    world.messages = {channel_id: {} for channel_id in world.channels}
    for raw in data["messages"]:
        world.messages.setdefault(raw["channel_id"], {})[raw["id"]] = _decode(Message, raw)
    world.commands = {int(scope): commands for scope, commands in data["commands"].items()}
    return world


def save(world: World, path: Path) -> None:
    """Write the world beside its file, then swap: a crash leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(dump(world), file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class Keeper:
    """Saves the world shortly after each batch of changes."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._timer: asyncio.TimerHandle | None = None
        self._took = 0.0

    def on_event(self, _event: Event) -> None:
        """Take note of one change."""
        self.changed()

    def changed(self) -> None:
        """Plan a save, unless one is planned; a large world is saved less often, so that it stays quick."""
        if self._timer is None:
            delay = max(BATCH_SECONDS, 20 * self._took)
            self._timer = asyncio.get_running_loop().call_later(delay, self.save)

    def save(self) -> None:
        """Save now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        began = time.monotonic()
        save(self._world, self._path)
        self._took = time.monotonic() - began


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, value: Any) -> Any:
    """Rebuild dataclasses (and dicts with int keys) from JSON by their annotations, without keys of other versions."""
    if value is None:
        return None
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast(Any, kind))
        return typing.cast(Any, kind)(**{key: _decode(hints[key], value[key]) for key in value if key in hints})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        concrete = [a for a in arguments if a is not type(None)]
        return _decode(concrete[0], value) if len(concrete) == 1 else value
    if origin is list:
        return [_decode(arguments[0], item) for item in value]
    if origin is dict and arguments[0] is int:
        return {int(key): _decode(arguments[1], item) for key, item in value.items()}
    return value
