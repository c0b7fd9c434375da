"""The way of a new admin through /setup, in a browser: the test walks it, and so does whoever takes the pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

FITS = "Joint mission of India and Japan to map polar ice gets its launch date"

Shot = Callable[[str], Awaitable[None]]


async def _no_shot(_: str) -> None:
    """Take no picture."""


@dataclass
class Walk:
    """A page in which Ada, who manages the server, looks at #space-news; ``shot`` is called at each stop."""

    page: Page
    shot: Shot = _no_shot

    async def begin(self) -> None:
        """Type /setup."""
        entry = self.page.get_by_label("Message #space-news")
        await entry.fill("/setup")
        await self.page.get_by_role("option", name="/setup").first.wait_for()
        await self.shot("1-type-setup")
        await self.page.keyboard.press("Enter")
        await self.page.get_by_role("button", name="Run").click()
        await expect(self.page.get_by_text("Four choices, then I post the first story.")).to_be_visible()
        await self.shot("2-four-choices")

    async def choose_channel(self) -> None:
        """Choose #space-news."""
        await self.page.get_by_role("combobox", name="1. The channel").click()
        await self.page.get_by_role("option", name="#space-news").click()
        await expect(self.panel.get_by_text("choose below")).to_have_count(0)

    async def drop_source(self, name: str) -> None:
        """Take a source out of the choice."""
        await self.page.get_by_role("combobox", name="2. The sources").click()
        await self.page.get_by_role("option", name=name).first.click()
        await self.page.keyboard.press("Escape")
        await expect(self.panel.get_by_text("2. Sources: choose below")).to_be_visible()

    async def type_address(self, address: str) -> None:
        """Fill in the form for another address."""
        await self.page.get_by_role("button", name="Another address").click()
        form = self.page.get_by_role("dialog", name="Another source")
        await form.get_by_label("Its address").fill(address)
        await self.shot("3-another-address")
        await form.get_by_role("button", name="Submit").click()
        await expect(form).to_have_count(0)
        await expect(self.panel.get_by_text("can be read: Discourse forum. It is chosen.")).to_be_visible()

    async def preview(self) -> None:
        """Look at what it would be."""
        await self.page.get_by_role("button", name="Preview").click()
        await expect(self.panel.get_by_text("This is how the newest story that fits")).to_be_visible()
        await expect(self.panel.get_by_text("I have every permission")).to_be_visible()
        await expect(self.panel.get_by_role("link", name=FITS)).to_be_visible()
        await self.shot("4-preview")

    async def confirm(self) -> None:
        """Say yes, and see the first story."""
        await self.page.get_by_role("button", name="Confirm and start").click()
        card = self.page.locator("#main .message:not(.private) .embed").get_by_role("link", name=FITS)
        await expect(card).to_be_visible(timeout=30_000)
        await expect(self.panel.get_by_text("All set")).to_be_visible(timeout=30_000)
        await expect(self.page.locator("#main .thread-link")).to_be_visible(timeout=30_000)
        await self.shot("5-all-set")

    async def open_thread(self) -> None:
        """Look at the comments of the first story."""
        await self.page.locator("#main .thread-link").click()
        thread = self.page.get_by_role("complementary", name="Thread")
        await expect(thread.get_by_text("I hope they publish the raw data this time.")).to_be_visible(timeout=30_000)
        await self.shot("6-first-story")

    @property
    def panel(self) -> Locator:
        """The one message that changes."""
        return self.page.locator(".message.private")
