"""A filter holds wherever a story is promised: when it is read, at once, backfilled, previewed; and is explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot import choosing, interests, library, sourcing
from bot.backfill import backfill
from bot.choosing import AskedFilters
from bot.model import Story, Subscription
from bot.store import sources, stories, subscriptions
from bot.store.database import Database
from bot.wanted import explain, judged
from tests.poll_stage import ADMIN, CHANNEL, GUILD, OTHER_CHANNEL, OTHER_GUILD, Stage, fetched, item

pytestmark = pytest.mark.asyncio

FIRST, SECOND = "https://example.org/feed", "https://links.example.net/feed"


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = Stage(database)
        await made.follow()
        yield made


async def filtered(stage: Stage, guild: int = GUILD, channel: int = CHANNEL, **asked: object) -> Subscription:
    return await choosing.choose_filters(stage.database, guild, channel, AskedFilters(**asked))


async def two_sources(stage: Stage):
    """Two sources for all, both past their first read."""
    first = await stage.add(fetched(1), address=FIRST, everyone=True)
    second = await stage.add(fetched(2), address=SECOND, everyone=True)
    for source in (first, second):
        await stage.poll(source)
    return first, second


async def test_what_is_read_goes_only_to_channels_whose_filters_let_it_pass(stage: Stage) -> None:
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    await filtered(stage, include="3, /Story [4-5]$/", exclude="/5/")
    source = await stage.add(fetched(1), everyone=True)
    await stage.poll(source)
    stage.gives(fetched(1, 2, 3, 4, 5))
    await stage.poll(source)
    assert stage.cards() == ["Story 3", "Story 4"]
    assert stage.cards(OTHER_CHANNEL) == ["Story 2", "Story 3", "Story 4", "Story 5"]


async def test_what_is_posted_at_once_and_what_is_backfilled_passes_the_filters_too(stage: Stage) -> None:
    source = await stage.add(fetched(1, 2, 3, 4), everyone=True)
    await stage.poll(source)
    subscription = await filtered(stage, exclude="Story 4, Story 2")
    assert await library.post_newest(stage.database, subscription, 1, stage.clock.now()) == 1
    assert stage.cards() == ["Story 3"]
    promised, _ = await backfill(stage.database, GUILD, source.id, 20, stage.clock.now())
    assert (promised, stage.cards()) == (1, ["Story 1", "Story 3"])


async def test_backfilling_one_source_gives_nothing_to_a_channel_that_wants_another(stage: Stage) -> None:
    first, second = await two_sources(stage)
    await filtered(stage, sources=str(second.id))
    assert (await backfill(stage.database, GUILD, first.id, 20, stage.clock.now()))[0] == 0
    assert (await backfill(stage.database, GUILD, second.id, 20, stage.clock.now()))[0] == 1
    assert stage.cards() == ["Story 2"]


async def test_a_channel_of_one_source_gets_a_story_when_that_tells_of_it_however_late(stage: Stage) -> None:
    first, second = await two_sources(stage)
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    await filtered(stage, sources=str(second.id))
    stage.gives(fetched(1, 3), address=FIRST)
    await stage.poll(first)
    assert stage.cards() == []
    stage.gives(fetched(2, 3), address=SECOND)
    await stage.poll(second)
    assert stage.cards() == ["Story 3"]
    assert stage.cards(OTHER_CHANNEL) == ["Story 3"]  # once: for it the story was told before
    stage.gives(fetched(2, 3), address=SECOND)
    await stage.poll(second)
    assert stage.cards() == ["Story 3"]


async def test_a_channel_of_both_sources_gets_a_story_when_the_first_tells_of_it(stage: Stage) -> None:
    first, second = await two_sources(stage)
    await filtered(stage, sources=f"{first.id} {second.id}")
    stage.gives(fetched(1, 3), address=FIRST)
    await stage.poll(first)
    assert stage.cards() == ["Story 3"]
    await library.unfollow(stage.database, GUILD, CHANNEL)
    await library.follow(stage.database, GUILD, OTHER_CHANNEL, ADMIN, stage.clock.now())
    await filtered(stage, channel=OTHER_CHANNEL, sources=f"{first.id} {second.id}")
    stage.gives(fetched(2, 3), address=SECOND)
    await stage.poll(second)
    assert stage.cards(OTHER_CHANNEL) == []  # it was news when the first told of it


async def test_the_first_read_of_a_source_posts_nothing_to_its_own_channel_either(stage: Stage) -> None:
    first, _ = await two_sources(stage)
    stage.gives(fetched(1, 3), address=FIRST)
    await stage.poll(first)
    third = await stage.add(fetched(1, 3), address="https://third.example.com/feed")
    await filtered(stage, sources=str(third.id))
    before = stage.cards()
    await stage.poll(third)
    assert stage.cards() == before


async def test_another_servers_source_brings_nothing_here_whatever_a_filter_says(stage: Stage) -> None:
    source = await stage.add(fetched(1), guild=OTHER_GUILD)
    await stage.poll(source)
    async with stage.database.write() as tx:  # as if it had been taken from this server after it was chosen
        await tx.execute("UPDATE subscriptions SET sources = ',' || ? || ','", (source.id,))
    stage.gives(fetched(1, 2))
    await stage.poll(source)
    assert stage.cards() == []


async def test_a_source_that_moves_in_with_another_takes_its_filters_along(stage: Stage) -> None:
    first, second = await two_sources(stage)
    await filtered(stage, sources=f"{first.id}, {second.id}")
    async with stage.database.write() as tx:
        await sources.merge(tx, first.id, second.id)
        assert (await subscriptions.get(tx, GUILD, CHANNEL)).options.filters.sources == (second.id,)
        await sources.remove(tx, second.id)
        assert (await subscriptions.get(tx, GUILD, CHANNEL)).options.filters.sources == (0,)


async def test_a_story_is_explained_by_its_topics_with_reasons_or_by_the_filter_that_refused(stage: Stage) -> None:
    source = await stage.add(fetched(), everyone=True)
    await stage.poll(source)
    signed = "India and Japan sign an agreement on a joint lunar rover"
    stage.gives(fetched(item(1, title=signed), item(2, title="A pit of sand")))
    await stage.poll(source)
    async with stage.database.write() as tx:
        await subscriptions.choose_topics(tx, GUILD, CHANNEL, ["space-cooperation", "mars"])
        where = await subscriptions.get(tx, GUILD, CHANNEL)
        newest = {one.story.title: one for one in await stories.latest(tx, GUILD, 10)}
        fits = await explain(tx, where, newest[signed])
        other = await explain(tx, where, newest["A pit of sand"])
    assert [name for name, _ in fits.verdicts] == ["space-cooperation", "mars"]
    assert (fits.fits, fits.wanted, fits.refused) == (True, True, None)
    assert fits.verdicts[0][1].reasons
    assert (other.fits, other.wanted, other.refused) == (False, False, None)
    where = await filtered(stage, exclude="rover")
    async with stage.database.read() as tx:
        refused = await explain(tx, where, newest[signed])
    assert (refused.fits, refused.wanted) == (True, False)
    assert refused.refused == "It says `rover`, which this channel shuts out."


async def test_the_score_of_a_topic_decides_and_an_own_topic_scores_1(stage: Stage) -> None:
    where = replace(await library.followed(stage.database, GUILD, CHANNEL), topics=("space-cooperation",))
    story = Story("India and Japan sign an agreement on a joint lunar rover")
    score = interests.judge("space-cooperation", story, {}).score

    def wanted(minimum: float) -> bool:
        filters = replace(where.options.filters, minimum=minimum)
        return judged(replace(where, options=replace(where.options, filters=filters)), story, {}, ()).wanted

    assert wanted(score)
    assert not wanted(score + 0.01)


async def test_a_source_that_is_only_looked_at_would_not_come_to_a_channel_of_others(stage: Stage) -> None:
    first, _ = await two_sources(stage)
    where = await filtered(stage, sources=str(first.id))
    assert sourcing._wanted([where], {}, [item(9).page.story]) == ((),)
    open_ = await filtered(stage, sources="none", include="Story 9")
    assert sourcing._wanted([open_], {}, [item(9).page.story, item(8).page.story]) == ((CHANNEL,), ())
