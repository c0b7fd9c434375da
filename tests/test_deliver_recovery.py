"""What the outbox does after refusals, bans, locks and endings that are taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import library
from bot.model import State
from bot.post import Duty, Refused, Unknown, Wait
from bot.store import removals
from tests.test_deliver import ADMIN, CHANNEL, GUILD, PAGE, STORY, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]

FIRST, SECOND, LEAF = PAGE.comments
WITHOUT_LEAF = replace(PAGE, comments=(FIRST, SECOND, replace(LEAF, body="", deleted=True)))


def other(name: str) -> object:
    return replace(PAGE, story=replace(STORY, title=name, url=f"https://example.org/{name}"), comments=())


async def test_d30_a_refused_edit_leaves_the_message_alive_for_the_next_one(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    world.messenger.answers = [Refused(200000, Duty.DEAD, "AutoMod")]
    await world.read(replace(PAGE, comments=(FIRST, SECOND, replace(LEAF, body="bad"))))
    await world.drain()
    assert await world.states() == {State.LIVE: 4}
    await world.read(WITHOUT_LEAF)
    await world.drain()
    assert len(world.messenger.posted) == 3


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_edit_that_was_never_answered_may_arrive_late_so_the_next_one_waits(
    world: World, restarted: bool
) -> None:
    await world.read(PAGE)
    await world.drain()
    world.messenger.answers = [Unknown("reset")]
    await world.read(replace(PAGE, comments=(FIRST, SECOND, replace(LEAF, body="second"))))
    await world.deliverer.run_due()
    if restarted:
        world.clock.turn(3600)
        world.restart()
    await world.read(replace(PAGE, comments=(FIRST, SECOND, replace(LEAF, body="third"))))
    asked = world.messenger.calls.count("edit")
    world.clock.turn(14)
    await world.deliverer.run_due()
    assert world.messenger.calls.count("edit") == asked == 1, "an older text could still come after it"
    world.clock.turn(2)
    await world.drain()
    assert "third" in world.said()


@pytest.mark.parametrize("posted_before", [False, True])
async def test_a_deleted_comment_can_come_back(world: World, posted_before: bool) -> None:
    if posted_before:
        await world.read(PAGE)
        await world.drain()
    await world.read(WITHOUT_LEAF)
    await world.drain()
    assert len(world.messenger.posted) == 3
    await world.read(PAGE)
    await world.drain()
    assert world.said()[1:] == ["first", "answer to Ann", "answer to Bob"]


async def test_a_part_that_was_too_many_can_come_back(world: World) -> None:
    words = [f"word{number}" for number in range(500)]
    long = replace(FIRST, body=" ".join(words))
    for body in (long.body, "short", "short again", long.body):
        await world.read(replace(PAGE, comments=(replace(long, body=body),)))
        await world.drain()
    text = " ".join(post.content for _, post in world.messenger.posted.values())
    assert all(word in text for word in words)


async def test_r9_a_create_that_is_always_in_doubt_is_given_up_and_its_lane_goes_on(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    for hour in range(40):
        world.messenger.answers = [Unknown("502")]
        await world.deliverer.run_due()
        world.messenger.answers = []
        await world.read(other(str(hour)))  # what goes through in other lanes tells poison from an outage
        await world.deliverer.run_due()
        world.clock.turn(1000)
    await world.drain(200)
    assert world.messenger.calls.count("find") < 20
    assert "answer to Bob" in world.said()


async def test_d09_a_ban_silences_every_lane(world: World) -> None:
    await world.read(PAGE)
    world.messenger.answers = [Wait(900, everywhere=True)]
    await world.deliverer.run_due()
    await world.read(other("other"))
    world.clock.turn(899)
    assert await world.deliverer.run_due() == 0
    world.clock.turn(2)
    await world.drain()
    assert len(world.messenger.posted) == 5


async def test_an_edit_that_waits_keeps_its_lane_waiting(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    world.messenger.answers = [Wait(100)]
    await world.read(replace(PAGE, comments=tuple(replace(c, body=c.body + "!") for c in PAGE.comments)))
    calls = len(world.messenger.calls)
    for _ in range(10):
        await world.deliverer.run_due()
    assert len(world.messenger.calls) == calls + 1
    world.clock.turn(101)
    await world.drain()
    assert world.said()[1:] == ["first!", "answer to Ann!", "answer to Bob!"]


async def test_d26_a_locked_thread_holds_its_comments_until_something_changes(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(160005, Duty.HOLD, "locked")]
    for _ in range(5):
        await world.deliverer.run_due()
        world.clock.turn(60)
    assert world.messenger.calls.count("create") == 2
    (followed,) = await library.followed_channels(world.database, GUILD)
    assert "locked" in (followed.held_reason or "")
    await world.deliverer.release(GUILD)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_d15_a_refusal_that_the_cache_does_not_show_is_asked_again_ever_more_rarely(world: World) -> None:
    await world.read(PAGE)
    world.messenger.answers = [Refused(50013, Duty.HOLD, "Missing Permissions")] * 100
    for _ in range(24 * 6):
        await world.deliverer.run_due()
        world.clock.turn(600)
    assert world.messenger.calls.count("create") <= 9


async def test_d25_unarchiving_that_does_not_help_is_no_busy_loop(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    world.messenger.answers = [Refused(50083, Duty.UNARCHIVE, "archived")] * 100
    await world.read(replace(PAGE, comments=(replace(FIRST, body="new"), SECOND, LEAF)))
    for _ in range(50):
        await world.deliverer.run_due()
    assert world.messenger.calls.count("edit") <= 2


async def test_a_card_deleted_before_its_thread_takes_its_comments_along(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    async with world.database.write() as tx:
        await removals.message_gone(tx, next(iter(world.messenger.posted)))
    assert await world.deliverer.settled()


async def test_following_again_posts_what_was_left_out(world: World) -> None:
    await world.read(PAGE)
    await library.unfollow(world.database, GUILD, CHANNEL)
    await world.drain()
    assert world.messenger.posted == {}
    again = await library.follow(world.database, GUILD, CHANNEL, ADMIN, world.clock.now())
    assert await library.post_newest(world.database, again, 1, world.clock.now()) == 1
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_d34_a_server_that_takes_the_bot_back_gets_nothing_until_it_follows_again(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    async with world.database.write() as tx:
        await removals.guild_gone(tx, GUILD, world.clock.now())
    await world.read(replace(PAGE, comments=(*PAGE.comments, replace(LEAF, key="d", body="late"))))
    calls = len(world.messenger.calls)
    await world.drain()
    assert len(world.messenger.calls) == calls
    await library.follow(world.database, GUILD, CHANNEL, ADMIN, world.clock.now())
    await world.read(replace(PAGE, comments=(replace(FIRST, body="edited"), SECOND, LEAF)))
    await world.drain()
    assert "edited" in world.said()
