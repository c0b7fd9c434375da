"""The house's rules as in docs/architecture.md: who may import what, no cycles, small files, small callbacks."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("bot", "cogs", "sandbox")
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
}

# An outside library is imported in these places alone; a place ends with a dot when it is a package.
PLACES = {
    # The composition root keeps discord.py's client alive and so has to know how that ends.
    "discord": ("bot.chat.", "cogs.", "bot.app"),
    "aiosqlite": ("bot.store.",),
    "sqlite3": ("bot.store.",),
    "aiohttp": ("bot.http", "bot.http_guard", "bot.http_body", "bot.chat.", "sandbox."),
    "click": ("bot.cli.",),
    "rich": ("bot.cli.",),
    "dotenv": ("bot.config",),
    "chardet": ("bot.sources.page_decode",),
    "feedparser": ("bot.sources.feed_worker",),
    "re2": ("bot.patterns",),
}
# Pure modules decide; they do no I/O, read no clock and know no library that does.
PURE = (
    "addresses", "discussion", "errors", "filters", "identity", "looks", "markdown", "model", "options", "patterns",
    "permissions", "plan", "post", "query", "render",
    "schedule", "topics", "transcript", "turns", "urls", "words",
)  # fmt: skip
IMPURE_LIBRARIES = {
    "aiohttp", "aiosqlite", "asyncio", "discord", "http", "io", "logging", "os", "pathlib", "random", "secrets",
    "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time",
}  # fmt: skip
SHARED_WORDS = ("bot.clock", "bot.log", "bot.config")
LARGEST_FILE = 300
LONGEST_CALLBACK = 15
COMMAND_DECORATORS = ("command", "context_menu", "autocomplete", "button", "select")


def within(module, places):
    return any(f"{module}.".startswith(place) if place.endswith(".") else module == place for place in places)


@cache
def tree(module):
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def type_checking_only(module):
    """Return the nodes that only a type checker reads."""
    blocks = [n for n in ast.walk(tree(module)) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    return {inner for block in blocks for statement in block.body for inner in ast.walk(statement)}


@cache
def imports(module):
    """Return the dotted names that a module imports at run time, wherever the import stands."""
    skip, found = type_checking_only(module), set()
    for node in ast.walk(tree(module)):
        if node in skip:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: import by the full name, not by a relative one"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def ours(module):
    """Return which of our modules a module imports."""
    names = {name if name in FILES else name.rpartition(".")[0] for name in imports(module)}
    return {name for name in names if name in FILES and name != module}


def layer(module):
    """Return how far out a module of bot/ or cogs/ stands; arrows point inward only."""
    first = module.removeprefix("bot.").partition(".")[0]
    if module in SHARED_WORDS or is_pure(module):
        return 0
    if first.partition("_")[0] in ("http", "sources", "store"):
        return 1
    if first in ("chat", "cogs"):
        return 3
    if first in ("app", "embedded", "cli", "__main__"):
        return 4
    return 2


def is_pure(module):
    room, _, name = module.partition(".")
    return room == "bot" and name.partition("_")[0].partition(".")[0] in PURE


@pytest.mark.parametrize("library", PLACES)
def test_an_outside_library_is_imported_in_its_place_alone(library):
    users = {module for module in FILES if any(name.partition(".")[0] == library for name in imports(module))}
    assert {module for module in users if not within(module, PLACES[library])} == set()


def test_bot_imports_neither_cogs_nor_sandbox_and_the_sandbox_stands_alone():
    for module in FILES:
        room = module.partition(".")[0]
        known = {name.partition(".")[0] for name in ours(module)}
        assert known <= {"bot": {"bot"}, "cogs": {"bot", "cogs"}, "sandbox": {"sandbox"}}[room], module


def test_arrows_point_inward_only():
    outward = [
        f"{module} -> {name}"
        for module in FILES
        if not module.startswith("sandbox")
        for name in ours(module) - {"bot"}
        if layer(name) > layer(module)
    ]
    assert outward == []


def test_sources_and_store_and_http_do_not_know_each_other():
    inner = [module for module in FILES if module.startswith("bot.") and layer(module) == 1]
    edges = {module: module.split(".")[1].partition("_")[0] for module in inner}
    # A source reads by the one polite ``get``; nothing else crosses.
    allowed = {("sources", "http")}
    crossed = {(room, edges[name]) for module, room in edges.items() for name in ours(module) if name in edges}
    assert {(a, b) for a, b in crossed if a != b} <= allowed


def test_pure_modules_know_only_pure_modules_and_no_library_that_acts():
    for module in filter(is_pure, FILES):
        assert {name for name in ours(module) - {"bot"} if not is_pure(name)} == set(), module
        assert {name.partition(".")[0] for name in imports(module)} & IMPURE_LIBRARIES == set(), module
        calls = {ast.unparse(node.func) for node in ast.walk(tree(module)) if isinstance(node, ast.Call)}
        assert calls & {"open", "print", "datetime.now", "datetime.utcnow", "date.today"} == set(), module


def test_there_is_no_cycle_among_the_imports():
    graph = {module: ours(module) for module in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_environment_is_read_in_config_alone():
    readers = {
        module
        for module in FILES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
    }
    readers |= {module for module in FILES if imports(module) & {"os.environ", "os.getenv"}}
    assert readers <= {"bot.config"}


def test_imports_stand_at_the_top():
    inside = [
        f"{module}:{node.lineno}"
        for module in FILES
        for function in ast.walk(tree(module))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_a_file_has_one_idea_and_at_most_300_lines():
    sizes = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in FILES.items()}
    assert {module: size for module, size in sizes.items() if size > LARGEST_FILE} == {}


def test_every_module_says_what_it_is():
    assert [module for module in FILES if not ast.get_docstring(tree(module))] == []


def callbacks():
    for module in FILES:
        if not module.startswith("cogs"):
            continue
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.AsyncFunctionDef) and any(is_command(d) for d in node.decorator_list):
                yield pytest.param(node, id=f"{module}.{node.name}")


def is_command(decorator):
    name = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(name, ast.Attribute) and name.attr in COMMAND_DECORATORS


@pytest.mark.parametrize("callback", list(callbacks()))
def test_a_command_calls_one_use_case_and_renders_its_answer(callback):
    body = callback.body[1:] if ast.get_docstring(callback) else callback.body
    length = body[-1].end_lineno - body[0].lineno + 1
    assert length <= LONGEST_CALLBACK
    assert not any(isinstance(node, ast.Try) for node in ast.walk(callback)), "one shared handler answers errors"


def test_the_rules_see_the_whole_house():
    assert {module.partition(".")[0] for module in FILES} == set(ROOMS)
    assert len(list(callbacks())) >= 5
