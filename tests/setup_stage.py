"""The guided start as an admin meets it: the real bot in the sandbox, and the example site that can be read here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot import library, sourcing
from bot.embedded import Embedded, embedded
from bot.model import Source, Subscription

PATIENCE = 60.0


@dataclass
class Panel:
    """One message of the guided start, as it stands at this moment."""

    run: Embedded
    user: int
    token: str

    @property
    def message(self) -> Any:
        """The message as the sandbox keeps it."""
        return self.run.box._source(self.token)

    @property
    def text(self) -> str:
        """All words of it."""
        parts = [self.message.content]
        for embed in self.message.embeds:
            parts += [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        return "\n".join(parts).replace("\\", "")

    def parts(self) -> dict[str, Any]:
        """Its buttons and selects by their steps."""
        found = [part for row in self.message.components for part in row["components"]]
        return {part["custom_id"].split(":")[1]: part for part in found}

    async def press(self, step: str, *values: Any, user: int | None = None) -> Any:
        """Press a button, or choose in a select."""
        custom_id = self.parts()[step]["custom_id"]
        return await self.run.box.click(user or self.user, self.token, custom_id, [str(value) for value in values])

    async def type(self, address: str) -> Any:
        """Fill in the form for another address."""
        asked = await self.press("address")
        (field,) = [part["component"]["custom_id"] for part in asked.modal["components"]]
        world, custom_id = self.run.box.world, asked.modal["custom_id"]
        channel = world.channel("general").id
        return await self.run.box.submit_modal(self.user, channel, custom_id, {field: address})

    async def until(self, words: str) -> str:
        """Wait until it says something, and return all that it says."""
        await soon(lambda: words in self.text, lambda: self.text)
        return self.text


async def soon(true: Callable[[], bool], told: Callable[[], str] = lambda: "") -> None:
    """Wait until something is so."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it did not come true: {told()}") from None


@dataclass
class SetupStage:
    """A running bot, its example site, and the people."""

    run: Embedded

    def __post_init__(self) -> None:
        self.box, self.bot = self.run.box, self.run.bot
        world = self.box.world
        self.guild, self.general, self.news = (
            world.guild.id,
            world.channel("general").id,
            world.channel("space-news").id,
        )
        self.ada, self.max, self.mo = (world.user(name).id for name in ("Ada", "Max", "Mo"))

    async def begin(self, user: int | None = None) -> Panel:
        """Type /setup."""
        answer = await self.box.command(user or self.ada, self.general, "setup", {})
        assert answer.ephemeral
        return Panel(self.run, user or self.ada, answer.token)

    async def sources(self) -> list[Source]:
        """The server's own sources."""
        return (await sourcing.listing(self.run.database, self.guild)).own

    async def channels(self) -> list[Subscription]:
        """The followed channels."""
        return await library.followed_channels(self.run.database, self.guild)

    def titles(self, channel: str = "space-news") -> list[str]:
        """The headlines that stand in a channel."""
        found = next(one for one in self.box.transcript()["channels"] if one["name"] == channel)
        return [embed["title"] for message in found["messages"] for embed in message["embeds"]]


@asynccontextmanager
async def setup_stage(folder: Path, check: Callable[[list[dict[str, Any]]], list[str]]) -> AsyncIterator[SetupStage]:
    """Start all of it on an empty server; the traffic is checked at the end."""
    site = folder / "site.json"
    async with embedded(folder / "t.sqlite3", page=False, settle=timedelta(0), site=site) as run:
        run.box.world.limits.open()
        run.site.seed(age=timedelta(hours=1))
        yield SetupStage(run)
        violations = check(run.box.traffic)
        assert violations == [], violations
