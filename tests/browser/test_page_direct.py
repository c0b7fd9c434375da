"""Direct messages of the bot on the page, and commands that stand in its words."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage
from tests.browser.small_bot import Choices

pytestmark = pytest.mark.asyncio


async def test_a_direct_message_arrives_marked_and_only_for_whom_it_is(stage: Stage) -> None:
    page = await stage.open()
    post = await stage.channel.send("The story")
    await stage.act_as("Max")
    await expect(page.get_by_text("The bot has not written to Max yet.")).to_be_visible()
    person = await stage.bot.fetch_user(stage.person("Max"))
    await person.send(f"For Max alone: {post.jump_url}", view=Choices())
    entry = page.get_by_role("navigation", name="Channels").get_by_role("button", name="Rendezvous")
    await expect(entry).to_contain_text("(unread)")
    await entry.click()
    await expect(entry).not_to_contain_text("(unread)")
    await expect(page.get_by_label("Message @Rendezvous")).to_be_visible()
    await expect(page.get_by_text("For Max alone")).to_be_visible()
    await page.get_by_role("button", name="Count").click()
    await expect(page.get_by_text("Pressed 1")).to_be_visible()
    await person.send("And one more")
    await expect(page.locator("#main").get_by_text("And one more")).to_be_visible()
    await stage.act_as("Mo")
    await expect(page.get_by_text("And one more")).to_have_count(0)
    await expect(page.get_by_text("The bot has not written to Mo yet.")).to_be_visible()
    await expect(page.get_by_label("Message #general")).to_be_visible()


async def test_direct_messages_of_another_are_not_opened_by_their_address(stage: Stage) -> None:
    person = await stage.bot.fetch_user(stage.person("Max"))
    message = await person.send("For Max alone")
    page = await stage.open()
    await page.evaluate("id => { location.hash = id; }", str(message.channel.id))
    await expect(page.get_by_label("Message #general")).to_be_visible()
    await expect(page.get_by_text("For Max alone")).to_have_count(0)
    await stage.act_as("Max")
    await page.evaluate("id => { location.hash = `${id}/`; }", str(message.channel.id))
    await expect(page.get_by_text("For Max alone")).to_be_visible()


async def test_a_link_in_a_direct_message_leads_to_the_channel(stage: Stage) -> None:
    post = await stage.channel.send("The story")
    person = await stage.bot.fetch_user(stage.person("Max"))
    message = await person.send(f"Look: {post.jump_url}")
    page = await stage.open()
    await stage.act_as("Max")
    await page.evaluate("id => { location.hash = id; }", str(message.channel.id))
    await page.get_by_role("link", name=post.jump_url).click()
    await expect(page.locator(f"#main-{post.id}")).to_be_focused()


async def test_a_command_in_the_text_goes_into_the_message_box(stage: Stage) -> None:
    await stage.channel.send("Try </stories latest:1> or </rules:2>.")
    page = await stage.open()
    await page.get_by_role("button", name="/stories latest").click()
    await expect(page.get_by_role("form", name="Command /stories latest")).to_be_visible()
    await page.keyboard.press("Escape")
    await stage.act_as("Max")
    await page.get_by_role("button", name="/rules").click()
    await expect(page.get_by_label("Message #space-news")).to_have_value("/rules")
    await expect(page.get_by_text("No command fits what you typed")).to_be_visible()


async def test_a_select_at_the_end_opens_upwards_and_tools_cover_no_words(stage: Stage) -> None:
    for number in range(30):
        await stage.channel.send(f"Line {number} " + "with many words in it " * 20)
    page = await stage.open()
    await stage.channel.send("Choose", view=Choices())
    last = page.locator(".message").last
    await last.get_by_role("combobox").click()
    await expect(page.get_by_role("listbox", name="Order").get_by_role("option").last).to_be_in_viewport(ratio=1)
    listed = await page.get_by_role("listbox", name="Order").bounding_box()
    opener = await last.get_by_role("combobox").bounding_box()
    assert listed is not None and opener is not None
    assert listed["y"] + listed["height"] <= opener["y"]
    await page.keyboard.press("Escape")
    line = page.locator(".message.grouped").nth(-3)
    await line.hover()
    assert await line.evaluate(COVERED) == []


# The words of the log that lie under the tools of a message.
COVERED = """message => {
  const tools = message.querySelector(".actions").getBoundingClientRect();
  const range = document.createRange();
  const found = [];
  for (const node of document.querySelectorAll(".log .content")) {
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const beside = box.right <= tools.left || box.left >= tools.right;
      const apart = box.bottom <= tools.top + 3 || box.top >= tools.bottom - 3;
      if (!beside && !apart) found.push(node.textContent);
    }
  }
  return found;
}"""
