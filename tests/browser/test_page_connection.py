"""The page loses its connection and finds it again; and it holds long threads."""

from __future__ import annotations

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.page_stage import Stage


@pytest.mark.asyncio
async def test_a_lost_connection_is_told_and_made_up_for(stage: Stage) -> None:
    page = await stage.open()
    routes: list[WebSocketRoute] = []
    down = False

    async def connect(route: WebSocketRoute) -> None:
        if down:
            await route.close()
            return
        route.connect_to_server()
        routes.append(route)

    await page.route_web_socket("**/page/ws", connect)
    await page.reload()
    await page.locator("html[data-live=yes]").wait_for()
    down = True
    await routes[0].close()
    await expect(page.get_by_text("Connection lost. Trying to reconnect…")).to_be_visible()
    await stage.channel.send("Sent meanwhile")
    down = False
    await expect(page.get_by_text("Sent meanwhile")).to_be_visible()
    await expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.asyncio
async def test_a_long_thread_stays_quick(stage: Stage) -> None:
    message = await stage.channel.send("A story with many comments")
    thread = await message.create_thread(name="Many")
    last = await thread.send("**zero** the first")
    for number in range(400):
        last = await last.reply(f"**someone** says `{number}` [here](https://example.com/{number})")
    page = await stage.open(f"/{thread.id}")
    await expect(page.locator("#panel .message")).to_have_count(402)
    await thread.send("And one more")
    await expect(page.locator("#panel").get_by_text("And one more")).to_be_in_viewport()
    node = await page.locator("#panel .message").nth(200).element_handle()
    await last.edit(content="Changed")
    await expect(page.locator("#panel").get_by_text("Changed", exact=False).first).to_be_attached()
    assert node is not None
    assert await node.evaluate("node => node.isConnected"), "an unchanged message must keep its node"


@pytest.mark.asyncio
async def test_the_theme_is_kept(stage: Stage) -> None:
    page = await stage.open(color_scheme="dark")
    assert await page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    await page.get_by_label("Switch between dark and light").click()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
