"""Answers that only one person sees, with what comes after them, and commands on a message."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage


@pytest.mark.asyncio
async def test_follow_ups_edits_and_farewells_of_a_private_answer_are_live(stage: Stage) -> None:
    page = await stage.open()
    await stage.begin("stories steps")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Last", exact=True)).to_be_visible()
    await expect(page.locator(".message.private .content")).to_have_text(["First, changed (edited)", "Second", "Last"])
    await expect(page.locator(".message.private").first).to_contain_text("Ada used /stories steps")
    await stage.act_as("Mo")
    await expect(page.locator(".message.private")).to_have_count(0)


@pytest.mark.asyncio
async def test_selects_of_users_roles_and_channels_are_filled(stage: Stage) -> None:
    page = await stage.open()
    await stage.begin("stories pick")
    await page.keyboard.press("Enter")
    for name, choice, answer in (
        ("Who", "Mo", "User: Mo"),
        ("Which role", "@Moderator", "Role: Moderator"),
        ("Where", "#stories-forum", "Channel: stories-forum"),
    ):
        await page.get_by_role("combobox", name=name).click()
        await page.get_by_role("listbox", name=name).get_by_role("option", name=choice).click()
        await expect(page.get_by_text(answer)).to_be_visible()
    await page.get_by_role("combobox", name="Where").click()
    assert await page.get_by_role("listbox", name="Where").get_by_role("option").all_inner_texts() == ["#stories-forum"]


@pytest.mark.asyncio
async def test_a_command_of_a_message_is_run_by_keyboard(stage: Stage) -> None:
    message = await stage.channel.send("Three small words")
    page = await stage.open()
    button = page.locator(f"#main-{message.id}").get_by_role("button", name="Apps")
    await button.focus()
    await page.keyboard.press("Enter")
    menu = page.get_by_role("menu", name="Apps")
    await expect(menu.get_by_role("menuitem", name="Count words")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("3 words")).to_be_visible()
    await expect(page.get_by_text("Ada used Count words")).to_be_visible()
