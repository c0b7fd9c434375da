"""rendezvous run: the bot, on Discord when a token is configured, else against the embedded sandbox."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from bot import example, library
from bot.app import serve
from bot.chat.client import Rendezvous, use_api
from bot.clock import SystemClock
from bot.config import Settings
from bot.embedded import Embedded, embedded, pages_to_read
from bot.http import CONTACT, Web
from bot.sources import page as page_source
from bot.sources.kinds import Kinds
from bot.store.database import Database

WRITTEN_AGO = timedelta(hours=1)  # so that the comments of the first stories wait for nothing
HELP = """Start the bot: on Discord with DISCORD_TOKEN set, else in the embedded sandbox with a page to look at.

\b
Examples:
  rendezvous run                              Ctrl-C ends it
  rendezvous run --port 8080                  the sandbox's page at a fixed address
  rendezvous run --empty                      an empty server, to try /setup as a new admin does
  rendezvous --env-file /etc/rendezvous.env run
"""


@click.command(help=HELP)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port of the sandbox's page; 0 picks one.")
@click.option("--empty", is_flag=True, help="Start the sandbox with an empty server, and keep nothing of it.")
@click.pass_obj
def run(settings: Settings, port: int, *, empty: bool) -> None:
    """Run the bot until it is ended; click shows ``HELP``."""
    if empty:
        _until_interrupted(_empty_sandbox(settings, port), "Stopped. Nothing is kept.")
        return
    work = _discord(settings, settings.discord_token) if settings.discord_token else _sandbox(settings, port)
    _until_interrupted(work, "Stopped. All that was promised is kept for the next start.")


def _until_interrupted(work: Coroutine[Any, Any, None], farewell: str) -> None:
    try:
        asyncio.run(_until_terminated(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo(f"\n{farewell}")


async def _until_terminated(work: Coroutine[Any, Any, None]) -> None:
    """Let a service manager's SIGTERM end us as cleanly as Ctrl-C does."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


async def _discord(settings: Settings, token: str) -> None:
    clock = SystemClock()
    use_api(settings.discord_api_url)
    async with (
        Database.open(settings.database_path, realm="discord", exclusive=True) as database,
        Web.open(contact=settings.contact_url or CONTACT, allow_private=settings.allow_private_networks) as web,
        Kinds.open(settings.disqus_api_key) as kinds,
    ):
        click.echo("Connecting to Discord. Ctrl-C ends the bot.")
        content = settings.message_content
        await serve(lambda: Rendezvous(database, web, clock, kinds, content=content), token, clock)


async def _sandbox(settings: Settings, port: int) -> None:
    click.echo("No DISCORD_TOKEN is set: starting the embedded sandbox, a local Discord with the real bot in it.")
    base = settings.database_path
    database, state = base.with_name(f"{base.stem}-sandbox{base.suffix}"), base.with_name(f"{base.stem}-sandbox.json")
    site = base.with_name(f"{base.stem}-sandbox-site.json")
    async with embedded(database, state=state, port=port, settings=settings, site=site) as run_:
        await run_.follow()
        click.echo(f"\n  Open {run_.box.page_url}\n\nType /stories latest there. Ctrl-C ends it.")
        click.echo(f"The example site {run_.site.url} is read too: write stories and comments for it from that page.")
        click.echo(f"Stories are kept in {database}.")
        await asyncio.gather(run_.serving, run_.follow_site(), _play(run_))


async def _empty_sandbox(settings: Settings, port: int) -> None:
    """Let a person set up a server in which nothing was done yet; a token is not asked for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with embedded(folder / "empty.sqlite3", port=port, settings=settings, site=folder / "site.json") as run_:
            run_.site.seed(age=WRITTEN_AGO)
            click.echo(f"\n  Open {run_.box.page_url}\n\nType /setup there. Ctrl-C ends it, and nothing is kept.")
            await asyncio.gather(run_.serving, run_.watch_site())


async def _play(run_: Embedded) -> None:
    """Post the bundled story, and let it change."""
    known = bool(await library.latest(run_.database, run_.box.world.guild.id, 1))
    readings = [page_source.parse(data, url=example.URL) for data in example.readings()]
    for reading in pages_to_read(readings, known):
        await run_.deliver(reading)
