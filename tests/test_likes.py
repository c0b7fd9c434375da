"""Likes are kept with a comment and followed, and a change of them is neither an edit nor a delivery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.store import comments
from bot.store.database import Database
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, dump

pytestmark = pytest.mark.asyncio

PAGE = StoryPage(
    Story("Two agencies share a dish", url="https://example.org/dish"),
    (Comment("a", "Ann", "first", likes=1), Comment("b", "Bob", "second")),
)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        await library.follow(opened, GUILD, CHANNEL, ADMIN, NOW)
        yield opened


async def read(database, *likes, complete=True):
    said = tuple(replace(comment, likes=number) for comment, number in zip(PAGE.comments, likes, strict=False))
    return await ingest(database, StoryPage(PAGE.story, said, complete), NOW, deliver=True)


async def kept(database):
    async with database.read() as tx:
        return [(stored.comment.likes, stored.revision) for stored in await comments.of_story(tx, 1)]


async def test_they_are_followed_without_an_edit_or_a_delivery(database):
    await read(database, 1, None)
    assert await kept(database) == [(1, 1), (None, 1)]
    report = await read(database, 8, -2)
    assert await kept(database) == [(8, 1), (-2, 1)]
    assert (report.status, report.deliveries) == ("unchanged", 0)


async def test_a_read_that_does_not_tell_them_forgets_nothing(database):
    await read(database, 8, 3)
    await read(database, None, None)
    await read(database, 9, complete=False)
    assert await kept(database) == [(9, 1), (3, 1)]


async def test_an_edited_comment_keeps_them(database):
    await read(database, 8, 3)
    edited = (replace(PAGE.comments[0], body="otherwise", likes=None), replace(PAGE.comments[1], likes=3))
    await ingest(database, StoryPage(PAGE.story, edited), NOW, deliver=True)
    assert await kept(database) == [(8, 2), (3, 1)]


async def test_the_same_again_writes_nothing(database, tmp_path):
    await read(database, 8, 3)
    before = dump(tmp_path / "t.sqlite3")
    await read(database, 8, 3)
    assert dump(tmp_path / "t.sqlite3") == before
