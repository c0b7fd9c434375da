"""/stories discussion and export as a member uses them: sorted, folded, after a restart, and of no other server."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from bot import library
from bot.chat import export_files
from bot.discussion_tree import Conversation, Node, arrange
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.words import say
from tests.conftest import Check
from tests.discussion_stage import PAGE, URL, card, custom_ids, file_text, running, typed

pytestmark = pytest.mark.asyncio

FOREIGN = tuple(888_000_888_000_888_001 + number for number in range(5))  # in no snowflake of this day
SORT, FOLD, PAGE_TURN = "story:sort:1:", "story:fold:1:", "story:page:1:"


def heads(text: str) -> list[str]:
    """Return the names in the order in which they stand on a page."""
    return re.findall(r"^\u2003*(?:↳ )?\*\*(\w+)\*\*", text, re.MULTILINE)


async def test_a_long_discussion_is_put_into_a_file_beside_the_bots_other_work(
    tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To put very many in order takes its time, in which no event may wait."""
    where = []

    def seen(found: Conversation) -> list[Node]:
        where.append(threading.current_thread())
        return arrange(found)

    monkeypatch.setattr(export_files, "arrange", seen)
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await run.deliver(PAGE)
        answer = await typed(run, "Max", "stories export", {"story": "1"})
    assert "3 comments" in answer.content
    assert where
    assert threading.main_thread() not in where


async def test_a_member_sorts_folds_and_follows_the_links(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await run.deliver(PAGE)
        answer = await typed(run, "Max", "stories discussion", {"story": "1"})
        assert answer.ephemeral
        assert heads(answer.content) == ["Ann", "Bob", "Cem"]
        guild, shown = run.box.world.guild.id, card(run)
        place = f"https://discord.com/channels/{guild}/{shown['id']}"  # a thread has its card's id
        links = [f"{place}/{message['id']}" for message in shown["thread"]["messages"]]
        assert all(f"[message](<{link}>)" in answer.content for link in links)
        news = run.box.world.channel("space-news").id
        story_link = f"https://discord.com/channels/{guild}/{news}/{card(run)['id']}"
        assert f"-# 3 comments · oldest first · [the story here](<{story_link}>)" in answer.content
        max_ = run.box.world.user("Max").id
    async with running(tmp_path, check_traffic) as run:  # a restart forgets nothing: the state is in the ids
        answer = await typed(run, "Max", "stories discussion", {"story": "1", "sort": "likes"})
        assert heads(answer.content) == ["Cem", "Ann", "Bob"]
        assert custom_ids(answer) == [f"{FOLD}lf", f"{SORT}lu"]
        assert all(len(custom_id) <= 100 for custom_id in custom_ids(answer))
        folded = await run.box.click(max_, answer.token, f"{FOLD}lf")
        assert heads(folded.content) == ["Cem", "Ann"]
        assert folded.content.count("-# + 1 reply") == 1
        newest = await run.box.click(max_, folded.token, f"{SORT}lf", ["newest"])
        assert heads(newest.content) == ["Cem", "Ann"]
        assert custom_ids(newest) == [f"{FOLD}nu", f"{SORT}nf"]
        whole = await run.box.click(max_, newest.token, f"{FOLD}nu")
        assert heads(whole.content) == ["Cem", "Ann", "Bob"]


async def test_pages_keep_their_order_and_old_buttons_still_turn(tmp_path: Path, check_traffic: Check) -> None:
    said = tuple(Comment(str(n), f"A{n}", "words " * 60, likes=n) for n in range(1, 31))
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await ingest(run.database, StoryPage(PAGE.story, said), run.bot.clock.now(), deliver=False)
        max_ = run.box.world.user("Max").id
        first = await typed(run, "Max", "stories discussion", {"story": "1", "sort": "likes"})
        assert heads(first.content)[0] == "A30"
        assert custom_ids(first)[:3] == [f"{PAGE_TURN}0:lu", "story:count", f"{PAGE_TURN}1:lu"]
        second = await run.box.click(max_, first.token, f"{PAGE_TURN}1:lu")
        assert heads(second.content)[0] == f"A{30 - len(heads(first.content))}"
        # A button of an earlier version, which knew of no order.
        source = run.box._interactions.by_token[second.token].original
        source.components[0]["components"][0] |= {"custom_id": "story:page:1:1", "disabled": False}
        old = await run.box.click(max_, second.token, "story:page:1:1")
        assert heads(old.content)[0] == f"A{1 + len(heads(first.content))}"
        # Beyond the last page, as after comments were deleted, is the last page.
        source = run.box._interactions.by_token[old.token].original
        source.components[0]["components"][2] |= {"custom_id": "story:page:1:999:lu", "disabled": False}
        last = await run.box.click(max_, old.token, "story:page:1:999:lu")
        assert heads(last.content)[-1] == "A1"


async def test_the_links_lead_only_where_the_member_may_look(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await run.deliver(PAGE)
        world = run.box.world
        everyone = world.guild.id
        world.set_permission(world.channel("space-news").id, everyone, deny=1 << 10)
        world.set_permission(world.channel("space-news").id, world.bot_id, allow=1 << 10)
        while run.bot.get_guild(everyone).get_channel(world.channel("space-news").id).overwrites_for(  # type: ignore[union-attr]
            run.bot.get_guild(everyone).default_role  # type: ignore[union-attr]
        ).view_channel is not False:  # fmt: skip
            await run.bot.clock.sleep(0.01)
        answer = await typed(run, "Max", "stories discussion", {"story": "1"})
        assert heads(answer.content) == ["Ann", "Bob", "Cem"]
        assert "discord.com/channels" not in answer.content
        assert "discord.com/channels" in (await typed(run, "Ada", "stories discussion", {"story": "1"})).content


async def test_a_story_that_is_not_there_is_refused(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        said = set()
        for story in ("999", "#999", "nonsense", "'; DROP TABLE stories", "9" * 90, "-1"):
            answer = await typed(run, "Mo", "stories discussion", {"story": story})
            assert answer.ephemeral
            said.add(answer.content)
        for story in ("999", "nonsense"):
            answer = await typed(run, "Mo", "stories export", {"story": story})
            assert answer.ephemeral and answer.attachments == []
            said.add(answer.content)
        assert said == {
            say("stories.unknown"),
            "Please choose a story from the list, or type its number as `/stories latest` shows it.",
        }


@pytest.mark.parametrize("command", ["discussion", "export"])
async def test_a_story_of_another_server_is_refused_like_one_that_is_not_there(
    tmp_path: Path, check_traffic: Check, command: str
) -> None:
    async with running(tmp_path, check_traffic) as run:
        now = run.bot.clock.now()
        report = await ingest(run.database, PAGE, now, deliver=False, public=False, address=URL)
        await library.fetched(run.database, 4711, 1, report.story_id, now)
        foreign = await typed(run, "Ada", f"stories {command}", {"story": str(report.story_id)})
        absent = await typed(run, "Ada", f"stories {command}", {"story": "999"})
        assert foreign.content == absent.content
        assert foreign.ephemeral and absent.ephemeral
        # Nor with a forged button: the server is asked for anew at each press.
        await library.fetched(run.database, run.box.world.guild.id, 1, report.story_id, now)
        seen = await typed(run, "Ada", "stories discussion", {"story": str(report.story_id)})
        async with run.database.write() as tx:
            await tx.execute("DELETE FROM guild_stories WHERE guild_id <> 4711")
        pressed = await run.box.click(run.box.world.user("Ada").id, seen.token, f"story:fold:{report.story_id}:of")
        assert pressed.content == absent.content


@pytest.mark.parametrize("kind", ["markdown", "json", "html", None])
async def test_an_export_is_a_file_for_the_member_alone(tmp_path: Path, check_traffic: Check, kind: str | None) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await run.deliver(PAGE)
        options = {"story": "1"} | ({"format": kind} if kind else {})
        answer = await typed(run, "Max", "stories export", options)
        assert answer.ephemeral
        assert answer.content == "The discussion on **Two agencies share a dish** as a file: 3 comments."
        ending = {"json": "json", "html": "html"}.get(kind or "", "md")
        assert answer.attachments[0]["filename"] == f"discussion-1-two-agencies-share-a-dish.{ending}"
        text = file_text(run, answer)
        assert all(words in text for words in ("first words", "to Ann", "second words", card(run)["id"]))


async def test_a22_an_export_tells_no_token_no_path_and_nothing_of_other_servers(
    tmp_path: Path, check_traffic: Check
) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await run.deliver(PAGE)
        now = run.bot.clock.now()
        other = StoryPage(Story("A secret of others", url="https://example.org/secret"))
        foreign = await ingest(run.database, other, now, deliver=False, public=False, address="https://example.org")
        await library.fetched(run.database, FOREIGN[0], 1, foreign.story_id, now)
        async with run.database.write() as tx:
            await tx.execute(
                """INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, part, position, state,
                nonce, want_rev, message_id) VALUES (?, ?, 9, 1, 0, -1, 'live', 'secret-nonce', 1, ?)""",
                FOREIGN[:3],
            )
            await tx.execute(
                """INSERT INTO member_replies (guild_id, channel_id, message_id, place_id, story_id, author_id, author,
                body, posted_at) VALUES (?, ?, ?, ?, 1, ?, 'Zoe', 'elsewhere', 1)""",
                FOREIGN,
            )
        nonces = await rows(run, "SELECT nonce FROM deliveries")
        for kind in ("markdown", "json", "html"):
            text = file_text(run, await typed(run, "Ada", "stories export", {"story": "1", "format": kind}))
            for secret in (run.box.token, str(tmp_path), *map(str, FOREIGN), "Zoe", "elsewhere", "secret", *nonces):
                assert secret not in text
        discussed = await typed(run, "Ada", "stories discussion", {"story": "1"})
        assert "elsewhere" not in discussed.content


async def rows(run, sql):  # type: ignore[no-untyped-def]
    async with run.database.read() as tx:
        return [row[0] for row in await tx.execute_fetchall(sql)]


async def test_a_file_that_discord_would_not_take_is_packed_or_refused(
    tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tuple(Comment(str(n), "Ann", "the same words again " * 40) for n in range(60))
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await ingest(run.database, StoryPage(PAGE.story, said), run.bot.clock.now(), deliver=False)
        made = run.box._interactions._payload
        for limit, answer in ((20_000, ".md.zip"), (100, None)):
            monkeypatch.setattr(
                run.box._interactions,
                "_payload",
                lambda *args, limit=limit: made(*args) | {"attachment_size_limit": limit},
            )
            told = await typed(run, "Mo", "stories export", {"story": "1"})
            if answer:
                assert told.attachments[0]["filename"].endswith(answer)
            else:
                assert told.attachments == []
                assert told.content.startswith("That discussion is too large for a file here")


async def test_titles_are_suggested_and_bad_formats_are_no_choice(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        await run.deliver(PAGE)
        max_, news = run.box.world.user("Max").id, run.box.world.channel("space-news").id
        choices = await run.box.autocomplete(max_, news, "stories export", {"story": "agenc"}, "story")
        assert choices == [{"name": "#1 Two agencies share a dish", "value": "1"}]
        value = json.loads(file_text(run, await typed(run, "Max", "stories export", {"story": "1", "format": "json"})))
        assert [one["likes"] for one in value["comments"]] == [3, None, 9]
