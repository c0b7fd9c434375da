"""Rows of section D6 (commands abused) that hold for every command at once: asked of the commands as registered."""

from __future__ import annotations

import pytest

from bot.errors import NotFound, as_sentence
from bot.explaining import explain
from bot.http import Web
from bot.ingest import ingest
from bot.model import Story, StoryPage
from bot.previews import Desk, Preview
from bot.sources.kinds import Kinds
from bot.sourcing import add, add_everyone
from bot.status import status_of
from bot.store import subscriptions, topics
from bot.urls import UNREADABLE
from sandbox.command_data import BOOLEAN, CHANNEL, INTEGER, NUMBER, ROLE, STRING, SUBCOMMAND
from tests.conftest import Start
from tests.web_server import page, redirect, serve

pytestmark = pytest.mark.asyncio

MANAGE_GUILD = 1 << 5


def commands(run):
    """Yield each slash command with its full name, its options and whether it is for those who manage the server."""
    for top in (found for scope in run.box.world.commands.values() for found in scope if found["type"] == 1):
        for_managers = int(top.get("default_member_permissions") or 0) & MANAGE_GUILD > 0
        below = [option for option in top.get("options", []) if option["type"] == SUBCOMMAND]
        for command in below or [top]:
            name = f"{top['name']} {command['name']}" if below else top["name"]
            yield name, [option for option in command.get("options", []) if option["type"] != SUBCOMMAND], for_managers


def filled(run, options):
    """Return a value for each option that must be given."""
    world = run.box.world
    values = {
        STRING: "1",
        INTEGER: 1,
        NUMBER: 0.5,
        BOOLEAN: True,
        CHANNEL: str(world.channel("general").id),
        ROLE: str(world.guild.id),
    }
    return {
        one["name"]: one["choices"][0]["value"] if one.get("choices") else values[one["type"]]
        for one in options
        if one.get("required")
    }


async def counts(run):
    """Count the rows of every table that an admin's command may change."""
    names = ("subscriptions", "guild_sources", "guild_topics", "guild_settings", "deliveries")
    async with run.database.read() as tx:
        return [next(iter(await tx.execute_fetchall(f"SELECT count(*) FROM {name}")))[0] for name in names]


async def test_a01_a02_each_admin_command_is_refused_even_where_the_server_offers_it_to_all(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        max_, general = world.user("Max").id, world.channel("general").id
        theirs = [(name, options) for name, options, for_managers in commands(run) if for_managers]
        assert {"setup", "channels follow", "sources add", "topics show"} <= {name for name, _ in theirs}
        for name, options in theirs:
            with pytest.raises(PermissionError):  # Discord itself does not offer it
                await run.box.command(max_, general, name, filled(run, options))
        world.integrations_open = True
        before = await counts(run)
        for name, options in theirs:
            refused = await run.box.command(max_, general, name, filled(run, options))
            assert refused.ephemeral, name
            assert "Manage Server" in refused.content, name
            assert (refused.embeds, refused.components) == ([], []), name
            for option in (one for one in options if one.get("autocomplete") and one["name"] != "colour"):
                assert await run.box.autocomplete(max_, general, name, {option["name"]: ""}, option["name"]) == [], name
        assert await counts(run) == before


async def test_a05_a06_suggestions_are_few_and_short_whatever_is_typed(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        ada, general = world.user("Ada").id, world.channel("general").id
        for number in range(60):
            story = Story(f"{number} " + "long " * 60, url=f"https://site.example/{number}")
            await ingest(run.database, StoryPage(story), run.bot.clock.now(), deliver=True)
        await run.follow()
        asked = 0
        for name, options, _ in commands(run):
            for option in (one["name"] for one in options if one.get("autocomplete")):
                for text in ("", "long", "x" * 500, "'; DROP TABLE stories", "%_\x00", '"', "\\"):
                    found = await run.box.autocomplete(ada, general, name, {option: text}, option)
                    assert len(found) <= 25
                    assert all(1 <= len(one["name"]) <= 100 for one in found)
                    asked += 1
        assert asked >= 70


async def test_a07_no_command_is_offered_in_a_direct_chat(start: Start) -> None:
    async with start() as run:
        max_ = run.box.world.user("Max").id
        chat = run.box.world.dm(max_).id
        for name, options, _ in commands(run):
            with pytest.raises(LookupError, match="not offered here"):
                await run.box.command(max_, chat, name, filled(run, options))


async def test_a13_what_leads_into_a_private_network_is_refused_like_anything_that_cannot_be_read(start: Start) -> None:
    secret = page(b"<title>Router</title>")
    async with serve({"/": secret}) as router, Kinds.open() as kinds:
        away = {"/moved": redirect(router.url("/")), "/gone": page(status="500 Broken")}
        async with serve(away) as site, Web.open(allow_loopback_ports={site.port}) as web, start(web) as run:
            run.bot.kinds = kinds
            ada, general = run.box.world.user("Ada").id, run.box.world.channel("general").id
            said = set()
            for path in ("/moved", "/gone", "/nowhere"):
                for name, option in (("sources add", "address"), ("stories fetch", "url")):
                    said.add((await run.box.command(ada, general, name, {option: site.url(path)})).content)
            assert said == {as_sentence(UNREADABLE)}
            assert router.requests == [], "it was not even asked"


async def test_a22_what_is_told_of_the_bot_is_nothing_of_other_servers_no_path_and_no_token(start: Start) -> None:
    async with start() as run:
        database, now, world = run.database, run.bot.clock.now(), run.box.world
        theirs = Preview("feed", "Feed", "https://theirs.example/", "Theirs", (), 0)
        await add(database, Desk(), theirs, guild_id=4711, user_id=1, now=now)
        await add_everyone(database, "feed", "https://all.example/", "For all", now)
        async with database.write() as tx:
            await subscriptions.follow(tx, 4711, 99, 1, now)
        private = StoryPage(Story("Only theirs", url="https://theirs.example/1"))
        await ingest(database, private, now, deliver=False, public=False, address="https://theirs.example/1")
        here = await status_of(database, world.guild.id)
        assert (here.sources, here.channels, here.stories, here.comments) == (1, 0, 0, 0)
        assert here.size > 0
        for who in ("Ada", "Max"):
            for name in ("about", "help"):
                said = await run.box.command(world.user(who).id, world.channel("general").id, name, {})
                assert said.ephemeral
                text = str(said.embeds)
                for secret in (run.box.token, "theirs", "4711", ".sqlite3", "/tmp", "127.0.0.1", "Only"):
                    assert secret.casefold() not in text.casefold().replace("only you", ""), secret


async def test_a24_a_bot_gets_no_answer_to_a_command_and_no_suggestion(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        world.limits.answer_seconds = 0.2
        general, bot = world.channel("general").id, world.bot_id
        world.integrations_open = True
        assert (await run.box.command(bot, general, "stories latest", {})).kind == "failed"
        assert await run.box.autocomplete(bot, general, "stories show", {"story": ""}, "story") == []
        world.limits.answer_seconds = 3.0
        assert (await run.box.command(world.user("Max").id, general, "stories latest", {})).kind == "message"


async def test_a03_another_servers_topic_reads_like_one_that_does_not_exist(start: Start) -> None:
    async with start() as run:
        async with run.database.write() as tx:
            await topics.add(tx, 4711, "x", "y", user_id=1, now=run.bot.clock.now())
        for name in ("x", "z"):
            with pytest.raises(NotFound, match=f"There is no topic named {name}"):
                await explain(run.database, run.box.world.guild.id, name)
        assert (await explain(run.database, 4711, "x")).expression == "y"
