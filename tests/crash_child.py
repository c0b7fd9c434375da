"""The bot as a process that test_crash kills: python crash_child.py DATABASE API_URL TOKEN."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.http import Web
from bot.sources.kinds import Kinds
from bot.store.database import Database

SETTLE = timedelta(seconds=0.2)  # the sandbox keeps no request that long


async def main(path: str, api_url: str, token: str) -> None:
    use_api(api_url)
    clock = SystemClock()
    async with Database.open(Path(path), exclusive=True) as database, Web.open() as web:
        # embedded: the login breaker would rightly stop a process that dies this often
        await serve(lambda: Rendezvous(database, web, clock, Kinds({}), embedded=True, settle=SETTLE), token, clock)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
