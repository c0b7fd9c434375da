"""The stage of the browser tests: the real sandbox, a small bot, and its page in Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio
import yarl
from discord.gateway import DiscordWebSocket
from playwright.async_api import async_playwright

from sandbox.server import Sandbox
from tests.browser.page_stage import Stage
from tests.browser.small_bot import SmallBot

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Find Chromium; without it there is nothing to test, unless it was asked for."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "chromium is not installed"
        if os.environ.get("RENDEZVOUS_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest_asyncio.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """Start sandbox, bot and browser; what went wrong in the page fails the test."""
    path = chromium()
    async with Sandbox.start(port=0, page=True) as box, async_playwright() as play:
        box.world.limits.open()
        monkeypatch.setattr(discord.http.Route, "BASE", box.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(box.gateway_url))
        bot = SmallBot()
        running = asyncio.create_task(bot.start(box.token))
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        try:
            await box.ready()
            await asyncio.wait_for(bot.wait_until_ready(), 10)
            stage = Stage(box, bot, browser)
            yield stage
            assert stage.trouble == []
        finally:
            await browser.close()
            await bot.close()
            await asyncio.gather(running, return_exceptions=True)
