"""What admins are told about their channels (rows D15 to D40): once, what to do, and anew only after it was well."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot import history, library
from bot.catchup import KEPT
from bot.chat.notices import NoticeSender
from bot.model import Comment, State, StoryPage
from bot.post import Duty, Missing, Refused, Wait
from bot.store import deliveries, removals, subscriptions
from tests.conftest import Start
from tests.fakes import FakeClock
from tests.test_deliver import ADMIN, CHANNEL, GUILD, PAGE, STORY, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]

FIRST, SECOND, LEAF = PAGE.comments
FORBIDDEN = Refused(50013, Duty.HOLD, "Missing Permissions")


def other(name: str) -> StoryPage:
    return StoryPage(replace(STORY, title=name, url=f"https://example.org/{name}"))


async def told(world: World) -> list[tuple[int, int, str]]:
    async with world.database.read() as tx:
        rows = await tx.execute_fetchall("SELECT guild_id, user_id, text FROM notices ORDER BY id")
        return [(row[0], row[1], row[2]) for row in rows]


async def texts(world: World) -> list[str]:
    return [text for _, _, text in await told(world)]


async def days(world: World, number: float) -> None:
    """Let time go by, with the deliverer looking every ten minutes."""
    for _ in range(int(number * 144)):
        await world.deliverer.run_due()
        world.clock.turn(600)


@pytest.mark.parametrize(("code", "text"), [(50013, "Missing Permissions"), (50001, "Missing Access")])
async def test_d15_d16_a_refusal_is_told_once_and_asked_for_at_most_thrice_more_in_a_day(
    world: World, code: int, text: str
) -> None:
    world.messenger.answers = [Refused(code, Duty.HOLD, text)] * 100
    await world.read(PAGE)
    await world.read(other("second"))
    await days(world, 1)
    assert world.messenger.calls.count("create") == 4, "each is preceded by a look that Discord does not refuse"
    ((guild, user, said),) = await told(world)
    assert (guild, user) == (GUILD, ADMIN)
    assert said == (
        f"I cannot post into <#{CHANNEL}>: Discord said {code}: {text}. Please look at the channel's settings. "
        "I go on by myself once that is mended; until then everything waits."
    )
    world.messenger.answers = []
    await days(world, 1)
    assert len(world.messenger.posted) == 5
    assert len(await told(world)) == 1


async def test_d15_what_was_well_in_between_is_told_anew(world: World) -> None:
    for name in ("one", "two"):
        world.messenger.lack = Missing(fatal=("Send Messages", "Embed Links"))
        await world.read(other(name))
        await world.deliverer.run_due()
        world.messenger.lack = Missing(embeds=True)
        await world.deliverer.release(GUILD)
        await world.drain()
    assert world.messenger.calls.count("create") == 2
    said = "I lack **Send Messages, Embed Links**. Give me that in the channel's settings."
    assert [said in text for text in await texts(world)] == [True, True]


async def test_d17_without_read_message_history_a_doubt_is_held_and_nothing_is_sent(world: World) -> None:
    world.messenger.lose_answers = 1
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.messenger.lack = Missing(fatal=("Read Message History",))
    world.clock.turn(60)
    await world.deliverer.run_due()
    assert world.messenger.calls == ["create"]
    assert "I lack **Read Message History**" in (await texts(world))[0]
    world.messenger.lack = Missing(embeds=True)
    await world.deliverer.release(GUILD)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_d19_a_channel_that_is_gone_is_told_once_and_not_asked_again(world: World) -> None:
    world.messenger.answers = [Refused(10003, Duty.PLACE_GONE, "Unknown Channel")]
    await world.read(PAGE)
    await world.read(other("second"))
    await days(world, 1)
    assert world.messenger.calls == ["create"]
    (text,) = await texts(world)
    assert text.startswith(f"I stopped posting into <#{CHANNEL}>: Discord said 10003")
    assert "`/channels follow` chooses another channel" in text
    (followed,) = await library.followed_channels(world.database, GUILD)
    assert followed.paused_reason is not None


async def test_d26_a_locked_thread_is_parked_and_told_once_while_other_stories_go_on(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(160005, Duty.HOLD, "Thread is locked")]
    await world.deliverer.run_due()
    await world.read(other("second"))
    await world.drain()
    assert len(world.messenger.posted) == 2
    world.messenger.answers = [Refused(160005, Duty.HOLD, "Thread is locked")] * 9
    await days(world, 2)
    (text,) = await texts(world)
    assert text.startswith(f"The thread of **{STORY.title}** in <#{CHANNEL}> is locked.")
    world.messenger.answers = []
    await world.deliverer.release(GUILD)
    await world.drain()
    assert len(world.messenger.posted) == 5


async def test_d28_while_there_are_too_many_threads_stories_go_on_and_each_thread_is_tried_hourly(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.messenger.answers = [Wait(3600)]
    await world.deliverer.run_due()
    await world.read(other("second"))
    await world.deliverer.run_due()
    assert [post.embed.title for _, post in world.messenger.posted.values() if post.embed] == [STORY.title, "second"]
    calls = world.messenger.calls.count("thread")
    world.clock.turn(3500)
    await world.deliverer.run_due()
    assert world.messenger.calls.count("thread") <= calls + 1, "the second story's own thread"
    world.clock.turn(200)
    await world.drain()
    assert len(world.messenger.posted) == 5


@pytest.mark.parametrize("code", [200000, 200001, 240000])
async def test_d30_what_automod_blocks_is_told_once_a_day_and_shown_with_a_retry(world: World, code: int) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(code, Duty.DEAD, "blocked")] * 2
    await world.drain()
    assert world.said()[1:] == ["answer to Bob"]
    (text,) = await texts(world)
    assert text.startswith(f"Something is not posted into <#{CHANNEL}>: Discord said {code}: blocked.")
    dead = [entry for entry in await history.latest(world.database, GUILD) if entry.retryable]
    assert [entry.author for entry in dead] == ["Bob", "Ann"]


async def test_d39_an_old_message_waits_for_its_edit_and_gets_the_latest_text_alone(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    world.messenger.answers = [Wait(60)]
    for body in ("one", "two", "three"):
        await world.read(replace(PAGE, comments=(replace(FIRST, body=body), SECOND, LEAF)))
        await world.deliverer.run_due()
    assert world.messenger.calls.count("edit") == 1
    world.clock.turn(61)
    await world.drain()
    assert world.messenger.calls.count("edit") == 2
    assert world.said()[1] == "three"


async def test_d33_what_a_server_configured_is_kept_for_thirty_days_and_then_forgotten(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    async with world.database.write() as tx:
        await removals.guild_gone(tx, GUILD, world.clock.now())
        await subscriptions.follow(tx, 2, 77, ADMIN, world.clock.now())
    world.clock.turn(KEPT.total_seconds() - 60)
    await world.restart().run_due()
    assert len(await library.followed_channels(world.database, GUILD)) == 1
    world.clock.turn(1200)
    await world.deliverer.run_due()
    assert await library.followed_channels(world.database, GUILD) == []
    assert len(await library.followed_channels(world.database, 2)) == 1
    assert await world.states() == {}
    async with world.database.read() as tx:
        assert await removals.gone_guilds(tx) == set()


async def test_d40_two_wishes_for_one_channel_are_refused_and_each_item_stands_once(world: World) -> None:
    with pytest.raises(Exception, match="followed already"):
        await library.follow(world.database, GUILD, CHANNEL, ADMIN, world.clock.now())
    await world.read(PAGE)
    await world.drain()
    assert len(world.messenger.posted) == 4


async def heard(run, event: str, act) -> None:  # type: ignore[no-untyped-def]
    """Do something in Discord and wait until the bot has handled it."""
    waiting = asyncio.create_task(run.bot.wait_for(event))
    await asyncio.sleep(0)
    act()
    await asyncio.wait_for(waiting, 10)
    await asyncio.sleep(0)


async def said_in_general(run) -> list[str]:  # type: ignore[no-untyped-def]
    sender = NoticeSender(run.bot, run.database, FakeClock(run.bot.clock.now() + timedelta(minutes=1)))
    await sender.run_due()
    return [message["content"] for message in run.box.messages(run.box.world.channel("general").id)]


async def test_discord_shows_what_the_bot_lacks_in_the_system_channel_and_in_the_list(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        await run.follow()
        news = world.channel("space-news").id
        denied = discord.Permissions(send_messages=True).value
        await heard(run, "guild_channel_update", lambda: world.deny_bot(news, denied))
        await run.deliver(PAGE)
        assert await said_in_general(run) == [
            f"I cannot post into <#{news}>: I lack **Send Messages**. Give me that in the channel's settings. "
            "I go on by myself once that is mended; until then everything waits."
        ]
        listed = await run.box.command(world.user("Ada").id, world.channel("general").id, "channels list", {})
        assert "waiting: the bot lacks: Send Messages" in listed.embeds[0]["description"]
        await heard(run, "guild_channel_update", lambda: world.deny_bot(news, 0))
        await run.bot.deliverer.release(world.guild.id)
        await run.settle()
        assert len(run.box.messages(news)) == 1
        assert len(await said_in_general(run)) == 1


async def test_d19_discord_tells_that_a_channel_was_deleted(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        await run.follow()
        news = world.channel("space-news").id
        await heard(run, "guild_channel_delete", lambda: world.delete_channel(news))
        for _ in range(200):
            if said := await said_in_general(run):
                break
            await run.bot.clock.sleep(0.02)
        assert said == [
            f"I stopped posting into <#{news}>: the channel was deleted. "
            "`/channels follow` chooses another channel, `/channels unfollow` forgets this one."
        ]
        await run.deliver(PAGE)
        async with run.database.read() as tx:
            assert await deliveries.counts(tx) == {}


async def test_d24_a_new_comment_opens_an_archived_thread_and_d25_its_deletion_too(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
        card = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"][0]
        thread = run.box.world.get_channel(int(card["id"]))
        run.box.world.set_archived(thread, True)
        late = Comment("late", "Late", "hello", parent="a")
        await run.deliver(replace(PAGE, comments=(*PAGE.comments, late)))
        run.box.world.set_archived(thread, True)
        gone = replace(late, body="", deleted=True)
        await run.deliver(replace(PAGE, comments=(*PAGE.comments, gone)))
        after = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"][0]
        assert len(after["thread"]["messages"]) == 3
        async with run.database.read() as tx:
            assert (await deliveries.counts(tx))[State.GONE] == 1


async def test_d26_a_thread_that_a_moderator_locked_waits_until_it_is_unlocked(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        await run.follow()
        await run.deliver(replace(PAGE, comments=(FIRST,)))
        card = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"][0]
        thread = world.get_channel(int(card["id"]))
        world.lock_thread(thread.id)
        await run.deliver(PAGE)
        (told_,) = await said_in_general(run)
        assert "is locked. Unlock it, or let me manage threads" in told_
        world.lock_thread(thread.id, False)
        for _ in range(200):
            async with run.database.read() as tx:
                if not (await deliveries.counts(tx)).get(State.HELD):
                    break
            await run.bot.clock.sleep(0.02)
        await run.settle()
        after = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"][0]
        assert len(after["thread"]["messages"]) == 3


async def test_d34_a_server_that_takes_the_bot_back_is_told_and_gets_nothing_before_an_admin_resumes(
    start: Start,
) -> None:
    async with start() as run:
        world = run.box.world
        await run.follow()
        ada, news = world.user("Ada").id, world.channel("space-news").id
        async with run.database.write() as tx:
            await removals.guild_gone(tx, world.guild.id, run.bot.clock.now())
        await run.bot.on_guild_join(run.bot.get_guild(world.guild.id))
        (text,) = await said_in_general(run)
        assert text == f"I am back, and remember that you followed <#{news}>. `/channels resume` goes on there."
        await run.deliver(PAGE)
        assert run.box.messages(news) == []
        resumed = await run.box.command(ada, news, "channels resume", {"channel": str(news)})
        assert "again" in resumed.content
        await run.settle()
        assert run.box.messages(news) == []
        await run.deliver(other("next"))
        assert len(run.box.messages(news)) == 1


async def test_d38_a_channel_of_another_kind_than_it_was_is_not_posted_into_and_told(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        forum = world.channel("stories-forum").id  # followed as the text channel that it is not
        await library.follow(run.database, world.guild.id, forum, world.user("Ada").id, run.bot.clock.now())
        await run.deliver(PAGE)
        assert not any(e["method"] == "POST" and f"/channels/{forum}/" in e["path"] for e in run.box.traffic)
        (text,) = await said_in_general(run)
        assert text.startswith(f"I cannot post into <#{forum}>: it is of another kind now. Turn it back")
