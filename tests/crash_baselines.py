"""What bots commonly do, to show that the crash tests bite: send and then record, or record and then send."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import discord

from bot.chat.client import use_api
from tests import crash_site
from tests.crash_child import Life, log_to
from tests.crash_site import Told
from tests.crash_time import FastLoop


class Plain(discord.Client):
    """A plain discord.py bot: it posts what it has no record of, each item at most once at a time."""

    def __init__(self, life: Life, *, record_first: bool) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None)
        self._life, self._record_first = life, record_first
        self._folder = Path(life.folder)
        self._left = life.passages
        self._records = sqlite3.connect(self._folder / "baseline.sqlite3", isolation_level=None, timeout=30)
        self._records.execute("PRAGMA journal_mode = WAL")
        self._records.execute("CREATE TABLE IF NOT EXISTS posted (place INT, link TEXT)")
        self._records.execute("CREATE TABLE IF NOT EXISTS done (version INT)")

    async def on_ready(self) -> None:
        lanes = [channel for channel in self.guilds[0].text_channels if channel.name.startswith("lane-")]
        while True:
            version, stories = crash_site.read(self._folder / "site.json")
            clean = await asyncio.gather(*(self._lane(lane, stories) for lane in lanes))
            if all(clean):
                self._records.execute("DELETE FROM done")
                self._records.execute("INSERT INTO done VALUES (?)", (version,))
            await asyncio.sleep(2)

    async def _lane(self, lane: discord.TextChannel, stories: list[Told]) -> bool:
        try:
            for story in stories:
                await self._story(lane, story)
        except (discord.HTTPException, OSError, TimeoutError):
            return False  # tried again in the next round
        return True

    async def _story(self, lane: discord.TextChannel, story: Told) -> None:
        embed = discord.Embed(title=story.title, url=story.url)
        await self._once(lane.id, story.url, lambda: lane.send(embed=embed))
        for said in story.comments:
            text = f"**Ann** · [comment](<{said.url}>)\n{said.mark}"
            await self._once(lane.id, said.url, partial(lane.send, text))

    async def _once(self, place: int, link: str, send: Callable[[], Any]) -> None:
        """Send what has no record."""
        if self._records.execute("SELECT 1 FROM posted WHERE place = ? AND link = ?", (place, link)).fetchall():
            return
        self._pass("before sending")
        if self._record_first:
            self._record(place, link)
        else:
            await send()
        self._pass("between the two")
        if self._record_first:
            await send()
        else:
            self._record(place, link)
        self._pass("after both")

    def _record(self, place: int, link: str) -> None:
        self._records.execute("INSERT INTO posted VALUES (?, ?)", (place, link))

    def _pass(self, point: str) -> None:
        if point == self._life.point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def send_then_record(life: Life) -> None:
    _run(life, record_first=False)


def record_then_send(life: Life) -> None:
    _run(life, record_first=True)


def _run(life: Life, *, record_first: bool) -> None:
    log_to(Path(life.folder) / "log")
    use_api(life.api_url)
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(_live(life, record_first))


async def _live(life: Life, record_first: bool) -> None:
    async with Plain(life, record_first=record_first) as client:
        await client.start(life.token)
