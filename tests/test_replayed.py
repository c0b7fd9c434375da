"""Rows A19 and A20: components that somebody replays or forges, and answers that come too late."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import discord
import pytest
import pytest_asyncio

from bot.chat import client
from bot.words import say
from sandbox.interactions import COMPONENT
from tests.follow_stage import Stage, Still

pytestmark = pytest.mark.asyncio

BUTTON, SELECT = 2, 3
MENU = {"options": [{"label": "x", "value": "1"}], "min_values": 1, "max_values": 1}
NOT_FOLLOWED = "You do not follow that story here. `/stories following` lists what you follow."


@pytest_asyncio.fixture
async def stage(start, monkeypatch):
    monkeypatch.setattr(client, "FollowSender", Still)
    async with start() as run:
        await run.follow()
        made = Stage(run)
        await made.read()
        yield made


async def send(stage, custom_id, *, user=None, values=None, channel=None):
    """Send what a client may make up: a component of any id with any values, as if a message of ours had it."""
    kind = BUTTON if values is None else SELECT
    part = {"type": kind, "id": 2, "custom_id": custom_id} | ({"label": "x", "style": 2} if kind == BUTTON else MENU)
    card = next(iter(stage.world.history(stage.news)))
    source = replace(card, components=[{"type": 1, "id": 1, "components": [part]}])
    data = {"custom_id": custom_id, "component_type": kind, "id": 2}
    data |= {} if values is None else {"values": values}
    interactions = stage.box._interactions
    sent = interactions.send(COMPONENT, user or stage.max, channel or stage.news, data, source=source)
    return await interactions.outcome(sent)


def ids(answer):
    return [part["custom_id"] for row in answer.components for part in row["components"]]


async def test_a19_what_one_member_follows_is_not_changed_or_ended_by_another(stage):
    mine = await stage.follow()
    pace, how, end = ids(mine)
    listed = ids(await stage.ask("following"))
    for answer in (
        await send(stage, pace, user=stage.mo, values=["day"]),
        await send(stage, how, user=stage.mo, values=["thread"]),
        await send(stage, end, user=stage.mo),
    ):
        assert (answer.content, answer.ephemeral) == (NOT_FOLLOWED, True)
    own = await send(stage, listed[0], user=stage.mo, values=["1"])
    assert "rover" not in str(own.embeds), "a list that was replayed becomes one's own"
    (row,) = await stage.rows()
    assert (row.user_id, row.how, row.pace) == (stage.max, "dm", "now")


async def test_a19_what_is_followed_in_another_server_is_not_changed_from_here(stage):
    pace, how, _ = ids(await stage.follow())
    async with stage.run.database.write() as tx:
        await tx.execute("UPDATE follows SET guild_id = 4711")
    for answer in (await send(stage, pace, values=["day"]), await send(stage, how, values=["thread"])):
        assert answer.content == NOT_FOLLOWED
    assert [row.pace for row in await stage.rows()] == ["now"]


async def test_a19_the_buttons_of_another_servers_story_say_what_those_of_none_say(stage):
    made = [f"story:{what}:" for what in ("discussion", "follow", "why")]
    absent = [(await send(stage, custom_id + "999")).content for custom_id in made]
    async with stage.run.database.write() as tx:
        await tx.execute("UPDATE subscriptions SET guild_id = 4711")
    foreign = [(await send(stage, custom_id + "1")).content for custom_id in made]
    assert set(absent) == set(foreign) == {say("stories.unknown")}
    assert (await send(stage, "follow:dm:1:now")).content == say("stories.unknown")
    assert await stage.rows() == []


@pytest.mark.parametrize(
    "custom_id",
    [
        "story:follow:-1",
        "story:follow:1 OR 1=1",
        "story:follow:9999999999999999999999",
        "story:follow:",
        "story:why:x",
        "follow:end:x",
        "follow:set:colour:1",
        "follow:dm:1:never",
        "follow:list:end:9999",
    ],
)
async def test_a19_a_forged_id_does_nothing(stage, custom_id):
    await stage.follow()
    before = await stage.rows()
    stage.world.limits.answer_seconds = 0.5  # most of these are nobody's, so that no answer comes
    answer = await send(stage, custom_id, values=["1"] if "list" in custom_id or "set" in custom_id else None)
    assert answer.kind == "failed" or answer.content == NOT_FOLLOWED
    assert await stage.rows() == before


@pytest.mark.parametrize("values", [[], ["never"], ["9" * 30], ["'; DROP TABLE follows"], ["1"] * 26])
async def test_a19_forged_values_do_nothing(stage, values):
    pace, how, _ = ids(await stage.follow())
    listed = "follow:list:end:0"
    for custom_id in (pace, how):
        await send(stage, custom_id, values=values)
    assert [(row.how, row.pace) for row in await stage.rows()] == [("dm", "now")]
    await send(stage, listed, values=values)
    assert len(await stage.rows()) == (0 if "1" in values else 1)


async def test_a19_who_may_not_see_a_channel_any_more_learns_nothing_of_it_by_an_old_button(stage):
    stage.world.set_permission(stage.news, stage.max, deny=discord.Permissions(view_channel=True).value)
    answer = await send(stage, "story:why:1", channel=stage.general)
    assert str(stage.news) not in answer.embeds[0]["description"]


def late(stage):
    """From now on every answer comes too late for Discord."""
    stage.world.limits.answer_seconds = -1.0


async def handled(stage, caplog, times):
    """Wait until the bot was told so often that it is too late; nothing else may have gone wrong."""
    async with asyncio.timeout(20):
        while sum(e["path"].endswith("/callback") and e["status"] == 404 for e in stage.box.traffic) < times:
            await asyncio.sleep(0)
    assert "command failed" not in caplog.text


@pytest.mark.parametrize("work", ["story:follow:1", "story:why:1", "story:discussion:1", "follow:dm:1:hour"])
async def test_a20_a_press_that_is_answered_too_late_is_no_error_and_its_work_is_not_doubled(stage, work, caplog):
    late(stage)
    for _ in range(2):  # nobody saw an answer, so they press again
        assert (await send(stage, work)).kind == "failed"
    await handled(stage, caplog, 2)
    assert len(await stage.rows()) == ("follow" in work)
    assert [row.told_upto for row in await stage.rows()] == [2] * ("follow" in work)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("follow", {"story": "1"}), ("unfollow", {"story": "1"}), ("following", {}), ("why", {"story": "1"}),
        ("digest", {}), ("discussion", {"story": "1"}), ("latest", {}), ("show", {"story": "1"}),
    ],
)  # fmt: skip
async def test_a20_a_command_that_is_answered_too_late_is_no_error(stage, name, options, caplog):
    late(stage)
    for _ in range(2):
        assert (await stage.ask(name, **options)).kind == "failed"
    await handled(stage, caplog, 2)
    assert len(await stage.rows()) == (name == "follow")


@pytest.mark.parametrize("name", ["Show discussion", "Why this story?"])
async def test_a20_a_menu_that_is_answered_too_late_is_no_error(stage, name, caplog):
    card = next(iter(stage.world.history(stage.news)))
    late(stage)
    assert (await stage.box.menu(stage.max, card.id, name)).kind == "failed"
    await handled(stage, caplog, 1)


async def test_a20_what_takes_long_promises_its_answer_at_once(stage):
    stage.box.traffic.clear()
    for name, options in (("why", {"story": "1"}), ("digest", {}), ("discussion", {"story": "1"})):
        await stage.ask(name, **options)
    firsts = [entry["body"]["type"] for entry in stage.box.traffic if entry["path"].endswith("/callback")]
    assert firsts == [5, 5, 5]
