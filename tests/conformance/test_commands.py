"""Registering slash commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
BAD = (400, 50035)
DAY = 86_400


def slash(name: str = "one", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 1} | more


def scope(stage: Stage, guild: bool = False) -> str:
    place = f"/guilds/{stage.guild_id}" if guild else ""
    return f"/applications/{stage.bot.application_id}{place}/commands"


async def put(stage: Stage, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    return await stage.bot.http.bulk_upsert_global_commands(stage.bot.application_id, list(commands))  # type: ignore[arg-type,return-value]


@behaviour(
    "commands.overwrite",
    "A bulk overwrite replaces all and answers whole objects with ids",
    "sandbox.rest.commands:_stored",
    Around(lambda original, *args: original(*args) | {"id": "1"}),
)
async def test_overwrite(stage: Stage) -> None:
    @stage.bot.tree.command(name="hello", description="Say hello")
    async def hello(interaction: Any) -> None: ...

    await put(stage, slash("old"))
    [synced] = await stage.bot.tree.sync()
    assert (synced.name, synced.id > 2**53) == ("hello", True)
    assert [c.name for c in await stage.bot.tree.fetch_commands()] == ["hello"]


@behaviour(
    "commands.ids-stay",
    "A known command keeps its id",
    "sandbox.rest.commands:_stored",
    Around(lambda original, call, command, place, _old: original(call, command, place, None)),
)
async def test_ids_stay(stage: Stage) -> None:
    first, second = [await put(stage, slash(description=text)) for text in ("a", "b")]
    assert first[0]["id"] == second[0]["id"]


@behaviour(
    "commands.scopes",
    "A server's commands are apart from those for everywhere",
    "sandbox.rest.commands:_scope",
    always(0),
)
async def test_scopes(stage: Stage) -> None:
    await put(stage, slash("everywhere"))
    await stage.call("POST", scope(stage, guild=True), **slash("here"))
    assert [c["name"] for c in await stage.call("GET", scope(stage))] == ["everywhere"]
    assert [c["name"] for c in await stage.call("GET", scope(stage, guild=True))] == ["here"]


@behaviour(
    "commands.one",
    "One command can be made, changed and deleted; made twice it is replaced",
    "sandbox.rest.commands:_key",
    lambda command: (1, str(id(command))),
)
async def test_single_commands(stage: Stage) -> None:
    made = await stage.call("POST", scope(stage), **slash("one"))
    again = await stage.call("POST", scope(stage), **slash("one", description="other"))
    assert (again["id"], again["description"]) == (made["id"], "other")
    path = f"{scope(stage)}/{made['id']}"
    assert (await stage.call("PATCH", path, description="third"))["description"] == "third"
    await stage.call("DELETE", path)
    assert await stage.call("GET", scope(stage)) == []


@behaviour(
    "commands.unknown",
    "A command that is not there is 10063",
    "sandbox.rest.commands:_found",
    always({"id": "1", "name": "any"}),
)
async def test_unknown_command(stage: Stage) -> None:
    assert await refusal(stage.call("GET", scope(stage) + "/12345")) == (404, 10063)


@behaviour("commands.unique", "A name stands once for each type", "sandbox.rest.commands:unique_commands")
async def test_names_are_unique(stage: Stage) -> None:
    assert await refusal(put(stage, slash("one"), slash("one"))) == BAD


@behaviour("commands.hundred", "There are at most 100 slash commands", "sandbox.rest.commands:few_commands")
async def test_commands_are_few(stage: Stage) -> None:
    assert await refusal(put(stage, *[slash(f"c{n}") for n in range(101)])) == BAD


@behaviour("commands.name", "A name has 1 to 32 small letters", "sandbox.rest.commands:command_name")
async def test_names(stage: Stage) -> None:
    assert await refusal(put(stage, slash("Big"))) == BAD
    assert await refusal(put(stage, slash("two words"))) == BAD


@behaviour("commands.size", "A command has at most 8000 characters in all", "sandbox.rest.commands:short_enough")
async def test_commands_are_short(stage: Stage) -> None:
    choices = [{"name": "n" * 100, "value": "v" * 100} for _ in range(25)]
    options = [{"type": 3, "name": f"o{n}", "description": "d", "choices": choices} for n in range(2)]
    assert await refusal(put(stage, slash(options=options))) == BAD


@behaviour("commands.options", "A command has at most 25 options", "sandbox.rest.commands:few_options")
async def test_options_are_few(stage: Stage) -> None:
    options = [{"type": 3, "name": f"o{n}", "description": "d"} for n in range(26)]
    assert await refusal(put(stage, slash(options=options))) == BAD


@behaviour("commands.required", "Required options come first", "sandbox.rest.commands:required_first")
async def test_required_come_first(stage: Stage) -> None:
    options = [{"type": 3, "name": n, "description": "d", "required": n == "b"} for n in "ab"]
    assert await refusal(put(stage, slash(options=options))) == BAD


@behaviour(
    "commands.quota",
    "A day has only so many new commands (30034); known ones cost nothing",
    "sandbox.rest.commands:create_quota",
)
async def test_quota(stage: Stage) -> None:
    stage.limits.command_creates = 2
    both = slash("one"), slash("two")
    await put(stage, *both)
    await put(stage, *both)
    assert await refusal(put(stage, *both, slash("three"))) == (400, 30034)
    stage.clock.advance(DAY + 1)
    await put(stage, *both, slash("three"))
