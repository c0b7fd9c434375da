"""Rate limits, ordered faults and lost connections."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Client

pytestmark = pytest.mark.asyncio
SEND = r"/channels/\d+/messages$"


async def test_bucket_headers_keep_the_client_from_429(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    box.world.limits.messages, box.world.limits.window = 5, 0.1
    await asyncio.gather(*(news.send(str(n)) for n in range(12)))
    assert [m["content"] for m in box.messages(news.id)] == [str(n) for n in range(12)]
    assert not [t for t in box.traffic if t["status"] == 429]


async def test_headers_and_refusals_by_hand(box: Sandbox) -> None:
    box.world.limits.messages = 1
    url = f"{box.api_url}/channels/{box.world.channel('general').id}/messages"
    headers = {"Authorization": f"Bot {box.token}"}
    async with aiohttp.ClientSession() as web:
        async with web.post(url, json={"content": "x"}, headers=headers) as first:
            assert first.headers["Content-Type"] == "application/json"
            assert first.headers["Via"] == "1.1 google"
            assert first.headers["X-RateLimit-Remaining"] == "0"
        async with web.post(url, json={"content": "x"}, headers=headers) as second:
            body = await second.json()
            assert second.status == 429
            assert body["retry_after"] <= 5
            assert second.headers["X-RateLimit-Scope"] == "user"
        box.world.limits.global_per_second = 0
        async with web.get(f"{box.api_url}/gateway", headers=headers) as third:
            assert (await third.json())["global"] is True
        async with web.get(f"{box.api_url}/gateway", headers={"Authorization": "Bot no"}) as fourth:
            assert fourth.status == 401
        box.world.limits.invalid_requests = 3
        async with web.get(f"{box.api_url}/gateway", headers=headers) as banned:
            assert banned.status == 429
            assert "Via" not in banned.headers


@pytest.mark.parametrize("kind", ["503", "520", "reset", "close"])
@pytest.mark.parametrize("after", [False, True])
async def test_faults_that_reach_the_caller(
    box: Sandbox, client: Client, news: discord.TextChannel, kind: str, after: bool
) -> None:
    box.faults.add(method="POST", path_regex=SEND, kind=kind, after=after)
    with pytest.raises((discord.DiscordServerError, aiohttp.ClientError, OSError)):
        await news.send("x", nonce="n")
    assert len(box.messages(news.id)) == int(after)
    await news.send("x", nonce="n")
    assert len(box.messages(news.id)) == 1


@pytest.mark.parametrize("kind", ["500", "502", "429"])
async def test_faults_that_the_client_retries(
    box: Sandbox, client: Client, news: discord.TextChannel, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda delay, *rest: real(min(delay, 0.01), *rest))
    box.faults.add(method="POST", path_regex=SEND, kind=kind, after=kind != "429")
    await news.send("x", nonce="n")
    assert len(box.messages(news.id)) == 1
    assert [t for t in box.traffic if t.get("injected")]


async def test_hanging_request(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    box.faults.add(method="POST", path_regex=SEND, kind="hang", after=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(news.send("x"), 0.1)
    assert len(box.messages(news.id)) == 1


async def test_resume_after_drop(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    await box.gateway.drop(4000)
    await box.say(box.world.user("Ada").id, news.id, "missed meanwhile")
    await client.hear("message")
    assert (box.gateway.identifies, box.gateway.resumes) == (1, 1)


async def test_refused_and_wrong_token(box: Sandbox) -> None:
    async with Client() as stranger:
        with pytest.raises(discord.LoginFailure):
            await stranger.start("wrong")
    box.gateway.refuse = True
    bot = Client()
    task = asyncio.create_task(bot.start(box.token))
    with pytest.raises(TimeoutError):
        await box.ready(0.2)
    await bot.close()
    task.cancel()
    with suppress(BaseException):
        await task
