"""Stories with their comments through the shipped store, beside raw sqlite3 doing the same inserts.

    python benchmarks/ingest.py [--stories 300] [--comments 100]

Raw: the same rows in the same tables and full-text indexes of the same schema, one transaction a story, by executemany.
Then all stories are read again unchanged: nothing is written, and SQLite's own count of changes is printed. By the
median story, as a busy disk makes a few commits a hundred times as slow. Last, one story of 1,000 comments that is read
again unchanged. It asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.store import subscriptions
from bot.store.database import Database

NOW = datetime.now(UTC)
# Made-up words whose frequencies fall as those of a real language do: few words would be little work for an index.
SYLLABLES = ("ka", "lo", "mi", "ter", "nus", "ba", "ra", "so")
WORDS_KNOWN = ["".join(word) for length in (1, 2, 3, 4, 5) for word in itertools.product(SYLLABLES, repeat=length)]
CUMULATED = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(WORDS_KNOWN))))
RANDOM = random.Random(1)
TABLES = ("stories", "story_aliases", "comments", "deliveries")
# What the full-text indexes are filled with: a number, the texts, and the story.
WORDS = {
    "INSERT INTO story_words (rowid, title, author, summary, body) VALUES (?, ?, ?, ?, ?)":
        "SELECT id, title, author, summary, body, id FROM story_texts ORDER BY id",
    "INSERT INTO comment_words (rowid, author, body) VALUES (?, ?, ?)":
        "SELECT number, author, body, number >> 32 FROM comment_texts ORDER BY number",
}  # fmt: skip


def text(words=60):
    return " ".join(RANDOM.choices(WORDS_KNOWN, cum_weights=CUMULATED, k=words))


def pages(stories, comments):
    for number in range(stories):
        said = [Comment(f"c{n}", text(2), text(), parent=f"c{n // 2}" if n else None) for n in range(comments)]
        story = Story(f"Story {number}", url=f"https://example.org/{number}", summary=text(), body=text(400))
        yield StoryPage(story, tuple(said))


async def shipped(path, stories, comments, channels, now):
    """Return the seconds of the first read, of the second, and how many changes the second made."""
    read = list(pages(stories, comments))
    async with Database.open(path) as database:
        async with database.write() as tx:
            for channel in range(channels):
                await subscriptions.follow(tx, 1, 100 + channel, 1, NOW)
        seconds = []
        for _ in range(2):
            async with database.read() as tx, database.write() as writer:
                before = writer.total_changes
            each = []
            for page in read:
                began = now()
                await ingest(database, page, NOW, deliver=True)
                each.append(now() - began)
            seconds.append(median(each) * stories)
        async with database.write() as writer:
            changes = writer.total_changes - before
    return *seconds, changes


def raw(filled, path, now):
    """Return the seconds that sqlite3 takes to insert the rows of a filled database into an empty one."""
    source = sqlite3.connect(filled)
    rows = {}
    for table in TABLES:
        columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
        story = "id" if table == "stories" else "story_id"
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        grouped: dict[int, list] = {}
        for row in source.execute(f"SELECT {', '.join(columns)} FROM {table}"):
            grouped.setdefault(row[columns.index(story)], []).append(row)
        rows[table] = sql, grouped
    for sql, texts in WORDS.items():
        by_story: dict[int, list] = {}
        for row in source.execute(texts):
            by_story.setdefault(row[-1], []).append(row[:-1])
        rows[sql] = sql, by_story
    source.close()
    target = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        target.execute(f"PRAGMA {pragma}")
    for table in TABLES:
        target.execute(f"DELETE FROM {table}")
    each = []
    for story in rows["stories"][1]:
        began = now()
        target.execute("BEGIN IMMEDIATE")
        for sql, grouped in rows.values():
            target.executemany(sql, grouped.get(story, []))
        target.execute("COMMIT")
        each.append(now() - began)
    seconds = median(each) * len(each)
    count = sum(len(found) for _, grouped in rows.values() for found in grouped.values())
    target.close()
    return seconds, count


async def measure(options, name, now):
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.sqlite3", Path(folder) / "theirs.sqlite3"
        async with Database.open(theirs):
            pass
        first, again, changes = await shipped(ours, options.stories, options.comments, options.channels, now)
        plain, count = raw(ours, theirs, now)
    print(
        f"{name:<8}{count:>9,}{count / first:>14,.0f}{count / plain:>12,.0f}{plain / first:>8.3f}"
        f"{again / options.stories * 1e3:>12.2f} ms{changes:>9}"
    )


async def unchanged(comments=1000, times=20):
    """Return the median seconds, of CPU and of the clock, to read a story again of which nothing changed."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database.open(Path(folder) / "one.sqlite3") as database:
            (page,) = pages(1, comments)
            cpu, clock = [], []
            for _ in range(times):
                began = time.process_time(), time.perf_counter()
                await ingest(database, page, NOW, deliver=True)
                cpu.append(time.process_time() - began[0])
                clock.append(time.perf_counter() - began[1])
    return median(cpu), median(clock)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, default=300)
    parser.add_argument("--comments", type=int, default=100)
    parser.add_argument("--channels", type=int, default=1, help="channels that each story is promised to")
    options = parser.parse_args()
    print(f"{options.stories} stories of {options.comments} comments, promised to {options.channels} channels")
    print(f"{'by':<8}{'rows':>9}{'shipped /s':>14}{'raw /s':>12}{'share':>8}{'read again':>15}{'changes':>9}")
    for name, now in (("clock", time.perf_counter), ("CPU", time.process_time)):
        asyncio.run(measure(options, name, now))
    cpu, clock = asyncio.run(unchanged())
    print(f"a story of 1,000 comments read again: {cpu * 1e3:.2f} ms CPU, {clock * 1e3:.2f} ms by the clock")


if __name__ == "__main__":
    main()
