"""Members follow a story and are told of its new comments: once, at their pace, where they chose, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
import pytest_asyncio

from bot import render
from bot.chat import client
from bot.chat.answers import AmbiguousAnswer
from bot.follows import MOST
from bot.model import Comment
from bot.post import Place
from bot.store import follows, tellings
from bot.store.follows import How, Pace
from tests.follow_stage import PAGE, STORY, Stage, Still

pytestmark = pytest.mark.asyncio

LINK = "https://discord.com/channels/"


@pytest_asyncio.fixture
async def stage(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        await run.follow()
        made = Stage(run)
        await made.read()
        yield made


async def test_a_member_is_told_of_new_comments_with_names_and_links_but_not_their_words(stage):
    said = await stage.follow()
    assert said.ephemeral
    assert said.content == f"You follow **{STORY.title}**: I tell you of new comments by direct message, at once."
    await stage.come("Cleo", "Dan")
    assert await stage.later(seconds=15) == 1
    (told,) = stage.direct()
    head, links = told.split("\n")
    assert head == f"**2 new comments** on **{STORY.title}** in **Space Forum** by Cleo, Dan:"
    messages = list(stage.world.history(stage.thread))[-2:]
    assert links == " · ".join(
        f"[{name}](<{LINK}{stage.guild}/{stage.thread}/{message.id}>)"
        for name, message in zip(("Cleo", "Dan"), messages, strict=True)
    )
    assert "Secret" not in told
    assert stage.pings() == []


async def test_what_was_there_before_is_not_told_nor_is_anything_twice(stage):
    await stage.follow()
    assert await stage.later(hours=1) == 0
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 1
    stage.again()
    assert await stage.later(hours=48) == 0
    await stage.read()
    assert await stage.later(hours=48) == 0
    assert len(stage.direct()) == 1
    assert stage.direct()[0].startswith(f"**A new comment** on **{STORY.title}** in **Space Forum** by Cleo:")


async def test_an_edit_and_a_deletion_are_not_told_and_a_deleted_comment_is_not_named(stage):
    await stage.follow()
    first, second = PAGE.comments
    await stage.read(replace(PAGE, comments=(replace(first, body="First, edited."), replace(second, deleted=True))))
    assert await stage.later(minutes=5) == 0
    await stage.come("Cleo", "Dan", deliver=False)
    gone = replace(stage.page.comments[2], body="", deleted=True)
    await stage.read(replace(stage.page, comments=(*stage.page.comments[:2], gone, stage.page.comments[3])))
    assert await stage.later(minutes=5) == 1
    assert "Dan" in stage.direct()[0]
    assert "Cleo" not in stage.direct()[0]


async def test_only_deleted_comments_are_nothing_to_tell_of(stage):
    await stage.follow()
    await stage.come("Cleo", deliver=False)
    gone = replace(stage.page.comments[2], body="", deleted=True)
    await stage.read(replace(stage.page, comments=(*stage.page.comments[:2], gone)))
    assert await stage.later(minutes=5) == 0
    (row,) = await stage.rows()
    assert row.next_at is None


async def test_a_comment_that_a_moderator_took_away_before_it_was_told_is_not_told(stage):
    await stage.follow()
    await stage.come("Cleo", "Dan")
    await stage.box.moderator_delete(list(stage.world.history(stage.thread))[-1].id)
    await stage.ask("latest")  # the bot has handled what came before
    assert await stage.later(minutes=5) == 1
    assert "Dan" not in stage.direct()[0]


@pytest.mark.parametrize(("pace", "minutes", "said"), [("hour", 59, "once an hour"), ("day", 1439, "once a day")])
async def test_at_a_slower_pace_all_that_came_meanwhile_is_told_together(stage, pace, minutes, said):
    assert said in (await stage.follow(pace=pace)).content
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 0
    await stage.come("Dan")
    assert await stage.later(minutes=minutes) == 0
    assert await stage.later(minutes=1) == 1
    assert stage.direct()[0].startswith("**2 new comments**")
    await stage.come("Eve")
    assert await stage.later(seconds=15) == 0
    assert await stage.later(minutes=minutes + 1) == 1
    assert "Eve" in stage.direct()[1]
    assert "Dan" not in stage.direct()[1]


async def test_a_ping_stands_in_the_thread_and_pings_that_member_alone(stage):
    assert "by a ping in its thread" in (await stage.follow(how="thread")).content
    await stage.come("@everyone <@1>", "Dan")
    assert await stage.later(seconds=15) == 1
    ((text, users),) = stage.pings()
    assert users == [stage.max]
    assert text.startswith(f"<@{stage.max}> **2 new comments** on **{STORY.title}** by ")
    body = [e["body"] for e in stage.box.traffic if str(e["body"]).find("new comments") > 0][-1]
    assert body["allowed_mentions"] == {"parse": [], "users": [stage.max]}
    assert body["enforce_nonce"]
    assert stage.direct() == []


async def test_many_comments_are_counted_and_the_message_stays_within_its_limit(stage):
    await stage.follow()
    await stage.come(*(f"{n}{'*_' * 60}" for n in range(30)))
    await stage.later(seconds=15)
    (told,) = stage.direct()
    assert told.startswith("**30 new comments**")
    assert "and 27 others" in told
    assert "more" in told
    assert len(told) < 2000


async def test_comments_that_are_still_being_posted_are_waited_for_and_told_together(stage):
    await stage.follow()
    stage.world.deny_bot(stage.news, discord.Permissions(send_messages_in_threads=True).value)
    await stage.come("Cleo", "Dan")
    assert await stage.later(seconds=15) == 0
    assert await stage.later(minutes=30) == 0
    assert await stage.later(hours=1) == 1, "they are told with their own addresses, as they do not come"
    assert "(<https://site.example/rover#3>)" in stage.direct()[0]
    assert LINK not in stage.direct()[0]


async def test_what_is_posted_is_told_though_another_comment_is_held_up(stage):
    await stage.follow()
    await stage.come("Cleo")
    stage.world.deny_bot(stage.news, discord.Permissions(send_messages_in_threads=True).value)
    await stage.come("Dan")
    assert await stage.later(seconds=15) == 0
    assert await stage.later(minutes=3) == 1
    assert stage.direct()[0].startswith("**A new comment**")
    assert await stage.later(hours=2) == 1
    assert "Dan" in stage.direct()[1]


async def test_a_story_that_a_member_fetched_has_no_thread_so_a_direct_message_is_offered(stage):
    other = replace(PAGE, story=replace(STORY, title="Fetched", url="https://site.example/fetched"))
    await stage.read(other)
    async with stage.run.database.write() as tx:
        await tx.execute("DELETE FROM deliveries WHERE story_id = 2")
    refused = await stage.ask("follow", story="2", how="thread", pace="hour")
    assert "no thread here" in refused.content
    (button,) = refused.components[0]["components"]
    assert button["label"] == "By direct message instead"
    said = await stage.box.click(stage.max, refused.token, button["custom_id"])
    assert said.content == "You follow **Fetched**: I tell you of new comments by direct message, once an hour."


async def test_a_thread_in_a_channel_that_the_member_may_not_see_is_none(stage):
    stage.world.set_permission(stage.news, stage.max, deny=discord.Permissions(view_channel=True).value)
    assert "no thread here" in (await stage.follow(how="thread")).content
    assert "by direct message" in (await stage.follow()).content
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 1
    assert "(<https://site.example/rover#3>)" in stage.direct()[0], "nor is he sent there"


async def test_who_takes_no_direct_messages_is_told_in_the_thread_once_and_no_more(stage):
    await stage.follow()
    stage.world.closed.add(stage.max)
    await stage.come("Cleo")
    await stage.later(seconds=15)
    ((text, users),) = stage.pings()
    assert users == [stage.max]
    assert "You take no direct messages from me" in text
    assert await stage.rows() == []
    await stage.come("Dan")
    assert await stage.later(hours=5) == 0
    assert len(stage.pings()) == 1


async def test_where_there_is_no_thread_either_the_follow_ends_and_that_is_said_next_time(stage):
    await stage.follow()
    stage.world.closed.add(stage.max)
    stage.world.delete_thread(stage.thread)
    await stage.ask("latest", stage.ada)  # the bot has handled what came before
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 0
    said = await stage.ask("following")
    assert f"I stopped telling you of **{STORY.title}**: you take no direct messages from me." in said.content
    assert "Nothing yet" in said.embeds[0]["description"]
    assert (await stage.ask("following")).content == ""


async def test_a_deleted_thread_ends_a_follow_that_pings_there(stage):
    await stage.follow(how="thread")
    stage.world.delete_thread(stage.thread)
    await stage.ask("latest", stage.ada)
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 0
    assert "it has no thread any more" in (await stage.ask("unfollow", story="1")).content


async def test_a_member_who_left_is_forgotten(stage):
    await stage.follow()
    del stage.world.guild.members[stage.max]
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 0
    assert await stage.rows() == []


async def test_a_story_that_the_server_may_not_see_any_more_ends_its_follows(stage):
    await stage.follow()
    await stage.come("Cleo")
    async with stage.run.database.write() as tx:
        await tx.execute("DELETE FROM subscriptions")
    assert await stage.later(seconds=15) == 0
    assert stage.direct() == []
    assert "not to be seen on this server any more" in (await stage.ask("following")).content


async def test_unfollow_ends_it_and_following_again_begins_anew(stage):
    await stage.follow()
    await stage.come("Cleo")
    assert (await stage.ask("unfollow", story="1")).content == f"You do not follow **{STORY.title}** any more."
    assert await stage.later(hours=1) == 0
    await stage.follow()
    assert await stage.later(hours=1) == 0
    await stage.come("Dan")
    assert await stage.later(hours=1) == 1
    assert "Cleo" not in stage.direct()[0]


async def test_following_lists_with_links_and_ends_what_is_chosen(stage):
    assert "Nothing yet" in (await stage.ask("following")).embeds[0]["description"]
    await stage.follow()
    listed = await stage.ask("following")
    card = next(iter(stage.world.history(stage.news)))
    line = f"`#1` [**{STORY.title}**]({LINK}{stage.guild}/{stage.news}/{card.id}) · by direct message, at once"
    assert listed.embeds[0]["description"] == line
    assert listed.embeds[0]["footer"]["text"] == f"1 of at most {MOST}"
    menu = listed.components[0]["components"][0]
    left = await stage.box.click(stage.max, listed.token, menu["custom_id"], [menu["options"][0]["value"]])
    assert "Nothing yet" in left.embeds[0]["description"]
    assert await stage.rows() == []


async def test_a_long_list_is_turned_page_by_page_and_typing_finds_what_is_followed(stage):
    async with stage.run.database.write() as tx:
        for number in range(45):
            await tx.execute(
                """INSERT INTO stories (title, summary, body, digest, revision, first_seen, public, native_id)
                VALUES (?, '', '', '', 1, 0, 1, ?)""",
                (f"Story {number}", str(number)),
            )
            options = {"how": How.DM, "pace": Pace.NOW, "language": "en"}
            await follows.put(tx, stage.guild, stage.max, number + 2, stage.clock.now(), **options)
    listed = await stage.ask("following")
    assert listed.embeds[0]["footer"]["text"] == f"45 of at most {MOST}"
    seen = listed.embeds[0]["description"].count("\n")
    while nexts := [
        b for row in listed.components for b in row["components"] if b.get("label") == "▶" and not b.get("disabled")
    ]:
        listed = await stage.box.click(stage.max, listed.token, nexts[0]["custom_id"])
        seen += listed.embeds[0]["description"].count("\n")
    assert seen == 45 - 3
    found = await stage.box.autocomplete(stage.max, stage.general, "stories unfollow", {"story": "tory 44"}, "story")
    assert found == [{"name": "#46 Story 44", "value": "46"}]
    assert await stage.box.autocomplete(stage.mo, stage.general, "stories unfollow", {"story": ""}, "story") == []


async def test_a_member_follows_so_many_stories_and_no_more(stage):
    async with stage.run.database.write() as tx:
        for number in range(MOST):
            await tx.execute(
                """INSERT INTO stories (title, summary, body, digest, revision, first_seen, public, native_id)
                VALUES ('x', '', '', '', 1, 0, 1, ?)""",
                (str(number),),
            )
            options = {"how": How.DM, "pace": Pace.NOW, "language": "en"}
            await follows.put(tx, stage.guild, stage.max, number + 2, stage.clock.now(), **options)
    refused = await stage.follow()
    assert refused.content == f"You follow {MOST} stories here, which is the most. `/stories following` ends some."
    assert "at once" in (await stage.ask("follow", story="2")).content, "what is followed can be changed"
    assert "You follow" in (await stage.follow(stage.mo)).content, "others are not counted"


@pytest.mark.parametrize("story", ["999", "#7", "99999999999999999"])
async def test_a03_a_story_of_another_server_reads_like_one_that_does_not_exist(stage, story):
    absent = await stage.ask("follow", story=story)
    async with stage.run.database.write() as tx:
        await tx.execute("DELETE FROM subscriptions")
    foreign = await stage.follow()
    assert absent.content == foreign.content
    assert absent.ephemeral
    assert (await stage.ask("unfollow", story=story)).content == (await stage.ask("unfollow", story="1")).content


async def test_a05_what_was_not_chosen_from_the_list_is_said_to_be_no_story(stage):
    for name in ("follow", "unfollow"):
        assert "choose a story" in (await stage.ask(name, story="'; DROP TABLE follows")).content


@pytest.mark.parametrize("how", ["dm", "thread"])
@pytest.mark.parametrize("after", [False, True], ids=["lost on the way", "answer lost"])
@pytest.mark.parametrize("kind", ["500", "reset"])
async def test_a_lost_answer_is_looked_for_and_said_once_even_after_a_restart(stage, kind, after, how):
    await stage.follow(how=how)
    await stage.come("Cleo")
    stage.fail(kind, after=after)
    assert await stage.later(seconds=15) == 0
    stage.world.nonces.clear()  # the nonce alone would not help so much later
    stage.again()
    assert await stage.later(seconds=5) == 0, "it backs off"
    assert await stage.later(minutes=2) == 1
    assert len(stage.direct() if how == "dm" else stage.pings()) == 1
    assert await stage.later(hours=48) == 0
    assert len(stage.direct() if how == "dm" else stage.pings()) == 1


async def test_what_came_while_a_telling_was_in_doubt_is_told_after_it(stage):
    await stage.follow()
    await stage.come("Cleo")
    stage.fail("500", after=True)
    await stage.later(seconds=15)
    await stage.come("Dan")
    assert await stage.later(minutes=2) + await stage.later(minutes=2) == 2
    assert ["Cleo" in stage.direct()[0], "Dan" in stage.direct()[0]] == [True, False]
    assert ["Cleo" in stage.direct()[1], "Dan" in stage.direct()[1]] == [False, True]


async def test_a_ping_is_never_taken_for_the_comment_whose_address_it_names(stage):
    """The messenger finds a comment's message again by its address in the first line."""
    await stage.follow(how="thread")
    await stage.come("Cleo")
    before = stage.clock.now() - timedelta(minutes=5)
    comment = render.comment_parts(STORY, stage.page.comments[2])[0]
    assert await stage.messenger.find(Place(stage.guild, stage.thread), comment, before, ()) is not None
    await stage.box.moderator_delete(list(stage.world.history(stage.thread))[-1].id)
    async with stage.run.database.write() as tx:
        await tx.execute("DELETE FROM deliveries WHERE comment_id = 3")
    assert await stage.later(seconds=15) == 1
    assert "(<https://site.example/rover#3>)" in stage.pings()[0][0]
    assert await stage.messenger.find(Place(stage.guild, stage.thread), comment, before, ()) is None


def requests(stage, method, ending):
    return [e for e in stage.box.traffic if e["method"] == method and e["path"].split("?")[0].endswith(ending)]


async def test_what_is_held_up_is_looked_at_less_and_less_often_and_discord_is_asked_nothing(stage, monkeypatch):
    await stage.follow()
    stage.world.deny_bot(stage.news, discord.Permissions(send_messages_in_threads=True).value)
    await stage.come("Cleo")
    looks, real = [], tellings.postpone
    monkeypatch.setattr(tellings, "postpone", lambda *args, **more: looks.append(args[2]) or real(*args, **more))
    for _ in range(41):  # ten minutes of the sender's rounds
        assert await stage.later(seconds=15) == 0
    assert 3 <= len(looks) <= 8
    assert requests(stage, "GET", f"/members/{stage.max}") == []
    assert [row.tries for row in await stage.rows()] == [0], "nothing failed: the first failure is tried again soon"
    assert await stage.later(hours=1) == 1, "at last it is told with its own address"
    assert len(requests(stage, "GET", f"/members/{stage.max}")) == 1


NONSENSE = ["<html>", {}, [], None, AmbiguousAnswer("a page instead of Discord's answer")]


@pytest.mark.parametrize("call", ["get_member", "start_private_message"])
@pytest.mark.parametrize("nonsense", NONSENSE, ids=str)
async def test_an_answer_that_makes_no_sense_puts_a_follow_off_and_ends_nothing(stage, monkeypatch, call, nonsense):
    await stage.follow()
    await stage.come("Cleo")

    async def answer(*_):
        if isinstance(nonsense, Exception):
            raise nonsense
        return nonsense

    monkeypatch.setattr(stage.run.bot.http, call, answer)
    assert await stage.later(seconds=15) == 0
    assert await stage.later(seconds=10) == 0
    monkeypatch.undo()
    assert await stage.later(minutes=1) == 1
    assert len(stage.direct()) == 1


async def test_a_ping_in_a_thread_leads_into_no_channel_that_others_there_may_not_see(stage):
    """The member sees both channels; the comment stands in the other one alone."""
    await stage.follow(how="thread")
    await stage.come("Cleo", "Dan")
    async with stage.run.database.write() as tx:
        await tx.execute(
            """UPDATE deliveries SET channel_id = ?, layout = 'inline' WHERE message_id IS NOT NULL
            AND comment_id = (SELECT id FROM comments WHERE author = 'Cleo')""",
            (stage.general,),
        )
    assert await stage.later(seconds=15) == 1
    ((text, _),) = stage.pings()
    cleo, dan = text.split("\n")[1].split(" · ")
    assert cleo == "[Cleo](<https://site.example/rover#3>)"
    assert dan.startswith(f"[Dan](<{LINK}{stage.guild}/{stage.thread}/")


@pytest.mark.parametrize("how", ["dm", "thread"])
async def test_what_was_lost_is_not_said_again_once_the_story_is_out_of_sight(stage, how):
    await stage.follow(how=how)
    await stage.come("Cleo")
    stage.fail("500", after=False)
    assert await stage.later(seconds=15) == 0
    async with stage.run.database.write() as tx:
        await tx.execute("DELETE FROM subscriptions")
    assert await stage.later(minutes=2) == 0
    assert (stage.direct(), stage.pings()) == ([], [])
    assert [row.ended for row in await stage.rows()] == ["follow.ended.out_of_sight"]


async def test_what_was_lost_is_not_said_again_where_the_member_may_not_look_any_more(stage):
    await stage.follow(how="thread")
    await stage.come("Cleo")
    stage.fail("500", after=False)
    assert await stage.later(seconds=15) == 0
    stage.world.set_permission(stage.news, stage.max, deny=discord.Permissions(view_channel=True).value)
    assert await stage.later(minutes=2) == 0
    assert await stage.later(minutes=2) == 0
    assert (stage.direct(), stage.pings()) == ([], [])
    assert [row.ended for row in await stage.rows()] == ["follow.ended.threadless"]


async def test_what_was_lost_is_not_said_again_to_who_left(stage):
    await stage.follow()
    await stage.come("Cleo")
    stage.fail("500", after=False)
    assert await stage.later(seconds=15) == 0
    del stage.world.guild.members[stage.max]
    assert await stage.later(minutes=2) == 0
    assert (stage.direct(), await stage.rows()) == ([], [])


async def test_a_list_that_stood_open_ends_the_rest_of_what_is_chosen(stage):
    await stage.read(replace(PAGE, story=replace(STORY, title="Second", url="https://site.example/second")))
    await stage.follow()
    await stage.ask("follow", story="2")
    listed = await stage.ask("following")
    menu = listed.components[0]["components"][0]
    newest_first = [option["value"] for option in menu["options"]]
    await stage.ask("unfollow", story="2")
    left = await stage.box.click(stage.max, listed.token, menu["custom_id"], newest_first)
    assert "Nothing yet" in left.embeds[0]["description"]
    assert await stage.rows() == []


async def test_suggestions_of_what_is_followed_ask_for_nothing_but_its_names(stage, monkeypatch):
    await stage.follow()
    monkeypatch.setattr(tellings, "cards", None)
    found = await stage.box.autocomplete(stage.max, stage.general, "stories unfollow", {"story": "rover"}, "story")
    assert found == [{"name": f"#1 {STORY.title}", "value": "1"}]


async def test_a_server_that_is_away_is_waited_for(stage, monkeypatch):
    await stage.follow()
    await stage.come("Cleo")
    monkeypatch.setattr(stage.run.bot, "get_guild", lambda _: None)
    assert await stage.later(seconds=15) == 0
    monkeypatch.undo()
    assert await stage.later(hours=4) == 1


async def test_a_busy_discord_is_waited_for(stage):
    await stage.follow()
    await stage.come("Cleo")
    stage.box.faults.add(method="GET", path_regex=r"/guilds/\d+/members/\d+", kind="520", times=1)
    assert await stage.later(seconds=15) == 0
    assert await stage.later(minutes=1) == 1


async def test_a_member_is_told_in_the_language_they_followed_in(stage, monkeypatch):
    await stage.follow()
    async with stage.run.database.write() as tx:
        await tx.execute("UPDATE follows SET language = 'xx'")
    spoken = []
    monkeypatch.setattr("bot.chat.follow_sender.speak", spoken.append)
    await stage.come("Cleo")
    await stage.later(seconds=15)
    assert spoken == ["xx"]


async def test_what_is_noticed_is_told_in_the_same_round_though_time_passes_meanwhile(stage, monkeypatch):
    await stage.follow()
    await stage.come("Cleo")
    still = stage.clock.now
    monkeypatch.setattr(stage.clock, "now", lambda: stage.clock.turn(0.001) or still())
    assert await stage.sender.run_due() == 1


async def test_members_of_one_story_are_told_each_for_themselves(stage):
    await stage.follow()
    await stage.follow(stage.mo, how="thread")
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 2
    assert len(stage.direct()) == 1
    assert [users for _, users in stage.pings()] == [[stage.mo]]
    await stage.ask("unfollow", story="1")
    await stage.come("Dan")
    assert await stage.later(seconds=15) == 1
    assert len(stage.pings()) == 2


async def test_more_members_than_one_round_takes_are_all_told(stage):
    for number in range(45):
        stage.world.users[number + 9000] = replace(stage.world.user("Max"), id=number + 9000, name=f"M{number}")
        stage.world.guild.members[number + 9000] = replace(stage.world.guild.members[stage.max], user_id=number + 9000)
    async with stage.run.database.write() as tx:
        for number in range(45):
            options = {"how": How.DM, "pace": Pace.NOW, "language": "en"}
            await follows.put(tx, stage.guild, number + 9000, 1, stage.clock.now(), **options)
    await stage.come("Cleo")
    assert await stage.later(seconds=15) == 45
    assert all(len(stage.direct(number + 9000)) == 1 for number in range(45))


async def test_a_forum_post_is_a_thread_too(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        stage = Stage(run)
        forum = stage.world.channel("stories-forum").id
        await stage.box.command(
            stage.ada, stage.general, "channels follow",
            {"channel": forum, "topics": "everything", "layout": "forum", "grace": 0},
        )  # fmt: skip
        await stage.read()
        await stage.follow(how="thread")
        await stage.come("Cleo")
        assert await stage.later(seconds=15) == 1
        assert [users for _, users in stage.pings()] == [[stage.max]]
        listed = await stage.ask("following")
        assert f"{LINK}{stage.guild}/{stage.thread}/{stage.thread}" in listed.embeds[0]["description"]


async def test_a_story_whose_comments_stand_in_the_channel_itself_has_no_thread(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        stage = Stage(run)
        options = {"channel": stage.news, "topics": "everything", "layout": "inline", "grace": 0}
        await stage.box.command(stage.ada, stage.general, "channels follow", options)
        await stage.read()
        assert "no thread here" in (await stage.follow(how="thread")).content
        await stage.follow()
        await stage.read(replace(PAGE, comments=(*PAGE.comments, Comment("c-3", "Cleo", "Third."))))
        assert await stage.later(seconds=15) == 1
        assert f"{LINK}{stage.guild}/{stage.news}/" in stage.direct()[0]
