"""A forum's posts, dark and light, and every view on a phone's width."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from sandbox.world_messages import Draft
from tests.browser.page_stage import Stage

FITS = (
    "document.documentElement.scrollWidth <= innerWidth"
    " && [...document.querySelectorAll('.log, .site')].every((one) => one.scrollWidth <= one.clientWidth)"
)

# The contrast of a text with what is behind it, as WCAG 2 counts it.
CONTRAST = """(selector) => {
  const part = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (text) => text.match(/[\\d.]+/g).slice(0, 3)
    .reduce((sum, v, at) => sum + part(v / 255) * [0.2126, 0.7152, 0.0722][at], 0);
  const node = document.querySelector(selector);
  let back = node;
  while (back && /, 0\\)|transparent/.test(getComputedStyle(back).backgroundColor)) back = back.parentElement;
  const both = [light(getComputedStyle(node).color), light(getComputedStyle(back).backgroundColor)];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""

NAMELESS = """() => {
  const labels = (one) => [...(one.labels ?? [])].map((label) => label.textContent).join('');
  const name = (one) => one.getAttribute('aria-label') || one.textContent || labels(one);
  const controls = 'button, input, textarea, select, a[href], [role=combobox], [tabindex="0"]';
  return [...document.querySelectorAll(controls)].filter((one) => one.checkVisibility() && !name(one).trim())
    .map((one) => one.outerHTML.slice(0, 120));
}"""


def fill_forum(stage: Stage) -> int:
    """Give the forum two tags and three posts, the first of them locked; returns the forum's id."""
    world = stage.box.world
    forum = world.channel("stories-forum")
    forum.tags = [
        {"id": str(world.ids.next()), "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
        for name in ("Missions", "Policy")
    ]
    world.channel_changed(forum)
    missions, policy = (int(tag["id"]) for tag in forum.tags)
    for name, tags in (("Old treaty", [policy]), ("Moon lander", [missions]), ("Lunar law", [missions, policy])):
        post = world.start_thread(forum, name, world.bot_id, tags=tags)
        world.post(post, Draft(world.bot_id, f"About: **{name}**", id=post.id))
    world.lock_thread(world.channel("Old treaty").id)
    return forum.id


@pytest.mark.asyncio
async def test_a_forum_lists_its_posts_with_tags(stage: Stage) -> None:
    fill_forum(stage)
    page = await stage.open()
    await page.locator("#channels").get_by_role("button", name="stories-forum").click()
    posts = page.get_by_role("region", name="Posts").locator(".post-card")
    await expect(posts.locator(".post-title b")).to_have_text(["Lunar law", "Moon lander", "Old treaty"])
    await expect(posts.nth(0).locator(".post-tags .badge")).to_have_text(["Missions", "Policy"])
    await expect(posts.nth(2).locator(".post-foot .badge")).to_have_text(["Locked", "Archived"])
    await expect(posts.nth(1).locator(".post-start")).to_have_text("Rendezvous: About: Moon lander")
    world = stage.box.world
    [first] = world.messages[world.channel("Moon lander").id].values()
    first.content = "Changed"
    world.edited(first)
    await expect(posts.nth(1).locator(".post-start")).to_have_text("Rendezvous: Changed")
    await page.get_by_role("button", name="Policy").first.click()
    await expect(posts.locator(".post-title b")).to_have_text(["Lunar law", "Old treaty"])
    await expect(page.get_by_role("button", name="Policy", pressed=True)).to_be_focused()
    late = stage.box.world.channel("Old treaty")
    stage.box.world.post(late, Draft(stage.person("Max"), "Still alive"))
    await expect(posts.locator(".post-title b")).to_have_text(["Old treaty", "Lunar law"])
    await posts.nth(1).click()
    await expect(page.locator("#panel").get_by_text("About: Lunar law")).to_be_visible()


@pytest.mark.asyncio
async def test_without_an_example_site_there_is_no_way_to_it(stage: Stage) -> None:
    page = await stage.open()
    await page.evaluate("location.hash = 'site'")
    await expect(page.locator("#main h2")).to_have_text("general")
    await expect(page.get_by_role("button", name="Write the news")).to_have_count(0)
    answer = await page.request.get(f"{stage.box.page_url}page/site")
    assert answer.status == 404


@pytest.mark.asyncio
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_the_theme_follows_the_system_until_it_is_switched(stage: Stage, scheme: str) -> None:
    page = await stage.open(color_scheme=scheme)
    light, dark = "rgb(255, 255, 255)", "rgb(47, 49, 54)"
    first, second = (dark, light) if scheme == "dark" else (light, dark)
    await expect(page.locator("body")).to_have_css("background-color", first)
    await page.get_by_role("button", name="Switch between dark and light").click()
    await expect(page.locator("body")).to_have_css("background-color", second)
    await page.reload()
    await expect(page.locator("body")).to_have_css("background-color", second)


@pytest.mark.asyncio
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_text_is_readable_in_both_themes(stage: Stage, scheme: str) -> None:
    await stage.channel.send("Plain words and a [link](https://example.com/)")
    page = await stage.open(color_scheme=scheme)
    for selector in (".content", ".content a", ".channel", ".message-head time", ".acting"):
        assert await page.evaluate(CONTRAST, selector) >= 4.5, selector


@pytest.mark.asyncio
async def test_every_control_has_a_name_and_every_id_is_one(stage: Stage) -> None:
    forum = fill_forum(stage)
    message = await stage.channel.send("The story")
    thread = await message.create_thread(name="Talk")
    await thread.send("A comment")
    page = await stage.open(f"/{thread.id}")
    await expect(page.locator("#panel .message")).to_have_count(2)
    ids = "() => [...document.querySelectorAll('[id]')].map((one) => one.id)"
    for where in (f"{stage.channel.id}/{thread.id}", str(forum)):
        await page.evaluate("(hash) => { location.hash = hash; }", where)
        await expect(page.locator("#main h2")).to_be_visible()
        assert await page.evaluate(NAMELESS) == []
        found = await page.evaluate(ids)
        assert len(found) == len(set(found))
    await expect(page.get_by_role("heading", level=2, name="stories-forum")).to_be_visible()


@pytest.mark.asyncio
async def test_every_view_fits_a_phone(stage: Stage) -> None:
    forum = fill_forum(stage)
    stage.box.world.start_thread(stage.box.world.get_channel(forum), "A" * 100, stage.box.world.bot_id)
    message = await stage.channel.send("x" * 300)
    await message.create_thread(name="A thread with a rather long name that cannot fit on one line")
    page = await stage.open(viewport={"width": 390, "height": 844})
    await page.get_by_role("button", name="What the bot may do here").click()
    assert await page.evaluate(FITS)
    await page.get_by_role("button", name="Done").click()
    await page.locator(f"#main-{message.id}").get_by_role("button", name="Apps").click()
    assert await page.evaluate(FITS)
    await page.keyboard.press("Escape")
    await page.get_by_label("Show channels").click()
    await page.locator("#channels").get_by_role("button", name="stories-forum").click()
    await expect(page.locator(".post-card")).to_have_count(4)
    assert await page.evaluate(FITS)
