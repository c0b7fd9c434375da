"""One server's own source says nothing in another site's name, and nothing in another server's channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.ingest import ingest
from bot.sources.base import Discussion, Fetched, Thread
from bot.store import sources, stories
from bot.store.database import Database
from tests.poll_stage import CHANNEL, GUILD, OTHER_CHANNEL, OTHER_GUILD, Stage, comment, fetched, fresh

pytestmark = pytest.mark.asyncio

NEWS, EVIL, OTHER = "https://www.example.org/feed", "https://evil.example.net/feed", "https://other.example.com/feed"
INJECTED = Thread("fake", "https://evil.example.net/comments")
OWN = Thread("fake", "https://example.org/comments")


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = Stage(database)
        made.kind.talks[INJECTED.address] = [Discussion((comment("f-1", "Buy coins."),), complete=True)]
        made.kind.talks[OWN.address] = [Discussion((comment("own-1"),), complete=True)]
        await made.follow()
        await made.follow(OTHER_GUILD, OTHER_CHANNEL)
        yield made


async def told(stage, address, *, guild=None, **story):
    """Have a source tell of story 2 after its baseline; without a guild it is the operator's."""
    async with stage.database.read() as tx:
        source = await sources.at(tx, "fake", address)
    if source is None:
        source = await stage.add(Fetched(cursor={"etag": "e"}), address=address, guild=guild, everyone=guild is None)
        await stage.poll(source, minutes=0)
    given = {"native_id": None, "origin": None, **story}
    stage.gives(fetched(fresh(2, stage.clock.now(), **given)), address=address)
    await stage.poll(source, minutes=1)


async def read_threads(stage):
    for _ in range(3):
        stage.clock.turn(600)
        await stage.poller.run_due()


def promised(stage, channel=OTHER_CHANNEL):
    """Return the comments that are to stand in a channel."""
    sql = """SELECT c.key FROM deliveries d JOIN comments c ON c.id = d.comment_id
        WHERE d.channel_id = ? AND NOT d.want_gone AND d.state = 'pending' ORDER BY c.key"""
    return [row[0] for row in stage.rows(sql, channel)]


async def test_a_servers_source_does_not_forge_what_the_operators_tells_later(stage):
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    assert (stage.cards(), promised(stage, CHANNEL)) == (["Forged"], ["along", "f-1"])
    await told(stage, NEWS, title="True", threads=(OWN,))
    await told(stage, EVIL, guild=GUILD, title="Forged again", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    assert (stage.cards(), stage.cards(OTHER_CHANNEL)) == (["True"], ["True"])
    assert (promised(stage, CHANNEL), promised(stage)) == (["own-1"], ["own-1"])
    assert stage.rows("SELECT title, revision FROM stories") == [("True", 2)]


@pytest.mark.parametrize("own", [True, False])
async def test_a_servers_source_adds_nothing_to_a_public_story(stage, own):
    await told(stage, NEWS, threads=(OWN,) if own else ())
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    assert promised(stage) == promised(stage, CHANNEL) == (["own-1"] if own else [])
    assert stage.cards(OTHER_CHANNEL) == ["Story 2"]
    assert INJECTED.address not in [address for address, _ in stage.kind.asked]


async def test_a_servers_source_at_the_storys_site_takes_it_over_from_another_servers(stage):
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    await told(stage, NEWS, guild=OTHER_GUILD, title="True", threads=(OWN,))
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    assert stage.cards() == stage.cards(OTHER_CHANNEL) == ["True"]
    assert promised(stage) == ["own-1"]


async def test_of_two_servers_sources_elsewhere_neither_brings_comments_to_the_other(stage):
    await told(stage, EVIL, guild=GUILD, title="First", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    assert promised(stage, CHANNEL) == ["along", "f-1"]
    theirs = Thread("fake", "https://other.example.com/comments")
    await told(stage, OTHER, guild=OTHER_GUILD, title="Second", threads=(theirs,))
    await told(stage, EVIL, guild=GUILD, title="First", threads=(INJECTED,), comments=(comment("late"),))
    await read_threads(stage)
    assert stage.cards() == stage.cards(OTHER_CHANNEL) == ["First"]
    assert promised(stage) == promised(stage, CHANNEL) == []
    assert stage.rows("SELECT count(*) FROM threads") == [(0,)]


async def test_a_source_at_the_storys_site_brings_other_servers_only_comments_of_that_site(stage):
    await told(stage, NEWS, guild=GUILD, threads=(INJECTED, OWN))
    await told(stage, OTHER, guild=OTHER_GUILD)
    await read_threads(stage)
    assert promised(stage) == promised(stage, CHANNEL) == ["own-1"]


async def test_a_source_that_another_server_adds_later_ends_what_is_not_for_it(stage):
    await told(stage, EVIL, guild=GUILD, threads=(INJECTED,))
    await told(stage, OTHER, guild=GUILD)
    await read_threads(stage)
    assert promised(stage, CHANNEL) == ["f-1"]
    async with stage.database.write() as tx:
        other = await sources.at(tx, "fake", OTHER)
        await sources.share(tx, other.id, OTHER_GUILD, 1, stage.clock.now())
    await read_threads(stage)
    assert promised(stage, CHANNEL) == []


async def test_an_import_is_the_operators_word(stage):
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,))
    await read_threads(stage)
    page = replace(fresh(2, stage.clock.now(), native_id=None).page, comments=(comment("own-1"),))
    await ingest(stage.database, page, stage.clock.now(), deliver=True)
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,))
    await read_threads(stage)
    assert (stage.cards(OTHER_CHANNEL), promised(stage)) == (["Story 2"], ["own-1"])


@pytest.mark.parametrize("first", [True, False])
async def test_what_a_member_fetches_elsewhere_is_not_heard_by_others(stage, first):
    forged = fresh(2, stage.clock.now(), native_id=None, title="Forged", comments=(comment("f-2"),)).page
    if not first:
        await told(stage, NEWS, title="True")
    await ingest(stage.database, forged, stage.clock.now(), deliver=False, public=False, address=EVIL)
    if first:
        await told(stage, NEWS, title="True")
    assert (stage.cards(OTHER_CHANNEL), promised(stage)) == (["True"], [])


@pytest.mark.parametrize("first", [True, False])
async def test_what_a_member_fetches_at_the_storys_own_site_is(stage, first):
    page = fresh(2, stage.clock.now(), native_id=None, comments=(comment("own-2"),)).page
    if not first:
        await told(stage, NEWS)
    await ingest(stage.database, page, stage.clock.now(), deliver=False, public=False, address=page.story.url)
    if first:
        await told(stage, NEWS, title="True")
    assert promised(stage) == ["own-2"]


async def test_a_removed_source_leaves_nothing_that_others_hear(stage):
    await told(stage, EVIL, guild=GUILD, title="Forged", threads=(INJECTED,), comments=(comment("along"),))
    await read_threads(stage)
    async with stage.database.write() as tx:
        await sources.unshare(tx, (await sources.at(tx, "fake", EVIL)).id, GUILD)
        known = await stories.get(tx, 1)
    assert known.story.title == "Forged"
    await told(stage, NEWS, title="True")
    await read_threads(stage)
    assert (stage.cards(OTHER_CHANNEL), promised(stage)) == (["True"], [])
