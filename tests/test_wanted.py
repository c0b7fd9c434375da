"""A filter holds wherever a story is promised: when it is read, at once, backfilled, previewed; and is explained."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from bot import choosing, interests, library, patterns, sourcing
from bot.backfill import backfill
from bot.choosing import AskedFilters
from bot.errors import BadOption
from bot.model import Source, StoredStory, Story, Subscription
from bot.store import sources, stories, subscriptions
from bot.store.database import Database, Transaction
from bot.wanted import explain, judged, wanting
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


COSTLY = [f"/[ab]*a[ab]{{{length}}}c/" for length in range(76, 116)]


async def test_h34_what_a_server_asks_of_a_story_takes_a_fifth_of_a_second_and_keeps_nothing_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = "".join(Random(2).choices("ab", k=5000))
    stored = StoredStory(1, Story("A lander", body=letters), 1, stage.clock.now(), 0)
    where = await filtered(stage, include=",".join(COSTLY[:20]), exclude=",".join(COSTLY[20:]))
    searched = dict[str, float]()
    monkeypatch.setattr(patterns, "_stands", partial(_timed, searched, patterns._stands))
    turns = 0

    async def elsewhere() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(elsewhere())
    async with stage.database.write() as tx:
        assert await wanting(tx, stored, [where] * 50) == []
    other.cancel()
    assert len(searched) == 40, "each once, not 50 times"
    assert turns > 10, "others have their turns meanwhile"
    assert sum(searched.values()) < 1.0, "0.13 s as measured; each time anew it was 5 s of processor time"


def _timed(searched: dict[str, float], stands: Callable[[str, bytes], bool], expression: str, raw: bytes) -> bool:
    assert expression not in searched
    assert threading.current_thread() is not threading.main_thread()
    begun = time.thread_time()
    found = stands(expression, raw)
    searched[expression] = time.thread_time() - begun
    return found


async def test_h34_a_server_has_40_different_expressions_in_all_its_channels(stage: Stage) -> None:
    await stage.follow(GUILD, 12)
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    await filtered(stage, include=",".join(COSTLY[:20]), exclude=",".join(COSTLY[20:]))
    with pytest.raises(BadOption, match="40 different regular expressions in all its channels"):
        await filtered(stage, channel=12, exclude="/one more/")
    assert (await filtered(stage, channel=12, include=f"moon, mars, {COSTLY[0]}")).options.filters.include
    assert (await filtered(stage, OTHER_GUILD, OTHER_CHANNEL, exclude="/one more/")).options.filters.exclude
    await filtered(stage, exclude=",".join(COSTLY[20:39]))
    assert (await filtered(stage, channel=12, exclude="/one more/")).options.filters.exclude == ("/one more/",)


async def test_a_channel_of_one_source_gets_a_burst_in_order_and_20_a_read(stage: Stage) -> None:
    source = await stage.add(fetched(1), everyone=True)
    await stage.poll(source)
    await filtered(stage, sources=str(source.id))
    stage.gives(fetched(*range(1, 101)))
    await stage.poll(source)
    assert stage.cards() == [f"Story {number}" for number in range(2, 22)]
    await stage.poll(source)
    assert stage.cards() == [f"Story {number}" for number in range(2, 42)]


async def test_a_channel_of_one_source_gets_what_its_server_knew_from_another_of_its_own(stage: Stage) -> None:
    first = await stage.add(fetched(1), address=FIRST)
    second = await stage.add(fetched(2), address=SECOND)
    for source in (first, second):
        await stage.poll(source)
    await filtered(stage, sources=str(second.id))
    stage.gives(fetched(1, 3), address=FIRST)
    await stage.poll(first)
    assert stage.cards() == []
    stage.gives(fetched(2, 3), address=SECOND)
    await stage.poll(second)
    assert stage.cards() == ["Story 3"]


async def test_sources_are_named_once_each_and_25_at_most(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    source = await stage.add(fetched(1), everyone=True)
    asked, visible = list[int](), sources.visible

    async def counted(tx: Transaction, guild_id: int, source_id: int) -> Source:
        asked.append(source_id)
        return await visible(tx, guild_id, source_id)

    monkeypatch.setattr(choosing.sources, "visible", counted)
    where = await filtered(stage, sources=f"#{source.id} " * 600)
    assert (where.options.filters.sources, asked) == ((source.id,), [source.id])
    with pytest.raises(BadOption, match="There can be 25 sources"):
        await filtered(stage, sources=" ".join(map(str, range(1, 27))))
    assert len(asked) == 1
