"""What the killing of bots found, each as a small case; and the rows of faults.md that need no kill."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot import library
from bot.model import Comment, State
from bot.post import Answer, Duty, Place, Post, Refused, Sent, Unknown
from bot.store import deliveries, removals
from tests.conftest import Start
from tests.fakes import FakeMessenger
from tests.test_deliver import ADMIN, CHANNEL, GUILD, PAGE, World, world
from tests.test_flow import story_channel

pytestmark = pytest.mark.asyncio
__all__ = ["world"]


@dataclass
class DatedMessenger(FakeMessenger):
    """A Discord that remembers by its own clock when each message came, and looks no further back than it is asked."""

    world: World | None = None
    came: dict[int, datetime] = field(default_factory=dict)

    def time(self) -> datetime:
        assert self.world is not None
        return self.world.clock.now() + self.skew

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        answer = await super().create(place, post, nonce)
        self.came.setdefault(self.next_id, self.time())
        return answer

    async def find(self, place: Place, post: Post, since: datetime, known: Collection[int]) -> Answer | None:
        found = await super().find(place, post, since, known)
        return found if isinstance(found, Sent) and self.came[found.id] > since else None


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=2)])
async def test_c15_our_clock_is_set_anew_between_intent_and_restart(world: World, jump: timedelta) -> None:
    discord = world.messenger = DatedMessenger(world=world, lose_answers=1, skew=jump)
    world.restart()
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.clock.turn(jump.total_seconds())
    discord.skew -= jump
    world.restart()
    await world.drain()
    assert len(discord.posted) == 4


MARKED = replace(PAGE, comments=(*PAGE.comments[:2], replace(PAGE.comments[2], body="", deleted=True)))


@pytest.mark.parametrize("told", [False, True])
async def test_c11_a_comment_that_comes_back_while_its_deletion_is_in_doubt_stands_again(
    world: World, told: bool
) -> None:
    discord = world.messenger = ForgetfulMessenger()
    world.restart()
    await world.read(PAGE)
    await world.drain()
    await world.read(MARKED)
    await world.deliverer.run_due()
    assert len(discord.posted) == 3
    await world.read(PAGE)
    if told:  # of our own deletion, as of everybody's
        async with world.database.write() as tx:
            await removals.message_gone(tx, discord.deleted[0])
    world.restart()
    await world.drain()
    assert world.said()[1:] == ["first", "answer to Ann", "answer to Bob"]


class ForgetfulMessenger(FakeMessenger):
    """A Discord whose answer to the first deletion gets lost."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[int] = []

    async def delete(self, place: Place, message_id: int) -> Answer:
        await super().delete(place, message_id)
        self.deleted.append(message_id)
        return Sent(message_id) if len(self.deleted) > 1 else Unknown("the answer was lost")

    async def edit(self, place: Place, message_id: int, post: Post) -> Answer:
        gone = Refused(10008, Duty.GONE, "Unknown Message")
        return gone if message_id in self.deleted else await super().edit(place, message_id, post)


async def test_a_deletion_that_is_told_before_it_is_answered_is_our_own(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    await world.read(MARKED)
    async with world.database.write() as tx:
        await removals.message_gone(tx, max(world.messenger.posted))
    await world.read(PAGE)
    await world.drain()
    assert world.messenger.calls.count("create") == 5


@pytest.mark.parametrize("closed", ["thread", "card"])
async def test_a_comment_that_comes_back_where_its_story_was_deleted_waits_for_nothing(
    world: World, closed: str
) -> None:
    await world.read(PAGE)
    if closed == "thread":
        await world.drain()
    await world.read(MARKED)
    if closed == "thread":
        await world.drain()
    else:
        await world.deliverer.run_due()
    async with world.database.write() as tx:
        card = min(world.messenger.posted)
        await (removals.thread_gone if closed == "thread" else removals.message_gone)(tx, card)
    await world.read(PAGE)
    assert await world.deliverer.settled()


@pytest.mark.parametrize("lost", [False, True])
async def test_d22_a_parent_that_was_deleted_unnoticed_is_named_once_discord_shows_it(start: Start, lost: bool) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
        thread = story_channel(run)[0]["thread"]["messages"]
        parent = run.box.world.find_message(int(thread[2]["id"]))
        assert parent is not None
        del run.box.world.messages[parent.channel_id][parent.id]  # no event: the bot was not there
        if lost:
            run.box.faults.add(method="POST", path_regex=r"/messages$", kind="reset", after=True)
        await run.deliver(replace(PAGE, comments=(*PAGE.comments, Comment("d", "Di", "a late answer", parent="c"))))
        late = story_channel(run)[0]["thread"]["messages"][-1]
        assert late["reply_to"] is None
        assert late["content"].split("\n")[1:] == ["-# in reply to [Cy](<https://example.org/dish#c>)", "a late answer"]
        async with run.database.read() as tx:
            assert await deliveries.counts(tx) == {State.LIVE: 4, State.GONE: 1}


async def test_c11_a_deletion_that_is_told_before_it_fails_to_be_answered_stays_our_own(world: World) -> None:
    discord = world.messenger = TellingMessenger(world)
    world.restart()
    await world.read(PAGE)
    await world.drain()
    await world.read(MARKED)
    await world.deliverer.run_due()
    assert await world.states() == {State.LIVE: 3, State.GONE: 1}
    await world.read(PAGE)
    await world.drain()
    assert discord.calls.count("create") == 5


class TellingMessenger(FakeMessenger):
    """A Discord that tells of a deletion, but answers it with an error."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._database = world.database

    async def delete(self, place: Place, message_id: int) -> Answer:
        await super().delete(place, message_id)
        async with self._database.write() as tx:
            await removals.message_gone(tx, message_id)
        return Unknown("HTTP 520")


class BrokenLane(FakeMessenger):
    """A messenger with an error of ours in it, which shows in one channel."""

    broken = True

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        if self.broken and place.channel_id == CHANNEL:
            raise ZeroDivisionError("an error of ours")
        return await super().create(place, post, nonce)


async def test_c18_an_error_in_one_lane_is_logged_once_and_put_off_while_others_go_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    discord = world.messenger = BrokenLane()
    world.restart()
    await library.follow(world.database, GUILD, 23, ADMIN, world.clock.now())
    await world.read(PAGE)
    for _ in range(10):
        await world.deliverer.run_due()
    assert [place.channel_id for place, _ in discord.posted.values()].count(23) == 1
    assert len(discord.posted) == 4
    assert [record.message.split()[0] for record in caplog.records if record.exc_info] == ["delivery"]
    discord.broken = False
    await world.drain()
    assert len(discord.posted) == 8
    assert await world.states() == {State.LIVE: 8}


class Returning(FakeMessenger):
    """A Discord that takes so long for a deletion that the comment comes back meanwhile."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def delete(self, place: Place, message_id: int) -> Answer:
        await self._world.read(PAGE)
        return await super().delete(place, message_id)


async def test_a_comment_that_comes_back_while_it_is_removed_stands_again(world: World) -> None:
    discord = world.messenger = Returning(world)
    world.restart()
    await world.read(PAGE)
    await world.drain()
    await world.read(MARKED)
    await world.drain()
    assert discord.calls.count("delete") == 1
    assert world.said()[1:] == ["first", "answer to Ann", "answer to Bob"]


async def test_a_comment_that_comes_back_between_a_lanes_look_and_its_step_is_posted(world: World) -> None:
    await world.read(PAGE)
    await world.read(MARKED)
    async with world.database.read() as tx:
        rows = [await deliveries.get(tx, number) for number in range(1, 5)]
    (stale,) = [row for row in rows if row.want_gone]
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    await world.read(PAGE)
    assert await world.deliverer._attempt.keep(stale)
    await world.drain()
    assert world.said()[1:] == ["first", "answer to Ann", "answer to Bob"]
