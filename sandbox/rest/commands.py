"""Application commands over REST: list and bulk overwrite, for everywhere or for one guild."""

from __future__ import annotations

import re

from sandbox.errors import ApiError, invalid
from sandbox.limits import LARGE
from sandbox.model import Json
from sandbox.rest.call import Call, Reply, Route

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
    _check(wanted)
    old = {(c["type"], c["name"]): c["id"] for c in world.commands.get(scope, [])}
    new = sum((c.get("type") or 1, c["name"]) not in old for c in wanted)
    for _ in range(new if world.limits.command_creates < LARGE else 0):
        verdict = call.core.counters.take(f"creates:{scope}", world.limits.command_creates, DAY)
        if not verdict.allowed:
            raise ApiError(30034)
    world.commands[scope] = [_stored(call, c, scope, old) for c in wanted]
    return Reply(200, world.commands[scope])


def _scope(call: Call) -> int:
    if call.id("application_id") != call.world.bot_id:
        raise ApiError(50001)
    guild_id = call.id("guild_id") if "guild_id" in call.params else 0
    if guild_id and guild_id not in call.world.guilds:
        raise ApiError(50001)
    return guild_id


def _stored(call: Call, command: Json, scope: int, old: dict[tuple[int, str], str]) -> Json:
    kind, name = command.get("type") or 1, command["name"]
    data: Json = {
        "id": old.get((kind, name)) or str(call.world.ids.next()), "application_id": str(call.world.bot_id),
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


def _check(commands: list[Json]) -> None:
    seen: set[tuple[int, str]] = set()
    for number, command in enumerate(commands):
        kind, name = command.get("type") or 1, str(command.get("name") or "")
        if (kind, name) in seen:
            raise invalid(
                f"{number}", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
            )
        seen.add((kind, name))
        if kind == 1:
            _check_slash(f"{number}", command, name)
    for kind, maximum in MAXIMA.items():
        if sum(k == kind for k, _ in seen) > maximum:
            raise invalid(
                "_", "APPLICATION_COMMANDS_MAX", f"Maximum number of application commands reached ({maximum})."
            )


def _check_slash(path: str, item: Json, name: str) -> None:
    if not NAME.match(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not 1 <= len(str(item.get("description") or "")) <= 100:
        raise invalid(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    options = item.get("options") or []
    if len(options) > 25 or len(item.get("choices") or []) > 25:
        raise invalid(f"{path}.options", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    needed = [bool(o.get("required")) for o in options]
    if needed != sorted(needed, reverse=True):
        text = "Required options must be placed before non-required options"
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
    for number, option in enumerate(options):
        _check_slash(f"{path}.options.{number}", option, str(option.get("name") or ""))


ROUTES = [
    Route("GET", BASE + "/commands", listing),
    Route("PUT", BASE + "/commands", overwrite),
    Route("GET", BASE + "/guilds/{guild_id}/commands", listing),
    Route("PUT", BASE + "/guilds/{guild_id}/commands", overwrite),
]
