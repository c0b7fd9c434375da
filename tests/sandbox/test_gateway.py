"""The gateway's own ways: reconnects, lost sessions, shards, intents, order of event and answer."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import aiohttp
import discord
import pytest

from sandbox.permissions import MANAGE_MESSAGES
from sandbox.server import Sandbox
from sandbox.snowflake import EPOCH_MS
from tests.sandbox.sandbox_client import Client

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py not wait five seconds between two IDENTIFYs, nor back off."""
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda delay, *rest: real(min(delay, 0.01), *rest))


async def test_opcode_7_makes_the_client_resume(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    client.forget()
    box.gateway.reconnect()
    await client.hear("shard_resumed")
    await box.say(box.world.user("Ada").id, news.id, "after")
    await client.hear("message")
    assert box.gateway.identifies == 1


async def test_a_lost_session_is_made_anew(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    client.forget()
    box.gateway.invalidate()
    await client.hear("shard_ready")
    assert (box.gateway.identifies, box.gateway.resumes) == (2, 0)
    await news.send("still works")


async def test_a_cut_line_is_resumed(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    await box.gateway.drop(None)
    await client.hear("shard_resumed")
    assert box.gateway.identifies == 1


async def test_shards_share_the_guilds(box: Sandbox) -> None:
    box.gateway.shards = 2
    for number in range(4):
        box.world.add_guild(f"Guild {number}", guild_id=box.world.guild.id + ((number + 1) << 22))
    async with Client() as bot:
        task = asyncio.create_task(bot.start(box.token))
        await box.ready(5)
        await bot.wait_until_ready()
        assert sorted(bot.shards) == [0, 1]
        assert len(bot.guilds) == 5
        assert {g.shard_id for g in bot.guilds} == {0, 1}
        await bot.close()
        await task


async def test_events_may_come_after_the_answer(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    await news.send("first the event")
    await client.hear("message")
    box.gateway.delay = 0.05
    sent = await news.send("first the answer")
    assert "message" not in [client.heard.get_nowait()[0] for _ in range(client.heard.qsize())]
    heard = await client.hear("message")
    assert isinstance(heard, discord.Message)
    assert heard.id == sent.id


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 0}}, 4004),
        ({"op": 2, "d": {"intents": 1 << 30}}, 4013),
        ({"op": 2, "d": {"intents": 1 << 15}}, 4014),
        ({"op": 2, "d": {"intents": 1, "shard": [2, 2]}}, 4010),
        ({"op": 99, "d": {}}, 4001),
        ({"op": 3, "d": {"x": "x" * 5000}}, 4002),
    ],
)
async def test_closes(box: Sandbox, payload: dict[str, object], code: int) -> None:
    box.gateway.disallowed_intents = 1 << 15
    assert isinstance(payload["d"], dict)
    sent = {"op": payload["op"], "d": {"token": box.token} | payload["d"]}
    async with aiohttp.ClientSession() as web, web.ws_connect(box.gateway_url) as ws:
        assert (await ws.receive_json())["op"] == 10
        await ws.send_str(json.dumps(sent))
        await ws.receive()
        assert ws.close_code == code


async def test_the_bot_hears_of_its_own_roles(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    box.world.set_role_permissions(box.world.guild.id, box.world.bot_role().id, MANAGE_MESSAGES | 1 << 10)
    await client.hear("guild_role_update")
    assert news.permissions_for(news.guild.me).manage_messages
    assert not news.permissions_for(news.guild.me).manage_threads
    box.world.add_role(box.world.guild.id, "Extra", 1 << 34, [box.world.bot_id])
    while not news.permissions_for(news.guild.me).manage_threads:
        with suppress(TimeoutError):
            await client.hear("member_update", 0.2)


async def test_limits_inside_endpoints(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    message = await news.send("old")
    stored = box.world.messages[news.id].pop(message.id)
    old = stored.id - (7_200_000 << 22)
    assert old > EPOCH_MS
    stored.id = old
    box.world.messages[news.id][old] = stored
    box.world.limits.old_edits, box.world.limits.old_edit_window = 0, 0.05
    box.world.limits.thread_creations = 0
    partial = news.get_partial_message(old)
    for attempt in (partial.edit(content="x"), partial.create_thread(name="x")):
        with pytest.raises(discord.HTTPException) as caught:
            await asyncio.wait_for(attempt, 5)
        assert caught.value.status == 429
        box.world.limits.thread_window = 0.01
    codes = [t["response"]["code"] for t in box.traffic if t["status"] == 429]
    assert codes[0] == 30046


async def test_bad_requests_are_refused_not_broken(box: Sandbox) -> None:
    headers = {"Authorization": f"Bot {box.token}", "Content-Type": "application/json"}
    place = f"{box.api_url}/channels/{box.world.channel('general').id}/messages"
    async with aiohttp.ClientSession(headers=headers) as web:
        async with web.post(place, data="{nonsense") as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 50109)
        async with web.post(place, json={"content": "x", "message_reference": {"message_id": "no"}}) as answer:
            body = await answer.json()
            assert "message_id" in body["errors"]["message_reference"]
        async with web.get(f"{box.api_url}/nowhere") as answer:
            assert answer.status == 404
        async with web.post(place, json={"content": "x", "nonce": "n" * 26}) as answer:
            assert answer.status == 400
