"""The poller as a process that test_poll_crash kills: python poll_child.py DATABASE PORT."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.http import Web
from bot.poll import Poller
from bot.sources.kinds import Kinds
from bot.store.database import Database

START, SPEED = datetime(2026, 11, 1, tzinfo=UTC), 4000  # two minutes are 30 ms


class FastClock:
    """The machine's clock, much faster, and the same in every process."""

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.time() % 10_000_000) * SPEED)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


async def main(path: str, port: str) -> None:
    async with (
        Database.open(Path(path)) as database,
        Web.open(allow_loopback_ports={int(port)}) as web,
        Kinds.open() as kinds,
    ):
        poller = Poller(database, web, kinds, FastClock())
        task = asyncio.create_task(poller.run())
        while True:  # what is due is a matter of milliseconds here
            await asyncio.sleep(0.01)
            poller.wake()
            if task.done():
                task.result()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
