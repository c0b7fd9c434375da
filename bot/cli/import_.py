"""rendezvous import: store stories with their comments from saved pages or addresses."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli.progress import bar, say
from bot.cli.refusals import refusal, require_name
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.errors import SourceError
from bot.http import CONTACT, Web
from bot.ingest import IngestReport, ingest
from bot.log import escape
from bot.model import StoryPage
from bot.sources import page
from bot.store.database import Database

SUFFIXES = (".html", ".htm", ".xhtml", ".txt")
STATUSES = ("stored", "changed", "unchanged", "refused")

HELP = """Store stories with their comments from saved pages, folders of them, or addresses.

Nothing new is posted, so that an archive floods nobody. With --post, the running bot posts stories that were not
known into the followed channels within half a minute. Reading a page again stores only what changed; where its story
stands in a channel, edits and new comments follow. The exit status is 1 when a page was refused; the others are
stored all the same.

\b
Examples:
  rendezvous import --post saved-story.html
  rendezvous import saved-pages/                  every .html, .htm, .xhtml and .txt file in it
  rendezvous import https://blog.example/2026/08/a-story/
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target: a status of ``STATUSES`` and a few words about it."""

    target: str
    status: str
    detail: str


@click.command("import", help=HELP)
@click.argument("targets", nargs=-1, required=True, metavar="PATH|URL...")
@click.option("--post", is_flag=True, help="Let the bot post the stories that were not known.")
@click.pass_obj
def import_pages(settings: Settings, targets: tuple[str, ...], post: bool) -> None:
    """Import every target, print a line for each and a count at the end."""
    counts = asyncio.run(_import_all(settings, list(expand(targets)), SystemClock(), post=post))
    click.echo(", ".join(f"{counts[status]} {status}" for status in STATUSES))
    if counts["refused"]:
        sys.exit(1)


def expand(targets: Iterable[str], suffixes: Collection[str] = SUFFIXES) -> Iterator[str]:
    """Yield the targets with folders replaced by the files of these suffixes in them, in order of their names."""
    for target in targets:
        if is_url(target) or not target.strip() or not Path(target).is_dir():
            yield target
            continue
        found = sorted(path for path in Path(target).rglob("*") if path.suffix.lower() in suffixes and path.is_file())
        # An empty folder stays in the list: it is then refused by name instead of being passed over in silence.
        yield from map(str, found) if found else [target]


def is_url(target: str) -> bool:
    """Say whether a target is an address; anything else is a path."""
    return target.lower().startswith(("http://", "https://"))


async def _import_all(settings: Settings, targets: list[str], clock: Clock, *, post: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    with bar("importing", len(targets)) as progress:
        task = progress.add_task("import", total=len(targets))
        async with aclosing(_outcomes(settings, targets, clock, post=post)) as outcomes:
            async for outcome in outcomes:
                counts[outcome.status] += 1
                say(progress, f"{outcome.status:<9}  {escape(outcome.target)}: {escape(outcome.detail)}")
                progress.advance(task)
    return counts


async def _outcomes(
    settings: Settings, targets: list[str], clock: Clock, *, post: bool
) -> AsyncGenerator[Outcome, None]:
    async with (
        Database.open(settings.database_path) as database,
        Web.open(contact=settings.contact_url or CONTACT, allow_private=settings.allow_private_networks) as web,
    ):
        for target in targets:
            try:
                read = await _read(web, target)
            except SourceError as error:
                yield Outcome(target, "refused", refusal(error, target))
                continue
            report = await ingest(database, read, clock.now(), deliver=post)
            yield Outcome(target, report.status, f"{read.story.title} ({_comments(report, read)})")


async def _read(web: Web, target: str) -> StoryPage:
    if is_url(target):
        return await page.fetch(web, target)
    require_name(target)
    path = Path(target)
    if path.is_dir():
        raise SourceError(f"the folder holds no saved page ({', '.join(SUFFIXES)}).")
    return await page.read_path(path)


def _comments(report: IngestReport, read: StoryPage) -> str:
    number = len(read.comments)
    total = "1 comment" if number == 1 else f"{number} comments"
    if report.status == "stored":
        return total
    facts = {"added": report.added, "changed": report.changed, "vanished": report.vanished, "deleted": report.deleted}
    changes = [f"{count} {word}" for word, count in facts.items() if count]
    if report.frozen:
        changes.append("so many are gone at once that they are kept for now")
    return ", ".join([total, *changes])
