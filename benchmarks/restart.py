"""How soon the first message stands after a restart with a full outbox, and what looking through it costs.

    python benchmarks/restart.py [--lanes 1000] [--rows 10000] [--inflight 50] [--outbox 100000]

The bot starts on a database with so many promises in so many lanes, some of them in flight when it died; the sandbox
is a process of its own. It asserts nothing: a machine's speed is no fact about the program.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import fanout

from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.http import Web
from bot.sources.kinds import Kinds
from bot.store import deliveries, lanes
from bot.store.database import Database

NOW = datetime.now(UTC)
STORIES = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :stories)
    INSERT INTO stories (id, title, url, summary, body, digest, revision, first_seen, public)
    SELECT i, 'Story ' || i, 'https://example.org/' || i, '', '', 'x', 1, 0, 1 FROM n"""
COMMENTS = """WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :rows - 1)
    INSERT INTO comments (id, story_id, key, parent_key, position, author, body, deleted, digest,
        revision) SELECT i + 1, i % :stories + 1, 'c' || i, NULL, i, 'Ann', 'A comment.', 0, 'x', 1 FROM n"""
CARD = """INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, part, position, state, nonce,
        want_rev, have_rev, message_id, thread_id) VALUES (?, ?, 1, ?, 0, -1, 'live', ?, 1, 1, ?, ?)"""
ROWS = """INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, comment_id, part, position, state,
        nonce, want_rev) SELECT d.guild_id, d.channel_id, 1, d.story_id, c.id, 0, c.position, 'pending', 'n' || c.id, 1
    FROM comments c JOIN deliveries d ON d.story_id = c.story_id AND d.comment_id IS NULL"""
INFLIGHT = """UPDATE deliveries SET state = 'inflight', attempt_at = :now, sent_rev = 1, tries = 1, sent_payload =
        '{"content": "A comment.", "embed": null, "buttons": [], "reply_to": null, "permalink": null}'
    WHERE id IN (SELECT min(id) FROM deliveries WHERE state = 'pending' GROUP BY story_id LIMIT :inflight)"""


async def fill(database, places, rows, inflight):
    """Let one story stand in each place, in a thread of its own, and most of its comments be promised."""
    async with database.write() as tx:
        await tx.execute(STORIES, {"stories": len(places)})
        await tx.execute(COMMENTS, {"rows": rows, "stories": len(places)})
        cards = [(*place, story + 1, f"card {story}", story + 1, place[1]) for story, place in enumerate(places)]
        await tx.executemany(CARD, cards)
        await tx.execute(ROWS)
        await tx.execute(INFLIGHT, {"now": int(NOW.timestamp() * 1000), "inflight": inflight})


async def first_post(other, path):
    """Return the seconds from the bot's start to READY, and from there to the first message."""
    before = (await other.ask())["messages"]
    async with Database.open(path, exclusive=True) as database, Web.open() as web:
        clock, bots = SystemClock(), []

        def make_bot():
            bots.append(Rendezvous(database, web, clock, Kinds({}), embedded=True))
            return bots[-1]

        began = time.perf_counter()
        serving = asyncio.create_task(serve(make_bot, other.token, clock))

        async def is_ready():
            return bots and bots[-1].is_ready()

        async def has_posted():
            return (await other.ask())["messages"] > before

        await fanout.until(is_ready, 0.01)
        ready = time.perf_counter() - began
        await fanout.until(has_posted, 0.02)
        posted = time.perf_counter() - began - ready
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    return ready, posted


async def restart(count, rows, inflight):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bot.sqlite3"
        async with fanout.sandbox(count, True, 0.04) as other:
            use_api(other.url)
            async with Database.open(path) as database:
                await fill(database, other.places, rows, inflight)
            ready, posted = await first_post(other, path)
    print(f"{rows:,} promises in {count:,} lanes, {inflight} in flight:")
    print(f"    {'READY after':<42}{ready:>10.3f} s")
    print(f"    {'the first message, from there':<42}{posted:>10.3f} s")


@asynccontextmanager
async def outbox(rows, count):
    with tempfile.TemporaryDirectory() as folder:
        async with Database.open(Path(folder) / "bot.sqlite3") as database:
            await fill(database, [(1 + lane % 40, 1000 + lane) for lane in range(count)], rows, 0)
            yield database


async def timed(name, work, times):
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        await work()
        best = min(best, time.perf_counter() - began)
    print(f"    {name:<42}{best * 1e3:>10.3f} ms")


async def looks(rows, count):
    """Print what the deliverer's questions cost."""
    async with outbox(rows, count) as database, database.read() as tx:
        print(f"{rows:,} promises in {count:,} lanes, looked through:")
        (some, *_) = await lanes.due(tx, NOW)
        await timed("all lanes with something due (when woken)", lambda: lanes.due(tx, NOW), 5)
        await timed("what is first in a lane (each delivery)", lambda: lanes.head(tx, some, NOW), 50)
        await timed("when the next is due (when a lane ends)", lambda: lanes.next_due(tx, NOW), 50)
        await timed("how many are left (demo and tests)", lambda: deliveries.unsettled(tx), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lanes", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--inflight", type=int, default=50)
    parser.add_argument("--outbox", type=int, default=100_000, help="rows of the larger outbox that is looked through")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    asyncio.run(restart(options.lanes, options.rows, options.inflight))
    for rows in (options.rows, options.outbox):
        asyncio.run(looks(rows, options.lanes))


if __name__ == "__main__":
    main()
