"""The example site on the page, and how the real bot's mirror follows it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot import sourcing
from bot.embedded import Embedded, embedded
from sandbox.model import Message
from sandbox.permissions import SEND_MESSAGES, VIEW_CHANNEL
from sandbox.world_messages import Draft
from tests.browser.conftest import FLAGS, chromium
from tests.browser.test_page_views import FITS

pytestmark = pytest.mark.asyncio

HOSTILE = "<script>window.pwned=1</script> <img src=x onerror=window.pwned=1> [x](javascript:window.pwned=1) \"'&amp;"
ANTENNA = "Two space agencies will share one antenna on Gull Hill"


@dataclass
class Live:
    """The real bot in the sandbox with the example site, and a browser."""

    run: Embedded
    browser: Browser
    trouble: list[str]

    async def open(self, where: str, **context: Any) -> Page:
        """Open the page at a place and wait until it is live."""
        page = await (
            await self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | context)
        ).new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("console", lambda line: self.trouble.append(line.text) if "Security Policy" in line.text else None)
        await page.goto(f"{self.run.box.page_url}#{where}")
        await page.locator("html[data-live=yes]").wait_for()
        return page

    @property
    def news(self) -> int:
        """The channel that the bot posts into."""
        return self.run.box.world.channel("space-news").id


@pytest_asyncio.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    """Start all of it, and wait for the first stories to be posted."""
    path = chromium()
    async with (
        embedded(tmp_path / "t.sqlite3", settle=timedelta(0), site=tmp_path / "site.json") as run,
        async_playwright() as play,
    ):
        run.box.world.limits.open()
        await run.follow()
        following = asyncio.create_task(run.follow_site())
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        live = Live(run, browser, [])
        try:
            yield live
            assert live.trouble == []
            assert not following.done()
        finally:
            await browser.close()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def beside(page: Page, title: str) -> Locator:
    """Open a story's thread beside the site, once the bot has posted it."""
    panel = page.get_by_role("complementary", name="Thread")

    async def opened() -> None:
        await page.get_by_role("button", name=f"See the story {title} in Discord").click()
        await expect(panel.locator(".message").first).to_be_visible(timeout=500)

    for attempt in range(20):
        try:
            await opened()
            break
        except AssertionError:
            if attempt == 19:
                raise
    return panel


async def test_a_comment_is_written_answered_edited_and_deleted_and_the_mirror_follows(live: Live) -> None:
    page = await live.open("site")
    panel = await beside(page, ANTENNA)
    story = page.get_by_role("article", name=ANTENNA)
    await story.get_by_role("button", name="Comment on").click()
    form = page.get_by_role("form", name="A new comment")
    await form.get_by_label("Name").fill("Max")
    await form.get_by_label("Comment").fill("Who feeds the gulls?")
    await form.get_by_role("button", name="Send").click()
    waits = "a new comment appears after the channel's waiting time, a minute if you chose nothing else."
    await expect(page.get_by_role("status").filter(has_text=waits)).to_be_visible()
    await expect(panel.get_by_text("Who feeds the gulls?")).to_be_visible()
    await story.get_by_role("button", name="Reply to the comment by Max").click()
    await page.get_by_role("form", name="A reply").get_by_label("Comment").fill("The night shift.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    answer = panel.locator(".message", has=page.get_by_text("The night shift."))
    await expect(answer.get_by_role("button", name="In reply to")).to_contain_text("Who feeds the gulls?")
    await story.get_by_role("button", name="Edit the comment by Max").click()
    await page.get_by_role("form", name="Edit").get_by_label("Comment").fill("Who feeds all those gulls?")
    await page.get_by_role("form", name="Edit").get_by_role("button", name="Save").click()
    edited = panel.locator(".content", has_text="Who feeds all those gulls?")
    await expect(edited.locator(".edited")).to_be_visible()
    await remove(page, "Delete", "Delete the comment by Max")
    await expect(panel.locator(".content em", has_text="This comment was deleted at its source.")).to_be_visible()
    await expect(story.get_by_text("(comment deleted by its author)")).to_be_visible()
    await remove(page, "Delete", "Delete the comment by Ada")
    await expect(answer).to_have_count(0)


async def remove(page: Page, verb: str, name: str) -> None:
    """Press a deleting button of the site, and agree."""
    await page.get_by_role("button", name=name).click()
    await page.get_by_role("dialog").get_by_role("button", name=verb, exact=True).click()


async def test_a_story_is_published_edited_and_withdrawn(live: Live) -> None:
    page = await live.open("site")
    await page.get_by_role("button", name="Write a story").click()
    form = page.get_by_role("form", name="A new story")
    await expect(form.get_by_label("Headline")).to_be_focused()
    await form.get_by_label("Headline").fill("A tide table for orbits")
    await form.get_by_label("Text").fill("Two agencies share the sums.")
    await form.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status").filter(has_text="The bot reads the site now")).to_be_visible()
    panel = await beside(page, "A tide table for orbits")
    await expect(panel.get_by_role("link", name="A tide table for orbits")).to_be_visible()
    await page.get_by_role("button", name="Edit the story A tide").click()
    await page.get_by_label("Headline").fill("Two tide tables for orbits")
    await page.get_by_role("button", name="Save").click()
    await expect(panel.get_by_role("link", name="Two tide tables for orbits")).to_be_visible()
    await remove(page, "Withdraw", "Withdraw the story Two tide")
    await expect(panel.locator(".embed").get_by_text("(story withdrawn by its author)")).to_be_visible()


async def test_a_story_arrives_live_and_its_commands_know_it(live: Live) -> None:
    page = await live.open(str(live.news))
    await expect(page.locator("#main .embed").get_by_role("link", name=ANTENNA)).to_be_visible()
    live.run.site.add_story("A ladder to the moon", "It is being painted.")
    await expect(page.locator("#main .embed").get_by_role("link", name="A ladder to the moon")).to_be_visible()
    await page.get_by_label("Message #space-news").fill("/stories discussion")
    await page.get_by_role("option", name="/stories discussion").first.wait_for()
    await page.keyboard.press("Enter")
    await (
        page.get_by_role("form", name="Command /stories discussion").get_by_role("combobox", name="story").fill("gull")
    )
    await (
        page.get_by_role("listbox", name="Choices for story")
        .get_by_role("option", name=re.compile("Gull Hill"))
        .click()
    )
    await page.get_by_role("button", name="Run").click()
    private = page.locator(".message.private")
    await expect(private.get_by_text("Who pays when the cable is cut?")).to_be_visible()
    await expect(private.get_by_text("Only you can see this")).to_be_visible()


async def test_without_a_permission_the_bot_waits_and_goes_on_when_it_is_back(live: Live) -> None:
    page = await live.open(str(live.news))
    await expect(page.locator("#main .thread-link")).to_have_count(2)
    await page.get_by_label("Acting as").select_option(label="Mo (moderator)")
    await page.get_by_role("button", name="What the bot may do here").click()
    box = page.get_by_role("dialog").get_by_label("Send Messages", exact=True)
    await box.uncheck()
    await expect(page.get_by_text("Bot restricted")).to_be_attached()
    live.run.site.add_story("Held back for a while", "Nobody may hear of it yet.")
    [(source, _)] = await sourcing.overview(live.run.database)
    await live.run.bot.poller.poll(source.id)
    await live.run.settle()  # what is held is not under way
    await expect(page.get_by_text("Held back for a while")).to_have_count(0)
    await box.check()
    await expect(page.locator("#main .embed").get_by_role("link", name="Held back for a while")).to_be_attached()


async def test_what_a_moderator_deletes_stays_deleted(live: Live) -> None:
    page = await live.open("site")
    panel = await beside(page, ANTENNA)
    await page.get_by_label("Acting as").select_option(label="Mo (moderator)")
    message = panel.locator(".message", has_text="Who pays when the cable is cut?").first
    await message.hover()
    await message.get_by_role("button", name="Delete message").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await expect(panel.get_by_text("Original message was deleted")).to_be_visible()
    site = live.run.site
    asked = next(post for _, post in site.posts() if post.author == "Ines")
    site.edit(asked.id, "Who pays when the cable is cut, both?")
    site.add_comment(1, "A sign that the bot has read on", "Max")
    await expect(panel.get_by_text("A sign that the bot has read on")).to_be_visible()
    await expect(panel.get_by_text("cable is cut, both?")).to_have_count(0)


async def test_a_locked_thread_waits_until_it_is_unlocked(live: Live) -> None:
    page = await live.open("site")
    panel = await beside(page, ANTENNA)
    await panel.get_by_role("button", name="Lock thread").click()
    await expect(panel.locator(".head-tools .badge")).to_have_text(["Locked", "Archived"])
    live.run.site.add_comment(1, "Said behind a closed door", "Max")
    [(source, _)] = await sourcing.overview(live.run.database)
    await live.run.bot.poller.poll(source.id)
    await live.run.bot.poller.run_due()
    await live.run.settle()
    await expect(panel.get_by_text("Said behind a closed door")).to_have_count(0)
    await panel.get_by_role("button", name="Unlock thread").click()
    await expect(panel.get_by_text("Said behind a closed door")).to_be_visible()


async def test_hostile_words_at_the_site_are_only_words(live: Live) -> None:
    page = await live.open("site")
    site = live.run.site
    story = site.add_story(HOSTILE[:150], HOSTILE)
    site.add_comment(story.id, HOSTILE, HOSTILE[:50])
    await expect(page.locator(".site-comments").get_by_text(HOSTILE, exact=True)).to_be_visible()
    assert await page.locator(".site :is(script, img, iframe)").count() == 0
    own = await page.context.new_page()
    await own.goto(f"{site.url}t/x/{story.id}")
    await expect(own.locator("section").get_by_text(HOSTILE, exact=True)).to_be_visible()
    assert await own.locator("script, img, iframe").count() == 0
    for one in (page, own):
        assert await one.evaluate("window.pwned") is None


async def test_the_site_fits_a_phone_and_keeps_an_open_form(live: Live) -> None:
    page = await live.open("site", viewport={"width": 390, "height": 844})
    story = live.run.site.add_story("A" * 90 + " long", "b" * 300)
    live.run.site.add_comment(story.id, "c" * 300, "d" * 60)
    await page.get_by_role("button", name="Comment on the story A").click()
    text = page.get_by_role("form").get_by_label("Comment")
    await text.fill("Half a thou")
    live.run.site.add_comment(story.id, "Meanwhile", "Max")
    await expect(page.get_by_text("Meanwhile")).to_be_attached()
    await expect(text).to_have_value("Half a thou")
    await expect(text).to_be_focused()
    assert await page.evaluate(FITS)


async def test_of_several_cards_the_one_that_all_may_see_is_opened_and_none_is_told_neutrally(live: Live) -> None:
    world, page = live.run.box.world, await live.open("site")
    await beside(page, ANTENNA)
    address = next(one["url"] for one in card(live).embeds if one.get("url"))
    hidden = world.channel("announcements")
    world.set_permission(hidden.id, world.guild.id, deny=VIEW_CHANNEL)
    for channel in (hidden, world.dm(world.user("Ada").id)):
        world.post(channel, Draft(world.bot_id, "", embeds=[{"type": "rich", "title": ANTENNA, "url": address}]))
    await page.get_by_role("button", name="Close thread").click()
    await beside(page, ANTENNA)
    assert f"#site/{card(live).id}" in page.url
    world.set_permission(live.news, world.bot_id, deny=SEND_MESSAGES)
    live.run.site.add_story("Held back for a while", "Nobody may hear of it yet.")
    await page.get_by_role("button", name="See the story Held back for a while").click()
    told = page.get_by_role("status").filter(has_text="not posted this story here (yet): ask it why")
    await expect(told).to_be_visible()


def card(live: Live) -> Message:
    """The card of the story of the antenna in the channel that the bot posts into."""
    found = live.run.box.world.history(live.news)
    return next(one for one in found if any(ANTENNA in str(embed.get("title")) for embed in one.embeds))
