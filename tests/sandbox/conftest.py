"""A running sandbox and a plain discord.py client against it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import discord
import pytest
import pytest_asyncio

from sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Client, point_at


@pytest_asyncio.fixture
async def box(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A sandbox without page and without tight limits."""
    async with Sandbox.start(page=False) as running:
        running.world.limits.open()
        point_at(running, monkeypatch)
        yield running


@pytest_asyncio.fixture
async def client(box: Sandbox) -> AsyncIterator[Client]:
    """A client that is connected and ready."""
    bot = Client()
    task = asyncio.create_task(bot.start(box.token))
    await box.ready(5)
    await bot.wait_until_ready()
    yield bot
    await bot.close()
    with suppress(Exception):
        await task


@pytest.fixture
def news(box: Sandbox, client: Client) -> discord.TextChannel:
    """The channel #space-news as the client knows it."""
    channel = client.get_channel(box.world.channel("space-news").id)
    assert isinstance(channel, discord.TextChannel)
    return channel
