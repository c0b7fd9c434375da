"""Application commands over REST, for everywhere or for one guild: all at once or one by one."""

from __future__ import annotations

import re

from sandbox.errors import ApiError, invalid
from sandbox.limits import LARGE
from sandbox.model import Json
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route

NAME = re.compile(r"^[-_'\w]{1,32}$")
MAXIMA = {1: 100, 2: 15, 3: 15}
BASE = "/applications/{application_id}"
DAY = 86_400.0
# Null means "not given" for these; an answer leaves them out.
OPTIONAL = ("options", "contexts", "integration_types", "nsfw", "dm_permission", "name_localizations",
            "description_localizations")  # fmt: skip


async def listing(call: Call) -> Reply:
    """GET the registered commands of a scope."""
    return Reply(200, call.world.commands.get(_scope(call), []))


async def overwrite(call: Call) -> Reply:
    """PUT all commands of a scope at once; the answer has them whole, with ids."""
    world, scope = call.world, _scope(call)
    wanted = call.body if isinstance(call.body, list) else []
    check_commands(wanted)
    old = {_key(c): c["id"] for c in world.commands.get(scope, [])}
    create_quota(call, scope, sum(_key(c) not in old for c in wanted))
    world.commands[scope] = [_stored(call, c, scope, old.get(_key(c))) for c in wanted]
    return Reply(200, world.commands[scope])


async def create(call: Call) -> Reply:
    """POST one command; one of that name and type is replaced."""
    world, scope, command = call.world, _scope(call), call.fields()
    known = world.commands.get(scope, [])
    others = [c for c in known if _key(c) != _key(command)]
    check_commands([*others, command])
    old = next((c["id"] for c in known if _key(c) == _key(command)), None)
    create_quota(call, scope, 0 if old else 1)
    stored = _stored(call, command, scope, old)
    world.commands[scope] = [*others, stored]
    return Reply(200 if old else 201, stored)


async def look(call: Call) -> Reply:
    """GET one command."""
    return Reply(200, _found(call))


async def change(call: Call) -> Reply:
    """PATCH one command; what is left out stays."""
    world, scope, old = call.world, _scope(call), _found(call)
    command = old | call.fields()
    others = [c for c in world.commands[scope] if c is not old]
    check_commands([*others, command])
    stored = _stored(call, command, scope, old["id"])
    world.commands[scope] = [stored if c is old else c for c in world.commands[scope]]
    return Reply(200, stored)


async def delete(call: Call) -> Reply:
    """DELETE one command."""
    found = _found(call)
    call.world.commands[_scope(call)].remove(found)
    return NO_CONTENT


def _found(call: Call) -> Json:
    wanted = str(call.id("command_id"))
    found = next((c for c in call.world.commands.get(_scope(call), []) if c["id"] == wanted), None)
    if found is None:
        raise ApiError(10063)
    return found


def _key(command: Json) -> tuple[int, str]:
    return int(command.get("type") or 1), str(command.get("name") or "")


def create_quota(call: Call, scope: int, new: int) -> None:
    """Take as many tokens of the day's quota as there are new commands; known ones cost nothing."""
    limit = call.world.limits.command_creates
    for _ in range(new if limit < LARGE else 0):
        if not call.core.counters.take(f"creates:{scope}", limit, DAY).allowed:
            raise ApiError(30034)


def _scope(call: Call) -> int:
    if call.id("application_id") != call.world.bot_id:
        raise ApiError(50001)
    guild_id = call.id("guild_id") if "guild_id" in call.params else 0
    if guild_id and guild_id not in call.world.guilds:
        raise ApiError(50001)
    return guild_id


def _stored(call: Call, command: Json, scope: int, old: str | None) -> Json:
    kind, name = _key(command)
    data: Json = {
        "id": old or str(call.world.ids.next()), "application_id": str(call.world.bot_id),
        "version": str(call.world.ids.next()), "type": kind, "name": name,
        "description": command.get("description") or "",
        "default_member_permissions": _text(command.get("default_member_permissions")),
    }  # fmt: skip
    data |= {key: command[key] for key in OPTIONAL if command.get(key) is not None}
    if "options" in data:
        data["options"] = [_option(o) for o in data["options"]]
    return data | ({"guild_id": str(scope)} if scope else {})


def _option(option: Json) -> Json:
    data = {key: value for key, value in option.items() if value is not None}
    for name in ("options", "choices"):
        if name in data:
            data[name] = [_option(o) for o in data[name]]
    return data


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def check_commands(commands: list[Json]) -> None:
    """Refuse a scope's commands where one of them, or all together, break a rule."""
    unique_commands(commands)
    few_commands(commands)
    for number, command in enumerate(commands):
        kind, name = _key(command)
        if kind == 1:
            _check_slash(f"{number}", command, name)
            short_enough(f"{number}", command)


def unique_commands(commands: list[Json]) -> None:
    """Refuse two commands of one type and name."""
    keys = [_key(command) for command in commands]
    if len(set(keys)) < len(keys):
        raise invalid("_", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")


def few_commands(commands: list[Json]) -> None:
    """Refuse more commands of a type than a scope holds."""
    for kind, maximum in MAXIMA.items():
        if sum(_key(command)[0] == kind for command in commands) > maximum:
            text = f"Maximum number of application commands reached ({maximum})."
            raise invalid("_", "APPLICATION_COMMANDS_MAX", text)


def short_enough(path: str, command: Json) -> None:
    """Refuse a command whose names, descriptions and values are longer than 8000 characters in all."""
    if _length(command) > 8000:
        raise invalid(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def _length(item: Json) -> int:
    own = sum(len(str(item.get(key) or "")) for key in ("name", "description", "value"))
    return own + sum(_length(inner) for key in ("options", "choices") for inner in item.get(key) or [])


def _check_slash(path: str, item: Json, name: str) -> None:
    command_name(path, name)
    if not 1 <= len(str(item.get("description") or "")) <= 100:
        raise invalid(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    options = item.get("options") or []
    few_options(path, item)
    required_first(path, options)
    for number, option in enumerate(options):
        _check_slash(f"{path}.options.{number}", option, str(option.get("name") or ""))


def command_name(path: str, name: str) -> None:
    """Refuse a name that is not 1 to 32 small letters, digits, dashes and underscores."""
    if not NAME.match(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def few_options(path: str, item: Json) -> None:
    """Refuse more than 25 options or choices."""
    if len(item.get("options") or []) > 25 or len(item.get("choices") or []) > 25:
        raise invalid(f"{path}.options", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")


def required_first(path: str, options: list[Json]) -> None:
    """Refuse a required option after an optional one."""
    needed = [bool(o.get("required")) for o in options]
    if needed != sorted(needed, reverse=True):
        text = "Required options must be placed before non-required options"
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)


ROUTES = [
    Route(method, base + path, handler)
    for base in (BASE, BASE + "/guilds/{guild_id}")
    for method, path, handler in (
        ("GET", "/commands", listing),
        ("PUT", "/commands", overwrite),
        ("POST", "/commands", create),
        ("GET", "/commands/{command_id}", look),
        ("PATCH", "/commands/{command_id}", change),
        ("DELETE", "/commands/{command_id}", delete),
    )
]
