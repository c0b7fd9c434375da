"""docs/adding-a-source.md is true: its example is a whole kind, and the fixture pairs that it speaks of are kept."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.cli.story_text import as_json
from bot.errors import SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.kinds import KINDS, Kinds
from bot.sources.page import load
from tests.sources.json_sites import HOSTILE, FakeWeb, as_document

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "adding-a-source.md").read_text(encoding="utf-8")
PAIRS = Path(__file__).with_name("pairs")
RECORDED = sorted(path for path in PAIRS.iterdir() if path.suffix != ".lines")
LOG = "https://tower.example/log.json"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def example():
    module = types.ModuleType("towerlog")
    sys.modules["towerlog"] = module
    exec(compile(blocks("python")[0], "docs/adding-a-source.md", "exec"), module.__dict__)
    yield module
    del sys.modules["towerlog"]


@pytest.fixture
def document():
    return blocks("json")[0].encode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kinds():
    async with Kinds.open() as opened:
        yield opened


def with_example(kinds, example):
    """Make the table as it is with the page's one line in it."""
    (source,) = ast.parse(f"{{{blocks('python')[1]}}}", mode="eval").body.values
    make = eval(compile(ast.Expression(source), "docs/adding-a-source.md", "eval"), {"TowerLog": example.TowerLog})
    return Kinds({"towerlog": make(None), **kinds})


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example_reads_its_document_into_the_lines_of_the_page(example, kinds, document):
    kind, fetched = await with_example(kinds, example).parse(Document(document))
    assert [as_json(kind, item.page) for item in fetched.items] == [json.loads(blocks("json")[1])]
    with pytest.raises(NotThisKind):
        await kinds.parse(Document(document))


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example_is_found_read_and_discussed(example, kinds, document):
    web = FakeWeb({"https://tower.example/log/12": b"<title>T</title><p>x</p>", LOG: document})
    table = with_example(kinds, example)
    found = await table.detect(web, "tower.example/log/12")
    assert (found.kind, found.address, found.fetched.name) == ("towerlog", LOG, "Tower log")
    (item,) = found.fetched.items
    assert item.page.story.url == "https://tower.example/log/12"
    (thread,) = item.threads
    discussion = await table["towerlog"].discuss(web, thread.address, {})
    assert discussion.complete
    assert discussion.comments == item.page.comments
    gone = await table["towerlog"].discuss(web, f"{LOG}#99", {})
    assert (gone.comments, gone.complete) == ((), False)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example_asks_politely(example):
    class Unchanged(FakeWeb):
        async def get(self, url, *, validators=None, accept=None):
            assert validators == {"etag": "1"}
            return replace(await super().get(url), status=304)

    read = await example.TowerLog().read(Unchanged({LOG: b""}), LOG, {"etag": "1"})
    assert read.unchanged
    assert read.cursor == {"etag": "1"}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio(loop_scope="module")
async def test_the_example_bears_what_no_site_would_send(example, name):
    with pytest.raises(NotThisKind):
        await example.TowerLog().parse(as_document(HOSTILE[name]))
    odd = {
        "log": 7,
        "entries": [{"id": "1", "title": "T", "link": [], "at": {}, "html": 5, "notes": {"a": 1}}, 3, None],
    }
    (item,) = (await example.TowerLog().parse(as_document(odd))).items
    assert item.page.comments == ()


def test_the_example_keeps_the_rules_of_the_house(tmp_path):
    path = tmp_path / "towerlog.py"
    path.write_text(blocks("python")[0])
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    assert len(blocks("python")[0].splitlines()) <= 300


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:bot|tests)/[\w./]+)`", TEXT)) - {
        "bot/sources/towerlog.py",
        "tests/sources/pairs/towerlog.json",
    }
    assert {"bot/sources/base.py", "bot/sources/kinds.py"} <= named
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_recorded_document_gives_the_lines_beside_it(kinds, path):
    expected = [json.loads(line) for line in path.with_name(f"{path.name}.lines").read_text().splitlines()]
    try:
        kind, fetched = await kinds.parse(load(path))
        told = [as_json(kind, item.page) for item in fetched.items]
    except SourceError as error:
        told = [{"error": str(error), "input": path.name}]
    assert told == expected


def test_every_kind_has_a_pair():
    told = {
        json.loads(line).get("source_kind") for path in PAIRS.glob("*.lines") for line in path.read_text().splitlines()
    }
    assert told >= KINDS.keys() - {"folder"}, "a folder is no document"
    assert {path.name for path in PAIRS.glob("*.lines")} == {f"{path.name}.lines" for path in RECORDED}
