"""/channels history, its Retry button, pause and resume: nothing is skipped silently, and nothing is said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot import history, library
from bot.errors import Conflict, NotFound
from bot.model import Comment, Layout, Options, State, StoryPage
from bot.post import Duty, Refused, Unknown
from bot.store import deliveries, removals
from bot.words import say
from tests.conftest import Start
from tests.test_deliver import ADMIN, CHANNEL, GUILD, PAGE, STORY, World, world
from tests.test_freezing import HALF, MANY

pytestmark = pytest.mark.asyncio
__all__ = ["world"]

BLOCKED = Refused(200000, Duty.DEAD, "AutoMod")


async def shown(world: World, channel: int | None = None) -> list[tuple[str | None, str]]:
    found = await history.latest(world.database, GUILD, channel)
    return [(entry.author, history.state_of(entry)) for entry in found]


async def block(world: World, *, after: int) -> int:
    """Let the post after some others be refused for good; returns its row."""
    await world.read(PAGE)
    for _ in range(after):
        await world.deliverer.run_due()
    world.messenger.answers = [BLOCKED]
    await world.drain()
    (dead,) = [e for e in await history.latest(world.database, GUILD) if e.retryable]
    return dead.delivery.id


async def test_it_shows_what_is_in_trouble_first_and_then_the_newest_with_reasons(world: World) -> None:
    await block(world, after=2)
    assert await shown(world) == [
        ("Ann", "given up: Discord said 200000: AutoMod"), ("Cy", "posted"), ("Bob", "posted"), (None, "posted")
    ]  # fmt: skip
    assert await shown(world, CHANNEL) == await shown(world)
    assert await shown(world, 4711) == await shown(world, 2**70) == []


@pytest.mark.parametrize("layout", [Layout.THREAD, Layout.FORUM, Layout.INLINE])
async def test_each_message_is_linked_where_it_stands(world: World, layout: Layout) -> None:
    await library.edit(world.database, GUILD, CHANNEL, None, Options(layout=layout))
    await world.read(PAGE)
    await world.drain()
    stands = {message_id: place.channel_id for message_id, (place, _) in world.messenger.posted.items()}
    if layout is Layout.FORUM:
        post = min(stands)
        stands[post] = post  # the first message of a forum post stands in the thread that it began
    found = await history.latest(world.database, GUILD)
    assert {entry.delivery.message_id: entry.place for entry in found} == stands


async def test_at_most_twenty_are_shown(world: World) -> None:
    await world.read(StoryPage(STORY, tuple(Comment(f"k{n}", f"A{n}", "text") for n in range(40))))
    await world.drain(200)
    assert [author for author, _ in await shown(world)] == [f"A{n}" for n in range(39, 19, -1)]


async def test_retry_posts_what_was_given_up_once(world: World) -> None:
    dead = await block(world, after=2)
    assert (await history.retry(world.database, GUILD, dead, world.clock.now())).author == "Ann"
    with pytest.raises(Conflict):
        await history.retry(world.database, GUILD, dead, world.clock.now())
    world.clock.turn(60)
    await world.drain()
    assert sorted(world.said()[1:]) == ["answer to Ann", "answer to Bob", "first"]
    assert await world.states() == {State.LIVE: 4}
    with pytest.raises(Conflict):
        await history.retry(world.database, GUILD, dead, world.clock.now())


async def test_retry_of_a_story_brings_its_comments(world: World) -> None:
    dead = await block(world, after=0)
    assert [state for _, state in await shown(world)] == ["given up: Discord said 200000: AutoMod"]
    await history.retry(world.database, GUILD, dead, world.clock.now())
    await world.drain()
    assert world.said()[1:] == ["first", "answer to Ann", "answer to Bob"]


async def test_retry_adopts_what_discord_had_taken_after_all(world: World) -> None:
    """What was given up in doubt may stand: it is looked for first, from when it was tried."""
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.lose_answers = 1
    await world.deliverer.run_due()
    assert (await world.states())[State.INFLIGHT] == 1
    (doubt,) = await _in_doubt(world)
    await world.deliverer._attempt.after.give_up(doubt, "Discord never said whether it took this")
    await world.drain()
    assert len(world.messenger.posted) == 4
    world.clock.turn(3 * 24 * 3600)
    await history.retry(world.database, GUILD, doubt.id, world.clock.now())
    await world.drain()
    assert len(world.messenger.posted) == 4
    assert await world.states() == {State.LIVE: 4}


async def _in_doubt(world: World):  # type: ignore[no-untyped-def]
    async with world.database.read() as tx:
        return await deliveries.inflight(tx)


async def test_retry_is_for_the_own_server_and_for_followed_places_that_are_there(world: World) -> None:
    dead = await block(world, after=2)
    for guild, number in ((4711, dead), (GUILD, 999), (GUILD, 2**70)):
        with pytest.raises(NotFound):
            await history.retry(world.database, guild, number, world.clock.now())
    async with world.database.write() as tx:
        await removals.thread_gone(tx, next(iter(world.messenger.threads)))
    with pytest.raises(Conflict):
        await history.retry(world.database, GUILD, dead, world.clock.now())


async def test_retry_waits_for_its_channel_to_be_followed(world: World) -> None:
    dead = await block(world, after=2)
    await library.unfollow(world.database, GUILD, CHANNEL)
    with pytest.raises(Conflict):
        await history.retry(world.database, GUILD, dead, world.clock.now())
    await library.follow(world.database, GUILD, CHANNEL, ADMIN, world.clock.now())
    await history.retry(world.database, GUILD, dead, world.clock.now())


async def test_a_paused_channel_gets_nothing_but_deletions_and_edits_and_then_goes_on_where_it_was(
    world: World,
) -> None:
    await world.read(PAGE)
    for _ in range(3):
        await world.deliverer.run_due()
    await history.pause(world.database, GUILD, CHANNEL)
    with pytest.raises(Conflict):
        await history.pause(world.database, GUILD, CHANNEL)
    posted = world.said()
    await world.deliverer.release(GUILD)
    world.clock.turn(3600)
    await world.read(replace(PAGE, comments=(replace(PAGE.comments[0], body="edited"), *PAGE.comments[1:])))
    await world.read(StoryPage(replace(STORY, title="Another", url="https://example.org/2")))
    for _ in range(5):
        await world.deliverer.run_due()
    assert world.said() == [text.replace("first", "edited") for text in posted]
    assert ("Bob", "waits: an admin paused this channel") in await shown(world)
    assert await history.resume(world.database, GUILD, CHANNEL, world.clock.now()) == 3
    await world.drain()
    assert sorted(world.said()[1:]) == ["", "answer to Ann", "answer to Bob", "edited"]
    with pytest.raises(Conflict):
        await history.resume(world.database, GUILD, CHANNEL, world.clock.now())
    with pytest.raises(NotFound):
        await history.resume(world.database, 4711, CHANNEL, world.clock.now())


@pytest.mark.parametrize("layout", [Layout.THREAD, Layout.STORY_ONLY])
@pytest.mark.parametrize("again", ["resume", "follow"])
async def test_what_comes_while_a_channel_is_paused_waits_and_is_posted_in_order(
    world: World, layout: Layout, again: str
) -> None:
    options = Options(layout, grace=timedelta(0))
    await library.edit(world.database, GUILD, CHANNEL, None, options)
    await world.read(PAGE)
    await world.drain()
    stood = len(world.messenger.posted)
    await history.pause(world.database, GUILD, CHANNEL)
    late = Comment("d", "Di", "late", parent="a")
    new = StoryPage(replace(STORY, title="Another", url="https://example.org/2"), (Comment("x", "Xi", "fresh"),))
    for page in (replace(PAGE, comments=(*PAGE.comments, late)), new):
        await world.read(page)
    await world.deliverer.release(GUILD)
    await world.drain()
    assert len(world.messenger.posted) == stood
    if again == "resume":
        waited = await history.resume(world.database, GUILD, CHANNEL, world.clock.now())
        assert waited == (3 if layout is Layout.THREAD else 1)
    else:
        await library.follow(world.database, GUILD, CHANNEL, ADMIN, world.clock.now(), options=options)
    await world.drain()
    said = [text for text in world.said()[stood:] if text]
    assert sorted(said) == (["fresh", "late"] if layout is Layout.THREAD else [])
    assert len(world.messenger.posted) == stood + (3 if layout is Layout.THREAD else 1)


async def test_of_what_waited_through_a_long_pause_only_what_is_not_too_old_is_posted(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    await history.pause(world.database, GUILD, CHANNEL)
    await world.read(StoryPage(replace(STORY, title="Old", url="https://example.org/old")))
    world.clock.turn(8 * 24 * 3600)
    await world.read(StoryPage(replace(STORY, title="New", url="https://example.org/new")))
    await history.resume(world.database, GUILD, CHANNEL, world.clock.now())
    await world.drain()
    titles = [post.embed.title for _, post in world.messenger.posted.values() if post.embed]
    assert titles == [STORY.title, "New"]
    assert "given up: it would have come far too late" in [state for _, state in await shown(world)]


async def test_a_doubt_stays_a_doubt_through_a_pause(world: World) -> None:
    world.messenger.lose_answers = 1
    await world.read(PAGE)
    await world.deliverer.run_due()
    await history.pause(world.database, GUILD, CHANNEL)
    world.clock.turn(60)
    await world.drain()
    await history.resume(world.database, GUILD, CHANNEL, world.clock.now())
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_resume_tries_at_once_what_waits_for_a_permission(world: World) -> None:
    await world.read(PAGE)
    world.messenger.answers = [Refused(50013, Duty.HOLD, "Missing Permissions")]
    await world.deliverer.run_due()
    assert await history.resume(world.database, GUILD, CHANNEL, world.clock.now()) == 1
    await world.drain()
    assert len(world.messenger.posted) == 4


async def test_a_doubtful_row_is_called_so(world: World) -> None:
    await world.read(PAGE)
    for _ in range(2):
        world.messenger.answers = [Unknown("reset")]
        await world.deliverer.run_due()
        world.clock.turn(16)
    assert (await shown(world))[0][1].startswith("being posted; without a clear answer")


async def test_discord_shows_the_history_and_a_retry_that_only_those_who_manage_the_server_may_press(
    start: Start,
) -> None:
    async with start() as run:
        world = run.box.world
        ada, max_ = world.user("Ada").id, world.user("Max").id
        news, general = world.channel("space-news").id, world.channel("general").id
        empty = await run.box.command(ada, general, "channels history", {})
        assert "Nothing was posted here yet" in empty.embeds[0]["description"]
        await run.follow()
        await run.deliver(PAGE)
        async with run.database.write() as tx:
            await tx.execute(
                "UPDATE deliveries SET state = 'dead', reason = 'Discord said 200000: @everyone', message_id = NULL "
                "WHERE comment_id = (SELECT id FROM comments WHERE key = 'c')"
            )
        answer = await run.box.command(ada, general, "channels history", {"channel": str(news)})
        assert answer.ephemeral
        lines = answer.embeds[0]["description"].splitlines()
        assert lines[0].startswith("❌ 💬 Cy on Two agencies share a dish")
        assert "given up: Discord said 200000" in lines[0]
        assert "/channels/" in lines[1]
        posted = int(discord.utils.snowflake_time(int(run.box.messages(news)[0]["id"])).timestamp())
        assert lines[-1].startswith("✅ 📰 [Two agencies share a dish](")
        assert lines[-1].endswith(f": posted · <t:{posted}:R>")
        assert len(lines) == 4
        (row,) = answer.components
        (button,) = row["components"]
        assert button["label"] == "Retry: Cy on Two agencies share a dish"
        refused = await run.box.click(max_, answer.token, button["custom_id"])
        assert "Manage Server" in refused.content
        pressed = await run.box.click(ada, answer.token, button["custom_id"])
        assert "again" in pressed.content
        await run.settle()
        twice = await run.box.click(ada, answer.token, button["custom_id"])
        assert "cannot be tried again" in twice.content


async def test_a_long_title_ends_in_an_ellipsis(start: Start) -> None:
    async with start() as run:
        ada, news = run.box.world.user("Ada").id, run.box.world.channel("space-news").id
        await run.follow()
        await run.deliver(StoryPage(replace(STORY, title="Cooperation " * 8)))
        shown_ = (await run.box.command(ada, news, "channels history", {})).embeds[0]["description"]
        assert f"[{'Cooperation ' * 4}Cooperation…](" in shown_


async def test_discord_shows_frozen_stories_in_the_history_with_their_buttons(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        ada, general = world.user("Ada").id, world.channel("general").id
        await run.follow()
        await run.deliver(StoryPage(STORY, MANY))
        await run.deliver(StoryPage(STORY, HALF))
        answer = await run.box.command(ada, general, "channels history", {})
        assert answer.embeds[0]["description"].startswith("❄️ Two agencies share a dish")
        labels = [button["label"] for row in answer.components for button in row["components"]]
        assert labels == [
            "Confirm: they are deleted (Two agencies share a dish)", "Keep them (Two agencies share a dish)"
        ]  # fmt: skip
        (keep,) = [b["custom_id"] for row in answer.components for b in row["components"] if "Keep" in b["label"]]
        assert "10 of its comments are kept" in (await run.box.click(ada, answer.token, keep)).content


async def test_discord_pauses_and_resumes(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        ada, news = world.user("Ada").id, world.channel("space-news").id
        await run.follow()
        paused = await run.box.command(ada, news, "channels pause", {"channel": str(news)})
        assert f"nothing more into <#{news}>" in paused.content
        assert "What comes meanwhile waits" in paused.content
        await run.deliver(PAGE)
        assert run.box.messages(news) == []
        listed = await run.box.command(ada, news, "channels list", {})
        assert "paused: an admin paused this channel" in listed.embeds[0]["description"]
        resumed = await run.box.command(ada, news, "channels resume", {"channel": str(news)})
        assert resumed.content == f"I post into <#{news}> again. 4 that waited go first."
        await run.deliver(StoryPage(replace(STORY, title="Next", url="https://example.org/next")))
        titles = [message["embeds"][0]["title"] for message in run.box.messages(news)]
        assert sorted(titles) == ["Next", STORY.title]
        assert "not paused" in (await run.box.command(ada, news, "channels resume", {"channel": str(news)})).content


async def test_resume_says_what_is_still_lacking(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        ada, news, general = world.user("Ada").id, world.channel("space-news").id, world.channel("general").id
        await run.follow()
        await run.box.command(ada, general, "channels pause", {"channel": str(news)})
        world.deny_bot(news, discord.Permissions(send_messages=True).value)
        await run.deliver(StoryPage(STORY))
        resumed = await run.box.command(ada, general, "channels resume", {"channel": str(news)})
        assert resumed.content == (
            f"I still lack **Send Messages** in <#{news}>, so nothing is posted there yet. Please give me that in the "
            "channel's settings; I go on by myself then. 1 waits until then."
        )
        await run.settle()
        assert run.box.messages(news) == []


async def test_a_channel_is_known_by_its_name(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        ada, news, general = world.user("Ada").id, world.channel("space-news").id, world.channel("general").id
        await run.follow()
        for typed, name in (("space-news", "pause"), ("#Space-News", "resume")):
            answer = await run.box.command(ada, general, f"channels {name}", {"channel": typed})
            assert f"into <#{news}>" in answer.content
        general_ = await run.box.command(ada, general, "channels pause", {"channel": "general"})
        assert general_.content == say("channels.not_followed")
        for typed in ("space-new", "", "#", "Space News"):
            answer = await run.box.command(ada, general, "channels pause", {"channel": typed})
            assert answer.content == say("channels.choose")
