"""Reading sources: what is news for whom, what is remembered only, and that nothing is posted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.ingest import ingest
from bot.sources.base import Fetched
from bot.store import links, sources, stories
from bot.store.database import Database
from tests.poll_stage import ADMIN, CHANNEL, GUILD, OTHER_CHANNEL, OTHER_GUILD, Stage, fetched, item

pytestmark = pytest.mark.asyncio

API = "https://api.example.net/articles"


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = Stage(database)
        await made.follow()
        yield made


async def test_s35_the_first_read_is_remembered_and_nothing_is_posted(stage):
    source = await stage.add(fetched(*range(1000)))
    report = await stage.poll(source)
    assert (report.intake.found, report.intake.new, report.intake.posted) == (1000, 1000, 0)
    assert report.intake.baseline
    assert stage.cards() == []
    assert stage.promised == 0
    stage.gives(fetched(*range(1, 1001)))
    assert (await stage.poll(source)).intake.posted == 1
    assert stage.cards() == ["Story 1000"]
    assert stage.promised == 1


async def test_reading_the_same_again_writes_nothing_but_when(stage):
    source = await stage.add(fetched(1, 2, 3))
    await stage.poll(source)
    tables = ("stories", "story_aliases", "source_stories", "guild_stories", "deliveries", "threads")
    before = [stage.rows(f"SELECT * FROM {table}") for table in tables]
    for _ in range(3):
        assert (await stage.poll(source)).intake.new == 0
    assert [stage.rows(f"SELECT * FROM {table}") for table in tables] == before


async def test_what_a_server_added_is_for_that_server(stage):
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    source = await stage.add(fetched(1))
    await stage.poll(source)
    stage.gives(fetched(1, 2))
    await stage.poll(source)
    assert (stage.cards(), stage.cards(OTHER_CHANNEL)) == (["Story 2"], [])
    async with stage.database.read() as tx:
        assert [s.story.title for s in await stories.latest(tx, GUILD, 9)] == ["Story 2", "Story 1"]
        assert await stories.latest(tx, OTHER_GUILD, 9) == []


async def test_what_the_operator_added_is_for_all(stage):
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    source = await stage.add(fetched(1), everyone=True)
    await stage.poll(source)
    stage.gives(fetched(1, 2))
    await stage.poll(source)
    assert (stage.cards(), stage.cards(OTHER_CHANNEL)) == (["Story 2"], ["Story 2"])
    async with stage.database.read() as tx:
        assert len(await stories.latest(tx, OTHER_GUILD, 9)) == 2


async def test_a10_ten_servers_with_one_feed_are_one_fetch(stage):
    for guild in range(100, 110):
        await stage.follow(guild, guild * 10)
    source = await stage.add(fetched(1), guild=100)
    async with stage.database.write() as tx:
        for guild in range(101, 110):
            same = await sources.add(tx, "fake", source.address, None, stage.clock.now())
            assert same.id == source.id
            await sources.share(tx, same.id, guild, ADMIN, stage.clock.now())
    await stage.poll(source)
    stage.gives(fetched(1, 2))
    await stage.poll(source)
    assert len(stage.kind.asked) == 2
    assert [stage.cards(guild * 10) for guild in range(100, 110)] == [["Story 2"]] * 10
    assert stage.cards() == []


async def test_a_server_that_joins_later_sees_what_was_and_gets_what_comes(stage):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    async with stage.database.write() as tx:
        await sources.share(tx, source.id, OTHER_GUILD, ADMIN, stage.clock.now())
        assert [s.id for s in await stories.latest(tx, OTHER_GUILD, 9)] == [1]
    stage.gives(fetched(1, 2))
    await stage.poll(source)
    assert stage.cards(OTHER_CHANNEL) == ["Story 2"]


VARIANTS = [
    "http://example.org/2",
    "https://example.org/2/",
    "https://example.org/2?utm_source=news&utm_medium=api",
    "https://example.org/2/amp/",
    "https://amp.example.org/2",
    "https://example.org/2#comments",
]


@pytest.mark.parametrize("url", VARIANTS)
@pytest.mark.parametrize("everyone", [True, False])
async def test_one_story_by_two_sources_is_posted_once_and_keeps_its_first_words(stage, url, everyone):
    feed = await stage.add(fetched(1), everyone=everyone)
    api = await stage.add(fetched(1), address=API, everyone=everyone)
    await stage.poll(feed)
    await stage.poll(api)
    stage.gives(fetched(1, 2))
    await stage.poll(feed)
    other = item(2, url=url, title="The same, in other words", native_id="77", origin="api.example.net", site="API")
    stage.gives(fetched(1, other), address=API)
    for source in (api, feed, api):
        await stage.poll(source)
    assert stage.cards() == ["Story 2"]
    assert stage.rows("SELECT count(*), max(revision) FROM stories") == [(2, 1)]


async def test_an_edit_at_the_source_that_told_first_is_one_revision(stage):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    stage.gives(fetched(item(1, title="Corrected")))
    assert (await stage.poll(source)).intake.posted == 0
    assert stage.rows("SELECT title, revision FROM stories") == [("Corrected", 2)]


async def test_what_one_source_told_at_its_baseline_is_no_news_by_another(stage):
    first = await stage.add(fetched(1, 2))
    second = await stage.add(fetched(1), address=API)
    await stage.poll(first)
    await stage.poll(second)
    stage.gives(fetched(1, 2), address=API)
    await stage.poll(second)
    assert stage.cards() == []


async def test_a_source_for_all_makes_no_news_where_a_servers_own_told_before(stage):
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    own = await stage.add(fetched(1, 2))
    public = await stage.add(fetched(1), address=API, everyone=True)
    await stage.poll(own)
    await stage.poll(public)
    stage.gives(fetched(1, 2), address=API)
    await stage.poll(public)
    assert (stage.cards(), stage.cards(OTHER_CHANNEL)) == ([], ["Story 2"])


async def test_what_is_public_is_no_news_by_a_servers_own_source(stage):
    public = await stage.add(fetched(1, 2), address=API, everyone=True)
    own = await stage.add(fetched(1))
    await stage.poll(public)
    await stage.poll(own)
    stage.gives(fetched(1, 2))
    await stage.poll(own)
    assert stage.cards() == []


@pytest.mark.parametrize(("public", "cards"), [(False, ["Story 2"]), (True, [])])
async def test_what_a_member_fetched_is_news_and_what_was_imported_is_not(stage, public, cards):
    source = await stage.add(fetched(1), everyone=True)
    await stage.poll(source)
    await ingest(stage.database, item(2).page, stage.clock.now(), deliver=False, public=public)
    stage.gives(fetched(1, 2))
    await stage.poll(source)
    assert stage.cards() == cards


async def test_s29_ids_that_change_on_every_read_post_nothing_again(stage):
    def read(turn, *numbers):
        common = {"url": "https://example.org/", "shared_url": True}
        return fetched(*(item(n, native_id=f"{turn}-{n}", **common) for n in numbers))

    source = await stage.add(read(0, 1, 2))
    await stage.poll(source)
    for turn in range(1, 6):
        stage.gives(read(turn, 1, 2, 3))
        await stage.poll(source)
    assert stage.cards() == ["Story 3"]
    assert stage.rows("SELECT count(*) FROM stories") == [(3,)]


async def test_s29_changing_ids_with_links_of_their_own(stage):
    source = await stage.add(fetched(1, 2))
    await stage.poll(source)
    for turn in range(1, 6):
        stage.gives(fetched(*(item(n, native_id=f"{turn}-{n}") for n in (1, 2, 3))))
        await stage.poll(source)
    assert stage.cards() == ["Story 3"]


async def test_s30_entries_with_new_dates_are_no_news(stage):
    source = await stage.add(fetched(*range(10)))
    await stage.poll(source)
    stage.gives(fetched(*(item(n, published_at=stage.clock.now(), updated_at=stage.clock.now()) for n in range(10))))
    await stage.poll(source)
    assert stage.cards() == []
    assert stage.rows("SELECT max(revision) FROM stories") == [(1,)]


async def test_s31_of_equal_ids_in_one_document_the_first_wins(stage):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    double = Fetched((item(2, title="First"), item(2, title="Second"), item(1)), cursor={"etag": "e"})
    stage.gives(double)
    for _ in range(3):
        await stage.poll(source)
    assert stage.cards() == ["First"]
    assert stage.rows("SELECT max(revision) FROM stories") == [(1,)]


async def test_s32_two_entries_that_swap_ids_are_at_most_one_edit_each(stage):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    stage.gives(fetched(1, 2, 3))
    await stage.poll(source)
    stage.gives(fetched(1, item(2, native_id="n3"), item(3, native_id="n2")))
    for _ in range(3):
        await stage.poll(source)
    assert len(stage.cards()) == 2
    assert stage.rows("SELECT max(revision), count(*) FROM stories") == [(2, 3)]


async def test_s33_stories_without_id_and_link_are_told_apart_by_their_title(stage):
    def nameless(n):
        return item(n, url=None, native_id=None, origin=None, site="Example")

    source = await stage.add(fetched(nameless(1), nameless(2)))
    await stage.poll(source)
    stage.gives(fetched(nameless(1), nameless(2), nameless(3)))
    for _ in range(3):
        await stage.poll(source)
    assert stage.cards() == ["Story 3"]


async def test_s34_dates_of_the_future_are_taken_for_now(stage):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    stage.gives(fetched(1, item(2, published_at=stage.clock.now() + timedelta(days=9000))))
    await stage.poll(source)
    assert stage.rows("SELECT published_at - first_seen FROM stories WHERE id = 2") == [(0,)]


async def test_s36_of_a_burst_20_a_read_are_posted_and_the_rest_waits_and_is_told_once(stage):
    source = await stage.add(fetched(0))
    await stage.poll(source)
    stage.gives(fetched(*range(1001)))
    report = await stage.poll(source)
    assert (report.intake.new, report.intake.posted, report.intake.queued) == (1000, 20, 980)
    assert stage.cards() == [f"Story {n}" for n in range(1, 21)]
    assert [(guild, user) for guild, user, _ in stage.notices()] == [(GUILD, ADMIN)]
    stage.gives(Fetched(unchanged=True))
    for turn in range(2, 52):
        assert (await stage.poll(source)).intake.posted == (20 if turn <= 50 else 0)
    assert stage.cards() == [f"Story {n}" for n in range(1, 1001)]
    assert len(stage.notices()) == 1


async def test_s36_what_is_new_meanwhile_waits_behind_the_queue(stage):
    source = await stage.add(fetched(0))
    await stage.poll(source)
    stage.gives(fetched(*range(31)), fetched(*range(33)), Fetched(unchanged=True))
    assert [(await stage.poll(source)).intake.posted for _ in range(3)] == [20, 12, 0]
    assert stage.cards() == [f"Story {n}" for n in range(1, 33)]


async def test_c17_after_days_without_a_read_the_newest_20_are_posted_and_the_rest_is_remembered(stage):
    source = await stage.add(fetched(0))
    await stage.poll(source)
    stage.gives(fetched(*range(101)))
    report = await stage.poll(source, minutes=7 * 24 * 60)
    assert (report.intake.new, report.intake.posted, report.intake.queued) == (100, 20, 0)
    assert stage.cards() == [f"Story {n}" for n in range(81, 101)]
    assert len(stage.notices()) == 1
    assert (await stage.poll(source)).intake.posted == 0


async def test_an_old_entry_that_slides_into_the_window_is_no_news(stage):
    source = await stage.add(fetched(*range(10, 20)))
    await stage.poll(source)
    stage.gives(fetched(9, *range(10, 19)))  # 19 was removed, so the list shows one more at its end
    await stage.poll(source)
    assert stage.cards() == []
    stage.gives(fetched(*range(11, 19), 20))
    await stage.poll(source)
    assert stage.cards() == ["Story 20"]


async def test_a_channel_gets_only_what_its_topics_want(stage):
    async with stage.database.write() as tx:
        await tx.execute("UPDATE subscriptions SET topics = 'space-cooperation' WHERE channel_id = ?", (CHANNEL,))
    source = await stage.add(fetched(1))
    await stage.poll(source)
    wanted = item(3, title="NASA and ESA sign agreement to cooperate on a lunar mission")
    stage.gives(fetched(1, item(2, title="A recipe for bread"), wanted))
    await stage.poll(source)
    assert stage.cards() == [wanted.page.story.title]


async def test_stories_of_a_source_come_newest_first(stage):
    source = await stage.add(fetched(*range(5)))
    await stage.poll(source)
    async with stage.database.read() as tx:
        assert [s.story.title for s in await links.stories_of(tx, source.id, 2)] == ["Story 4", "Story 3"]


async def test_a_source_that_was_removed_while_it_was_read_leaves_nothing(stage):
    source = await stage.add(fetched(1))

    async def remove(_address):
        async with stage.database.write() as tx:
            await sources.unshare(tx, source.id, GUILD)

    stage.kind.before = remove
    assert await stage.poller.run_due() == 1
    assert stage.rows("SELECT count(*) FROM stories") == [(0,)]


async def test_the_name_and_the_hints_of_a_source_are_kept(stage):
    hints = replace(Fetched().hints, interval=timedelta(minutes=30), skip_hours=frozenset({3}))
    source = await stage.add(fetched(1, name="Example News", hints=hints), Fetched(unchanged=True))
    for _ in range(2):
        await stage.poll(source)
        known = await stage.source(source)
        assert (known.name, known.least, known.skip_hours) == ("Example News", timedelta(minutes=30), {3})
        assert known.cursor == {"etag": "e"}
