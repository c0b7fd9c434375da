"""Takes the pictures of docs/getting-started.md again: ``python -m tests.browser.shots`` writes docs/images/*.png."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.async_api import async_playwright

from bot.embedded import embedded
from tests.browser.conftest import FLAGS
from tests.browser.setup_walk import Walk

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE = {"width": 1000, "height": 760}
LARGEST = 150_000


async def take(folder: Path) -> None:
    """Walk through /setup on an empty server, and take a picture at each stop."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    site = folder / "site.json"
    async with embedded(folder / "t.sqlite3", settle=timedelta(0), site=site) as run, async_playwright() as play:
        run.site.seed(age=timedelta(hours=1))
        browser = await play.chromium.launch(executable_path=path, args=FLAGS)
        page = await browser.new_page(viewport=SIZE, color_scheme="light")

        async def shot(name: str) -> None:
            await page.mouse.move(0, 0)
            await page.wait_for_timeout(300)  # for what still moves
            await page.screenshot(path=IMAGES / f"setup-{name}.png")

        await page.goto(f"{run.box.page_url}#{run.box.world.channel('space-news').id}")
        await page.locator("html[data-live=yes]").wait_for()
        walk = Walk(page, shot)
        await walk.begin()
        await walk.choose_channel()
        await walk.type_address(run.site.url)
        await walk.preview()
        await walk.confirm()
        await walk.open_thread()
        await browser.close()


def main() -> None:
    """Take all pictures and say how large they are."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(Path(folder)))
    for picture in sorted(IMAGES.glob("setup-*.png")):
        size = picture.stat().st_size
        print(f"{picture.name}: {size:,} bytes{' TOO LARGE' if size > LARGEST else ''}")


if __name__ == "__main__":
    main()
