"""C01 to C03: SIGKILL of a process that polls, at random moments: no story is lost, none is promised twice."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from asyncio.subprocess import Process
from contextlib import closing
from pathlib import Path

import pytest

from bot import library
from bot.store import sources
from bot.store.database import Database
from tests.poll_child import FastClock
from tests.poll_stage import ADMIN, CHANNEL, GUILD
from tests.test_poll_feed import XML, rss
from tests.web_server import Request, page, serve

pytestmark = pytest.mark.asyncio

KILLS, STORIES = 6, 60
CHILD = Path(__file__).with_name("poll_child.py")


async def start(path: Path, port: int) -> Process:
    root = CHILD.parent.parent
    return await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), str(path), str(port), cwd=root, env={"PYTHONPATH": str(root), "PATH": ""}
    )


def ask(path: Path, sql: str) -> list[tuple[int, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def test_c01_c02_c03_killed_at_any_moment_each_story_is_promised_once(tmp_path: Path) -> None:
    path, chance, newest, asked = tmp_path / "t.sqlite3", random.Random(1), 1, asyncio.Event()

    async def grow(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal newest
        newest = min(newest + 1, STORIES)
        asked.set()
        await page(rss(*range(newest)), kind=XML)(request, writer)

    async with serve(grow) as server, asyncio.timeout(60):
        async with Database.open(path) as database, database.write() as tx:
            await sources.add(tx, "feed", server.url("/feed"), None, FastClock().now(), everyone=True)
        async with Database.open(path) as database:
            await library.follow(database, GUILD, CHANNEL, ADMIN, FastClock().now())
        for _ in range(KILLS):
            process = await start(path, server.port)
            for _ in range(chance.randrange(1, 4)):
                asked.clear()
                await asked.wait()
            await asyncio.sleep(chance.random() * 0.05)
            process.kill()
            await process.wait()
        process = await start(path, server.port)
        while ask(path, "SELECT count(*) FROM source_stories") != [(STORIES,)]:
            await asyncio.sleep(0.02)
        process.terminate()
        await process.wait()
    ((baseline,),) = ask(
        path, "SELECT count(*) FROM source_stories WHERE seen_at = (SELECT min(baseline_at) FROM sources)"
    )
    promised = ask(path, "SELECT story_id FROM deliveries WHERE comment_id IS NULL")
    assert 0 < baseline < STORIES
    assert len(promised) == len(set(promised)) == STORIES - baseline
    assert ask(path, "SELECT count(*) FROM source_stories WHERE queued") == [(0,)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
