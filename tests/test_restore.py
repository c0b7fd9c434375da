"""A database that is older than what was posted: nothing is posted twice (B09, B15, B16)."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot import example
from bot.embedded import Embedded
from bot.model import Comment
from bot.sources import page as page_source
from tests.conftest import Start
from tests.test_flow import mirrored_tree, source_tree, story_channel

pytestmark = pytest.mark.asyncio

PAGE, LATER = (page_source.parse(data, url=example.URL) for data in example.readings())
OTHER = replace(PAGE, story=replace(PAGE.story, title="Another story", url="https://example.org/other"), comments=())


def restore(database: Path, backup: Path) -> None:
    """Put the backup in the database's place, as an operator would."""
    for leftover in database.parent.glob(database.name + "-*"):
        leftover.unlink()
    shutil.copyfile(backup, database)


async def messages(run: Embedded) -> list[str]:
    return [card["embeds"][0]["url"] for card in story_channel(run)]


@pytest.mark.parametrize("mirrored_before", [False, True])
async def test_b15_after_a_restored_backup_nothing_is_posted_twice(
    start: Start, tmp_path: Path, mirrored_before: bool
) -> None:
    backup = tmp_path / "backup"
    async with start() as run:
        await run.follow()
        await run.deliver(replace(PAGE, comments=PAGE.comments[:2]) if mirrored_before else OTHER)
        await run.database.backup(backup)
        await run.deliver(PAGE)
        await run.deliver(OTHER)
    restore(tmp_path / "bot.sqlite3", backup)
    async with start() as run:
        await run.deliver(PAGE)
        await run.deliver(OTHER)
        created = [
            entry["body"]
            for entry in run.box.traffic
            if entry["method"] == "POST" and entry["path"].endswith("/messages")
        ]
        assert created == []
        assert sorted(await messages(run)) == sorted([OTHER.story.url, PAGE.story.url])
        tree = next(card for card in story_channel(run) if card["thread"]["name"] == PAGE.story.title)
        assert mirrored_tree(tree["thread"]["messages"]) == source_tree(PAGE)


async def test_b16_what_is_found_again_is_brought_to_the_newest_revision(start: Start, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    async with start() as run:
        await run.follow()
        await run.database.backup(backup)
        await run.deliver(PAGE)
    restore(tmp_path / "bot.sqlite3", backup)
    async with start() as run:
        changed = replace(PAGE.comments[0], body="edited while nobody remembered")
        new = Comment("new", "New", "never seen before")
        await run.deliver(replace(PAGE, comments=(changed, *PAGE.comments[1:], new)))
        thread = story_channel(run)[0]["thread"]["messages"]
        assert "edited while nobody remembered" in thread[0]["content"]
        created = [
            e["body"]["content"] for e in run.box.traffic if e["method"] == "POST" and e["path"].endswith("/messages")
        ]
        assert len(created) == 1, created
        assert "never seen before" in thread[-1]["content"]


async def test_b09_a_restart_without_any_loss_looks_for_nothing(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
    async with start() as run:
        await run.deliver(OTHER)
        assert not [entry for entry in run.box.traffic if entry["method"] == "GET" and "/messages" in entry["path"]]
