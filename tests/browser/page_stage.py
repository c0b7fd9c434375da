"""What the browser tests act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import discord
from playwright.async_api import Browser, Dialog, Page, Request

from sandbox.server import Sandbox
from tests.browser.small_bot import SmallBot


@dataclass
class Stage:
    """What a browser test acts on."""

    box: Sandbox
    bot: SmallBot
    browser: Browser
    trouble: list[str] = field(default_factory=list)
    _page: Page | None = None

    @property
    def channel(self) -> discord.TextChannel:
        """The channel the page shows at first."""
        return next(c for c in self.bot.guilds[0].text_channels if c.name == "space-news")

    def person(self, name: str) -> int:
        """The id of one of the people."""
        return next(int(user["id"]) for user in self.box.snapshot()["users"] if user["name"] == name)

    @property
    def page(self) -> Page:
        """The page that was opened last."""
        assert self._page is not None
        return self._page

    async def open(self, where: str = "", **context: Any) -> Page:
        """Open the page at the channel, or at ``where`` below it, and wait until it is live."""
        context = {"viewport": {"width": 1280, "height": 800}} | context
        page = await (await self.browser.new_context(**context)).new_page()
        page.set_default_timeout(10_000)
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("console", lambda line: self.trouble.append(line.text) if "Security Policy" in line.text else None)
        page.on("request", self._request)
        await page.goto(f"{self.box.page_url}#{self.channel.id}{where}")
        await page.locator("html[data-live=yes]").wait_for()
        self._page = page
        return page

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.box.page_url):
            self.trouble.append(f"request: {request.url}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def act_as(self, name: str) -> None:
        """Choose who acts."""
        await self.page.get_by_label("Acting as").select_option(str(self.person(name)))

    async def begin(self, command: str) -> None:
        """Type a slash command and choose it from the list."""
        await self.page.get_by_label("Message #space-news").fill(f"/{command}")
        await self.page.get_by_role("option", name=f"/{command}").first.wait_for()
        await self.page.keyboard.press("Enter")
