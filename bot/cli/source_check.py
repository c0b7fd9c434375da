"""Reading sources from the command line, as the bot reads them: what is new is stored and promised."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.cli.progress import bar, say
from bot.cli.refusals import with_cause
from bot.cli.source_add import AT_ONCE, Tools
from bot.log import escape
from bot.model import Source
from bot.poll import Poller
from bot.sourcing import read_words

NO_SOURCES = "No source yet; rendezvous sources --help shows how."


async def check_all(tools: Tools, found: Sequence[Source]) -> int:
    """Read each, several at once, and print a line for each; returns how many could not be read."""
    poller = Poller(tools.database, tools.web, tools.kinds, tools.clock)
    turns = asyncio.Semaphore(AT_ONCE)
    failed = 0
    with bar("reading", len(found)) as progress:
        task = progress.add_task("read", total=len(found))

        async def one(source: Source) -> None:
            nonlocal failed
            async with turns:
                report = await poller.poll(source.id)
            failed += report.intake is None
            title = f"#{source.id} {report.source.name or report.source.address}"
            words = with_cause(read_words(report), report.cause)
            say(progress, escape(f"{'failed' if report.intake is None else 'read':<7}  {title}: {words}"))
            progress.advance(task)

        async with asyncio.TaskGroup() as group:
            for source in found:
                group.create_task(one(source))
    if not found:
        say(progress, NO_SOURCES)
    return failed
