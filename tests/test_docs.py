"""The documents cannot rot: every setting, command and link in them is checked against the program."""

from __future__ import annotations

import re
import textwrap
import tomllib
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from discord import AppCommandType, app_commands

from bot.chat.client import EXTENSIONS, Rendezvous
from bot.cli.group import COMMANDS, cli
from bot.clock import SystemClock
from bot.config import SETTINGS
from bot.http import Web
from bot.permissions import NEEDED
from bot.sources.kinds import Kinds
from bot.store.database import Database

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def anchors(path):
    """Return the anchors that a forge makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def canonical(name):
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name)[0]).lower()


def test_the_example_of_the_settings_equals_the_table():
    head, _, rest = (ROOT / ".env.example").read_text(encoding="utf-8").partition("\n\n")
    assert all(line.startswith("# ") for line in head.splitlines())
    blocks = [
        "\n".join(f"# {line}" for line in textwrap.wrap(setting.help, 110)) + f"\n#{setting.name}={setting.default}"
        for setting in SETTINGS
    ]
    assert rest == "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_readme_explains_every_setting_with_its_default(setting):
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{setting.name}` |")]
    assert not setting.default or f"`{setting.default}`" in row


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_explains_every_command_of_the_command_line(name):
    assert re.search(rf"^\| `rendezvous {name}\b", README, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_its_help_teaches_by_example(name):
    command = cli.get_command(cli.make_context("rendezvous", ["--help"], resilient_parsing=True), name)
    assert command is not None
    assert f"rendezvous {name}" in (command.help or "")


@asynccontextmanager
async def command_tree(tmp_path):
    """Load every cog as the bot does, and lend its tree; nothing is connected."""
    async with Database.open(tmp_path / "t.sqlite3") as database, Kinds.open() as kinds, Web.open() as web:
        bot = Rendezvous(database, web, SystemClock(), kinds)
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        yield bot.tree
        for extension in EXTENSIONS:
            await bot.unload_extension(extension)


async def loaded(tmp_path):
    """Return every slash command with its options, and the names of the context menus."""
    async with command_tree(tmp_path) as tree:
        slash = [found for found in tree.walk_commands() if isinstance(found, app_commands.Command)]
        menus = [
            menu.name for kind in (AppCommandType.message, AppCommandType.user) for menu in tree.get_commands(type=kind)
        ]
        return {f"/{one.qualified_name}": [option.display_name for option in one.parameters] for one in slash}, menus


def rows():
    """Return the rows of docs/commands.md by the name that each begins with, each with its words in backticks."""
    lines = [line for line in COMMANDS_PAGE.splitlines() if line.startswith("| `")]
    named = [(re.findall(r"`([^`]+)`", line.split(" | ")[0]), line) for line in lines]
    assert len({words[0] for words, _ in named}) == len(named), "a command has two rows"
    return {words[0]: words[1:] for words, _ in named}


@pytest.mark.asyncio
async def test_the_commands_page_has_each_command_with_its_options_and_no_other(tmp_path):
    slash, menus = await loaded(tmp_path)
    assert {"/stories latest", "/channels follow", "/topics add"} <= set(slash)
    assert rows() == slash | {menu: [] for menu in menus}


def test_every_row_of_the_commands_page_says_who_what_and_what_is_seen():
    for line in COMMANDS_PAGE.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.replace("\\|", "/").strip("|").split(" | ")]
            assert len(cells) == 4, line
            assert all(cells), line


@pytest.mark.asyncio
async def test_every_text_that_discord_shows_of_a_command_is_a_sentence_and_not_dots(tmp_path):
    async with command_tree(tmp_path) as tree:
        found = [one for one in tree.walk_commands() if isinstance(one, app_commands.Command)]
        silent = [one.qualified_name for one in found if len(str(one.description)) < 5]
        silent += [
            f"{one.qualified_name} {p.name}" for one in found for p in one.parameters if len(str(p.description)) < 5
        ]
    assert silent == []


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_operators_page_names_every_setting(setting):
    assert f"`{setting.name}" in OPERATING


def test_the_readme_names_every_permission_that_the_invitation_asks_for():
    text = " ".join(README.split())
    assert [permission.title for permission in NEEDED if permission.title not in text] == []


def test_the_two_commands_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make (\w+)`", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert {"run", "test"} <= set(re.findall(r"`make (\w+)`", README))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(path):
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        aim = (path.parent / name).resolve() if name else path
        assert aim.exists(), target
        assert not anchor or anchor in anchors(aim), target


def test_every_file_that_the_architecture_names_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:bot|cogs|sandbox|tests)/[\w./]+)`", text))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_constraints_are_exact_and_hold_every_dependency():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.]*", pin) for pin in pins)
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
    assert {canonical(name) for name in wanted} <= {canonical(pin) for pin in pins}


def test_every_dependency_has_its_reason_on_record():
    record = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
    assert [name for name in wanted if f"`{re.split(r'[<>=]', name)[0]}`" not in record] == []


def test_the_changelog_knows_this_version():
    assert f"## {PROJECT['project']['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
