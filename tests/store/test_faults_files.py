"""Rows B06 to B10 and B14 to B16: files that are foreign, damaged, newer, lost or taken back from a backup.

Here is the store's part of B09, B15 and B16: such a file is sound and says truly what it knows. That the bot then looks
before it posts is tested in tests/test_restore.py.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot import library
from bot.errors import StoreError
from bot.store import schema
from bot.store.database import Database, newest_backup
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, dump, page, raw, rows, store

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).resolve().parents[2]
COUNT = "SELECT count(*) FROM stories"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.sqlite3"


async def fill(path: Path, stories: int = 3) -> None:
    async with Database.open(path) as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        for number in range(stories):
            await store(database, page(number))


async def refused(path: Path, *, exclusive: bool = False) -> str:
    """Return what the refusal to open says; fails where there is none."""
    with pytest.raises(StoreError) as refusal:
        async with Database.open(path, exclusive=exclusive):
            pass
    return str(refusal.value)


def checkpoint(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_b06_a_read_only_file_is_refused(path, monkeypatch):
    await fill(path)
    real = os.access
    monkeypatch.setattr(os, "access", lambda file, mode: Path(file) != path and real(file, mode))
    assert "read-only" in await refused(path)
    assert rows(path, COUNT) == [(3,)]


async def test_b06_a_read_only_folder_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda file, mode: False)
    assert "cannot be written" in await refused(path)
    assert not path.exists()


async def test_b06_a_lock_that_cannot_be_written_is_a_refusal_too(path):
    path.with_name(path.name + ".lock").mkdir()
    assert "cannot be written" in await refused(path, exclusive=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
@pytest.mark.parametrize("exclusive", [True, False])
async def test_b06_somebody_without_rights_is_refused_by_the_kernel(exclusive):
    script = f"""
import asyncio, os, pathlib, sys, encodings.idna
from bot.errors import StoreError
from bot.store.database import Database
async def main():
    try:
        async with Database.open(pathlib.Path(sys.argv[1]), exclusive={exclusive}):
            print("opened")
    except StoreError as error:
        print("refused:", error)
os.setuid(65534)
asyncio.run(main())
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.sqlite3"
        await fill(path)
        Path(folder).chmod(0o755)
        path.chmod(0o444)
        run = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True, check=True)
        assert run.stdout.startswith("refused:") and "rights" in run.stdout
        assert rows(path, COUNT) == [(3,)]


@pytest.mark.parametrize("content", [b"hello, I am a text file\n" * 400, b"SQLite format 3\x00" + b"\x07" * 8000])
async def test_b07_what_is_no_database_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    assert path.name in await refused(path)
    assert path.read_bytes() == content


async def test_b07_another_programs_database_is_refused(path):
    with raw(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = dump(path)
    assert "another program" in await refused(path)
    assert dump(path) == before


@pytest.mark.parametrize("empty", [True, False], ids=["zero bytes", "missing"])
async def test_b07_nothing_is_made_anew_beside_a_backup(path, empty):
    backup = path.with_name(path.name + ".v1-20260301T120000Z.backup")
    backup.write_bytes(b"whatever")
    if empty:
        path.touch()
    assert backup.name in await refused(path)
    assert path.exists() is empty and (not empty or path.stat().st_size == 0)


async def test_b07_zero_bytes_without_a_backup_are_a_new_database(path):
    path.touch()
    await fill(path)
    assert rows(path, COUNT) == [(3,)]


async def test_b08_flipped_bytes_in_any_page_are_refused_and_the_backup_named(path):
    await fill(path, 40)
    with raw(path) as connection:
        connection.execute("VACUUM")  # a page that nothing uses may hold anything
    checkpoint(path)
    sound = path.read_bytes()
    backup = path.with_name(path.name + ".mine.backup")
    backup.write_bytes(sound)
    for place in range(4096, len(sound), 4096):
        damaged = bytearray(sound)
        damaged[place : place + 8] = bytes(255 - byte for byte in sound[place : place + 8])
        path.write_bytes(damaged)
        assert backup.name in await refused(path)
        assert path.read_bytes() == damaged


async def test_b08_a_running_bot_can_look_for_damage(path):
    async with Database.open(path) as database:
        for number in range(40):
            await store(database, page(number))
        await database.check()
        checkpoint(path)
        with path.open("r+b") as file:
            file.seek(2 * 4096)
            file.write(b"\xff" * 4096)
        with pytest.raises(StoreError, match="cannot be used"):
            await database.check()


async def copy_in_two_states(path: Path) -> tuple[Path, Path]:
    """Return a file with two stories and another with six, of which the last three are only in its log."""
    early, late = path.with_name("early.sqlite3"), path.with_name("late.sqlite3")
    async with Database.open(path) as database:
        for number in range(3):
            await store(database, page(number))
        checkpoint(path)
        for number, copy in ((3, early), (4, late), (5, late)):
            await store(database, page(number))
            for end in ("", "-wal"):
                shutil.copy(f"{path}{end}", f"{copy}{end}")
    return early, late


async def test_b09_without_its_log_a_file_starts_with_what_was_checkpointed(path):
    _, late = await copy_in_two_states(path)
    Path(f"{late}-wal").unlink()
    async with Database.open(late) as database:
        await database.check()
        assert (await store(database, page(2))).status == "unchanged"
        assert (await store(database, page(3))).status == "stored"


async def test_b09_with_an_older_log_a_file_starts_sound(path):
    early, late = await copy_in_two_states(path)
    shutil.copy(f"{early}-wal", f"{late}-wal")
    async with Database.open(late) as database:
        await database.check()
    assert rows(late, COUNT) == [(4,)]


async def test_b10_a_newer_schema_is_refused_with_both_versions(path):
    await fill(path)
    with raw(path) as connection:
        connection.execute("PRAGMA user_version = 47")
    before = dump(path)
    said = await refused(path)
    assert "47" in said and f"this program's {len(schema.MIGRATIONS)}" in said
    assert dump(path) == before


async def test_b14_backups_while_writing_are_whole(path, tmp_path):
    async with Database.open(path) as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        done = asyncio.Event()

        async def write() -> None:
            number = 0
            while not done.is_set():
                number += 1
                await store(database, page(number, comments=3))

        writing = asyncio.create_task(write())
        for number in range(6):
            backup = tmp_path / f"{number}.backup"
            await database.backup(backup)
            assert rows(backup, "PRAGMA integrity_check") == [("ok",)]
            ((stories, said, promised),) = rows(
                backup, f"SELECT ({COUNT}), (SELECT count(*) FROM comments), (SELECT count(*) FROM deliveries)"
            )
            assert (said, promised) == (stories * 3, stories * 4)
        done.set()
        await writing


async def test_b14_a_backup_never_overwrites_and_a_failed_one_leaves_nothing(path, tmp_path):
    (tmp_path / "taken.backup").write_text("mine")
    async with Database.open(path) as database:
        with pytest.raises(StoreError, match="exists already"):
            await database.backup(tmp_path / "taken.backup")
        with pytest.raises(StoreError, match="not sound"):
            await database.backup(tmp_path / "nowhere" / "x.backup")
    assert (tmp_path / "taken.backup").read_text() == "mine"
    assert newest_backup(path) is None


async def test_b15_a_restored_backup_is_sound_and_promises_what_it_forgot(path, tmp_path):
    promised = "SELECT channel_id, story_id, comment_id, part, state FROM deliveries ORDER BY id"
    async with Database.open(path) as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        await database.backup(tmp_path / "old.backup")
        await store(database)
    known = rows(path, promised)
    path.unlink()
    shutil.copy(tmp_path / "old.backup", path)
    async with Database.open(path) as database:
        await database.check()
        assert (await store(database)).status == "stored"
    assert rows(path, promised) == known != []


async def test_b16_lost_tail_commits_leave_whole_transactions(path):
    _, late = await copy_in_two_states(path)
    log = Path(f"{late}-wal").read_bytes()
    Path(f"{late}-wal").write_bytes(log[: len(log) - 5000])
    async with Database.open(late) as database:
        await database.check()
        assert (await store(database, page(4))).status == "unchanged"
        assert (await store(database, page(5))).status == "stored"
