"""Why a story was posted or not, the digest, and the menus of messages: real interactions through the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
import pytest_asyncio

from bot import library
from bot.chat import client
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.options import Filters, Options
from bot.store import sources
from bot.urls import jump_link
from tests.follow_stage import PAGE, STORY, Stage, Still

pytestmark = pytest.mark.asyncio

TOGETHER = Story(
    "India and Japan sign an agreement on a joint lunar rover", url="https://site.example/together", summary="Signed."
)
ALONE = Story("A rover is tested in a sand pit", url="https://site.example/alone", summary="It drove well.")


@pytest_asyncio.fixture
async def stage(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        yield Stage(run)


async def channel(stage, name="space-news", **options):
    """Follow a channel as an admin does."""
    options = {"channel": stage.world.channel(name).id, "newest": 0, **options}
    await stage.box.command(stage.ada, stage.general, "channels follow", options)


async def take(stage, *found, deliver=True, public=True):
    for story in found:
        page = story if isinstance(story, StoryPage) else StoryPage(story)
        now = stage.run.bot.clock.now()
        await ingest(stage.run.database, page, now, deliver=deliver, public=public)
    stage.run.bot.deliverer.wake()
    await stage.run.settle()


async def why(stage, story=1, user=None):
    answer = await stage.ask("why", user, story=str(story))
    assert answer.ephemeral
    assert answer.embeds, answer.content
    return answer.embeds[0]["description"]


def hide(stage, name="space-news", user=None):
    view = discord.Permissions(view_channel=True).value
    stage.world.set_permission(stage.world.channel(name).id, user or stage.max, deny=view)


async def test_a_posted_story_says_where_it_stands_and_what_its_topic_saw(stage):
    await channel(stage)
    await take(stage, TOGETHER)
    card = next(iter(stage.world.history(stage.news)))
    title, state, reason = (await why(stage)).split("\n")
    assert title == f"**[{TOGETHER.title}](<{TOGETHER.url}>)**"
    assert state == f"✅ <#{stage.news}>: [posted]({jump_link(stage.guild, stage.news, card.id)})"
    assert reason.startswith("-# **space-cooperation** fits (1): Names two parties: India and Japan; ")


async def test_a_story_about_something_else_says_so(stage):
    await channel(stage)
    await take(stage, ALONE)
    text = await why(stage)
    assert f"➖ <#{stage.news}>: not posted: it is not about what this channel follows." in text
    assert "**space-cooperation** does not fit (0" in text


async def test_the_filter_that_refused_is_named(stage):
    options, now = Options(filters=Filters(exclude=("sand pit",))), stage.run.bot.clock.now()
    await library.follow(stage.run.database, stage.guild, stage.news, stage.ada, now, options=options)
    await take(stage, ALONE)
    text = await why(stage)
    assert "not posted: It says `sand pit`, which this channel shuts out." in text
    assert "This channel takes stories about everything." in text


async def test_each_channel_is_answered_for_itself(stage):
    await channel(stage)
    await channel(stage, "general", topics="everything")
    await take(stage, ALONE)
    text = await why(stage)
    assert f"➖ <#{stage.news}>" in text
    assert f"✅ <#{stage.general}>: [posted](" in text


async def test_of_a_channel_that_the_member_may_not_see_nothing_is_said(stage):
    await channel(stage)
    await channel(stage, "stories-forum", topics="everything")
    await take(stage, TOGETHER)
    hide(stage)
    hide(stage, "stories-forum")
    assert str(stage.news) in await why(stage, user=stage.ada)
    text = await why(stage)
    assert text.split("\n")[1:] == [
        "No channel that you can see follows stories here, so it was posted in none of them."
    ]


async def test_what_was_known_before_a_channel_followed_says_that(stage):
    await take(stage, TOGETHER)
    await channel(stage)
    assert "not posted: it was known before this channel followed." in await why(stage)


async def test_what_a_member_fetched_says_that(stage):
    await channel(stage)
    await take(stage, TOGETHER, deliver=False, public=False)
    async with stage.run.database.write() as tx:
        sql = "INSERT INTO guild_stories (guild_id, story_id, fetched_by, fetched_at) VALUES (?, 1, 1, 1)"
        await tx.execute(sql, (stage.guild,))
    assert "not posted: a member fetched it" in await why(stage)


@pytest.mark.parametrize(
    ("baseline", "queued", "says"),
    [
        (0, 0, "it came with the first read of its source"),
        (-60, 1, "its source gave very many stories at once"),
        (-60, 0, "it fits as the channel is set now, but it did not when it came"),
    ],
)
async def test_how_it_came_by_its_source_is_said(stage, baseline, queued, says):
    await channel(stage)
    await take(stage, TOGETHER, deliver=False)
    now = stage.run.bot.clock.now()
    async with stage.run.database.write() as tx:
        source = await sources.add(tx, "feed", "https://site.example/feed", None, now)
        await tx.execute("UPDATE sources SET everyone = 1")
        began = now + timedelta(seconds=baseline)
        await sources.save(tx, replace(await sources.get(tx, source.id), baseline_at=began, everyone=True))
        seen = int(now.timestamp() * 1000) if baseline else 0
        await tx.execute(
            "INSERT INTO source_stories (source_id, story_id, seen_at, queued) VALUES (1, 1, ?, ?)", (seen, queued)
        )
        await tx.execute("UPDATE subscriptions SET created_at = 0")
    assert says in await why(stage)


async def test_what_waits_and_what_was_given_up_says_why(stage):
    await channel(stage)
    stage.world.deny_bot(stage.news, discord.Permissions(send_messages=True).value)
    await take(stage, TOGETHER)
    assert f"⏸️ <#{stage.news}>: waits: the bot lacks: Send Messages" in await why(stage)
    await stage.box.command(stage.ada, stage.general, "channels unfollow", {"channel": str(stage.news)})
    await channel(stage, "general")
    text = await why(stage)
    assert f"❌ <#{stage.news}>: given up: the channel was unfollowed" in text
    assert "This channel is not followed any more." in text


async def test_a_paused_channel_says_so(stage):
    await channel(stage)
    await stage.box.command(stage.ada, stage.general, "channels pause", {"channel": str(stage.news)})
    await take(stage, TOGETHER)
    assert f"⏸️ <#{stage.news}>: waits: an admin paused this channel" in await why(stage)
    async with stage.run.database.write() as tx:
        await tx.execute("DELETE FROM deliveries")
    assert f"➖ <#{stage.news}>: not posted: an admin paused this channel." in await why(stage)


async def test_a03_why_of_another_servers_story_reads_like_one_that_does_not_exist(stage):
    await take(stage, TOGETHER)
    assert (await stage.ask("why", story="1")).content == (await stage.ask("why", story="999")).content
    assert "choose a story" in (await stage.ask("why", story="x; --")).content


async def test_the_digest_lists_the_most_discussed_first_and_nothing_old(stage):
    await channel(stage, topics="everything")
    now = stage.run.bot.clock.now()
    old = replace(ALONE, title="Old", url="https://site.example/old", published_at=now - timedelta(days=3))
    older = replace(ALONE, title="Older", url="https://site.example/older", published_at=now - timedelta(days=9))
    talk = tuple(Comment(f"t-{n}", "Ann", "Yes.") for n in range(3))
    await take(stage, old, older, ALONE, StoryPage(TOGETHER, talk), PAGE)
    today = await stage.ask("digest")
    assert today.ephemeral
    assert today.embeds[0]["title"] == "The last 24 hours"
    lines = today.embeds[0]["description"].split("\n")
    card = next(m for m in stage.world.history(stage.news) if m.embeds and m.embeds[0]["title"] == TOGETHER.title)
    assert lines[0] == f"`#4` **[{TOGETHER.title}]({jump_link(stage.guild, stage.news, card.id)})** · 3 comments"
    assert [line.split("`")[1] for line in lines] == ["#4", "#5", "#3"]
    week = await stage.ask("digest", period="week")
    assert [line.split("`")[1] for line in week.embeds[0]["description"].split("\n")] == ["#4", "#5", "#3", "#1"]
    fitting = await stage.ask("digest", topic="space-cooperation")
    assert [line.split("`")[1] for line in fitting.embeds[0]["description"].split("\n")] == ["#4"]
    assert "no topic named cheese" in (await stage.ask("digest", topic="cheese")).content
    hide(stage)
    assert f"**[{TOGETHER.title}](<{TOGETHER.url}>)**" in (await stage.ask("digest")).embeds[0]["description"]


async def test_a18_a_digest_without_stories_says_so_and_shows_none_of_other_servers(stage):
    await take(stage, TOGETHER)
    assert (await stage.ask("digest")).embeds[0]["description"] == "No stories."
    await channel(stage, topics="everything")
    earlier = stage.run.bot.clock.now() - timedelta(days=3)
    await take(stage, replace(ALONE, title="Earlier", url="https://site.example/earlier", published_at=earlier))
    about = (await stage.ask("digest", topic="mars")).embeds[0]["description"]
    assert about == "No stories. The last 7 days, with all topics, have 2."


async def test_a_long_digest_says_how_much_more_there_is(stage):
    await channel(stage, topics="everything", newest=0)
    await take(
        stage, *(replace(ALONE, title=f"S{n}", url=f"https://site.example/{n}") for n in range(18)), deliver=False
    )
    shown = (await stage.ask("digest")).embeds[0]
    assert shown["description"].count("\n") == 14
    assert shown["footer"]["text"] == "and 3 more"


async def test_typing_a_topic_offers_built_in_ones_and_the_servers_own(stage):
    answer = await stage.box.command(stage.ada, stage.general, "topics add", {"name": "moons", "words": "moon"})
    await stage.box.click(stage.ada, answer.token, answer.components[0]["components"][0]["custom_id"])
    offered = await stage.box.autocomplete(stage.max, stage.general, "stories digest", {"topic": ""}, "topic")
    assert {"moons", "space-cooperation", "mars"} <= {choice["value"] for choice in offered}
    offered = await stage.box.autocomplete(stage.max, stage.general, "stories digest", {"topic": "MOO"}, "topic")
    assert offered[0]["value"] == "moons"


async def pressed(stage, label, user=None):
    card = next(iter(stage.world.history(stage.news)))
    buttons = [b for row in card.components for b in row["components"] if b["label"] == label]
    return await stage.box.click(user or stage.max, card.id, buttons[0]["custom_id"])


async def test_the_buttons_under_a_card_follow_and_say_why_also_after_a_restart(stage, start):
    await channel(stage)
    await take(stage, TOGETHER)
    said = await pressed(stage, "Follow")
    assert said.ephemeral
    assert said.content == f"You follow **{TOGETHER.title}**: I tell you of new comments by direct message, at once."
    assert "✅" in (await pressed(stage, "Why?")).embeds[0]["description"]


async def test_buttons_work_after_a_restart(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        stage = Stage(run)
        await channel(stage)
        await take(stage, TOGETHER)
    async with start() as run:
        stage = Stage(run)
        assert "You follow" in (await pressed(stage, "Follow")).content
        assert "✅" in (await pressed(stage, "Why?")).embeds[0]["description"]


async def test_follow_is_a_switch_and_two_quick_presses_are_one(stage):
    await channel(stage)
    await take(stage, TOGETHER)
    first, second = await pressed(stage, "Follow"), await pressed(stage, "Follow")
    assert first.content == second.content
    assert len(await stage.rows()) == 1
    async with stage.run.database.write() as tx:
        await tx.execute("UPDATE follows SET created_at = created_at - 60000")
    off = await pressed(stage, "Follow")
    assert off.content == f"You do not follow **{TOGETHER.title}** any more."
    assert await stage.rows() == []
    again = await stage.box.click(stage.max, off.token, off.components[0]["components"][0]["custom_id"])
    assert "You follow" in again.content


async def test_place_and_pace_are_chosen_under_the_answer_and_it_can_be_ended_there(stage):
    await channel(stage)
    await take(stage, TOGETHER)
    said = await pressed(stage, "Follow")
    ids = [row["components"][0]["custom_id"] for row in said.components]
    assert len(ids) == 3
    said = await stage.box.click(stage.max, said.token, ids[0], ["day"])
    assert "by direct message, once a day" in said.content
    said = await stage.box.click(stage.max, said.token, ids[1], ["thread"])
    assert "by a ping in its thread, once a day" in said.content
    said = await stage.box.click(stage.max, said.token, ids[2])
    assert said.content == f"You do not follow **{TOGETHER.title}** any more."


async def test_a_direct_message_can_be_ended_where_it_stands(stage):
    await stage.run.follow()
    await stage.read()
    await stage.follow()
    await stage.come("Cleo")
    await stage.later(seconds=15)
    (message,) = stage.world.history(stage.world.dm(stage.max).id)
    said = await stage.box.click(stage.max, message.id, message.components[0]["components"][0]["custom_id"])
    assert said.content == f"You do not follow **{STORY.title}** any more."
    assert await stage.rows() == []
    again = await stage.box.click(stage.max, message.id, message.components[0]["components"][0]["custom_id"])
    assert "You do not follow that story here." in again.content


async def test_cards_that_stand_already_are_not_edited_for_the_new_buttons(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        stage = Stage(run)
        await channel(stage)
        await take(stage, TOGETHER)
        card = next(iter(stage.world.history(stage.news)))
        card.components[0]["components"] = card.components[0]["components"][:2]  # as an earlier version posted it
    async with start() as run:
        stage = Stage(run)
        await take(stage, TOGETHER)
        assert [e for e in run.box.traffic if e["method"] in ("PATCH", "POST") and "/messages" in e["path"]] == []
        said = await stage.box.click(stage.max, card.id, "story:discussion:1")
        assert TOGETHER.title in said.content
        await take(stage, replace(TOGETHER, summary="Signed and sealed."))
        (card,) = stage.world.history(stage.news)
        labels = [button["label"] for button in card.components[0]["components"]]
        assert labels == ["Read the story", "Discussion", "Follow", "Why?"]


@pytest.mark.parametrize("layout", ["thread", "inline", "forum"])
async def test_the_menu_of_any_message_of_a_story_shows_its_discussion_and_why(stage, layout):
    await channel(stage, "stories-forum" if layout == "forum" else "space-news", layout=layout, grace=0)
    long = Comment("c-3", "Dan", "Word. " * 600)
    await take(stage, StoryPage(TOGETHER, (Comment("c-1", "Ann", "First."), Comment("c-2", "Bob", "Second."), long)))
    rooms = {
        "thread": lambda: [stage.news, stage.thread],
        "inline": lambda: [stage.news],
        "forum": lambda: [stage.thread],
    }
    ours = [m for room in rooms[layout]() for m in stage.world.history(room)]
    assert len(ours) >= 5
    for message in ours:
        talk = await stage.box.menu(stage.max, message.id, "Show discussion")
        assert talk.ephemeral
        assert "Second." in talk.content
        reason = await stage.box.menu(stage.max, message.id, "Why this story?")
        assert reason.ephemeral
        assert "✅" in reason.embeds[0]["description"]


async def test_the_menu_of_a_card_that_a_command_showed_works_too(stage):
    await channel(stage)
    await take(stage, TOGETHER)
    shown = await stage.ask("show", story="1")
    assert "✅" in (await stage.box.menu(stage.mo, shown.message_id, "Why this story?")).embeds[0]["description"]


async def test_the_menu_of_a_message_that_is_not_ours_says_one_clear_sentence(stage):
    await channel(stage)
    said = await stage.box.say(stage.mo, stage.general, "story:discussion:1")
    for name in ("Show discussion", "Why this story?"):
        answer = await stage.box.menu(stage.max, said, name)
        assert answer.ephemeral
        assert (
            answer.content == "That is no story of mine. Choose a card that I posted, or one of the comments below it."
        )


async def test_a03_the_menu_tells_nothing_of_another_servers_story(stage):
    await channel(stage)
    await take(stage, TOGETHER)
    card = next(iter(stage.world.history(stage.news)))
    async with stage.run.database.write() as tx:
        await tx.execute("UPDATE deliveries SET guild_id = 4711")
        await tx.execute("UPDATE subscriptions SET guild_id = 4711")
    card.components.clear()
    answer = await stage.box.menu(stage.max, card.id, "Why this story?")
    assert answer.content.startswith("That is no story of mine.")
