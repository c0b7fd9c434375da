"""How close to Discord's 50 requests a second the bot delivers, and what a message costs beside a bare channel.send.

    python benchmarks/fanout.py            a quick look, under two minutes
    python benchmarks/fanout.py --full     one story to 1,000 channels and 100 threads of 50 comments, every window

The bot runs here, the sandbox with all of Discord's limits in a process of its own. Share: the shortest time in which
so many requests can be counted at 50 a second, by the time it took. CPU: all of ours, threads and disk included, from
reading the story to the last answer, by request; beside it bare calls of channel.send with the same texts over the
same network, which nothing holds back: paced, one begun each 50th of a second, and hasty, 20 at once. It asserts
nothing: a machine's speed is no fact about the program.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import discord

from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.http import Web
from bot.ingest import ingest
from bot.model import Comment, Layout, Options, Story, StoryPage
from bot.sources.kinds import Kinds
from bot.store import deliveries, subscriptions
from bot.store.database import Database
from sandbox.model import TEXT
from sandbox.server import Sandbox

PER_GUILD = 25
BOUND, HASTE = 50, 20
TEXT_OF_A_COMMENT = "A comment of a usual length says what its author thinks, in a sentence or two, and no more. " * 4
NOW = datetime.now(UTC)


async def serve_sandbox(channels, sliding, jitter):
    """Be the other process: a sandbox of many guilds, which answers each line of stdin with what it has counted."""
    async with Sandbox.start(page=False) as box:
        places = []
        for number in range(-(-channels // PER_GUILD)):
            guild = box.world.add_guild(f"Guild {number}")
            for place in range(min(PER_GUILD, channels - number * PER_GUILD)):
                places.append((guild.id, box.world.add_channel(f"news-{place}", TEXT, guild.id).id))
        times, note = [], box.core.recorder.note

        def timed(call, status, body, **more):
            times.append((time.monotonic(), call.method, status))
            note(call, status, body, **more)
            box.traffic.clear()

        box.core.recorder.note = timed
        print(json.dumps({"url": box.api_url, "token": box.token, "places": places}), flush=True)
        while (line := await asyncio.to_thread(sys.stdin.readline)).strip():
            if line.strip() == "open":
                box.world.limits = type(box.world.limits)(jitter=jitter)
                box.world.limits.open()
            elif line.strip() == "limit":
                fresh = type(box.world.limits)(sliding=sliding, jitter=jitter)
                box.world.limits = fresh
                box.core.counters.windows.clear()
            counted = [at for at, _, status in times if status != 429]
            said = sum(len(found) for found in box.world.messages.values())
            print(json.dumps({
                "requests": len(counted), "refused": sum(status == 429 for _, _, status in times), "messages": said,
                "seconds": counted[-1] - counted[0] if counted else 0.0,
            }), flush=True)  # fmt: skip
            times.clear()


class Other:
    """The sandbox's process."""

    def __init__(self, process, hello):
        self.process = process
        self.url, self.token, self.places = hello["url"], hello["token"], hello["places"]

    async def ask(self, what="count"):
        self.process.stdin.write(f"{what}\n".encode())
        return json.loads(await self.process.stdout.readline())


@asynccontextmanager
async def sandbox(channels, sliding, jitter):
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--serve", str(channels), str(int(sliding)), str(jitter),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Other(process, json.loads(await process.stdout.readline()))
    finally:
        process.stdin.write(b"\n")
        await process.wait()


async def until(done, pause=0.05):
    while not await done():  # noqa: ASYNC110  # it is another process that changes
        await asyncio.sleep(pause)


async def bare(other, count):
    """Return the CPU milliseconds of each of ``count`` plain sends, without limits: at the bot's pace, and in haste."""
    await other.ask("open")
    client = discord.Client(intents=discord.Intents(guilds=True, guild_messages=True), max_messages=None)

    async def ready():
        return client.is_ready()

    async with client:
        task = asyncio.create_task(client.start(other.token))
        await until(ready)
        channels = [client.get_channel(channel) for _, channel in other.places]
        costs = [await plain(channels, count) for plain in (paced, hasty)]
        await client.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await other.ask("limit")
    return costs


EMBED = discord.Embed(title="A story", url="https://example.org/", description=TEXT_OF_A_COMMENT)
SAID = ({"embed": EMBED}, {"content": TEXT_OF_A_COMMENT})


async def paced(channels, count):
    began, sends = time.process_time(), []
    for number in range(count):
        sends.append(asyncio.create_task(channels[number % len(channels)].send(**SAID[number % 2])))
        await asyncio.sleep(1 / BOUND)
    await asyncio.gather(*sends)
    return (time.process_time() - began) / count * 1e3


async def hasty(channels, count):
    left = iter(range(count))

    async def one_by_one():
        for number in left:
            await channels[number % len(channels)].send(**SAID[number % 2])

    began = time.process_time()
    await asyncio.gather(*(one_by_one() for _ in range(HASTE)))
    return (time.process_time() - began) / count * 1e3


def story(comments):
    said = [Comment(f"c{n}", "Ann", TEXT_OF_A_COMMENT, parent=f"c{n // 2}" if n else None) for n in range(comments)]
    return StoryPage(Story("A story", url="https://example.org/a", summary=TEXT_OF_A_COMMENT), tuple(said))


async def deliver(other, layout, comments):
    """Post one story to every channel; returns seconds, requests and so on, with our CPU time."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        async with Database.open(Path(folder) / "bot.sqlite3") as database, Web.open() as web:
            async with database.write() as tx:
                for guild, channel in other.places:
                    await subscriptions.follow(tx, guild, channel, 1, NOW, options=Options(layout, grace=timedelta(0)))
            bots = []

            def make_bot():
                bots.append(Rendezvous(database, web, clock, Kinds({}), embedded=True))
                return bots[-1]

            serving = asyncio.create_task(serve(make_bot, other.token, clock))

            async def ready():
                return bots and bots[-1].is_ready()

            await until(ready)
            await asyncio.sleep(1)
            before = await other.ask()
            page = story(comments)
            began = time.process_time()
            await ingest(database, page, clock.now(), deliver=True)
            bots[-1].deliverer.wake()
            await until(bots[-1].deliverer.settled, 0.5)
            cpu = time.process_time() - began
            counted = await other.ask()
            async with database.read() as tx:
                states = await deliveries.counts(tx)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
    counted["messages"] -= before["messages"]
    return counted | {"cpu": cpu, "states": {str(state): count for state, count in states.items()}}


async def measure(name, channels, comments, sliding, jitter):
    layout = Layout.THREAD if comments else Layout.STORY_ONLY
    async with sandbox(channels, sliding, jitter) as other:
        use_api(other.url)
        slow, fast = await bare(other, 300)
        got = await deliver(other, layout, comments)
    wanted = channels * (1 + comments)
    shortest = got["requests"] / BOUND - 1
    cost = got["cpu"] / got["requests"] * 1e3
    print(
        f"{name:<28}{'sliding' if sliding else 'fixed':>8}{jitter * 1e3:>5.0f} ms{got['requests']:>7}"
        f"{shortest / got['seconds']:>8.3f}{wanted - got['messages'] + (channels if comments else 0):>6}"
        f"{got['refused']:>5}{cost:>8.2f}{slow:>7.2f}{fast:>7.2f}{cost / slow:>7.2f}{cost / fast:>7.2f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="all windows and jitters, at full size: about 12 minutes")
    parser.add_argument("--channels", type=int, help="channels of the fan-out (default 400, full 1000)")
    parser.add_argument("--threads", type=int, help="threads of the import (default 80, full 100)")
    parser.add_argument("--comments", type=int, help="comments in each (default 6, full 50)")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve_sandbox(int(options.serve[0]), options.serve[1] == "1", float(options.serve[2])))
        return
    logging.disable(logging.ERROR)
    channels = options.channels or (1000 if options.full else 400)
    threads = options.threads or (100 if options.full else 80)
    comments = options.comments or (50 if options.full else 6)
    runs = [(False, 0.04), (True, 0.15)]
    if options.full:
        runs = [(sliding, jitter) for sliding in (False, True) for jitter in (0.0, 0.04, 0.15)]
    print(f"{'':<58}{'':>11}{'CPU ms each':>11}{'bare':>14}{'ratio':>14}")
    print(
        f"{'':<28}{'window':>8}{'jitter':>8}{'count':>7}{'share':>8}{'lost':>6}{'429s':>5}{'':>8}"
        f"{'paced':>7}{'hasty':>7}{'paced':>7}{'hasty':>7}"
    )
    for sliding, jitter in runs:
        asyncio.run(measure(f"a story to {channels} channels", channels, 0, sliding, jitter))
        asyncio.run(measure(f"{threads} threads of {comments}", threads, comments, sliding, jitter))


if __name__ == "__main__":
    main()
