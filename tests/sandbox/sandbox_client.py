"""A plain discord.py client for the sandbox's tests."""

from __future__ import annotations

import asyncio

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.server import Sandbox


class Client(discord.AutoShardedClient):
    """A plain client that remembers what it heard."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(intents=intents, guild_ready_timeout=0.02, allowed_mentions=discord.AllowedMentions.none())
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[tuple[str, object]] = asyncio.Queue()

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        """Keep every event that carries something."""
        if hasattr(self, "heard") and args:
            self.heard.put_nowait((event, args[0]))
        super().dispatch(event, *args, **kwargs)

    def forget(self) -> None:
        """Forget what was heard so far."""
        while not self.heard.empty():
            self.heard.get_nowait()

    async def hear(self, wanted: str, seconds: float = 5) -> object:
        """Wait for an event of this name."""
        async with asyncio.timeout(seconds):
            while True:
                event, first = await self.heard.get()
                if event == wanted:
                    return first


def point_at(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py talk to this sandbox."""
    monkeypatch.setattr(Route, "BASE", box.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(box.gateway_url))
