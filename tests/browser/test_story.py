"""The main job as a person sees it: the real bot, a story, its thread and the Discussion button in Chromium."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from bot import example
from bot.embedded import embedded
from bot.sources import page as page_source
from tests.browser.conftest import FLAGS, chromium

pytestmark = pytest.mark.asyncio


async def test_a_story_arrives_with_its_thread_then_an_edit_and_a_deletion(tmp_path: Path) -> None:
    path = chromium()
    first, later = (page_source.parse(data, url=example.URL) for data in example.readings())
    async with embedded(tmp_path / "t.sqlite3", settle=timedelta(0)) as run, async_playwright() as play:
        run.box.world.limits.open()
        await run.follow()
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            await page.goto(f"{run.box.page_url}#{run.box.world.channel('space-news').id}")
            await expect(page.get_by_text("Nothing in #space-news yet.")).to_be_visible()
            await run.deliver(first)
            await expect(page.locator(".embed").get_by_role("link", name=first.story.title)).to_be_visible()
            await page.locator("#main .thread-link").click()
            panel = page.get_by_role("complementary", name="Thread")
            await expect(panel.locator(".reference")).to_have_count(sum(c.parent is not None for c in first.comments))
            await run.deliver(later)
            await expect(panel.get_by_text("This comment was deleted at its source.").first).to_be_attached()
            await page.locator("#main").get_by_role("button", name="Discussion").click()
            await expect(page.get_by_text("Only you can see this")).to_be_visible()
        finally:
            await browser.close()


async def test_a_search_suggests_while_one_types_marks_the_words_and_leads_to_the_message(tmp_path: Path) -> None:
    path = chromium()
    first, _ = (page_source.parse(data, url=example.URL) for data in example.readings())
    async with embedded(tmp_path / "t.sqlite3", settle=timedelta(0)) as run, async_playwright() as play:
        run.box.world.limits.open()
        await run.follow()
        await run.deliver(first)
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            await page.goto(f"{run.box.page_url}#{run.box.world.channel('space-news').id}")
            await expect(page.locator(".embed").get_by_role("link", name=first.story.title)).to_be_visible()
            await page.get_by_label("Message #space-news").fill("/stories search")
            await page.get_by_role("option", name="/stories search").wait_for()
            await page.keyboard.press("Enter")
            word = max(first.story.title.split(), key=len)
            await page.get_by_label("query", exact=True).press_sequentially(word[:4].lower())
            await page.get_by_role("option", name=first.story.title).click()
            await page.get_by_role("button", name="Run").click()
            answer = page.locator("#main .message").filter(has_text="Only you can see this")
            await expect(answer.locator("strong").filter(has_text=word).first).to_be_visible()
            await answer.get_by_role("link", name="open here").first.click()
            await expect(page.locator(":focus").get_by_role("link", name=first.story.title)).to_be_visible()
            assert page.url.startswith(run.box.page_url), "a link to a message leads there within the page"
            comment = next(c for c in first.comments if c.parent is not None)
            await page.get_by_label("Message #space-news").fill("/stories search")
            await page.keyboard.press("Enter")
            await page.get_by_label("query", exact=True).fill(comment.author)
            await page.get_by_role("button", name="Run").click()
            await expect(answer).to_have_count(2)
            await answer.nth(1).get_by_role("link", name="open here").last.click()
            panel = page.get_by_role("complementary", name="Thread")
            await expect(panel.get_by_text(comment.author).first).to_be_visible()
        finally:
            await browser.close()
