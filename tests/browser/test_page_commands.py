"""Slash commands, buttons, selects, modals and who may do what."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage


@pytest.mark.asyncio
async def test_a_command_is_entered_by_keyboard_alone(stage: Stage) -> None:
    page = await stage.open()
    await page.get_by_label("Message #space-news").press_sequentially("/lat")
    option = page.get_by_role("option", name="/stories latest")
    await expect(option).to_contain_text("Show the latest stories")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("source", exact=True)).to_be_focused()
    await expect(page.get_by_text("source (required): Where they come from")).to_be_visible()
    await page.keyboard.type("l")
    choices = page.get_by_role("listbox", name="Choices for source").get_by_role("option")
    await expect(choices).to_have_text(["Lobsters", "Lemmy"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("source", exact=True)).to_have_value("Lemmy")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("7")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("7 from lemmy")).to_be_visible()
    await expect(page.get_by_text("Only you can see this")).to_be_visible()


@pytest.mark.asyncio
async def test_a_missing_or_wrong_value_is_told_and_not_sent(stage: Stage) -> None:
    page = await stage.open()
    await stage.begin("stories latest")
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_text("source is required")).to_be_visible()
    await page.get_by_label("source", exact=True).fill("x")
    await page.get_by_role("button", name="Add option count").click()
    await page.keyboard.type("many")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("count: enter a whole number")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Message #space-news")).to_be_focused()


@pytest.mark.asyncio
async def test_a_button_changes_a_private_answer(stage: Stage) -> None:
    page = await stage.open()
    await run_latest(stage)
    await page.get_by_role("button", name="Count").click()
    await expect(page.get_by_text("Pressed 1")).to_be_visible()
    await page.get_by_role("button", name="Count").click()
    await expect(page.get_by_text("Pressed 2")).to_be_visible()
    await page.get_by_role("button", name="Dismiss message").click()
    await expect(page.get_by_text("Pressed 2")).to_have_count(0)


@pytest.mark.asyncio
async def test_a_select_is_chosen_from_by_keyboard(stage: Stage) -> None:
    page = await stage.open()
    await run_latest(stage)
    await page.get_by_role("combobox", name="Order").press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Order: Newest first")).to_be_visible()


@pytest.mark.asyncio
async def test_a_modal_is_filled_in(stage: Stage) -> None:
    page = await stage.open()
    await run_latest(stage, loud=True)
    await expect(page.get_by_text("Ada used /stories latest")).to_be_visible()
    await page.get_by_role("button", name="Give a reason").click()
    dialog = page.get_by_role("dialog", name="Why?")
    await dialog.get_by_label("Your reason").fill("It is good")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text("Reason: It is good")).to_be_visible()


@pytest.mark.asyncio
async def test_a_private_answer_stays_with_its_person(stage: Stage) -> None:
    page = await stage.open()
    await run_latest(stage)
    await stage.act_as("Max")
    await expect(page.get_by_text("3 from hacker news")).to_have_count(0)
    await stage.act_as("Ada")
    await expect(page.get_by_text("3 from hacker news")).to_be_visible()


@pytest.mark.asyncio
async def test_a_slow_answer_replaces_the_waiting(stage: Stage) -> None:
    page = await stage.open()
    await stage.begin("stories slow")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Thought about it")).to_be_visible()
    await expect(page.get_by_text("is thinking…")).to_have_count(0)


@pytest.mark.asyncio
async def test_the_role_decides_what_is_allowed(stage: Stage) -> None:
    message = await stage.channel.send("To be removed")
    page = await stage.open()
    await stage.act_as("Max")
    await page.get_by_text("To be removed").hover()
    await expect(page.get_by_label("Reply")).to_be_visible()
    await expect(page.get_by_label("Delete message")).to_have_count(0)
    await page.get_by_label("Message #space-news").fill("/rules")
    await expect(page.get_by_text("No command fits what you typed")).to_be_visible()
    await stage.act_as("Ada")
    await page.get_by_label("Message #space-news").fill("/rules ")
    await expect(page.get_by_role("option", name="/rules")).to_have_text("/rulesChange the rules")
    await page.get_by_label("Message #space-news").fill("")
    await stage.act_as("Mo")
    await page.get_by_text("To be removed").hover()
    await page.locator(f"#main-{message.id}").get_by_label("Delete message").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_text("To be removed")).to_have_count(0)


@pytest.mark.asyncio
async def test_the_entry_does_not_hide_the_last_message(stage: Stage) -> None:
    for number in range(40):
        await stage.channel.send(f"Line {number}")
    page = await stage.open()
    last = page.locator(".message").last
    await expect(last).to_be_in_viewport(ratio=1)
    await stage.begin("rules")
    await expect(page.get_by_role("form", name="Command /rules")).to_be_visible()
    await page.locator(".log").evaluate("log => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    gap = "log => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)"
    assert await page.locator(".log").evaluate(gap) <= 1


async def run_latest(stage: Stage, *, loud: bool = False) -> None:
    """Run /stories latest for Hacker News."""
    page = stage.page
    await stage.begin("stories latest")
    await page.get_by_role("option", name="Hacker News").click()
    if loud:
        await page.get_by_role("button", name="Add option loud").click()
        await page.get_by_role("option", name="True").click()
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_text("3 from hacker news")).to_be_visible()
