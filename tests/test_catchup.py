"""Row C17: after an outage or a long hold the newest goes in order, the rest is left out, and it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from bot import history
from bot.catchup import LATE, MOST_LATE, TOO_OLD, owed_since
from bot.deliver import Deliverer
from bot.model import Comment, Story, StoryPage
from bot.post import Missing
from bot.store.database import Database
from tests.fakes import FakeClock, FakeMessenger
from tests.poll_stage import GUILD as POLL_GUILD
from tests.poll_stage import Stage, fetched, fresh
from tests.test_deliver import CHANNEL, GUILD, PAGE, World, world

__all__ = ["world"]

HOUR, DAY = 3600, 24 * 3600


def story(number: int) -> StoryPage:
    return StoryPage(Story(f"Story {number}", url=f"https://example.org/{number}"), (Comment("a", "Ann", "hello"),))


def titles(world: World) -> list[str]:
    return [post.embed.title for _, post in world.messenger.posted.values() if post.embed]


async def notices(world: World) -> list[str]:
    async with world.database.read() as tx:
        return [row[0] for row in await tx.execute_fetchall("SELECT text FROM notices ORDER BY id")]


async def restart(world: World, rounds: int = 300) -> None:
    world.restart()
    await world.drain(rounds)


@pytest.mark.asyncio
async def test_c17_of_a_long_backlog_the_newest_twenty_go_in_order_and_one_line_says_what_is_left_out(
    world: World,
) -> None:
    for number in range(30):
        await world.read(story(number))
        world.clock.turn(HOUR)
    await restart(world)
    # Those of the last hours are not late at all, and count not.
    assert titles(world) == [f"Story {number}" for number in range(5, 30)]
    (text,) = await notices(world)
    assert f"<#{CHANNEL}>" in text
    assert "too late: 5 stories." in text
    await restart(world)
    assert len(await notices(world)) == 1


@pytest.mark.asyncio
async def test_c17_nothing_is_left_out_of_a_backlog_of_a_few_hours(world: World) -> None:
    for number in range(100):
        await world.read(story(number))
    world.clock.turn(LATE.total_seconds() - 1)
    await restart(world, 600)
    assert len(titles(world)) == 100
    assert await notices(world) == []


@pytest.mark.asyncio
async def test_c17_after_more_than_a_week_stories_and_comments_are_too_old(world: World) -> None:
    await world.read(PAGE)
    for _ in range(3):
        await world.deliverer.run_due()
    await world.read(story(1))
    world.clock.turn(TOO_OLD.total_seconds() + 60)
    await world.read(story(2))
    await restart(world)
    assert titles(world) == [PAGE.story.title, "Story 2"]
    assert world.said()[1:2] == ["first"]
    assert "answer to Ann" not in world.said()
    (text,) = await notices(world)
    assert "1 story and 2 comments" in text


@pytest.mark.asyncio
async def test_what_was_left_out_can_be_posted_after_all(world: World) -> None:
    await world.read(story(1))
    world.clock.turn(TOO_OLD.total_seconds() + 60)
    await restart(world)
    assert titles(world) == []
    (entry,) = [entry for entry in await history.latest(world.database, GUILD) if entry.retryable]
    assert history.state_of(entry) == "given up: it would have come far too late"
    await history.retry(world.database, GUILD, entry.delivery.id, world.clock.now())
    await restart(world)
    assert titles(world) == ["Story 1"]
    assert world.said()[1:] == ["hello"]


@pytest.mark.asyncio
async def test_a_doubt_is_never_left_out(world: World) -> None:
    world.messenger.lose_answers = 1
    await world.read(story(1))
    await world.deliverer.run_due()
    world.clock.turn(TOO_OLD.total_seconds() + 60)
    world.restart()
    world.clock.turn(60)
    await world.drain()
    assert titles(world) == ["Story 1"]


@pytest.mark.asyncio
async def test_a_hold_of_weeks_is_no_burst_when_it_ends(world: World) -> None:
    world.messenger.lack = Missing(fatal=("Send Messages",))
    for number in range(60):
        await world.read(story(number))
        await world.deliverer.run_due()
        world.clock.turn(DAY / 2)
    assert titles(world) == []
    world.messenger.lack = Missing(embeds=True)
    await world.deliverer.release(GUILD)
    await world.drain(300)
    assert titles(world) == [f"Story {number}" for number in range(46, 60)]
    held, late = await notices(world)
    assert "I lack **Send Messages**" in held
    assert "too late: 46 stories." in late


@pytest.mark.parametrize(
    ("published", "last_read", "since"),
    [(None, 99, 0), (5, None, 0), (5, 5, 0), (5, 99, 5), (50, 7, 7), (-3, 99, 0)],
)
def test_a_story_is_owed_since_it_was_published_where_its_source_was_not_read_for_long(
    published: int | None, last_read: int | None, since: int
) -> None:
    """All in hours before now."""
    now = FakeClock().now()
    ago = [None if hours is None else now - timedelta(hours=hours) for hours in (published, last_read, since)]
    assert owed_since(ago[0], ago[1], now) == ago[2]


@pytest_asyncio.fixture
async def stage(tmp_path):  # type: ignore[no-untyped-def]
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = Stage(database)
        await made.follow()
        yield made


@pytest.mark.asyncio
async def test_c17_after_two_days_down_many_sources_together_post_no_more_than_twenty_stories_in_a_channel(
    stage: Stage,
) -> None:
    messenger = Snowflakes(stage.clock)
    deliverer = Deliverer(stage.database, messenger, stage.clock)
    sources = [await stage.add(fetched(), address=f"https://example.org/feed/{n}") for n in range(5)]
    for source in sources:
        await stage.poll(source)
    stage.clock.turn(2 * DAY)
    begun = stage.clock.now()
    for place, source in enumerate(sources):
        items = [fresh(100 * place + n, begun - timedelta(hours=40 - n)) for n in range(8)]
        stage.gives(fetched(*items), address=source.address)
        await stage.poller.poll(source.id)
        for _ in range(3):
            await deliverer.run_due()
            stage.clock.turn(1)
    for _ in range(200):
        if not await deliverer.run_due():
            break
    posted = [post for _, post in messenger.posted.values() if post.embed]
    assert len(posted) == MOST_LATE
    ((guild, _, text),) = stage.notices()
    assert guild == POLL_GUILD
    assert "too late: 20 stories." in text


@pytest.mark.parametrize("year", [1990, 2084, 2717, 9000])
@pytest.mark.asyncio
async def test_after_an_outage_stories_are_promised_by_a_clock_of_any_year(stage: Stage, year: int) -> None:
    """From 2084 on the id of a message of that time is larger than what SQLite holds."""
    stage.clock.time = stage.clock.time.replace(year=year)
    source = await stage.add(fetched())
    await stage.poll(source)
    stage.clock.turn(2 * DAY)
    begun = stage.clock.now()
    stage.gives(fetched(*(fresh(n, begun - timedelta(hours=40 - n)) for n in range(MOST_LATE + 1))))
    assert (await stage.poller.poll(source.id)).error is None
    assert len(stage.cards()) == MOST_LATE


class Snowflakes(FakeMessenger):
    """A Discord whose ids tell when they were made, as real ones do."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def create(self, place, post, nonce):  # type: ignore[no-untyped-def]
        milliseconds = int(self._clock.now().timestamp() * 1000) - 1420070400000
        self.next_id = max(self.next_id + 1, milliseconds << 22)
        return await super().create(place, post, nonce)
