"""Stories in the channel itself, alone, and what an admin may choose, through a real discord.py client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.model import Comment
from bot.store import deliveries, lanes
from sandbox.permissions import CREATE_PUBLIC_THREADS, MANAGE_CHANNELS, SEND_MESSAGES_IN_THREADS
from tests.conftest import Start
from tests.layout_stage import ANN, BOB, CEM, PAGE, STORY, URL, asked, follow, page, say, shown, titled, words

pytestmark = pytest.mark.asyncio
NEWS = "space-news"


async def test_inline_comments_answer_the_card_or_their_parent_in_the_channel_itself(start: Start) -> None:
    async with start() as run:
        await follow(run, NEWS, layout="inline")
        await run.deliver(PAGE)
        card, ann, bob, cem = shown(run, NEWS)
        assert words([ann, bob, cem]) == ["first", "to Ann", "second"]
        assert [m["reply_to"] for m in (ann, bob, cem)] == [card["id"], ann["id"], card["id"]]
        assert card["thread"] is None
        assert asked(run, "POST", "/threads") == []
    async with start() as run:
        await run.deliver(PAGE)
        assert asked(run, "POST", "/messages") == []


@pytest.mark.parametrize("after", [False, True])
async def test_an_inline_comment_whose_record_was_lost_with_the_process_stands_once(start: Start, after: bool) -> None:
    async with start() as run:
        await follow(run, NEWS, layout="inline")
        await run.deliver(replace(PAGE, comments=(ANN,)))
        fatal = run.box.faults.add(method="POST", path_regex=r"/messages$", kind="hang", after=after)
        work = asyncio.create_task(run.deliver(PAGE))
        while not fatal.hits:
            await run.bot.clock.sleep(0.01)
        work.cancel()
    async with start() as run:
        await run.settle()
        card, ann, bob, cem = shown(run, NEWS)
        assert words([ann, bob, cem]) == ["first", "to Ann", "second"]
        assert [m["reply_to"] for m in (ann, bob, cem)] == [card["id"], ann["id"], card["id"]]


async def test_inline_edits_and_deletions_change_what_stands(start: Start) -> None:
    async with start() as run:
        await follow(run, NEWS, layout="inline")
        await run.deliver(PAGE)
        gone = replace(ANN, deleted=True), replace(CEM, deleted=True)
        await run.deliver(replace(titled("Another title"), comments=(gone[0], replace(BOB, body="edited"), gone[1])))
        card, ann, bob = shown(run, NEWS)
        assert card["embeds"][0]["title"] == "Another title"
        assert "deleted" in ann["content"]
        assert words([bob]) == ["edited"]


async def test_an_inline_comment_in_parts_stays_together_and_shrinks(start: Start) -> None:
    long = replace(ANN, body=" ".join(["word"] * 900))
    async with start() as run:
        await follow(run, NEWS, layout="inline")
        await run.deliver(replace(PAGE, comments=(long, BOB)))
        card, *parts, bob = shown(run, NEWS)
        assert len(parts) >= 3
        assert [part["reply_to"] for part in parts] == [card["id"], *[parts[0]["id"]] * (len(parts) - 1)]
        assert bob["reply_to"] == parts[0]["id"]
        await run.deliver(replace(PAGE, comments=(ANN, BOB)))
        assert words(shown(run, NEWS)[1:]) == ["first", "to Ann"]


async def test_comments_of_several_stories_share_the_channels_one_lane(start: Start) -> None:
    async with start() as run:
        await follow(run, NEWS, layout="inline")
        await run.deliver(page(1))
        await run.deliver(page(2))
        channel, since = run.box.world.channel(NEWS).id, len(run.box.traffic)
        hung = run.box.faults.add(method="POST", path_regex=r"/messages$", kind="slow", retry_after=0.3, times=100)
        for number in (1, 2):
            await run.deliver(page(number, ANN, BOB))
        assert hung.hits == 4
        async with run.database.read() as tx:
            assert await lanes.due(tx, run.bot.clock.now()) == []
            assert await deliveries.counts(tx) == {"live": 6}
        assert {e["path"].split("/")[-2] for e in run.box.traffic[since:] if e["method"] == "POST"} == {str(channel)}
        cards = {m["id"] for m in shown(run, NEWS) if m["embeds"]}
        assert [m["reply_to"] in cards for m in shown(run, NEWS)[2:]].count(True) == 2


async def test_when_a_moderator_deletes_an_inline_card_its_story_ends_there(start: Start) -> None:
    async with start() as run:
        await follow(run, NEWS, layout="inline")
        await run.deliver(replace(PAGE, comments=(ANN,)))
        await run.box.moderator_delete(int(shown(run, NEWS)[0]["id"]))
        while len(shown(run, NEWS)) > 1 or await state_of_card(run) != "gone":
            await run.bot.clock.sleep(0.01)
        await run.deliver(replace(PAGE, comments=(replace(ANN, body="edited"), BOB, CEM)))
        assert words(shown(run, NEWS)) == ["edited"]


async def state_of_card(run: Any) -> str:
    async with run.database.read() as tx:
        card = await deliveries.card(tx, run.box.world.channel(NEWS).id, 1)
    assert card is not None
    return str(card.state)


async def test_a_story_alone_has_neither_thread_nor_comments_and_follows_its_source(start: Start) -> None:
    async with start() as run:
        await follow(run, NEWS, layout="story-only")
        await run.deliver(PAGE)
        await run.deliver(titled("Another title"))
        (card,) = shown(run, NEWS)
        assert card["embeds"][0]["title"] == "Another title"
        assert card["thread"] is None
        max_ = run.box.world.user("Max").id
        answer = await run.box.click(max_, int(card["id"]), "story:discussion:1")
        assert "to Ann" in answer.content, "the comments are stored all the same"


@pytest.mark.parametrize("layout", ["inline", "story-only"])
async def test_a_layout_without_threads_asks_for_no_right_to_them(start: Start, layout: str) -> None:
    async with start() as run:
        channel = run.bot.get_channel(run.box.world.channel(NEWS).id)
        run.box.world.deny_bot(channel.id, CREATE_PUBLIC_THREADS | SEND_MESSAGES_IN_THREADS)
        while channel.permissions_for(channel.guild.me).create_public_threads:
            await run.bot.clock.sleep(0.01)
        assert "I lack: **Create Public Threads**" in await follow(run, NEWS, layout="thread")
        assert "go to" in await follow(run, NEWS, layout=layout)
        await run.deliver(PAGE)
        assert len(shown(run, NEWS)) == (4 if layout == "inline" else 1)


async def test_a_story_keeps_the_layout_in_which_it_was_posted(start: Start) -> None:
    async with start() as run:
        await follow(run, NEWS)
        await run.deliver(replace(PAGE, comments=(ANN,)))
        where = {"channel": str(run.box.world.channel(NEWS).id)}
        said = await say(run, "channels edit", where | {"layout": "inline", "comments": 7, "grace": 0})
        assert "replies in the channel itself" in said
        assert "at first 7 comments" in said
        await run.deliver(PAGE)
        await run.deliver(page(2, Comment("z", "Zoe", "hi", url="https://example.org/2#z")))
        first, second, zoe = shown(run, NEWS)
        assert words(first["thread"]["messages"]) == ["first", "to Ann", "second"]
        assert (second["thread"], zoe["reply_to"]) == (None, second["id"])
        listed = await say(run, "channels list", {})
        assert "replies in the channel itself, at first 7 comments, new ones after 0 s" in listed


REFUSED = [
    (NEWS, {"layout": "forum"}, "is no forum channel"),
    ("stories-forum", {"layout": "inline"}, "is a forum"),
    (NEWS, {"publish": True}, "Only an announcement channel"),
    ("stories-forum", {"publish": True}, "Only an announcement channel"),
    (NEWS, {"tags": "news"}, "Only forum posts have tags"),
    ("stories-forum", {"tags": "a,b,c,d,e,f"}, "can have 5 tags"),
    ("stories-forum", {"tags": "x" * 21}, "can have 5 tags"),
]


@pytest.mark.parametrize(("channel", "options", "why"), REFUSED)
async def test_what_does_not_fit_a_channel_is_refused_in_a_sentence(
    start: Start, channel: str, options: dict[str, Any], why: str
) -> None:
    async with start() as run:
        assert why in await follow(run, channel, **options)
        assert "No channel yet" in await say(run, "channels list", {})
        await follow(run, channel)
        before = await say(run, "channels list", {})
        where = {"channel": str(run.box.world.channel(channel).id)}
        assert why in await say(run, "channels edit", where | options)
        assert await say(run, "channels list", {}) == before


async def test_the_defaults_are_those_of_the_channels_kind_and_topics_alone_leave_them(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        for name in (NEWS, "stories-forum"):
            await say(run, "channels follow", {"channel": world.channel(name).id, "topics": "everything"})
        news, forum = (await say(run, "channels list", {})).splitlines()
        assert "a card with a thread for its comments, at first 50 comments, new ones after 60 s" in news
        assert "a forum post with its comments" in forum
        await say(run, "channels edit", {"channel": str(world.channel(NEWS).id), "topics": "space-cooperation"})
        changed = (await say(run, "channels list", {})).splitlines()[0]
        assert changed == news.replace("everything", "**space-cooperation**")
        assert MANAGE_CHANNELS & world.bot_role().permissions == 0, "nothing here asked for more"
        assert STORY.url == URL
