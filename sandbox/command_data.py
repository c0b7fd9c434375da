"""A person's slash command, turned into the ``data`` of an interaction."""

from __future__ import annotations

from typing import Any

from sandbox.model import Json
from sandbox.objects import channel_json, member_json, role_json, user_json
from sandbox.permissions import ADMINISTRATOR
from sandbox.world import World

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)


def find(world: World, guild_id: int | None, name: str) -> Json:
    """Find the registered command of a full name ("stories latest"), or raise LookupError."""
    first = name.split()[0]
    for scope in (guild_id or 0, 0):
        for command in world.commands.get(scope, []):
            if command["name"] == first and command["type"] == 1:
                return command
    raise LookupError(f"no command /{first} is registered")


def check_rights(world: World, command: Json, rights: int) -> None:
    """Refuse a person whom Discord would not even show the command."""
    wanted = command.get("default_member_permissions")
    if wanted is None or world.integrations_open or rights & ADMINISTRATOR:
        return
    # "0" hides a command from everyone but admins.
    if int(wanted) == 0 or rights & int(wanted) != int(wanted):
        raise PermissionError(f"/{command['name']} needs permissions {wanted}")


def build(world: World, guild_id: int | None, name: str, options: Json, focused: str | None = None) -> Json:
    """Return the interaction data: nested subcommands, typed options, resolved objects."""
    command = find(world, guild_id, name)
    leaf, path = command, name.split()[1:]
    for step in path:
        leaf = next((o for o in leaf.get("options") or [] if o["name"] == step and o["type"] <= GROUP), {})
        if not leaf:
            raise LookupError(f"no command /{name} is registered")
    resolved: Json = {}
    built = _options(world, guild_id, leaf, options, focused, resolved)
    for step in reversed(path):
        kind = GROUP if built and built[0]["type"] == SUBCOMMAND and len(path) == 2 and step == path[0] else SUBCOMMAND
        built = [{"name": step, "type": kind, "options": built}]
    data: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": built}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data | ({"resolved": resolved} if resolved else {})


def _options(
    world: World, guild_id: int | None, leaf: Json, given: Json, focused: str | None, resolved: Json
) -> list[Json]:
    known = {o["name"]: o for o in leaf.get("options") or []}
    if extra := set(given) - set(known):
        raise ValueError(f"unknown options {sorted(extra)}")
    if focused is None:
        missing = [n for n, o in known.items() if o.get("required") and n not in given]
        if missing:
            raise ValueError(f"missing options {missing}")
    return [_option(world, guild_id, known[n], value, n == focused, resolved) for n, value in given.items()]


def _option(world: World, guild_id: int | None, spec: Json, value: Any, focused: bool, resolved: Json) -> Json:
    option: Json = {"name": spec["name"], "type": spec["type"], "value": value}
    if focused:
        return option | {"focused": True}
    _check_value(spec, value)
    if spec["type"] in (USER, CHANNEL, ROLE, MENTIONABLE):
        option["value"] = str(value)
        _resolve(world, guild_id, int(value), resolved)
    return option


def _check_value(spec: Json, value: Any) -> None:
    """Refuse what Discord's own client would not let a person send."""
    choices = spec.get("choices")
    if choices and value not in [c["value"] for c in choices]:
        raise ValueError(f"{spec['name']}: {value!r} is not one of the choices")
    size = len(value) if isinstance(value, str) else None
    if size is not None and not spec.get("min_length", 0) <= size <= spec.get("max_length", 6000):
        raise ValueError(f"{spec['name']}: length {size} is not allowed")
    if spec["type"] in (INTEGER, NUMBER):
        if value < spec.get("min_value", value) or value > spec.get("max_value", value):
            raise ValueError(f"{spec['name']}: {value} is out of range")


def _resolve(world: World, guild_id: int | None, target: int, resolved: Json) -> None:
    guild = world.guilds.get(guild_id or 0)
    key = str(target)
    if target in world.users:
        resolved.setdefault("users", {})[key] = user_json(world.users[target])
        if guild is not None and target in guild.members:
            member = member_json(world, guild.members[target], with_user=False) | {"permissions": "0"}
            resolved.setdefault("members", {})[key] = member
    elif target in world.channels:
        channel = channel_json(world, world.channels[target])
        resolved.setdefault("channels", {})[key] = channel | {"permissions": str((1 << 50) - 1)}
    elif guild is not None and target in guild.roles:
        resolved.setdefault("roles", {})[key] = role_json(guild.roles[target])
    else:
        raise LookupError(f"nothing has the id {target}")
