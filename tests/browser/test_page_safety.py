"""What strangers write is shown and never run, and only this machine's own page is served."""

from __future__ import annotations

import aiohttp
import discord
import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage

HOSTILE = [
    "<script>window.pwned = 1; alert(1)</script>",
    "<img src=x onerror='window.pwned=1'><svg onload=alert(1)>",
    "[click](javascript:window.pwned=1) [data](data:text/html,<script>alert(1)</script>)",
    "[https://bank.example](https://evil.example)",
    '[x](https://a.example" onmouseover="window.pwned=1) <javascript:alert(1)> javascript:alert(1)',
    "`<b onclick=alert(1)>` ```html\n<iframe src=javascript:alert(1)></iframe>\n```",
    "> <svg><script>window.pwned=1</script></svg>\n# <h1 onclick=alert(1)>",
    "*" * 900 + "_" * 500 + "|" * 300 + "[" * 200,
    "<t:9999999999999:R> <t:-1:f> <@0> <#0> \\<b\\> \u202egnp.exe",
]


@pytest.mark.asyncio
async def test_hostile_content_is_only_text(stage: Stage) -> None:
    page = await stage.open()
    for text in HOSTILE:
        embed = discord.Embed(title=text[:256], description=text, url="https://example.com/")
        embed.add_field(name=text[:256], value=text[:1024]).set_author(name=text[:256]).set_footer(text=text[:2048])
        await stage.channel.send(text, embed=embed)
    await expect(page.locator("#main .embed")).to_have_count(len(HOSTILE))
    log = page.locator(".log")
    assert (
        await log.locator("script, iframe, img, svg:not(.icon), [onerror], [onclick], [onload], [onmouseover]").count()
        == 0
    )
    links = await log.locator("a").evaluate_all("nodes => nodes.map((node) => node.getAttribute('href'))")
    assert all(href.startswith(("https://", "http://")) for href in links)
    assert not any("evil.example" in href for href in links if "bank" in href)
    await expect(log.get_by_text("<script>window.pwned = 1; alert(1)</script>").first).to_be_attached()
    for target in await log.locator(".content").all():
        await target.click(position={"x": 5, "y": 5})
    assert await page.evaluate("window.pwned") is None


@pytest.mark.asyncio
async def test_only_the_own_page_is_served(stage: Stage) -> None:
    url = stage.box.page_url.rstrip("/")
    body = {"user_id": str(stage.person("Max")), "message_id": "1"}
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/") as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with session.get(f"{url}/page/snapshot", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        async with session.post(f"{url}/page/delete", json=body, headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with session.post(f"{url}/page/delete", data="{}", headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 415
        async with session.post(f"{url}/page/delete", json=body) as answer:
            assert answer.status == 403
        async with session.get(f"{url}/page/static/..%2fpage.py") as answer:
            assert answer.status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{url}/page/ws", origin="http://evil.example")
