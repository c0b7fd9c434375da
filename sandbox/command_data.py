"""A person's slash command, turned into the ``data`` of an interaction."""

from __future__ import annotations

from typing import Any

from sandbox.message_json import message_json
from sandbox.model import Json, Message
from sandbox.objects import channel_json, member_json, role_json, user_json
from sandbox.permissions import ADMINISTRATOR
from sandbox.world import World

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)
CHAT_INPUT, ON_MESSAGE = 1, 3
# Selects of users, roles, mentionables and channels; a string select must have no "resolved" at all.
ENTITY_SELECTS = frozenset({5, 6, 7, 8})


def find(world: World, guild_id: int | None, name: str) -> Json:
    """Find the registered command of a full name ("stories latest"), or raise LookupError."""
    return _find(world, guild_id, name.split(maxsplit=1)[0], CHAT_INPUT)


def _find(world: World, guild_id: int | None, name: str, kind: int) -> Json:
    for scope in (guild_id or 0, 0):
        for command in world.commands.get(scope, []):
            if command["name"] == name and command["type"] == kind:
                return command
    raise LookupError(f"no command /{name} is registered" if kind == CHAT_INPUT else f"no command {name} is registered")


def menu_data(world: World, guild_id: int | None, name: str, target: Message, rights: int) -> Json:
    """Return the interaction data of a command of a message's menu; refuses as a slash command does."""
    command = _find(world, guild_id, name, ON_MESSAGE)
    check_place(command, guild_id)
    if guild_id is not None:
        check_rights(world, command, rights)
    data: Json = {"id": command["id"], "name": name, "type": ON_MESSAGE, "target_id": str(target.id)}
    data["resolved"] = {"messages": {str(target.id): message_json(world, target)}}
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def check_place(command: Json, guild_id: int | None) -> None:
    """Refuse a command where Discord would not offer it (in a direct chat, or in a guild)."""
    contexts = command.get("contexts")
    if contexts is None:
        contexts = [0] if command.get("dm_permission") is False else [0, 1]
    if (0 if guild_id is not None else 1) not in contexts:
        raise LookupError(f"/{command['name']} is not offered here")


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
    maker = _Options(world, guild_id)
    built = maker.build(leaf, options, focused)
    for step in reversed(path):
        kind = GROUP if built and built[0]["type"] == SUBCOMMAND and len(path) == 2 and step == path[0] else SUBCOMMAND
        built = [{"name": step, "type": kind, "options": built}]
    data: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": built}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data | ({"resolved": maker.resolved} if maker.resolved else {})


def resolved(world: World, guild_id: int | None, ids: list[str]) -> Json:
    """Return the objects that a select of users, roles or channels names."""
    maker = _Options(world, guild_id)
    for one in ids:
        maker.resolve(int(one))
    return maker.resolved


class _Options:
    """Builds the options of one command and collects the objects that they name."""

    def __init__(self, world: World, guild_id: int | None) -> None:
        self._world = world
        self._guild = world.guilds.get(guild_id or 0)
        self.resolved: Json = {}

    def build(self, leaf: Json, given: Json, focused: str | None) -> list[Json]:
        known = {o["name"]: o for o in leaf.get("options") or []}
        if extra := set(given) - set(known):
            raise ValueError(f"unknown options {sorted(extra)}")
        missing = [n for n, o in known.items() if o.get("required") and n not in given]
        if missing and focused is None:
            raise ValueError(f"missing options {missing}")
        return [self._option(known[n], value, n == focused) for n, value in given.items()]

    def _option(self, spec: Json, value: Any, focused: bool) -> Json:
        option: Json = {"name": spec["name"], "type": spec["type"], "value": value}
        if focused:
            return option | {"focused": True}
        _check_value(spec, value)
        if spec["type"] == CHANNEL:
            self._check_channel(spec, int(value))
        if spec["type"] in (USER, CHANNEL, ROLE, MENTIONABLE):
            option["value"] = str(value)
            self.resolve(int(value))
        return option

    def resolve(self, target: int) -> None:
        world, guild, key = self._world, self._guild, str(target)
        if target in world.users:
            self._add("users", key, user_json(world.users[target]))
            if guild is not None and target in guild.members:
                member = member_json(world, guild.members[target], with_user=False)
                self._add("members", key, member | {"permissions": "0"})
        elif target in world.channels:
            channel = world.channels[target]
            rights = str(world.permissions(channel, world.bot_id))
            self._add("channels", key, channel_json(world, channel) | {"permissions": rights})
        elif guild is not None and target in guild.roles:
            self._add("roles", key, role_json(guild.roles[target]))
        else:
            raise LookupError(f"nothing has the id {target}")

    def _check_channel(self, spec: Json, channel_id: int) -> None:
        channel, kinds = self._world.channels.get(channel_id), spec.get("channel_types")
        if channel is not None and kinds and channel.type not in kinds:
            raise ValueError(f"{spec['name']}: #{channel.name} is of a kind that is not offered")

    def _add(self, kind: str, key: str, value: Json) -> None:
        self.resolved.setdefault(kind, {})[key] = value


def _check_value(spec: Json, value: Any) -> None:
    """Refuse what Discord's own client would not let a person send."""
    choices = spec.get("choices")
    if choices and value not in [c["value"] for c in choices]:
        raise ValueError(f"{spec['name']}: {value!r} is not one of the choices")
    size = len(value) if isinstance(value, str) else None
    if size is not None and not spec.get("min_length", 0) <= size <= spec.get("max_length", 6000):
        raise ValueError(f"{spec['name']}: length {size} is not allowed")
    number = spec["type"] in (INTEGER, NUMBER)
    if number and not spec.get("min_value", value) <= value <= spec.get("max_value", value):
        raise ValueError(f"{spec['name']}: {value} is out of range")
