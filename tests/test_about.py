"""/help, /about and /topics show: what members and admins are told, through real interactions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import library
from bot.chat.about_views import ALL_LIMIT, ORDER, _embed
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.status import status_of
from bot.topics import DEFAULT, names
from bot.topics.shown import signs
from tests.conftest import Start

pytestmark = pytest.mark.asyncio

STORY = Story("Perseverance rover drills a rock on Mars", url="https://site.example/mars", summary="It is red.")


def people(run):
    world = run.box.world
    return world.user("Ada").id, world.user("Max").id, world.channel("general").id


def words(answer):
    found = []
    for embed in answer.embeds:
        found += [embed.get("title", ""), embed.get("description", "")]
        found += [f"{field['name']}\n{field['value']}" for field in embed.get("fields", [])]
    return "\n".join([answer.content, *found])


async def test_help_shows_members_what_is_theirs_and_admins_the_rest(start: Start) -> None:
    async with start() as run:
        ada, max_, general = people(run)
        for_max = await run.box.command(max_, general, "help", {})
        for_ada = await run.box.command(ada, general, "help", {})
        assert for_max.ephemeral
        assert "</stories latest:" in words(for_max)
        assert "/channels" not in words(for_max)
        assert "ask who manages this server to type </setup:" in words(for_max)
        told = words(for_ada)
        every = [one.qualified_name for one in run.bot.tree.walk_commands() if not hasattr(one, "commands")]
        assert [name for name in every if f"</{name}:" not in told] == []
        assert "leads to the first story in two minutes" in told
        assert set(ORDER) <= {*every, *(one.name for one in run.bot.tree.get_commands())}
        order = [told.index(f"</{name}:") for name in ORDER[2:] if f"</{name}:" in told]
        assert order == sorted(order), "what is used most comes first"
        admins = for_ada.embeds[1]["description"]
        assert admins.startswith("</setup:")
        assert len(admins.split("\n")) <= 15, "no more than a screen"
        await run.follow()
        assert "Nothing is posted here yet" not in words(await run.box.command(ada, general, "help", {}))


async def test_help_fits_into_a_message_however_many_commands_there_will_be() -> None:
    lines = [f"</group command{number}:{10**18}>\u2002{'what it does ' * 6}" for number in range(90)]
    embed = _embed("Title", lines, ALL_LIMIT)
    assert len(embed) <= ALL_LIMIT
    assert "command89:" in str(embed.description), "each is named, the last ones without their description"
    assert "what it does" in str(embed.description).split("\n")[0]


async def test_about_tells_version_and_condition(start: Start) -> None:
    async with start() as run:
        _, max_, general = people(run)
        said = words(await run.box.command(max_, general, "about", {}))
        assert "Rendezvous 0." in said
        assert "None is read yet." in said
        assert "None is followed yet." in said
        await run.follow()
        await ingest(run.database, StoryPage(STORY), run.bot.clock.now(), deliver=True)
        said = words(await run.box.command(max_, general, "about", {}))
        assert "1 is followed, all well" in said
        assert "1 story that you can see here" in said
        assert " MB" in said
        assert f"Started <t:{int(run.bot.started_at.timestamp())}:R>" in said


async def test_about_counts_what_a_server_sees_and_no_deleted_comment(start: Start) -> None:
    async with start() as run:
        database, now, home = run.database, run.bot.clock.now(), run.box.world.guild.id
        for number, public in enumerate((True, True, False, False, False)):
            said = tuple(Comment(f"k{place}", "Ann", "Yes", deleted=place == 0) for place in range(number + 2))
            page = StoryPage(replace(STORY, url=f"https://site.example/{number}"), said)
            made = await ingest(database, page, now, deliver=False, public=public)
            if number in (2, 3):
                await library.fetched(database, home if number == 2 else 4711, 1, made.story_id, now)
        counted = []
        for follows in (False, True):
            if follows:
                await run.follow()
            for guild in (home, 4711, 4712):
                status = await status_of(database, guild)
                counted.append((status.stories, status.comments))
        assert counted == [(1, 3), (1, 4), (0, 0), (3, 1 + 2 + 3), (1, 4), (0, 0)]


async def test_the_ids_of_commands_are_known_after_a_restart_without_a_new_sync(start: Start) -> None:
    async with start() as run:
        ids = run.bot.command_ids
        assert {"help", "stories", "setup"} <= set(ids)
        run.bot._embedded, run.bot.command_ids = False, {}
        await run.bot._sync_when_changed()
        assert run.bot.command_ids == ids


async def test_a_topic_is_shown_with_its_signs_and_how_much_fits(start: Start) -> None:
    async with start() as run:
        ada, _, general = people(run)
        await run.follow()
        await ingest(run.database, StoryPage(STORY), run.bot.clock.now(), deliver=True)
        shown = await run.box.command(ada, general, "topics show", {"topic": " Mars "})
        assert shown.ephemeral
        told = words(shown)
        assert "Mars: rovers, orbiters, samples" in told
        assert "**1** of the newest 1 stories here fits" in told
        assert "It is about Mars: `mars`" in told
        assert "`bruno mars`" in told.split("What speaks against it")[1]
        choices = await run.box.autocomplete(ada, general, "topics show", {"topic": "ma"}, "topic")
        assert "mars" in [choice["value"] for choice in choices]
        for wrong in ("cheese", "everything", "mars iss", "@everyone", "x" * 300):
            refused = await run.box.command(ada, general, "topics show", {"topic": wrong})
            assert "There is no topic named" in refused.content
            assert refused.embeds == []


async def test_an_own_topic_is_shown_with_its_expression(start: Start) -> None:
    async with start() as run:
        ada, _, general = people(run)
        tried = await run.box.command(ada, general, "topics add", {"name": "mine", "words": "rover -`film"})
        await run.box.click(ada, tried.token, tried.components[0]["components"][0]["custom_id"])
        told = words(await run.box.command(ada, general, "topics show", {"topic": "mine"}))
        assert "`rover -'film`" in told
        assert "</topics edit:" in told


@pytest.mark.parametrize("name", names())
async def test_every_built_in_topic_has_something_that_speaks_for_it(name: str) -> None:
    found = signs(name, DEFAULT)
    assert any(sign.speaks_for for sign in found)
    assert all(sign.meaning for sign in found)
