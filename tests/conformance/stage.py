"""A sandbox and a plain discord.py client; nothing of our bot is imported here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.permissions import ADMINISTRATOR, ALL
from sandbox.server import Sandbox

PATIENCE = 2.0


class Client(discord.AutoShardedClient):
    """A plain client that remembers what it heard."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        options = {"guild_ready_timeout": 0.02, "chunk_guilds_at_startup": False} | options
        super().__init__(intents=intents or discord.Intents.all(), **options)
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        # No fault is told on stderr: what goes wrong is the test's to see.
        self.tree.on_error = _silent

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if hasattr(self, "heard") and args:
            self.heard.put_nowait((event, args[-1]))
        super().dispatch(event, *args, **kwargs)

    def forget(self) -> None:
        """Forget what was heard so far."""
        while not self.heard.empty():
            self.heard.get_nowait()

    async def hear(self, wanted: str, seconds: float = PATIENCE) -> Any:
        """Wait for an event of this name (or one of several, by spaces) and return the last thing that it carries."""
        async with asyncio.timeout(seconds):
            while True:
                event, last = await self.heard.get()
                if event in wanted.split():
                    return last

    async def heard_now(self) -> list[str]:
        """Return the names of the events so far; two more requests give what was sent the time to arrive."""
        for _ in range(2):
            await self.http.request(Route("GET", "/users/@me"))
        return [self.heard.get_nowait()[0] for _ in range(self.heard.qsize())]


async def _silent(*_: Any) -> None:
    """Take an error without a word."""


@dataclass
class Raw:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


class Stage:
    """The sandbox, the bot's client, and shorthand for both."""

    def __init__(self, box: Sandbox, web: aiohttp.ClientSession) -> None:
        self.box, self.world, self.limits, self.clock = box, box.world, box.world.limits, box.world.clock
        self.web = web
        self.bot = Client()
        self.ada, self.mo, self.max = (self.world.user(name).id for name in ("Ada", "Mo", "Max"))
        self.guild_id = self.world.guild.id
        self.ids = {c.name: c.id for c in self.world.guild_channels(self.guild_id)}
        self.messages = f"/channels/{self.ids['space-news']}/messages"

    @property
    def news(self) -> discord.TextChannel:
        return self.channel("space-news")

    @property
    def forum(self) -> discord.ForumChannel:
        return self.channel("stories-forum")

    @property
    def announcements(self) -> discord.TextChannel:
        return self.channel("announcements")

    @property
    def guild(self) -> discord.Guild:
        found = self.bot.get_guild(self.guild_id)
        assert found is not None
        return found

    def channel(self, name: str) -> Any:
        found = self.bot.get_channel(self.ids[name])
        assert found is not None
        return found

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """Send a request through discord.py's own HTTP client."""
        return await self.bot.http.request(Route(method, path), **({"json": body} if body else {}))

    async def raw(self, method: str, path: str, body: Any = None, **headers: str) -> Raw:
        """Send a request past discord.py, to see what it hides: headers, and answers that it would repeat."""
        headers = {"Authorization": f"Bot {self.box.token}"} | headers
        async with self.web.request(method, self.box.api_url + path, json=body, headers=headers) as answer:
            return Raw(answer.status, dict(answer.headers), await answer.text())

    async def say(self, text: str, *, who: int | None = None, where: int | None = None) -> discord.Message:
        """Let a person write, and return the message as the bot heard it."""
        self.bot.forget()
        await self.box.say(who or self.max, where or self.news.id, text)
        return await self.bot.hear("message")

    def deny(self, *permissions: int, where: str = "space-news") -> None:
        """Take permissions from the bot in a channel."""
        self.world.deny_bot(self.ids[where], sum(permissions))

    async def command(self, tree: app_commands.CommandTree[Any] | None = None) -> None:
        """Register what the tree holds."""
        await (tree or self.bot.tree).sync()


async def refusal(attempt: Awaitable[Any]) -> tuple[int, int]:
    """Return HTTP status and code of a refused request."""
    with pytest.raises(discord.HTTPException) as caught:
        await attempt
    return caught.value.status, caught.value.code


def point_at(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py talk to this sandbox."""
    monkeypatch.setattr(Route, "BASE", box.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(box.gateway_url))


def grant(box: Sandbox, permissions: int = ALL & ~ADMINISTRATOR) -> None:
    """Give the bot's role these permissions."""
    box.world.set_role_permissions(box.world.guild.id, box.world.bot_role().id, permissions)


@asynccontextmanager
async def connected(box: Sandbox, client: Client) -> AsyncIterator[Client]:
    """Run a client until the block ends."""
    async with client:  # only from here on may its readiness be waited for
        task = asyncio.create_task(client.start(box.token))
        try:
            async with asyncio.timeout(5):
                await box.ready()
                await client.wait_until_ready()
            yield client
        finally:
            await client.close()
            with suppress(Exception):
                await task


@asynccontextmanager
async def staged(monkeypatch: pytest.MonkeyPatch, client: Client | None = None) -> AsyncIterator[Stage]:
    """Run a sandbox without limits, with a client that may do everything but be an administrator."""
    async with Sandbox.start(page=False) as box, aiohttp.ClientSession() as web:
        box.world.limits.open()
        grant(box)
        point_at(box, monkeypatch)
        stage = Stage(box, web)
        stage.bot = client or stage.bot
        async with connected(box, stage.bot):
            yield stage
