"""The documents cannot rot: every setting, command and link in them is checked against the program."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import pytest

from bot.cli.group import COMMANDS, cli
from bot.config import SETTINGS
from bot.permissions import NEEDED

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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


def slash_commands():
    for path in sorted((ROOT / "cogs").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        group = re.search(r'GroupCog,\s*name="(\w+)"', text)
        for found in re.finditer(r"app_commands\.command\((.*?)\)\n(?:.*\n)*?\s+async def (\w+)", text):
            named = re.search(r'name="(\w+)"', found.group(1))
            yield f"/{group.group(1)} {named.group(1) if named else found.group(2)}" if group else f"/{found.group(2)}"


def test_the_readme_names_every_slash_command():
    commands = set(slash_commands())
    assert {"/stories latest", "/channels follow", "/channels list"} <= commands
    assert {command for command in commands if f"`{command}" not in README} == set()


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
