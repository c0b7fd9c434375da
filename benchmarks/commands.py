"""How long each slash command takes with a million stored comments, beside a bare command that answers "ok".

    python benchmarks/commands.py [comments] [--rounds 40] [--keep bench.sqlite3]

    python benchmarks/commands.py 20000        a quick look

Builds a database of 100 comments a story, starts the real bot on it in the sandbox, and uses every command of its tree
as a person would: from the interaction's creation to the answer, both programs in this process. Searches are for words
of known rarity. CPU is that of both programs, which a busy machine changes less. A command that has no sample
arguments here is named, and ends this with status 1. It asserts nothing about time: a machine's speed is no fact about
the program.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import random
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import discord
from discord import app_commands

from bot.chat import client
from bot.embedded import embedded

A_STORY = 100  # comments
MIRRORED = 200  # stories that stand in the channel
PER_COMMENT = 3  # sentences
STORIES_AT_ONCE = 100
NOW = datetime.now(UTC)
SYLLABLES = [
    a + b for a in ("b", "ch", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v") for b in "aeiou"
]


class Language:
    """Sentences of made-up words whose frequencies fall as a real language's do; in how many sentences each word is."""

    def __init__(self, sentences=20_000, words=30_000):
        self.rng = random.Random(1)
        self.words = list(dict.fromkeys(self._word() for _ in range(words)))
        weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        self.sentences = [self.rng.choices(self.words, cum_weights=weights, k=20) for _ in range(sentences)]
        self.said = dict.fromkeys(self.words, 0)
        for sentence in self.sentences:
            for word in set(sentence):
                self.said[word] += 1
        self.sentences = [" ".join(sentence).capitalize() + "." for sentence in self.sentences]

    def _word(self):
        return "".join(self.rng.choices(SYLLABLES, k=self.rng.choice((2, 2, 3, 3, 4))))

    def text(self, sentences=PER_COMMENT):
        return " ".join(self.rng.choices(self.sentences, k=sentences))

    def near(self, share, number):
        """Return words that about such a share of comments has."""
        wanted = len(self.sentences) * share / PER_COMMENT
        return sorted(self.words, key=lambda word: abs(self.said[word] - wanted))[:number]

    def searches(self, rounds):
        common, middling = self.near(0.16, rounds), self.near(0.0048, rounds)
        return {
            "a rare word": self.near(0.00027, rounds),
            "a middling word": middling,
            "a common word": common,
            "the commonest word": [max(self.words, key=self.said.get)],
            "two words": [f"{a} {b}" for a, b in zip(common, middling, strict=True)],
            "a phrase": [" ".join(self.rng.choice(self.sentences).split()[2:4]) for _ in range(rounds)],
            "a beginning": [f"{word[:4]}*" for word in self.rng.choices(self.near(0.01, 400), k=rounds)],
            "nothing": [f"{a} nosuchword" for a in common],
        }


def build(path, comments, language, guild, channel):
    """Fill a database with rows as the bot would have made them, by the shipped schema."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    names = [
        f"{word.capitalize()} {language.rng.choice(language.words).capitalize()}" for word in language.words[:3000]
    ]
    began = time.monotonic()
    stories = max(MIRRORED, comments // A_STORY)
    source = connection.execute(
        """INSERT INTO sources (kind, address, name, everyone, added_at, interval_s, baseline_at)
        VALUES ('feed', 'https://news.example/feed', 'The News', 1, 0, 900, 1)"""
    ).lastrowid
    connection.execute(
        "INSERT INTO subscriptions (guild_id, channel_id, created_by, created_at) VALUES (?, ?, 1, 0)", (guild, channel)
    )
    for first in range(1, stories + 1, STORIES_AT_ONCE):
        connection.execute("BEGIN")
        numbers = range(first, min(first + STORIES_AT_ONCE, stories + 1))
        add_stories(connection, numbers, language, names, stories=stories, source=source)
        add_comments(connection, numbers, language, names, each=comments // stories, stories=stories)
        add_deliveries(connection, numbers, stories, guild, channel)
        connection.execute("COMMIT")
        show(f"building: {numbers[-1] * (comments // stories):,} of {comments:,}, {time.monotonic() - began:.0f} s")
    show(f"built {comments:,} comments in {time.monotonic() - began:.0f} s\n")
    connection.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    connection.close()


def born(story, stories):
    return int((NOW - timedelta(hours=stories - story + 2)).timestamp() * 1000)


def add_stories(connection, numbers, language, names, *, stories, source):
    rows = [
        (n, language.text(1)[:120], f"https://news.example/{n}", language.rng.choice(names), language.text(2),
         language.text(20), born(n, stories), born(n, stories))
        for n in numbers
    ]  # fmt: skip
    connection.executemany(
        """INSERT INTO stories (id, title, url, author, site, summary, body, published_at, first_seen, digest, revision,
            public) VALUES (?, ?, ?, ?, 'news.example', ?, ?, ?, ?, '', 1, 1)""",
        rows,
    )
    connection.executemany(
        "INSERT INTO source_stories (source_id, story_id, seen_at) VALUES (?, ?, 0)", [(source, n) for n in numbers]
    )
    connection.execute(
        """INSERT INTO story_words (rowid, title, author, summary, body)
        SELECT id, title, author, summary, body FROM story_texts WHERE id BETWEEN ? AND ?""",
        (numbers[0], numbers[-1]),
    )


def add_comments(connection, numbers, language, names, *, each, stories):
    first = (numbers[0] - 1) * each + 1
    rows = [
        (first + index * each + number, story, f"c{number}", f"c{number // 2}" if number else None,
         language.rng.choice(names), language.text(), born(story, stories) + number * 1000, number * 1024)
        for index, story in enumerate(numbers)
        for number in range(each)
    ]  # fmt: skip
    connection.executemany(
        """INSERT INTO comments (id, story_id, key, parent_key, author, body, posted_at, position, deleted, digest,
            revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', 1)""",
        rows,
    )
    connection.executemany(
        "INSERT INTO comment_words (rowid, author, body) VALUES (?, ?, ?)",
        [(row[1] << 32 | row[0], row[4], row[5]) for row in rows],
    )


def add_deliveries(connection, numbers, stories, guild, channel):
    newest = [number for number in numbers if number > stories - MIRRORED]
    values = {"guild": guild, "channel": channel}
    for story in newest:
        connection.execute(
            """INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, part, position, state, nonce,
                want_rev, want_gone, have_rev, message_id, thread_id)
            VALUES (:guild, :channel, 1, :story, 0, -1, 'live', 's' || :story, 1, 0, 1, 1000000 + :story,
                1000000 + :story)""",
            values | {"story": story},
        )
        connection.execute(
            """INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, comment_id, part, position,
                state, nonce, want_rev, want_gone, have_rev, message_id)
            SELECT :guild, :channel, 1, story_id, id, 0, position, 'live', 'c' || id, 1, 0, 1, 2000000 + id
            FROM comments WHERE story_id = :story""",
            values | {"story": story},
        )


def samples(world, stories):
    """Return arguments for every command; those that change much come last, as they are used in this order."""
    story, channel = str(stories), str(world.channel("space-news").id)
    other = str(world.channel("general").id)
    return {
        "ok": {},
        "help": {},
        "about": {},
        "stories latest": {"count": 20},
        "stories show": {"story": story},
        "stories discussion": {"story": story},
        "stories why": {"story": story},
        "stories digest": {},
        "stories export": {"story": story, "format": "html"},
        "stories following": {},
        "stories follow": {"story": story},
        "stories unfollow": {"story": story},
        "stories fetch": {"url": "http://127.0.0.1:9/"},
        "privacy show": {},
        "privacy export": {},
        "privacy forget": {},
        "channels list": {},
        "channels history": {},
        "channels preview": {"channel": channel},
        "channels filter": {"channel": channel, "include": "rover"},
        "channels template": {"channel": channel},
        "channels notices": {"channel": other},
        "channels edit": {"channel": channel, "comments": 10},
        "topics list": {},
        "topics show": {"topic": "mars"},
        "topics test": {"topic": "space-cooperation"},
        "topics add": {"name": "mine", "words": "rover -sand"},
        "topics edit": {"name": "mine", "words": "rover"},
        "topics remove": {"name": "mine"},
        "sources list": {},
        "sources add": {"address": "http://127.0.0.1:9/"},
        "sources check": {"source": "1"},
        "sources backfill": {"source": "999"},
        "sources remove": {"source": "999"},
        "setup": {},
        "channels test": {"channel": channel},
        "channels pause": {"channel": channel},
        "channels resume": {"channel": channel},
        "channels follow": {"channel": other, "newest": 0},
        "channels unfollow": {"channel": other},
        "sources starter": {},
    }


@app_commands.command(name="ok", description="Answers ok")
async def bare(interaction: discord.Interaction):
    await interaction.response.send_message("ok", ephemeral=True)


async def setup(bot):
    """Add the bare command to the bot's own; discord.py calls this, as this file is one of its extensions here."""
    bot.tree.add_command(bare)


class Person:
    """Uses commands and times them."""

    def __init__(self, run):
        self.run, self.box = run, run.box
        self.user, self.place = run.box.world.user("Ada").id, run.box.world.channel("general").id

    async def use(self, name, options):
        began = time.perf_counter(), time.process_time()
        answer = await self.box.command(self.user, self.place, name, options)
        taken = time.perf_counter() - began[0], time.process_time() - began[1]
        self.box.traffic.clear()
        return taken, says(answer)

    async def type(self, name, options, focused):
        began = time.perf_counter(), time.process_time()
        choices = await self.box.autocomplete(self.user, self.place, name, options, focused)
        taken = time.perf_counter() - began[0], time.process_time() - began[1]
        self.box.traffic.clear()
        return taken, f"{len(choices)} choices"


def says(answer):
    embed = answer.embeds[0] if answer.embeds else {}
    text = answer.content or embed.get("description") or embed.get("title") or answer.kind
    return " ".join(str(text).split())[:50]


async def repeated(title, calls):
    times, said = [], ""
    for call in calls:
        taken, said = await call()
        times.append(taken)
    columns = ""
    for each in zip(*times, strict=True):
        cut = quantiles([one * 1e3 for one in each * 2], n=20, method="inclusive")
        columns += f"{cut[9]:>9.1f}{cut[18]:>9.1f}"
    print(f"{title:<34}{len(times):>5}{columns}   {said}", flush=True)


async def measure(run, language, stories, rounds):
    person, known = Person(run), samples(run.box.world, stories)
    commands = {
        command.qualified_name: command
        for command in run.bot.tree.walk_commands(type=discord.AppCommandType.chat_input)
        if isinstance(command, app_commands.Command)
    }
    print(f"{'command':<34}{'times':>5}{'p50 ms':>9}{'p95 ms':>9}{'CPU p50':>9}{'CPU p95':>9}   its last answer")
    for name, options in known.items():
        if name in commands:
            await repeated(f"/{name}", [lambda n=name, o=options: person.use(n, o)] * rounds)
    for kind, found in language.searches(rounds).items():
        words = list(itertools.islice(itertools.cycle(found), rounds))
        await repeated(
            f"/stories search {kind}", [lambda w=word: person.use("stories search", {"query": w}) for word in words]
        )
    common = language.near(0.16, rounds)
    for limit in ({"source": "1"}, {"since": "7d"}, {"author": "a"}, {"in": "stories"}):
        calls = [lambda w=word, o=limit: person.use("stories search", {"query": w} | o) for word in common]
        await repeated(f"/stories search common, {next(iter(limit))}", calls)
    await suggestions(person, commands, known, language, rounds)
    unknown = sorted(set(commands) - set(known) - {"stories search"})
    for name in unknown:
        print(f"/{name}: no sample arguments")
    return bool(unknown)


async def suggestions(person, commands, known, language, rounds):
    typed = [word[: 1 + number % 5] for number, word in enumerate(language.near(0.01, rounds))]
    for name, command in commands.items():
        options = known.get(name, {"query": "x"})
        for parameter in command.parameters:
            if parameter.autocomplete:
                focused = parameter.display_name
                calls = [lambda t=text, n=name, f=focused, o=options: person.type(n, o | {f: t}, f) for text in typed]
                await repeated(f"typing /{name} {focused}"[:34], calls)


async def prepare(path, comments, language):
    """Start the bot once to learn the ids of the sandbox, migrate, and fill the file."""
    async with embedded(path, page=False) as run:
        guild, channel = run.box.world.guild.id, run.box.world.channel("space-news").id
    build(path, comments, language, guild, channel)


async def run_all(options, folder):
    path = options.keep or folder / "bench.sqlite3"
    language = Language()
    if not path.exists():
        await prepare(path, options.comments, language)
    client.EXTENSIONS = (*client.EXTENSIONS, "benchmarks.commands")
    show(f"opening {path.stat().st_size / 1e6:,.0f} MB\n")
    async with embedded(path, page=False, settle=timedelta(0)) as run:
        run.box.world.limits.open()
        async with run.database.read() as tx:
            ((stories, comments),) = await tx.execute_fetchall(
                "SELECT (SELECT max(id) FROM stories), (SELECT count(*) FROM comments)"
            )
        print(f"{comments:,} comments on {stories:,} stories")
        return await measure(run, language, stories, options.rounds)


def show(text):
    print(
        f"\r\033[K{text}" if sys.stderr.isatty() else text.rstrip(),
        end="" if sys.stderr.isatty() else "\n",
        file=sys.stderr,
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comments", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="build the database there, or use it again")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(asyncio.run(run_all(options, Path(folder))))


if __name__ == "__main__":
    main()
