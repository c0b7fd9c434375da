"""Names of threads and publications keep Discord's pace, hold nothing up and are not asked for in vain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.aftermath import Stopped
from bot.chores import Chores
from bot.embedded import Embedded
from bot.model import Layout, Options
from bot.post import Duty, Refused, Stop, Unknown, Wait
from bot.store import chores as store
from bot.store import subscriptions
from tests.conftest import Start
from tests.fakes import FakeClock
from tests.layout_stage import PAGE, asked, follow, page, shown, titled
from tests.test_deliver import CHANNEL, GUILD, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the chores to the test: the bot's own loop looks for them once and then no more."""
    monkeypatch.setattr("bot.chores.IDLE", 3600.0)


def worker(run: Embedded) -> tuple[Chores, FakeClock]:
    """Return the bot's chores with a clock that the test turns."""
    clock = FakeClock(run.bot.clock.now())
    return Chores(run.database, run.bot.chores._messenger, clock), clock


async def all_due(chores: Chores) -> int:
    count = 0
    while await chores.keep_one():
        count += 1
    return count


@pytest.mark.parametrize(("channel", "layout"), [("space-news", "thread"), ("stories-forum", "forum")])
@pytest.mark.usefixtures("still")
async def test_a_new_title_renames_the_thread_at_once_and_later_ones_together(
    start: Start, channel: str, layout: str
) -> None:
    async with start() as run:
        run.box.world.limits.renames = 2
        await follow(run, channel, layout=layout)
        await run.deliver(PAGE)
        chores, clock = worker(run)
        thread = int(shown(run, channel)[0]["id"])
        await run.deliver(titled("Second title"))
        assert await all_due(chores) == 1
        for title in ("Third title", "Fourth title"):
            await run.deliver(titled(title))
            assert await all_due(chores) == 0
        assert shown(run, channel)[0]["embeds"][0]["title"] == "Fourth title", "the card does not wait"
        assert shown(run, channel)[0]["thread"]["name"] == "Second title"
        clock.turn(301)
        assert await all_due(chores) == 1
        assert shown(run, channel)[0]["thread"]["name"] == "Fourth title"
        assert asked(run, "PATCH", f"/channels/{thread}") == [200, 200]


@pytest.mark.usefixtures("still")
async def test_only_a_new_title_is_a_new_name(start: Start) -> None:
    async with start() as run:
        await follow(run, "space-news")
        await run.deliver(PAGE)
        await run.deliver(replace(PAGE, story=replace(PAGE.story, summary="They signed again.")))
        assert await all_due(worker(run)[0]) == 0


@pytest.mark.usefixtures("still")
async def test_a_sleeping_thread_is_woken_to_be_renamed_and_a_deleted_one_left_alone(start: Start) -> None:
    async with start() as run:
        await follow(run, "space-news")
        await run.deliver(PAGE)
        chores, clock = worker(run)
        run.box.world.set_archived(run.box.world.channel("Two agencies share a dish"), archived=True)
        await run.deliver(titled("Second title"))
        await all_due(chores)
        clock.turn(31)
        assert await all_due(chores) == 1
        (card,) = shown(run, "space-news")
        assert card["thread"]["name"] == "Second title"
        await run.deliver(titled("Third title"))
        run.box.world.delete_thread(int(card["id"]))
        clock.turn(3600)
        await all_due(chores)
        assert await all_due(chores) == 0


@pytest.mark.usefixtures("still")
async def test_cards_of_an_announcement_channel_are_published_ten_an_hour_and_comments_do_not_wait(
    start: Start,
) -> None:
    async with start() as run:
        run.box.world.limits.crossposts = 10
        await follow(run, "announcements", publish=True)
        for number in range(12):
            await run.deliver(page(number, *PAGE.comments[:1]))
        chores, clock = worker(run)
        assert await all_due(chores) == 10
        assert asked(run, "POST", "/crosspost") == [200] * 10
        cards = shown(run, "announcements")
        assert [len(card["thread"]["messages"]) for card in cards] == [1] * 12
        run.box.world.limits.open()
        clock.turn(3601)
        assert await all_due(chores) == 2
        published = [bool(run.box.world.find_message(int(card["id"])).flags & 1) for card in cards]
        assert published == [True] * 12


@pytest.mark.usefixtures("still")
async def test_a_limit_that_others_used_up_is_met_once_and_a_published_card_is_done(start: Start) -> None:
    async with start() as run:
        run.box.world.limits.crossposts = 1
        await follow(run, "announcements", publish=True)
        for number in range(3):
            await run.deliver(page(number))
        chores, clock = worker(run)
        await all_due(chores)
        assert asked(run, "POST", "/crosspost") == [200, 429]
        run.box.world.limits.open()
        last = shown(run, "announcements")[2]
        run.box.world.find_message(int(last["id"])).flags |= 1  # an admin was quicker
        clock.turn(3601)
        assert await all_due(chores) == 2
        assert asked(run, "POST", "/crosspost") == [200, 429, 200, 400]
        assert await all_due(chores) == 0


async def test_the_bot_does_its_chores_by_itself(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chores.IDLE", 0.02)
    async with start() as run:
        await follow(run, "announcements", publish=True)
        await run.deliver(PAGE)
        await run.deliver(titled("Second title"))
        while shown(run, "announcements")[0]["thread"]["name"] != "Second title" or not asked(
            run, "POST", "/crosspost"
        ):
            await run.bot.clock.sleep(0.01)


async def stage(world: World, layout: Layout = Layout.THREAD, *, publish: bool = True) -> Chores:
    """Post a story, and wish that it be published and renamed."""
    async with world.database.write() as tx:
        await subscriptions.choose_options(tx, GUILD, CHANNEL, Options(layout=layout, publish=publish))
    await world.read(PAGE)
    await world.drain()
    return Chores(world.database, world.messenger, world.clock)


async def test_a_failure_is_tried_again_ever_later_and_given_up_in_the_end(world: World) -> None:
    chores = await stage(world)
    world.messenger.answers = [Unknown("HTTP 500"), Refused(1, Duty.RETRY, "no")]
    assert await all_due(chores) == 1
    world.clock.turn(31)
    assert await all_due(chores) == 1
    world.clock.turn(31)
    assert await all_due(chores) == 0, "the pause grows"
    world.messenger.answers = [Refused(1, Duty.RETRY, "no")] * 40
    before = world.messenger.calls.count("publish")
    for _ in range(40):
        world.clock.turn(6 * 3600)
        await all_due(chores)
    assert world.messenger.calls.count("publish") - before == 11
    assert world.messenger.published == []


@pytest.mark.parametrize("duty", [Duty.GONE, Duty.PLACE_GONE, Duty.DEAD])
async def test_what_makes_no_sense_any_more_is_dropped(world: World, duty: Duty) -> None:
    chores = await stage(world)
    world.messenger.answers = [Refused(10008, duty, "gone")]
    world.clock.turn(1)
    await all_due(chores)
    world.clock.turn(7 * 3600)
    assert await all_due(chores) == 0
    assert world.messenger.published == []


async def test_a_dead_token_stops_everything_and_a_server_that_is_away_is_waited_for(world: World) -> None:
    chores = await stage(world)
    lack, world.messenger.lack = world.messenger.lack, None
    assert await all_due(chores) == 1
    assert "publish" not in world.messenger.calls
    world.messenger.lack = lack
    world.clock.turn(31)
    world.messenger.answers = [Stop("401")]
    with pytest.raises(Stopped):
        await chores.keep_one()


async def test_a_wait_concerns_the_whole_channel_and_nothing_else(world: World) -> None:
    chores = await stage(world)
    await world.read(page(2))
    await world.read(titled("Second title"))
    await world.drain()
    world.messenger.answers = [Wait(1000)]
    assert await all_due(chores) == 2
    assert world.messenger.calls.count("publish") == 1
    assert "Second title" in world.messenger.threads.values()
    world.clock.turn(1001)
    assert await all_due(chores) == 2
    assert len(world.messenger.published) == 2


async def test_while_discord_bars_us_nothing_is_asked_of_it(world: World) -> None:
    chores = await stage(world)
    await world.read(titled("Second title"))
    world.messenger.answers = [Wait(900, everywhere=True)]
    assert await all_due(chores) == 1
    world.clock.turn(901)
    assert await all_due(chores) == 2


async def test_a_wish_made_while_the_last_one_is_under_way_is_not_taken_as_kept(world: World) -> None:
    chores = await stage(world, publish=False)
    await world.read(titled("Second title"))
    async with world.database.write() as tx:
        chore = await store.due(tx, world.clock.now())
        assert chore is not None
        await store.want_rename(tx, 1)
        await store.done(tx, chore, world.clock.now())
    world.clock.turn(store.RENAME_EVERY.total_seconds() + 1)
    assert await all_due(chores) == 1


async def test_who_does_not_publish_wishes_for_nothing(world: World) -> None:
    chores = await stage(world, Layout.STORY_ONLY, publish=False)
    await world.read(titled("Second title"))
    await world.drain()
    assert await all_due(chores) == 0
