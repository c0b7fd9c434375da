"""What Discord and its moderators do to a connected bot: a real client, the sandbox, and a turn of fate."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot import example
from bot.app import Fatal, serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.http import Web
from bot.model import Comment, State
from bot.sources import page as page_source
from bot.sources.kinds import Kinds
from bot.store import deliveries, subscriptions
from bot.store.database import Database
from sandbox.server import Sandbox
from tests.conftest import Check, Start
from tests.test_flow import posts, story_channel

pytestmark = pytest.mark.asyncio

PAGE = page_source.parse(example.readings()[0], url=example.URL)
SEND_MESSAGES, EMBED_LINKS = 1 << 11, 1 << 14


async def served(tmp_path: Path, check_traffic: Check, token: str | None, close: int | None = None) -> None:
    clock = SystemClock()
    async with (
        Database.open(tmp_path / "t.sqlite3") as database,
        Web.open() as web,
        Sandbox.start(page=False) as box,
    ):
        use_api(box.api_url)
        make = lambda: Rendezvous(database, web, clock, Kinds({}))  # noqa: E731
        task = asyncio.create_task(serve(make, token or box.token, clock))
        if close:
            await box.ready(10)
            await box.gateway.drop(close)
        try:
            await task
        finally:
            assert check_traffic(box.traffic) == []


async def test_d10_a_wrong_token_ends_the_program_with_advice(tmp_path: Path, check_traffic: Check) -> None:
    with pytest.raises(Fatal, match="developer portal"):
        await served(tmp_path, check_traffic, "wrong.token.x")


async def test_where_discord_cannot_be_reached_one_line_says_so_and_it_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    class Impatient(SystemClock):
        async def sleep(self, seconds: float) -> None:
            raise InterruptedError(str(seconds))

    async with Database.open(tmp_path / "t.sqlite3") as database, Web.open() as web:
        use_api(f"http://127.0.0.1:{unused_tcp_port}/api/v10")
        with pytest.raises(InterruptedError, match=r"5\.0"):
            await serve(lambda: Rendezvous(database, web, SystemClock(), Kinds({})), "a.b.c", Impatient())
    assert "Discord cannot be reached" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("code", "word"), [(4004, "token"), (4014, "intent")])
async def test_d13_a_fatal_close_ends_the_program_and_names_its_cause(
    tmp_path: Path, check_traffic: Check, code: int, word: str
) -> None:
    with pytest.raises(Fatal, match=word) as caught:
        await served(tmp_path, check_traffic, None, code)
    assert caught.value.exit_code == 78


async def test_d11_after_a_dropped_gateway_commands_work_and_nothing_is_posted_twice(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
        before = posts(run)
        await run.box.gateway.drop()
        await run.box.ready(10)
        await run.settle()
        assert posts(run) == before
        general = run.box.world.channel("general").id
        answer = await run.box.command(run.box.world.user("Max").id, general, "stories latest", {})
        assert PAGE.story.title in answer.embeds[0]["description"]


async def test_d15_a_permission_taken_away_holds_and_given_back_releases(start: Start) -> None:
    async with start() as run:
        await run.follow()
        channel = run.box.world.channel("space-news").id
        run.box.world.deny_bot(channel, SEND_MESSAGES)
        await in_cache(run, channel, may_send=False)
        await run.deliver(PAGE)
        assert posts(run) == 0
        async with run.database.read() as tx:
            assert State.HELD in await deliveries.counts(tx)
        run.box.world.deny_bot(channel, 0)
        await in_cache(run, channel, may_send=True)
        await run.bot.deliverer.release(run.box.world.guild.id)
        await run.settle()
        assert len(story_channel(run)) == 1


async def in_cache(run: object, channel_id: int, *, may_send: bool) -> None:
    """Wait until the bot has heard of the change."""
    bot = run.bot  # type: ignore[attr-defined]

    def heard(*_: object) -> bool:
        channel = bot.get_channel(channel_id)
        return bool(channel.permissions_for(channel.guild.me).send_messages) == may_send

    if not heard():
        await asyncio.wait_for(bot.wait_for("guild_channel_update", check=heard), 10)


async def test_d18_without_embed_links_the_story_is_plain_text(start: Start) -> None:
    async with start() as run:
        await run.follow()
        channel = run.box.world.channel("space-news").id
        waiting = asyncio.create_task(run.bot.wait_for("guild_channel_update"))
        await asyncio.sleep(0)
        run.box.world.deny_bot(channel, EMBED_LINKS)
        await waiting
        await run.deliver(PAGE)
        (card,) = story_channel(run)
        assert card["embeds"] == []
        assert PAGE.story.title in card["content"]


async def test_d20_a_deleted_thread_is_never_opened_again(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
        before = posts(run)
        waiting = asyncio.create_task(run.bot.wait_for("raw_thread_delete"))
        await asyncio.sleep(0)
        run.box.world.delete_thread(int(story_channel(run)[0]["id"]))
        await waiting
        await run.deliver(replace(PAGE, comments=(*PAGE.comments, Comment("late", "Late", "hello"))))
        assert posts(run) == before
        assert story_channel(run)[0]["thread"] is None


async def test_d21_a_deleted_card_leaves_the_thread_going(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
        card = story_channel(run)[0]
        waiting = asyncio.create_task(run.bot.wait_for("raw_message_delete"))
        await asyncio.sleep(0)
        await run.box.moderator_delete(int(card["id"]))
        await waiting
        before = posts(run)
        await run.deliver(replace(PAGE, comments=(*PAGE.comments, Comment("late", "Late", "hello"))))
        assert posts(run) == before + 1


async def test_d25_an_archived_thread_is_opened_for_an_edit(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(PAGE)
        thread = run.box.world.get_channel(int(story_channel(run)[0]["id"]))
        run.box.world.set_archived(thread, True)
        changed = replace(PAGE.comments[0], body="edited at the source")
        await run.deliver(replace(PAGE, comments=(changed, *PAGE.comments[1:])))
        assert "edited at the source" in story_channel(run)[0]["thread"]["messages"][0]["content"]


async def test_d33_a_guild_that_removed_the_bot_gets_nothing_more_and_keeps_its_configuration(start: Start) -> None:
    async with start() as run:
        await run.follow()
        other = run.box.world.guild.id
        waiting = asyncio.create_task(run.bot.wait_for("guild_remove"))
        await asyncio.sleep(0)
        run.box.world.remove_guild(other)
        await waiting
        await run.deliver(PAGE)
        assert posts(run) == 0
        async with run.database.read() as tx:
            assert len(await subscriptions.all_(tx)) == 1


async def test_the_commands_are_sent_only_when_they_changed(tmp_path: Path, check_traffic: Check) -> None:
    clock, counts = SystemClock(), []
    async with Database.open(tmp_path / "t.sqlite3") as database, Web.open() as web, Sandbox.start(page=False) as box:
        use_api(box.api_url)
        for _ in range(2):
            task = asyncio.create_task(serve(lambda: Rendezvous(database, web, clock, Kinds({})), box.token, clock))
            await box.ready(10)
            counts.append(sum(e["method"] == "PUT" and e["path"].endswith("/commands") for e in box.traffic))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert check_traffic(box.traffic) == []
    assert counts == [1, 1]
