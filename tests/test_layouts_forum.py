"""Stories as forum posts through a real discord.py client: once whatever happens, tagged, edited and taken away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from zlib import crc32

import discord
import pytest

from bot.embedded import Embedded
from bot.model import State
from bot.store import deliveries
from sandbox.permissions import CREATE_PUBLIC_THREADS, MANAGE_CHANNELS
from tests.conftest import Start
from tests.layout_stage import ANN, BOB, CEM, PAGE, asked, follow, page, say, shown, titled, words

pytestmark = pytest.mark.asyncio
FORUM = "stories-forum"
POST = r"/channels/\d+/threads$"
REQUIRE_TAG = 1 << 4


def forum_of(run: Embedded) -> discord.ForumChannel:
    """Return the forum as the gateway's cache knows it."""
    found = run.bot.get_channel(run.box.world.channel(FORUM).id)
    assert isinstance(found, discord.ForumChannel)
    return found


async def give_tags(run: Embedded, *names: str, flags: int = 0) -> None:
    """Let an admin set the forum's tags, and wait until the bot has heard of it."""
    channel = run.box.world.channel(FORUM)
    channel.flags = flags
    channel.tags = [
        {"id": str(crc32(name.encode())), "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
        for name in names
    ]
    run.box.world.channel_changed(channel)
    await until(lambda: [tag.name for tag in forum_of(run).available_tags] == list(names))


async def until(holds) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def tags(run: Embedded) -> list[list[str]]:
    """Return the names of each post's tags, oldest post first."""
    forum = run.box.world.channel(FORUM)
    names = {int(tag["id"]): tag["name"] for tag in forum.tags}
    threads = sorted(run.box.world.guild_threads(forum.guild_id), key=lambda thread: thread.id)
    return [[names[tag] for tag in thread.thread.applied_tags] for thread in threads]


async def card_of(run: Embedded, story: int = 1):
    async with run.database.read() as tx:
        found = await deliveries.card(tx, run.box.world.channel(FORUM).id, story)
    assert found is not None
    return found


async def test_a_story_becomes_a_forum_post_with_its_comments_inside(start: Start) -> None:
    async with start() as run:
        run.box.world.deny_bot(run.box.world.channel(FORUM).id, CREATE_PUBLIC_THREADS)
        await follow(run, FORUM)
        await run.deliver(PAGE)
        (post,) = shown(run, FORUM)
        assert post["embeds"][0]["title"] == post["thread"]["name"] == "Two agencies share a dish"
        ann, bob, cem = post["thread"]["messages"]
        assert words([ann, bob, cem]) == ["first", "to Ann", "second"]
        assert [m["reply_to"] for m in (ann, bob, cem)] == [None, ann["id"], None]
        max_ = run.box.world.user("Max").id
        assert (await run.box.click(max_, int(post["id"]), "story:discussion:1")).ephemeral
    async with start() as run:
        await run.deliver(PAGE)
        assert asked(run, "POST", "/threads") == asked(run, "POST", "/messages") == []


@pytest.mark.parametrize("kind", ["500", "502", "504", "520", "reset"])
@pytest.mark.parametrize("after", [False, True])
async def test_d04_a_post_stands_once_whatever_the_answer(start: Start, kind: str, after: bool) -> None:
    async with start() as run:
        await follow(run, FORUM)
        run.box.faults.add(method="POST", path_regex=POST, kind=kind, after=after, times=1 if after else 2)
        await run.deliver(PAGE)
        (post,) = shown(run, FORUM)
        assert words(post["thread"]["messages"]) == ["first", "to Ann", "second"]
        assert len(asked(run, "POST", "/threads")) == (1 if after else 3)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("asleep", [False, True])
async def test_a_post_whose_record_was_lost_with_the_process_is_found_again(
    start: Start, after: bool, asleep: bool
) -> None:
    async with start() as run:
        await follow(run, FORUM)
        await run.deliver(page(1))
        fatal = run.box.faults.add(method="POST", path_regex=POST, kind="hang", after=after)
        work = asyncio.create_task(run.deliver(PAGE))
        await until(lambda: fatal.hits)
        work.cancel()
        if asleep:
            for thread in run.box.world.guild_threads(run.box.world.guild.id):
                run.box.world.set_archived(thread, archived=True)
    async with start() as run:
        await run.settle()
        assert len(asked(run, "POST", "/threads")) == (0 if after else 1)
        _, post = shown(run, FORUM)
        assert words(post["thread"]["messages"]) == ["first", "to Ann", "second"]


async def test_a_post_that_lost_its_first_message_is_known_by_its_name(start: Start) -> None:
    async with start() as run:
        await follow(run, FORUM)
        fatal = run.box.faults.add(method="POST", path_regex=POST, kind="hang", after=True)
        work = asyncio.create_task(run.deliver(replace(PAGE, comments=())))
        await until(lambda: fatal.hits)
        work.cancel()
        (post,) = shown(run, FORUM)
        await run.box.moderator_delete(int(post["id"]))
    async with start() as run:
        await run.settle()
        assert asked(run, "POST", "/threads") == []
        assert len(shown(run, FORUM)) == 1


async def test_edits_change_the_card_and_wake_a_sleeping_post(start: Start) -> None:
    async with start() as run:
        await follow(run, FORUM)
        await run.deliver(PAGE)
        run.box.world.set_archived(run.box.world.channel("Two agencies share a dish"), archived=True)
        gone = replace(PAGE, comments=(replace(ANN, deleted=True), replace(BOB, body="edited"), CEM))
        await run.deliver(titled("Another title", gone))
        (post,) = shown(run, FORUM)
        assert post["embeds"][0]["title"] == "Another title"
        assert "deleted" in post["thread"]["messages"][0]["content"]
        assert words(post["thread"]["messages"][1:]) == ["edited", "second"]


async def test_a_post_that_a_moderator_deleted_is_never_begun_again(start: Start) -> None:
    async with start() as run:
        await follow(run, FORUM)
        await run.deliver(replace(PAGE, comments=(ANN,)))
        run.box.world.delete_thread(int(shown(run, FORUM)[0]["id"]))
        while (await card_of(run)).state is not State.GONE:
            await asyncio.sleep(0.01)
        await run.deliver(titled("Another title"))
        assert shown(run, FORUM) == []
        await run.deliver(page(2))
        assert len(shown(run, FORUM)) == 1


async def test_an_edit_that_finds_the_post_gone_ends_that_story_and_not_the_forum(start: Start) -> None:
    async with start() as run:
        await follow(run, FORUM)
        await run.deliver(PAGE)
        listeners, run.box.world.listeners = run.box.world.listeners, []  # the event never came
        run.box.world.delete_thread(int(shown(run, FORUM)[0]["id"]))
        run.box.world.listeners = listeners
        await run.deliver(titled("Another title"))
        assert (await card_of(run)).state is State.GONE
        await run.deliver(page(2))
        assert len(shown(run, FORUM)) == 1


async def test_tags_are_the_topic_and_the_site_where_the_forum_has_them(start: Start) -> None:
    async with start() as run:
        await give_tags(run, "DISH news", "Other")
        await follow(run, FORUM)
        await run.deliver(PAGE)
        assert tags(run) == [["DISH news"]]
        assert asked(run, "PATCH", f"/channels/{run.box.world.channel(FORUM).id}") == []


async def test_tags_that_lack_are_made_once_where_the_bot_may(start: Start) -> None:
    async with start() as run:
        forum = run.box.world.channel(FORUM)
        run.box.world.set_permission(forum.id, run.box.world.bot_id, allow=MANAGE_CHANNELS)
        await give_tags(run, "Other")
        await follow(run, FORUM, tags="Orbit, other, Ground")
        await run.deliver(page(1))
        await run.deliver(page(2))
        assert tags(run) == [["Orbit", "Other", "Ground"]] * 2
        assert [tag["name"] for tag in forum.tags] == ["Other", "Orbit", "Ground"]
        assert asked(run, "PATCH", f"/channels/{forum.id}") == [200]


async def test_no_tag_is_made_in_a_full_forum_or_where_making_fails(start: Start) -> None:
    async with start() as run:
        forum = run.box.world.channel(FORUM)
        run.box.world.set_permission(forum.id, run.box.world.bot_id, allow=MANAGE_CHANNELS)
        await give_tags(run, *(f"tag {n}" for n in range(20)))
        await follow(run, FORUM, tags="Orbit, tag 3")
        await run.deliver(page(1))
        await give_tags(run, "tag 3")
        run.box.faults.add(method="PATCH", path_regex=f"/channels/{forum.id}$", kind="520")
        await run.deliver(page(2))
        assert tags(run) == [["tag 3"], ["tag 3"]]


async def test_d29_a_forum_that_wants_a_tag_waits_for_one_is_told_of_and_goes_on_by_itself(start: Start) -> None:
    async with start() as run:
        await give_tags(run, "Other", flags=REQUIRE_TAG)
        await follow(run, FORUM)
        await run.deliver(PAGE)
        assert shown(run, FORUM) == []
        assert "the forum wants a tag on each post" in await say(run, "channels list", {})
        assert asked(run, "POST", "/threads") == [], "nothing was tried in vain"
        async with run.database.read() as tx:
            (notice,) = await tx.execute_fetchall("SELECT text FROM notices")
        assert "the forum wants a tag on each post" in notice["text"], "and it is told"
        await give_tags(run, "Other", "Dish News", flags=REQUIRE_TAG)
        while not shown(run, FORUM):
            await asyncio.sleep(0.01)
        await run.settle()
        assert tags(run) == [["Dish News"]]


async def test_d29_a_tag_that_the_admin_names_lets_the_story_go_on_at_once(start: Start) -> None:
    async with start() as run:
        await give_tags(run, "Other", flags=REQUIRE_TAG)
        await follow(run, FORUM)
        await run.deliver(PAGE)
        assert shown(run, FORUM) == []
        said = await say(run, "channels edit", {"channel": str(run.box.world.channel(FORUM).id), "tags": "other"})
        assert "tagged other" in said
        await run.settle()
        assert tags(run) == [["Other"]]


async def test_d29_a_tag_that_vanished_unseen_costs_the_post_its_tags_and_nothing_else(start: Start) -> None:
    async with start() as run:
        await give_tags(run, "Dish News")
        await follow(run, FORUM)
        run.box.world.channel(FORUM).tags = []  # no event came yet
        await run.deliver(PAGE)
        (post,) = shown(run, FORUM)
        assert post["embeds"]
        assert (tags(run), asked(run, "POST", "/threads")) == ([[]], [400, 201])
