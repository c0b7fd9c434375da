"""What moderators do on the page: lock a thread, take a permission from the bot; and what members may not."""

from __future__ import annotations

import aiohttp
import discord
import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage


@pytest.mark.asyncio
async def test_a_thread_is_locked_and_unlocked(stage: Stage) -> None:
    thread = await (await stage.channel.send("The story")).create_thread(name="Talk")
    page = await stage.open(f"/{thread.id}")
    await stage.act_as("Max")
    panel = page.get_by_role("complementary", name="Thread")
    await expect(panel.get_by_role("button", name="Close thread")).to_be_visible()
    await expect(panel.get_by_role("button", name="Lock thread")).to_have_count(0)
    await stage.act_as("Mo")
    await panel.get_by_role("button", name="Lock thread").click()
    await expect(panel.locator(".head-tools .badge")).to_have_text(["Locked", "Archived"])
    await expect(page.locator("#main .thread-link .badge")).to_have_text(["Locked", "Archived"])
    await stage.act_as("Max")
    await panel.get_by_label("Message Talk").fill("May I?")
    await panel.get_by_label("Message Talk").press("Enter")
    await expect(panel.get_by_role("alert")).to_contain_text("locked")
    await stage.act_as("Mo")
    await panel.get_by_role("button", name="Unlock thread").click()
    await expect(panel.locator(".badge")).to_have_count(0)


@pytest.mark.asyncio
async def test_a_permission_is_taken_from_the_bot_and_given_back(stage: Stage) -> None:
    page = await stage.open()
    tool = page.get_by_role("button", name="What the bot may do here")
    await stage.act_as("Max")
    await expect(tool).to_have_count(0)
    await stage.act_as("Mo")
    await tool.click()
    dialog = page.get_by_role("dialog", name="What Rendezvous may do in #space-news")
    await dialog.get_by_label("Send Messages", exact=True).uncheck()
    await expect(page.locator("#main").get_by_text("Bot restricted")).to_be_attached()
    with pytest.raises(discord.Forbidden):
        await stage.channel.send("Not now")
    await dialog.get_by_label("Send Messages", exact=True).check()
    await expect(page.locator("#main").get_by_text("Bot restricted")).to_have_count(0)
    await dialog.get_by_role("button", name="Done").click()
    await stage.channel.send("Now again")
    await expect(page.get_by_text("Now again")).to_be_visible()


@pytest.mark.asyncio
async def test_a_member_is_refused_by_the_sandbox_as_well(stage: Stage) -> None:
    thread = await (await stage.channel.send("The story")).create_thread(name="Talk")
    who = {"user_id": str(stage.person("Max"))}
    async with aiohttp.ClientSession(stage.box.page_url) as session:
        for path, body in (
            ("page/lock", {"thread_id": str(thread.id), "locked": True}),
            ("page/permission", {"channel_id": str(stage.channel.id), "permission": "2048", "allowed": False}),
        ):
            async with session.post(path, json=who | body) as answer:
                assert answer.status == 403
        mo = {"user_id": str(stage.person("Mo")), "channel_id": str(stage.channel.id)}
        async with session.post("page/permission", json=mo | {"permission": "8", "allowed": False}) as answer:
            assert answer.status == 400
    assert not stage.box.world.channel("Talk").thread.locked
    assert stage.box.world.channel("space-news").overwrites == {}
