"""SIGKILL at random moments of a real bot process: nothing lost, nothing doubled, every reply at its parent."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest

from bot import example, library
from bot.clock import SystemClock
from bot.ingest import ingest
from bot.sources import page as page_source
from bot.store import deliveries
from bot.store.database import Database
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.conftest import Check
from tests.test_flow import mirrored_tree, source_tree

pytestmark = pytest.mark.asyncio

KILLS = 10
CREATES = r"/messages(/\d+/threads)?$"
CHILD = Path(__file__).with_name("crash_child.py")
PAGE = page_source.parse(example.readings()[0], url=example.URL)


async def start(path: Path, box: Sandbox) -> Process:
    root = CHILD.parent.parent
    return await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), str(path), box.api_url, box.token,
        cwd=root, env={"PYTHONPATH": str(root), "PATH": ""}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
async def test_c04_to_c10_killed_at_any_moment_each_item_stands_once(
    tmp_path: Path, check_traffic: Check, seed: int
) -> None:
    chance, path, clock = random.Random(seed), tmp_path / "t.sqlite3", SystemClock()
    async with Sandbox.start(page=False) as box, Database.open(path, realm="sandbox") as database:
        box.world.limits.open()
        box.world.limits.nonce_window = 0  # the look-up must carry it alone
        await library.follow(database, box.world.guild.id, box.world.channel("space-news").id, 1, clock.now())
        await ingest(database, PAGE, clock.now(), deliver=True)
        kills = 0
        while kills < KILLS and not await settled(database):
            # A few creates go well; then one hangs, with its work done or not, and the process dies in it.
            if well := chance.randrange(3):
                box.faults.add(method="POST", path_regex=CREATES, kind="slow", times=well, retry_after=0.001)
            fatal = box.faults.add(method="POST", path_regex=CREATES, kind="hang", after=chance.random() < 0.5)
            process = await start(path, box)
            await until(fatal, process, database)
            process.kill()
            await process.wait()
            kills += 1
            box.faults.clear()
        process = await start(path, box)
        while not await settled(database):
            await asyncio.sleep(0.05)
        process.terminate()
        await process.wait()
        assert kills >= 3
        assert_each_once(box.transcript())
        assert check_traffic(box.traffic) == []


async def until(fatal: Fault, process: Process, database: Database) -> None:
    async with asyncio.timeout(30):
        while not fatal.hits and not await settled(database):
            assert process.returncode is None
            await asyncio.sleep(0.01)


async def settled(database: Database) -> bool:
    async with database.read() as tx:
        return await deliveries.unsettled(tx) == 0


def assert_each_once(transcript: dict[str, Any]) -> None:
    (card,) = next(c for c in transcript["channels"] if c["name"] == "space-news")["messages"]
    assert mirrored_tree(card["thread"]["messages"]) == source_tree(PAGE)


async def test_c16_a_second_instance_ends_with_75_before_it_touches_discord(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite3"
    root = CHILD.parent.parent
    async with Database.open(path, exclusive=True), Sandbox.start(page=False) as box:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=root, stderr=asyncio.subprocess.PIPE,
            env={"DISCORD_TOKEN": box.token, "DISCORD_API_URL": box.api_url, "DATABASE_PATH": str(path), "PATH": ""},
        )  # fmt: skip
        _, errors = await process.communicate()
        assert process.returncode == 75, errors.decode()
        assert b"another bot" in errors
        assert box.traffic == []
