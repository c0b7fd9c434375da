"""/setup as a new admin walks through it, in a real browser with the real bot, and the time that it takes."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from bot import library, sourcing
from bot.embedded import embedded
from bot.starter import STARTERS
from tests.browser.conftest import FLAGS, chromium
from tests.browser.setup_walk import FITS, Walk

pytestmark = pytest.mark.asyncio

TWO_MINUTES = 120.0
MOST_PRESSES = 10


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_new_admin_comes_from_an_empty_server_to_the_first_story_in_less_than_two_minutes(
    tmp_path: Path, width: int
) -> None:
    path = chromium()
    site = tmp_path / "site.json"
    async with embedded(tmp_path / "t.sqlite3", settle=timedelta(0), site=site) as run, async_playwright() as play:
        run.site.seed(age=timedelta(hours=1))
        run.bot.starters = STARTERS  # the site is in no list: its address has to be typed into the bot's form
        guild = run.box.world.guild.id
        assert await library.followed_channels(run.database, guild) == []
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        try:
            page = await browser.new_page(viewport={"width": width, "height": 900})
            page.set_default_timeout(10_000)
            trouble: list[str] = []
            page.on("pageerror", lambda error: trouble.append(str(error)))
            await page.goto(f"{run.box.page_url}#{run.box.world.channel('space-news').id}")
            await page.locator("html[data-live=yes]").wait_for()
            began, walk = time.monotonic(), Walk(page)
            await walk.begin()
            await walk.choose_channel()
            await walk.drop_source(STARTERS[0].name)
            await walk.type_address(run.site.url)
            await walk.preview()
            await walk.confirm()
            took = time.monotonic() - began
            print(f"from an empty server to the first story, {width} wide: {took:.1f} s")
            assert took < TWO_MINUTES
            await walk.open_thread()
            assert trouble == []
        finally:
            await browser.close()
        assert [one.name for one in (await sourcing.listing(run.database, guild)).own] == ["Orbit Gazette"]
        (channel,) = await library.followed_channels(run.database, guild)
        assert channel.topics == ("space-cooperation",)


async def test_a_missing_permission_is_named_given_and_checked_again(tmp_path: Path) -> None:
    path = chromium()
    site = tmp_path / "site.json"
    async with embedded(tmp_path / "t.sqlite3", settle=timedelta(0), site=site) as run, async_playwright() as play:
        run.site.seed(age=timedelta(hours=1))
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(10_000)
            await page.goto(f"{run.box.page_url}#{run.box.world.channel('space-news').id}")
            await page.locator("html[data-live=yes]").wait_for()
            await page.get_by_role("button", name="What the bot may do here").click()
            await page.get_by_role("dialog").get_by_label("Create Public Threads", exact=True).uncheck()
            await page.get_by_role("button", name="Done").click()
            walk = Walk(page)
            await walk.begin()
            await walk.choose_channel()
            await page.get_by_role("button", name="Preview").click()
            await expect(walk.panel.get_by_text("Create Public Threads: to open a thread")).to_be_visible()
            await expect(page.get_by_role("button", name="Confirm and start")).to_be_disabled()
            await page.get_by_role("button", name="What the bot may do here").click()
            await page.get_by_role("dialog").get_by_label("Create Public Threads", exact=True).check()
            await page.get_by_role("button", name="Done").click()
            await page.get_by_role("button", name="Check again").click()
            await expect(walk.panel.get_by_text("I have every permission")).to_be_visible()
            await expect(walk.panel.get_by_role("link", name=FITS)).to_be_visible()
            await walk.confirm()
        finally:
            await browser.close()
