"""The full-text indexes hold what stories and comments say now, whatever happened: SQLite itself compares them."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.ingest import ingest
from bot.model import Comment
from bot.query import Term, typed
from bot.store import schema, search, stories, words
from bot.store.database import Database
from bot.store.tables_face import SEARCH
from tests.store.files import GUILD, NOW, PAGE, page, raw, store

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def database(tmp_path):
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        yield opened


def in_step(database):
    """Have SQLite compare each index with the texts that it is of; raises where they differ."""
    with raw(database.path) as connection:
        for table in ("story_words", "comment_words"):
            connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")


def found(database, word):
    with raw(database.path) as connection:
        sql = "SELECT rowid & 4294967295 FROM comment_words WHERE comment_words MATCH ?"
        return sorted(row[0] for row in connection.execute(sql, (word,)))


async def test_new_changed_deleted_and_returned_comments_are_followed(database):
    ann, bob = PAGE.comments
    await store(database)
    in_step(database)
    assert (found(database, "first"), found(database, "ann")) == ([1], [1, 2])
    await store(database, replace(PAGE, comments=(replace(ann, body="changed"), bob)))
    in_step(database)
    assert (found(database, "first"), found(database, "changed")) == ([], [1])
    await store(database, replace(PAGE, comments=(replace(ann, body="", deleted=True), bob)))
    in_step(database)
    assert found(database, "changed") == []
    await store(database)
    in_step(database)
    assert found(database, "first") == [1]
    await store(database, replace(PAGE, story=replace(PAGE.story, title="A new title", author="Zed")))
    in_step(database)


async def test_what_vanished_for_long_is_not_found_any_more(database):
    await store(database)
    for minutes in (1, 20):
        read = replace(PAGE, comments=PAGE.comments[:1])
        await ingest(database, read, NOW + timedelta(minutes=minutes), deliver=True)
    in_step(database)
    assert found(database, "answer") == []


async def test_any_history_leaves_the_indexes_in_step(database):
    rng = random.Random(7)
    said = {}
    for step in range(60):
        number = rng.randrange(3)
        known = said.setdefault(number, {})
        for _ in range(rng.randrange(1, 4)):
            key = f"c{rng.randrange(8)}"
            body = " ".join(rng.choices(["rover", "moon", "Orléans", "日本", "a\x00b", "🚀", ""], k=3))
            known[key] = Comment(key, rng.choice(["Ann", "Bob", ""]), body, deleted=rng.random() < 0.2)
        read = replace(page(number), comments=tuple(known.values()), complete=False)
        if rng.random() < 0.3:
            read = replace(read, story=replace(read.story, summary=rng.choice(["lunar", ""])))
        await ingest(database, read, NOW + timedelta(minutes=step), deliver=False)
    in_step(database)


async def test_a_transaction_that_is_taken_back_takes_its_words_back(database):
    await store(database)

    async def work():
        async with database.write() as tx:
            await words.take_comments(tx, [1, 2])
            await words.take_story(tx, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await work()
    in_step(database)
    assert found(database, "first") == [1]


async def test_the_comparison_sees_what_is_out_of_step(database):
    await store(database)
    async with database.write() as tx:
        await tx.execute("UPDATE comments SET body = 'behind its back' WHERE id = 1")
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        in_step(database)


async def test_what_was_stored_before_there_was_an_index_is_found(tmp_path):
    path, before = tmp_path / "t.sqlite3", schema.MIGRATIONS.index(SEARCH)
    with raw(path) as connection:
        for migration in schema.MIGRATIONS[:before]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {before}")
        connection.executescript(
            """INSERT INTO meta VALUES ('install_secret', 'x');
            INSERT INTO stories (id, title, summary, body, digest, revision, first_seen, public)
            VALUES (1, 'Old news', '', '', '', 1, 0, 1), (2, 'Older', '', '', '', 1, 0, 1);
            INSERT INTO comments (id, story_id, key, author, body, deleted, digest, revision, position)
            VALUES (1, 2, 'a', 'Ann', 'said long ago', 0, '', 1, 1), (2, 1, 'b', 'Bob', 'secret', 1, '', 1, 2);
            INSERT INTO subscriptions (guild_id, channel_id, created_by, created_at) VALUES (1, 22, 1, 0);"""
        )
    async with Database.open(path) as database:
        async with database.read() as tx:
            told = await search.stories(tx, search.Wish(GUILD, (Term(("news",)),)))
            said = await search.comments(tx, search.Wish(GUILD, (Term(("long", "ago")),)))
            gone = await search.comments(tx, search.Wish(GUILD, (Term(("secret",)),)))
        assert [one.story_id for one in told.fitting] == [1]
        assert [(one.story_id, one.comment_id, one.author) for one in said.fitting] == [(2, 1, "Ann")]
        assert gone.fitting == ()
        in_step(database)


@pytest.mark.parametrize(("many", "said"), [(2, True), (3, False)])
async def test_before_many_comments_are_indexed_the_log_says_how_long_it_takes(
    tmp_path, monkeypatch, caplog, many, said
):
    path, before = tmp_path / "t.sqlite3", schema.MIGRATIONS.index(SEARCH)
    monkeypatch.setattr(schema, "MANY", many)
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:before])
        async with Database.open(path):
            pass
    with raw(path) as connection:
        connection.executescript(
            """INSERT INTO stories (id, title, summary, body, digest, revision, first_seen, public)
            VALUES (1, 'Old news', '', '', '', 1, 0, 1);
            INSERT INTO comments (id, story_id, key, author, body, deleted, digest, revision, position)
            VALUES (1, 1, 'a', 'Ann', 'said long ago', 0, '', 1, 1), (2, 1, 'b', 'Bob', 'too', 0, '', 1, 2);"""
        )
    async with Database.open(path):
        pass
    line = "upgrading the database: indexing 2 comments for the search, about a minute a million"
    assert (line in caplog.messages) is said


async def test_titles_are_suggested_to_a_server_that_follows_nothing_without_a_walk_through_the_index(database):
    """Count SQLite's own steps, of which a walk takes thousands."""
    async with database.write() as tx:
        await tx.executemany(
            """INSERT INTO stories (title, summary, body, digest, revision, first_seen, public)
            VALUES (?, '', '', '', 1, 0, 1)""",
            [(f"Café news {number}",) for number in range(3000)],
        )
        await tx.execute("INSERT INTO story_words (story_words) VALUES ('rebuild')")
        for number in (7, 70, 700):
            await stories.fetched(tx, GUILD, number, 1, NOW)
        await tx.execute("INSERT INTO subscriptions (guild_id, channel_id, created_by, created_at) VALUES (2, 2, 1, 0)")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    async with database.read() as tx:
        await tx.set_progress_handler(count, 100)
        found = await search.titles(tx, GUILD, typed("cafe ne"), 2)
        nothing = await search.titles(tx, GUILD, typed("cafe old"), 2)
        await tx.set_progress_handler(None, 0)
        for other in ("CAFÉ NEWS 6", "news 69", "afe"):
            assert [n for n, _ in await search.titles(tx, GUILD, typed(other), 25) if n not in (7, 70, 700)] == []
        of_all = await search.titles(tx, 2, typed("cafe ne"), 2)
    assert [number for number, _ in found] == [700, 70]
    assert nothing == []
    assert [number for number, _ in of_all] == [3000, 2999]
    assert steps < 10


async def test_only_the_newest_of_very_many_are_looked_through(database, monkeypatch):
    monkeypatch.setattr(search, "MOST_RANKED", 3)
    monkeypatch.setattr(search, "MOST_LOOKED_AT", 5)
    for number in range(4):
        await store(database, page(number, 2), deliver=False)
    wish = search.Wish(GUILD, (Term(("comment",)),))
    async with database.write() as tx:
        await stories.fetched(tx, GUILD, 1, 1, NOW)
        await stories.fetched(tx, GUILD, 3, 1, NOW)
    async with database.read() as tx:
        found = await search.comments(tx, wish)
        begun = await search.comments(tx, replace(wish, terms=(Term(("comme",), prefix=True),)))
    # The five newest are those of stories 4 to 2; story 1 is looked through besides, but for a word's mere beginning.
    assert ([one.story_id for one in begun.fitting], begun.more) == ([3, 3], True)
    assert ([one.story_id for one in found.fitting], found.more) == ([3, 3, 1], True)
