"""What members write below mirrored stories: kept where an admin wants it, followed, and seen in their server alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot import replies
from bot.app import Fatal, serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.embedded import Embedded
from bot.http import Web
from bot.sources.kinds import Kinds
from bot.store import member_replies
from bot.store.database import Database
from sandbox.model import PUBLIC_THREAD
from sandbox.server import Sandbox
from tests.conftest import Check
from tests.discussion_stage import PAGE, card, file_text, rewrite, running, typed, until, write_as_webhook

pytestmark = pytest.mark.asyncio

SAW = "I saw it myself \\[x\\]\\(<https://e.example>) @\u200beveryone"


async def wanted(run: Embedded, channel: str = "space-news", *, on: bool = True, who: str = "Ada") -> str:
    """Let an admin turn replies on or off."""
    options = {"channel": str(run.box.world.channel(channel).id), "replies": on}
    answer = await typed(run, who, "channels edit", options)
    assert answer.ephemeral
    return answer.content


async def kept(run: Embedded) -> list[dict[str, Any]]:
    async with run.database.read() as tx:
        return [dict(row) for row in await tx.execute_fetchall("SELECT * FROM member_replies ORDER BY message_id")]


async def texts(run: Embedded) -> list[str]:
    return [row["body"] for row in await kept(run)]


async def become(run: Embedded, *expected: str) -> None:
    """Wait until exactly these texts are kept."""

    async def same() -> bool:
        return await texts(run) == list(expected)

    await until(same)


async def stage(run: Embedded) -> tuple[int, list[int], int]:
    """Mirror the story; returns its thread, the messages of its comments and Max."""
    await run.follow()
    await wanted(run)
    await run.deliver(PAGE)
    shown = card(run)
    return (
        int(shown["id"]),
        [int(message["id"]) for message in shown["thread"]["messages"]],
        run.box.world.user("Max").id,
    )


async def discussion(run: Embedded, who: str = "Max") -> str:
    return (await typed(run, who, "stories discussion", {"story": "1"})).content


async def test_replies_stand_with_what_they_answer_and_follow_edits_and_deletions(
    tmp_path: Path, check_traffic: Check
) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, (ann, _, _), max_ = await stage(run)
        loose = await run.box.say(max_, thread, "I saw it **myself** [x](https://e.example) @everyone")
        to_ann = await run.box.say(max_, thread, "Ann is right", reply_to=ann)
        mo = await run.box.say(run.box.world.user("Mo").id, thread, "So is Max", reply_to=to_ann)
        await become(run, SAW, "Ann is right", "So is Max")
        text = await discussion(run)
        lines = [line.strip("\u2003") for line in text.split("\n")]
        at = lines.index("Ann is right")
        assert lines[at - 1].startswith("↳ **Max** · on this server · [<t:")
        assert lines[at - 1].endswith(f"/{thread}/{to_ann}>)")
        assert lines[at + 1].startswith("↳ **Mo** · on this server")
        rewrite(run, to_ann, "Ann is wrong")
        await become(run, SAW, "Ann is wrong", "So is Max")
        assert "Ann is right" not in await discussion(run)
        assert " · edited\n" in await discussion(run)
        await run.box.moderator_delete(to_ann)
        await run.box.moderator_delete(loose)
        await become(run, "", "So is Max")
        gone = await kept(run)
        assert (gone[0]["author"], gone[0]["author_id"], gone[0]["deleted"]) == ("", 0, 1)
        assert "*deleted on this server*" in await discussion(run)
        exported = file_text(run, await typed(run, "Ada", "stories export", {"story": "1", "format": "json"}))
        assert "So is Max" in exported and "Ann is wrong" not in exported and '"on_server": true' in exported
        await run.box.moderator_delete(mo)
        await become(run)


async def test_nothing_is_kept_where_no_admin_wanted_it_or_by_others_than_members(
    tmp_path: Path, check_traffic: Check
) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, (ann, _, _), max_ = await stage(run)
        general, news = run.box.world.channel("general").id, run.box.world.channel("space-news").id
        await run.box.say(max_, general, "elsewhere")
        await run.box.say(max_, news, "beside the story")
        write_as_webhook(run, thread, "from a webhook")
        await typed(run, "Max", "stories latest", {}, "space-news")
        await wanted(run, on=False)
        await run.box.say(max_, thread, "not wanted", reply_to=ann)
        await wanted(run)
        await run.box.say(max_, news, "an answer to the card", reply_to=int(card(run)["id"]))
        await become(run, "an answer to the card")
        assert "**Max** · on this server" in await discussion(run)


@pytest.mark.parametrize("end", ["off", "unfollow", "thread", "channel", "bulk"])
async def test_what_was_kept_is_forgotten_with_what_it_stood_in(tmp_path: Path, check_traffic: Check, end: str) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, (ann, _, _), max_ = await stage(run)
        world = run.box.world
        said = [await run.box.say(max_, thread, text, reply_to=ann) for text in ("one", "two")]
        await become(run, "one", "two")
        if end == "off":
            await wanted(run, on=False)
        elif end == "unfollow":
            await typed(run, "Ada", "channels unfollow", {"channel": str(world.channel("space-news").id)})
        elif end == "thread":
            world.delete_thread(thread)
        elif end == "channel":
            world.delete_channel(world.channel("space-news").id)
        else:
            place = world.get_channel(thread)
            world.delete_messages(place, [world.messages[thread][number] for number in said])
        await become(run)


async def test_in_other_layouts_answers_to_messages_are_kept(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        world, max_ = run.box.world, run.box.world.user("Max").id
        for name, layout in (("general", "inline"), ("stories-forum", "forum")):
            options = {"channel": world.channel(name).id, "topics": "everything", "newest": 0, "layout": layout}
            await typed(run, "Ada", "channels follow", options)
            await wanted(run, name)
        await run.deliver(PAGE)
        transcript = {channel["name"]: channel for channel in run.box.transcript()["channels"]}
        inline = [int(message["id"]) for message in transcript["general"]["messages"]]
        await run.box.say(max_, world.channel("general").id, "unrelated chat")
        await run.box.say(max_, world.channel("general").id, "to Ann inline", reply_to=inline[1])
        post = next(
            c
            for c in world.channels.values()
            if c.type == PUBLIC_THREAD and c.parent_id == world.channel("stories-forum").id
        )
        await run.box.say(max_, post.id, "in the forum")
        await become(run, "to Ann inline", "in the forum")
        assert [(row["comment_id"], row["place_id"]) for row in await kept(run)] == [
            (1, world.channel("general").id), (None, post.id),
        ]  # fmt: skip


async def test_who_cannot_see_the_channel_sees_nothing_written_there(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        await run.box.say(max_, thread, "for the few")
        await become(run, "for the few")
        world = run.box.world
        news = world.channel("space-news").id
        world.set_permission(news, world.bot_id, allow=1 << 10)
        world.set_permission(news, world.guild.id, deny=1 << 10)

        async def hidden() -> bool:
            return "for the few" not in await discussion(run)

        await until(hidden)
        assert "for the few" in await discussion(run, "Ada")


async def test_without_the_intent_nothing_is_kept_and_turning_it_on_says_why(
    tmp_path: Path, check_traffic: Check
) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        first = await run.box.say(max_, thread, "read with the intent")
        await become(run, "read with the intent")
    async with running(tmp_path, check_traffic) as run:
        assert run.bot.intents.message_content is False
        assert "set MESSAGE_CONTENT=yes first" in await wanted(run)
        await run.box.say(max_, thread, "not read")
        # What it said is not to be told any more once it was edited unseen.
        rewrite(run, first, "changed unseen")
        await become(run)


async def test_an_admin_turns_it_on_and_off_and_nobody_else(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        await run.follow()
        words = "what members write below them is kept with their discussions"
        assert words in await wanted(run)
        assert words in str((await typed(run, "Ada", "channels list")).embeds)
        run.box.world.integrations_open = True  # the server's owner opened the command to everyone
        assert "Manage Server" in await wanted(run, on=False, who="Max")
        assert words in str((await typed(run, "Ada", "channels list")).embeds)
        # Another option leaves it as it is.
        news = str(run.box.world.channel("space-news").id)
        assert words in (await typed(run, "Ada", "channels edit", {"channel": news, "comments": 9})).content
        assert words not in await wanted(run, on=False)
        assert (
            "is not followed here"
            in (await typed(run, "Ada", "channels edit", {"channel": "999", "replies": True})).content
        )


async def test_members_are_told_where_what_they_write_is_kept(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:

        async def told() -> str:
            return str((await typed(run, "Max", "privacy show")).embeds[0]["fields"][1]["value"])

        await run.follow()
        assert await told() == "Kept nowhere: no admin turned that on where you can look."
        await wanted(run)
        news = run.box.world.channel("space-news").id
        assert (await told()).startswith(f"Below mirrored stories in <#{news}> it is kept")


async def test_an_intent_that_discord_refuses_ends_the_program_with_advice(
    tmp_path: Path, check_traffic: Check
) -> None:
    async with (
        Database.open(tmp_path / "t.sqlite3") as database,
        Web.open() as web,
        Sandbox.start(page=False) as box,
    ):
        use_api(box.api_url)
        box.gateway.disallowed_intents = 1 << 15
        clock = SystemClock()
        with pytest.raises(Fatal, match=r"Message Content Intent in the developer portal .* MESSAGE_CONTENT=no"):
            await serve(lambda: Rendezvous(database, web, clock, Kinds({}), content=True), box.token, clock)
        assert check_traffic(box.traffic) == []


async def test_another_server_sees_and_keeps_nothing_of_it(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        await run.box.say(max_, thread, "ours")
        await become(run, "ours")
        async with run.database.read() as tx:
            assert await member_replies.of_story(tx, 4711, 1) == []
            assert await member_replies.spot(tx, 4711, thread, None) is None


async def test_a_flood_ends_at_a_limit(tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_replies, "MOST_OF_STORY", 3)
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        said = [await run.box.say(max_, thread, f"number {number}") for number in range(9)]
        await run.box.moderator_delete(said[-1])
        await become(run, "number 0", "number 1", "number 2")
        rewrite(run, said[2], "the last word")
        await become(run, "number 0", "number 1", "the last word")


async def test_a_deletion_does_not_overtake_its_message(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        for number in range(20):
            await run.box.moderator_delete(await run.box.say(max_, thread, f"short-lived {number}"))
        await run.box.say(max_, thread, "the end")
        await become(run, "the end")


async def test_what_changed_while_the_bot_was_away_is_looked_up_at_its_start(
    tmp_path: Path, check_traffic: Check
) -> None:
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, (ann, _, _), max_ = await stage(run)
        world = run.box.world
        said = [await run.box.say(max_, thread, text, reply_to=ann) for text in ("stays", "is edited", "is deleted")]
        await run.box.say(max_, world.channel("space-news").id, "to the card", reply_to=thread)
        await become(run, "stays", "is edited", "is deleted", "to the card")
        # As if nobody had listened: no event tells of it.
        place = world.get_channel(thread)
        world._remove(place, world.messages[thread][said[2]])
        edited = world.messages[thread][said[1]]
        edited.content, edited.edited_at = "was edited", world.clock.text()
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert await texts(run) == ["stays", "was edited", "to the card"]
        asked = [entry for entry in run.box.traffic if entry["method"] == "GET" and "/messages" in entry["path"]]
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert await texts(run) == ["stays", "was edited", "to the card"]
        again = [entry for entry in run.box.traffic if entry["method"] == "GET" and "/messages" in entry["path"]]
        assert len(again) - len(asked) == 2  # one for each place
        world._remove(place, world.messages[thread][said[0]])
        # Nothing is believed of a fault, nor of the empty answer that Discord gives without Read Message History.
        run.box.faults.add(method="GET", path_regex=r"/messages", kind="520", times=2)
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        world.deny_bot(world.channel("space-news").id, 1 << 16)
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert await texts(run) == ["stays", "was edited", "to the card"]
        world.deny_bot(world.channel("space-news").id, 0)
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert await texts(run) == ["was edited", "to the card"]
        world.channels.pop(thread)  # a thread that was deleted unseen
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert await texts(run) == ["to the card"]


async def test_an_edit_that_is_known_is_not_stored_again_at_each_start(
    tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord tells microseconds, of which the database keeps milliseconds."""
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        said = await run.box.say(max_, thread, "first words")
        await become(run, "first words")
        message = run.box.world.messages[thread][said]
        message.content, message.edited_at = "other words", "2026-11-23T12:00:00.123456+00:00"
        stored, real = [], replies.edited

        async def edited(*args: Any) -> None:
            stored.append(args[1])
            await real(*args)

        monkeypatch.setattr(replies, "edited", edited)
        for _ in range(3):
            await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert (await texts(run), stored) == (["other words"], [said])


async def test_beyond_one_look_nothing_is_taken_for_deleted(
    tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "ONE_LOOK", 3)
    async with running(tmp_path, check_traffic, content=True) as run:
        thread, _, max_ = await stage(run)
        for number in range(3):
            await run.box.say(max_, thread, f"number {number}")
        await become(run, "number 0", "number 1", "number 2")
        for number in range(2):
            await run.box.say(run.box.world.bot_id, thread, f"noise {number}")
        await run.bot.cogs["Replies"].on_ready()  # type: ignore[attr-defined]
        assert await texts(run) == ["number 0", "number 1", "number 2"]
