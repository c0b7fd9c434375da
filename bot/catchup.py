"""After an outage or a long hold: what would come too late is left out, and the admins are told how much."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import alarms
from bot.store import late, removals
from bot.store.database import Database, Transaction

MOST_LATE = 20
TOO_OLD = timedelta(days=7)
LATE = timedelta(hours=6)
# Sources are read one after another: so long, what is posted late counts together.
LATELY = timedelta(hours=1)
# What a server that removed the bot configured, and what it was sent, is kept so long.
KEPT = timedelta(days=30)


def owed_since(published_at: datetime | None, last_read_at: datetime | None, now: datetime) -> datetime:
    """Return since when a story that is promised now is owed: for long, where its source was not read for long."""
    if published_at is None or last_read_at is None or now - last_read_at < LATE:
        return now
    return min(now, max(published_at, last_read_at))


async def tidy(database: Database, now: datetime) -> None:
    """Leave out what came too late, and forget servers that removed the bot long ago; mostly there is neither."""
    async with database.read() as tx:
        if not await late.any_before(tx, now - LATE) and not await removals.gone_guilds(tx, now - KEPT):
            return
    async with database.write() as tx:
        await leave_out(tx, now)
        await removals.purge(tx, now - KEPT)


async def leave_out(tx: Transaction, now: datetime) -> None:
    """Give up what is more than 7 days late, and in each channel all but the newest 20 of what is late.

    `/channels history` shows it, and can post it after all.
    """
    channels = await late.leave_out(
        tx, too_old=now - TOO_OLD, late=now - LATE, lately=now - LATELY, now=now, most=MOST_LATE
    )
    for channel_id in channels:
        await alarms.left_out(tx, channel_id, now)
