"""Rows B11 to B13: a migration comes after a verified backup, is whole or not at all, and survives kill -9."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import database as database_module
from bot.store import schema
from bot.store.database import Database
from tests.store.files import page, raw, rows, store

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).resolve().parents[2]
SECOND = (
    "CREATE TABLE extra (id INTEGER PRIMARY KEY, title TEXT NOT NULL) STRICT",
    "INSERT INTO extra (title) SELECT title FROM stories",
    "ALTER TABLE stories ADD COLUMN extra_id INTEGER",
    "UPDATE stories SET extra_id = (SELECT e.id FROM extra e WHERE e.title = stories.title)",
    "CREATE INDEX stories_extra ON stories (extra_id)",
)
# Runs the migrations and kills itself, for real, when SQLite starts its n-th statement; "commit" waits for the COMMIT.
KILLED = """
import asyncio, os, pathlib, signal, sys
from bot.store import schema
from bot.store.database import Database
path, fatal, second = pathlib.Path(sys.argv[1]), int(sys.argv[2]), eval(sys.argv[3])
schema.MIGRATIONS = (*schema.MIGRATIONS, second)
started = 0
def count(statement):
    global started
    started += 1
    if started == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
real = schema.migrate
async def migrate(connection):
    await connection.set_trace_callback(count)
    await real(connection)
schema.migrate = migrate
async def main():
    async with Database.open(path):
        print(started)
asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.sqlite3"


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*backup*"))


async def fill(path: Path) -> None:
    async with Database.open(path) as database:
        for number in range(3):
            await store(database, page(number))


def shape(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT name, sql FROM sqlite_schema ORDER BY name")


async def test_b11_an_older_schema_is_migrated_after_a_verified_backup(path, monkeypatch):
    await fill(path)
    old = shape(path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))
    async with Database.open(path) as database:
        assert (await store(database, page(1))).status == "unchanged"
    assert rows(path, "PRAGMA user_version") == [(len(schema.MIGRATIONS),)]
    assert rows(path, "SELECT count(*) FROM stories WHERE extra_id IS NOT NULL") == [(3,)]
    (backup,) = backups(path)
    assert shape(backup) == old
    assert rows(backup, "PRAGMA integrity_check") == [("ok",)]
    assert rows(backup, "SELECT count(*) FROM stories") == [(3,)]


async def test_b11_without_a_sound_backup_nothing_is_migrated(path, monkeypatch):
    await fill(path)
    old, real = shape(path), database_module._problem
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))
    monkeypatch.setattr(database_module, "_problem", lambda file: "torn" if file != path else real(file))
    with pytest.raises(StoreError, match=r"backup.*torn"):
        async with Database.open(path):
            pass
    assert shape(path) == old and backups(path) == []


async def test_b11_the_first_migration_needs_no_backup_and_a_current_file_none_either(path):
    await fill(path)
    await fill(path)
    assert backups(path) == []


def start(path: Path, fatal: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", KILLED, str(path), str(fatal), repr(SECOND)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_b12_kill_9_at_any_statement_of_a_migration_leaves_old_or_new(tmp_path, monkeypatch):
    await fill(tmp_path / "old.sqlite3")
    content, old = (tmp_path / "old.sqlite3").read_bytes(), shape(tmp_path / "old.sqlite3")
    files = {fatal: tmp_path / f"{fatal}.sqlite3" for fatal in (*range(2, 12), 999)}
    for file in files.values():
        file.write_bytes(content)
    running = {fatal: start(file, fatal) for fatal, file in files.items()}
    said = {fatal: (process.communicate()[0], process.returncode) for fatal, process in running.items()}
    statements = int(said[999][0])
    assert 8 < statements < 12, "the COMMIT is among those killed"
    new = shape(files[999])
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))
    for fatal, file in files.items():
        if fatal <= statements:
            assert said[fatal][1] == -signal.SIGKILL
        assert shape(file) == (old if fatal <= statements else new)
        async with Database.open(file) as database:
            await database.check()
            assert (await store(database, page(2))).status == "unchanged"
        assert shape(file) == new


async def test_b12_kill_9_while_the_file_is_made(tmp_path):
    files = {fatal: tmp_path / f"{fatal}.sqlite3" for fatal in (2, 9, 30)}
    running = {fatal: start(file, fatal) for fatal, file in files.items()}
    for fatal, process in running.items():
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert rows(files[fatal], "PRAGMA user_version") == [(0,)]
        assert shape(files[fatal]) == []
        await fill(files[fatal])
        assert rows(files[fatal], "SELECT count(*) FROM stories") == [(3,)]


async def test_b12_a_backup_that_was_cut_off_is_no_backup(path, monkeypatch):
    await fill(path)
    path.with_name(path.name + ".v1-20260301T120000Z.backup.partial").write_bytes(b"half")
    path.unlink()
    await fill(path)


@pytest.mark.parametrize(
    "statement",
    ["CREATE UNIQUE INDEX one_author ON comments (author)", "INSERT INTO nowhere VALUES (1)", "SELECT"],
    ids=["bad data", "no table", "no SQL"],
)
async def test_b13_a_failing_migration_is_rolled_back_and_the_old_program_starts(path, monkeypatch, statement):
    await fill(path)
    old, known = shape(path), schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", (*known, (*SECOND, statement)))
    with pytest.raises(StoreError, match="cannot be used"):
        async with Database.open(path):
            pass
    assert shape(path) == old
    assert rows(path, "PRAGMA user_version") == [(len(known),)]
    monkeypatch.setattr(schema, "MIGRATIONS", known)
    async with Database.open(path) as database:
        assert (await store(database, page(1))).status == "unchanged"


async def test_b13_two_programs_that_migrate_at_once_do_it_once(path, monkeypatch):
    await fill(path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))

    async def start_up() -> None:
        async with Database.open(path) as database:
            await database.check()

    await asyncio.gather(start_up(), start_up())
    assert rows(path, "SELECT count(*) FROM extra") == [(3,)]


async def test_every_migration_is_one_statement_each_and_strict(path):
    await fill(path)
    with raw(path) as connection:
        # What a full-text index keeps for itself is SQLite's own affair.
        ours = "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        tables = connection.execute(ours).fetchall()
        assert [name for name, strict in tables if not strict and not name.startswith("sqlite_")] == []
    for statements in schema.MIGRATIONS:
        assert [statement for statement in statements if not sqlite3.complete_statement(statement + ";")] == []
