"""The outbox protocol against a fake messenger: every answer of Discord, and every crash point on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.aftermath import Stopped
from bot.deliver import Deliverer
from bot.ingest import ingest
from bot.model import Comment, State, Story, StoryPage
from bot.post import Duty, Missing, Refused, Stop, Unknown, Wait
from bot.store import deliveries, lanes, removals
from bot.store.database import Database
from tests.fakes import FakeClock, FakeMessenger

pytestmark = pytest.mark.asyncio

GUILD, CHANNEL, ADMIN = 1, 22, 333
STORY = Story("Two agencies share a dish", url="https://example.org/dish", summary="They signed.")
PAGE = StoryPage(
    STORY,
    (
        Comment("a", "Ann", "first"),
        Comment("b", "Bob", "answer to Ann", parent="a"),
        Comment("c", "Cy", "answer to Bob", parent="b"),
    ),
)


class World:
    """A database with one followed channel, a clock and a messenger; ``restart`` makes a new deliverer."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.messenger = database, FakeClock(), FakeMessenger()
        self.deliverer = self.restart()

    def restart(self) -> Deliverer:
        self.deliverer = Deliverer(self.database, self.messenger, self.clock)
        return self.deliverer

    async def read(self, page: StoryPage) -> None:
        await ingest(self.database, page, self.clock.now(), deliver=True)

    async def drain(self, rounds: int = 60) -> None:
        """Go on, turning the clock, until all is settled."""
        for _ in range(rounds):
            if await self.deliverer.settled():
                return
            if not await self.deliverer.run_due():
                self.clock.turn(20)
        raise AssertionError("not settled")

    def said(self) -> list[str]:
        return [post.content.split("\n")[-1] for _, post in self.messenger.posted.values()]

    async def states(self) -> dict[State, int]:
        async with self.database.read() as tx:
            return await deliveries.counts(tx)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        result = World(database)
        await library.follow(database, GUILD, CHANNEL, ADMIN, result.clock.now())
        yield result


async def test_a_story_its_thread_and_its_tree(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    card, ann, bob, cy = world.messenger.posted
    assert world.messenger.threads == {card: STORY.title}
    replies = [post.reply_to for _, post in world.messenger.posted.values()]
    assert replies == [None, None, ann, bob]
    assert [place.channel_id for place, _ in world.messenger.posted.values()] == [CHANNEL, card, card, card]
    assert cy and await world.states() == {State.LIVE: 4}


async def test_reading_again_posts_nothing(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    calls = list(world.messenger.calls)
    await world.read(PAGE)
    await world.drain()
    assert world.messenger.calls == calls


@pytest.mark.parametrize("lost", [1, 2, 4])
async def test_lost_answers_are_settled_looked_for_and_adopted(world: World, lost: int) -> None:
    world.messenger.lose_answers = lost
    await world.read(PAGE)
    await world.drain()
    assert len(world.messenger.posted) == 4
    assert world.messenger.calls.count("create") == 4
    assert world.messenger.calls.count("find") == lost


async def test_nothing_is_sent_again_before_the_settle_time(world: World) -> None:
    world.messenger.answers = [Unknown("reset")]
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.clock.turn(14)
    assert await world.deliverer.run_due() == 0
    world.clock.turn(2)
    assert await world.deliverer.run_due() == 1
    assert world.messenger.calls == ["create", "find", "create"]


async def test_a_lane_that_moved_on_while_it_waited_for_its_turn_does_nothing(world: World) -> None:
    await world.read(PAGE)
    async with world.database.read() as tx:
        (lane,) = await lanes.due(tx, world.clock.now())
    await world.drain()
    calls = list(world.messenger.calls)
    assert not await world.deliverer._step(lane)
    assert world.messenger.calls == calls


async def test_a_repeat_says_exactly_what_the_intent_said(world: World) -> None:
    world.messenger.answers = [Unknown("reset")]
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.read(replace(PAGE, story=replace(STORY, title="A new title")))
    world.clock.turn(16)
    await world.deliverer.run_due()
    (_, post), *_ = world.messenger.posted.values()
    assert post.embed is not None and post.embed.title == STORY.title
    await world.drain()
    (_, post), *_ = world.messenger.posted.values()
    assert post.embed is not None and post.embed.title == "A new title"


async def test_c04_a_row_found_in_flight_is_settled_from_our_start(world: World) -> None:
    world.messenger.answers = [Unknown("crash")]
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.clock.turn(3600)
    world.restart()
    assert await world.deliverer.run_due() == 0
    world.clock.turn(16)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_wait_is_obeyed_and_nothing_doubled(world: World) -> None:
    world.messenger.answers = [Wait(100)]
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.clock.turn(99)
    assert await world.deliverer.run_due() == 0
    world.clock.turn(2)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_d31_a_refused_payload_is_said_once_more_in_plain_text_then_given_up(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(50035, Duty.FALLBACK, "Invalid Form Body")] * 2
    await world.drain()
    assert await world.states() == {State.LIVE: 3, State.DEAD: 1}
    # The children of the comment that was given up hang on nothing, but they stand.
    assert world.said()[1:] == ["answer to Ann", "answer to Bob"]


async def test_d15_a_missing_permission_holds_without_a_call_and_is_released(world: World) -> None:
    world.messenger.lack = Missing(fatal=("Send Messages",))
    await world.read(PAGE)
    await world.deliverer.run_due()
    assert world.messenger.calls == []
    assert State.HELD in await world.states()
    world.messenger.lack = Missing(embeds=True)
    await world.deliverer.release(GUILD)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_d18_without_embed_links_the_card_is_plain_text(world: World) -> None:
    world.messenger.lack = Missing(embeds=False)
    await world.read(PAGE)
    await world.drain()
    (_, card), *_ = world.messenger.posted.values()
    assert card.embed is None and "https://example.org/dish" in card.content


async def test_d35_an_unavailable_server_disables_nothing(world: World) -> None:
    world.messenger.lack = None
    await world.read(PAGE)
    await world.deliverer.run_due()
    assert world.messenger.calls == []
    world.messenger.lack = Missing(embeds=True)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_d10_a_dead_token_stops_everything(world: World) -> None:
    world.messenger.answers = [Stop("401")]
    await world.read(PAGE)
    with pytest.raises(Stopped):
        await world.deliverer.run_due()
    assert world.messenger.calls == ["create"]
    assert State.DEAD not in await world.states()


async def test_d27_a_thread_that_exists_already_is_adopted(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(160004, Duty.TAKEN, "already has a thread")]
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_an_edit_changes_the_message_in_place(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    changed = replace(PAGE.comments[1], body="another answer")
    await world.read(replace(PAGE, comments=(PAGE.comments[0], changed, PAGE.comments[2])))
    await world.drain()
    assert world.said()[1:] == ["first", "another answer", "answer to Bob"]
    assert world.messenger.calls.count("edit") == 1


async def test_a_deleted_comment_with_replies_becomes_a_marker_and_one_without_goes(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    gone = [replace(comment, body="", deleted=True) for comment in PAGE.comments]
    await world.read(replace(PAGE, comments=(PAGE.comments[0], gone[1], PAGE.comments[2])))
    await world.drain()
    assert "answer to Ann" not in str(world.messenger.posted)
    assert len(world.messenger.posted) == 4
    await world.read(replace(PAGE, comments=(PAGE.comments[0], gone[1], gone[2])))
    await world.drain()
    assert len(world.messenger.posted) == 3


async def test_a_long_comment_is_split_and_shrinks_again(world: World) -> None:
    long = Comment("long", "Dee", " ".join(f"word{number}" for number in range(700)))
    await world.read(StoryPage(STORY, (long,)))
    await world.drain()
    contents = [post.content for _, post in world.messenger.posted.values()][1:]
    assert len(contents) > 2 and all(len(content) <= 2000 for content in contents)
    assert all(f"word{number}" in " ".join(contents) for number in range(700))
    await world.read(StoryPage(STORY, (replace(long, body="short"),)))
    await world.drain()
    assert world.said()[1:] == ["short"]


async def test_d36_a_nonce_that_meets_a_deleted_message_is_gone_for_good(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(10008, Duty.GONE, "Unknown Message")]
    await world.drain()
    assert (await world.states())[State.GONE] == 1
    assert len(world.messenger.posted) == 3


async def test_d20_a_deleted_thread_closes_the_story_and_is_not_opened_again(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    async with world.database.write() as tx:
        await removals.thread_gone(tx, next(iter(world.messenger.threads)))
    calls = len(world.messenger.calls)
    late = Comment("d", "Di", "late", parent="a")
    await world.read(replace(PAGE, comments=(*PAGE.comments, late)))
    await world.drain()
    assert len(world.messenger.calls) == calls


async def test_d22_a_message_that_a_moderator_deleted_is_not_posted_again_nor_edited(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    bob = list(world.messenger.posted)[2]
    del world.messenger.posted[bob]
    async with world.database.write() as tx:
        await removals.message_gone(tx, bob)
    changed = replace(PAGE.comments[1], body="another answer")
    await world.read(replace(PAGE, comments=(PAGE.comments[0], changed, PAGE.comments[2])))
    await world.drain()
    assert "another answer" not in world.said()


async def test_an_unknown_refusal_is_tried_a_few_times_then_given_up(world: World) -> None:
    world.messenger.answers = [Refused(99999, Duty.RETRY, "what?")] * 50
    await world.read(StoryPage(STORY))
    for _ in range(40):
        await world.deliverer.run_due()
        world.clock.turn(timedelta(hours=2).total_seconds())
    assert await world.states() == {State.DEAD: 1}
    assert world.messenger.calls.count("create") < 12
