"""Sources in SQLite: one row an address, limits, what is due, and what a server may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import Conflict, NotFound
from bot.store import links, sources, stories, threads
from bot.store.database import Database, Transaction
from bot.store.sources import LIMIT
from tests.store.files import ADMIN, GUILD, NOW, page

pytestmark = pytest.mark.asyncio

FEED, OTHER, STRANGER = "https://example.org/feed", "https://example.org/other", 2
MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def tx(tmp_path: Path) -> AsyncIterator[Transaction]:
    async with Database.open(tmp_path / "t.sqlite3") as database, database.write() as opened:
        yield opened


async def test_an_address_of_a_kind_is_one_source(tx):
    first = await sources.add(tx, "feed", FEED, "Example", NOW)
    again = await sources.add(tx, "feed", FEED, "Another name", NOW + MINUTE)
    other = await sources.add(tx, "discourse", FEED, None, NOW)
    assert first == again
    assert (first.next_at, first.name, first.everyone) == (NOW, "Example", False)
    assert other.id != first.id


async def test_a_source_comes_back_as_it_was_saved(tx):
    source = await sources.add(tx, "feed", FEED, None, NOW)
    full = replace(
        source, name="N", interval=5 * MINUTE, cursor={"etag": "\ud800x"[1:], "page": "2"}, least=30 * MINUTE,
        skip_hours=frozenset({1, 2}), skip_days=frozenset({6}), next_at=NOW, last_read_at=NOW, last_full_at=NOW,
        last_change_at=NOW, baseline_at=NOW, fails=3, failing_since=NOW, last_error="why", told_at=NOW,
        moves=("https://a.example",), stopped_reason="because",
    )  # fmt: skip
    await sources.save(tx, full)
    assert await sources.get(tx, source.id) == full


async def test_a_server_has_at_most_25_sources_of_its_own(tx):
    for number in range(LIMIT + 1):
        await sources.add(tx, "feed", f"{FEED}/{number}", None, NOW)
    for number in range(LIMIT):
        await sources.share(tx, number + 1, GUILD, ADMIN, NOW)
    with pytest.raises(Conflict, match="25 sources"):
        await sources.share(tx, LIMIT + 1, GUILD, ADMIN, NOW)
    with pytest.raises(Conflict, match="already"):
        await sources.share(tx, 1, GUILD, ADMIN, NOW)
    await sources.share(tx, LIMIT + 1, STRANGER, ADMIN, NOW)
    assert len(await sources.of_guild(tx, GUILD)) == LIMIT


async def test_a_source_that_nobody_has_any_more_is_forgotten(tx):
    source = await sources.add(tx, "feed", FEED, None, NOW)
    for guild in (GUILD, STRANGER):
        await sources.share(tx, source.id, guild, ADMIN, NOW)
    await sources.unshare(tx, source.id, GUILD)
    assert len(await sources.all_(tx)) == 1
    with pytest.raises(NotFound):
        await sources.unshare(tx, source.id, GUILD)
    await sources.unshare(tx, source.id, STRANGER)
    assert await sources.all_(tx) == []


async def test_the_operators_own_stays_when_the_last_server_leaves(tx):
    source = await sources.add(tx, "feed", FEED, None, NOW, everyone=True)
    await sources.share(tx, source.id, GUILD, ADMIN, NOW)
    await sources.unshare(tx, source.id, GUILD)
    assert [s.id for s in await sources.for_everyone(tx)] == [source.id]
    await sources.remove(tx, source.id)
    with pytest.raises(NotFound):
        await sources.remove(tx, source.id)


async def test_a_server_sees_its_own_and_those_for_all_and_absent_is_like_foreign(tx):
    own = await sources.add(tx, "feed", FEED, None, NOW)
    await sources.share(tx, own.id, GUILD, ADMIN, NOW)
    everyone = await sources.add(tx, "feed", OTHER, None, NOW, everyone=True)
    assert (await sources.visible(tx, GUILD, own.id)).id == own.id
    assert (await sources.visible(tx, STRANGER, everyone.id)).id == everyone.id
    with pytest.raises(NotFound) as foreign:
        await sources.visible(tx, STRANGER, own.id)
    with pytest.raises(NotFound) as absent:
        await sources.visible(tx, STRANGER, 2**80)
    assert str(foreign.value) == str(absent.value)


async def test_what_is_made_for_all_makes_its_stories_public(tx):
    source = await sources.add(tx, "feed", FEED, None, NOW)
    story = await stories.insert(tx, page(1).story, NOW, public=False)
    await links.link(tx, source.id, story, NOW)
    assert not await stories.is_public(tx, story)
    assert (await sources.add(tx, "feed", FEED, None, NOW, everyone=True)).everyone
    assert await stories.is_public(tx, story)


async def test_due_are_those_whose_time_has_come_and_those_planned_by_a_wrong_clock(tx):
    plans = [NOW - MINUTE, NOW, NOW + MINUTE, NOW + timedelta(days=7), NOW + timedelta(days=300), None]
    for number, next_at in enumerate(plans):
        source = await sources.add(tx, "feed", f"{FEED}/{number}", None, NOW)
        await sources.save(tx, replace(source, next_at=next_at))
    stopped = await sources.add(tx, "feed", OTHER, None, NOW)
    await sources.save(tx, replace(stopped, stopped_reason="gone"))
    assert [s.id for s in await sources.due(tx, NOW, 9)] == [1, 2, 5]
    assert [s.id for s in await sources.due(tx, NOW, 1)] == [1]
    assert await sources.next_due(tx, NOW) == NOW + MINUTE


async def test_adding_a_stopped_source_starts_it(tx):
    source = await sources.add(tx, "feed", FEED, None, NOW)
    await sources.save(tx, replace(source, stopped_reason="gone", fails=9, next_at=None, cursor={"etag": "x"}))
    again = await sources.add(tx, "feed", FEED, None, NOW + MINUTE)
    assert (again.stopped_reason, again.fails, again.next_at, again.cursor) == (None, 0, NOW + MINUTE, {})


async def test_a_thread_comes_back_as_it_was_saved(tx):
    story = await stories.insert(tx, page(1).story, NOW, public=True)
    await threads.insert(tx, story, "feed", FEED, "3", rank=1, born_at=NOW)
    await threads.insert(tx, story, "feed", OTHER, None, rank=0, born_at=NOW)
    best, found = await threads.of_story(tx, story)
    assert best.address == OTHER
    full = replace(
        found, rank=5, signal="4", read_signal="3", woken_at=NOW, cursor={"a": "b"}, next_at=NOW, last_read_at=NOW,
        last_full_at=NOW, fails=2, failing_since=NOW, last_error="why",
    )  # fmt: skip
    await threads.save(tx, full)
    assert await threads.get(tx, found.id) == full
    assert await threads.due(tx, NOW, 9) == [full]
    assert await threads.next_due(tx, NOW) is None
    assert await threads.next_due(tx, NOW - MINUTE) == NOW


async def test_who_knew_a_story_before(tx):
    story = await stories.insert(tx, page(1).story, NOW, public=False)
    ids = [(await sources.add(tx, "feed", f"{FEED}/{n}", None, NOW, everyone=n == 2)).id for n in range(3)]
    await sources.share(tx, ids[0], GUILD, ADMIN, NOW)
    for place, source in enumerate(ids):
        assert await links.link(tx, source, story, NOW + place * MINUTE)
        assert not await links.link(tx, source, story, NOW)
    assert await links.told_before(tx, ids[0], story) == (False, set())
    assert await links.told_before(tx, ids[1], story) == (False, {GUILD})
    assert await links.speaker(tx, await stories.get(tx, story)) == links.Speaker(links.Trust.OPERATOR, ids[2])
