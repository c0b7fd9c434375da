"""Messages on the page: they arrive, change, hang together and go."""

from __future__ import annotations

import discord
import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage


def story() -> discord.Embed:
    """Build an embed as the bot posts for a story."""
    embed = discord.Embed(
        title="A *tiny* database", url="https://example.com/story", description="In **500** lines", colour=0xFF6600
    )
    embed.set_author(name="pg").set_footer(text="Hacker News").set_image(url="https://example.com/picture.png")
    return embed.add_field(name="Points", value="231").add_field(name="Comments", value="87")


@pytest.mark.asyncio
async def test_an_embed_arrives_live(stage: Stage) -> None:
    page = await stage.open()
    await expect(page.get_by_text("Nothing in #space-news yet.")).to_be_visible()
    await stage.channel.send("Fresh:", embed=story())
    embed = page.locator(".embed")
    await expect(embed.get_by_role("link", name="A tiny database")).to_have_attribute(
        "href", "https://example.com/story"
    )
    await expect(embed.get_by_role("link", name="A tiny database")).to_have_attribute("rel", "noopener noreferrer")
    await expect(embed.locator("strong")).to_have_text("500")
    await expect(embed.locator(".embed-field")).to_have_text(["Points231", "Comments87"])
    await expect(embed.locator(".embed-footer")).to_have_text("Hacker News")
    await expect(embed.get_by_text("Image: example.com")).to_be_visible()
    await expect(embed).to_have_css("border-left-color", "rgb(255, 102, 0)")
    await expect(page.locator(".app-badge")).to_have_text("APP")
    assert await page.locator("img").count() == 0


@pytest.mark.asyncio
async def test_a_thread_opens_beside_its_channel(stage: Stage) -> None:
    message = await stage.channel.send("The story")
    thread = await message.create_thread(name="The story, discussed")
    await thread.send("First comment")
    page = await stage.open()
    indicator = page.locator("#main .thread-link")
    await expect(indicator).to_contain_text("The story, discussed")
    await expect(indicator).to_contain_text("1 message")
    await indicator.click()
    panel = page.get_by_role("complementary", name="Thread")
    await expect(panel.get_by_text("First comment")).to_be_visible()
    await expect(panel.get_by_text("The story", exact=True)).to_be_visible()
    assert page.url.endswith(f"#{stage.channel.id}/{thread.id}")
    await thread.send("Second comment")
    await expect(panel.get_by_text("Second comment")).to_be_visible()
    await expect(indicator).to_contain_text("2 messages")
    await panel.get_by_label("Close thread").click()
    await expect(panel).to_be_hidden()


@pytest.mark.asyncio
async def test_an_address_leads_into_a_thread(stage: Stage) -> None:
    thread = await (await stage.channel.send("The story")).create_thread(name="Deep")
    await thread.send("Down here")
    page = await stage.open(f"/{thread.id}")
    await expect(page.locator("#panel").get_by_text("Down here")).to_be_visible()


@pytest.mark.asyncio
async def test_a_reply_leads_to_its_parent(stage: Stage) -> None:
    parent = await stage.channel.send("The parent")
    for number in range(30):
        await stage.channel.send(f"Between\n\n\n{number}")
    await parent.reply("The answer")
    page = await stage.open()
    reference = page.get_by_role("button", name="In reply to")
    await expect(reference).to_contain_text("The parent")
    await expect(page.locator(f"#main-{parent.id}")).not_to_be_in_viewport()
    await reference.click()
    await expect(page.locator(f"#main-{parent.id}")).to_be_in_viewport()
    await expect(page.locator(f"#main-{parent.id}")).to_be_focused()
    await parent.delete()
    await expect(page.get_by_text("Original message was deleted")).to_be_attached()


@pytest.mark.asyncio
async def test_edits_and_deletions_follow(stage: Stage) -> None:
    page = await stage.open()
    message = await stage.channel.send("Before")
    await expect(page.get_by_text("Before")).to_be_visible()
    await message.edit(content="After")
    await expect(page.locator(".content")).to_have_text("After (edited)")
    await message.delete()
    await expect(page.locator(".message")).to_have_count(0)


@pytest.mark.asyncio
async def test_another_channel_is_marked_unread(stage: Stage) -> None:
    page = await stage.open()
    other = next(c for c in stage.bot.guilds[0].text_channels if c.name == "general")
    await other.send("Over here")
    entry = page.get_by_role("button", name="general (unread)")
    await expect(entry).to_be_visible()
    await expect(page).to_have_title("(1) #space-news · Discord sandbox")
    await entry.click()
    await expect(page.get_by_text("Over here")).to_be_visible()
    await expect(entry).to_have_count(0)


@pytest.mark.asyncio
async def test_a_person_writes_replies_and_mentions(stage: Stage) -> None:
    message = await stage.channel.send("Say something")
    page = await stage.open()
    await page.locator(f"#main-{message.id}").hover()
    await page.get_by_label("Reply").click()
    box = page.get_by_label("Message #space-news")
    await box.fill("@Rendezvous **hello**")
    await box.press("Enter")
    written = page.locator(".message").last
    await expect(written.locator(".mention")).to_have_text("@Rendezvous")
    await expect(written.locator("strong")).to_have_text("hello")
    await expect(written.locator(".reference")).to_contain_text("Say something")
    bot = stage.person("Rendezvous")
    assert stage.box.messages(stage.channel.id)[-1]["content"] == f"<@{bot}> **hello**"


@pytest.mark.asyncio
async def test_a_narrow_page_needs_no_sideways_scrolling(stage: Stage) -> None:
    message = await stage.channel.send("x" * 300, embed=story())
    thread = await message.create_thread(name="A thread with a rather long name that cannot fit on one line")
    await thread.send("https://example.com/" + "y" * 200)
    page = await stage.open(viewport={"width": 390, "height": 844})
    fits = (
        "document.documentElement.scrollWidth <= innerWidth && document.querySelector('.log').scrollWidth <= innerWidth"
    )
    assert await page.evaluate(fits)
    await page.get_by_label("Show channels").click()
    await page.locator("#channels").get_by_role("button", name="A thread with").click()
    await expect(page.locator("#panel .message")).to_have_count(2)
    assert await page.evaluate(fits)
