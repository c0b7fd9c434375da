"""Read one page now because a member asked for it."""

from __future__ import annotations

from datetime import datetime

from bot import library
from bot.http import Web
from bot.ingest import IngestReport, ingest
from bot.model import StoredStory
from bot.sources import page
from bot.store.database import Database


async def fetch(
    database: Database, web: Web, url: str, *, guild_id: int, user_id: int, now: datetime
) -> tuple[StoredStory, IngestReport]:
    """Read, store and make visible the story at ``url``; raises ``FetchError`` or ``NotAStory``."""
    report = await ingest(database, await page.fetch(web, url), now, deliver=False)
    await library.fetched(database, guild_id, user_id, report.story_id, now)
    return await library.show(database, guild_id, report.story_id), report


def summary(report: IngestReport) -> str:
    """Return one line that says what a read changed."""
    if report.status == "unchanged":
        return "I knew this story already; nothing changed."
    facts = [("added", report.added), ("changed", report.changed), ("deleted", report.deleted)]
    details = ", ".join(f"{number} {word}" for word, number in facts if number)
    return f"Story {report.status}." + (f" Comments: {details}." if details else "")
