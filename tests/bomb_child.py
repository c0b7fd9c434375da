"""Reads a 1 GiB gzip bomb in a process of its own; prints the outcome, its peak's growth and processor seconds."""

import asyncio
import re
import time
from pathlib import Path

from bot.errors import FetchError
from bot.http import Web
from tests.test_http_body import gzip_bomb
from tests.web_server import page, serve


def peak():
    """Return the peak of this process's memory; getrusage would give that of whoever started it."""
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


async def main():
    async with (
        serve({"/bomb": page(gzip_bomb(1024), "Content-Encoding: gzip"), "/": page(b"x")}) as server,
        Web.open(allow_loopback_ports={server.port}) as web,
    ):
        await web.get(server.url())
        before, began = peak(), time.process_time()
        try:
            detail = str(len((await web.get(server.url("/bomb"))).body))
        except FetchError as error:
            detail = error.detail
        print(detail, peak() - before, round(time.process_time() - began, 3), sep="|")


if __name__ == "__main__":
    asyncio.run(main())
