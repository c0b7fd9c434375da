"""rendezvous demo: the main job from a page to Discord channels, without a browser and without an account."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bot import example, library, log
from bot.config import Settings
from bot.embedded import embedded, pages_to_read
from bot.model import StoryPage
from bot.sources import page as page_source
from bot.transcript import as_text

HELP = """Post one story and its comments into a local Discord, and print the channels.

\b
Examples:
  rendezvous demo --once
  rendezvous demo --once --page saved-story.html --transcript json
  rendezvous demo --once --database demo.sqlite3 --state demo.json   # again: posts nothing new
"""


@click.command(help=HELP)
@click.option("--once", is_flag=True, required=True, help="Deliver one page, print the channels and end.")
@click.option("--page", type=click.Path(path_type=Path), help="A saved page; the bundled example if not given.")
@click.option("--database", type=click.Path(path_type=Path, dir_okay=False), help="Keep the stories in this file.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep the local Discord in this file.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Write the REST traffic as JSON lines.")
@click.option("--transcript", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def demo(
    settings: Settings,
    *,
    once: bool,
    page: Path | None,
    database: Path | None,
    state: Path | None,
    record: Path | None,
    transcript: str,
) -> None:
    """Run the demo; click shows ``HELP``."""
    if settings.log_level == "info":
        log.set_up("warning")  # the transcript is what one wants to read; LOG_LEVEL=debug shows all
    with tempfile.TemporaryDirectory(prefix="rendezvous-") as folder:
        temporary = Path(folder)
        result = asyncio.run(
            _run(page, database or temporary / "demo.sqlite3", state or temporary / "world.json", record)
        )
    click.echo(json.dumps(result, ensure_ascii=False, indent=2) if transcript == "json" else as_text(result))


async def _run(page: Path | None, database: Path, state: Path, record: Path | None) -> dict[str, Any]:
    console = Console(stderr=True)
    with console.status("starting the sandbox and the bot") as status:
        readings = await _readings(page)
        async with embedded(database, state=state, record=record, page=False) as run:
            await run.follow()
            known = bool(await library.latest(run.database, run.box.world.guild.id, 1))
            for reading in pages_to_read(readings, known):
                await run.deliver(reading, lambda left: status.update(f"delivering: {left} to go"))
            transcript: dict[str, Any] = run.box.transcript()
            return transcript


async def _readings(page: Path | None) -> list[StoryPage]:
    if page is not None:
        return [await page_source.read_path(page)]
    return [page_source.parse(data, url=example.URL) for data in example.readings()]
