"""Notice that the database is older than what was posted: a restored backup, or commits lost with the power.

A file beside the database keeps the highest message id that we recorded. A database that knows less lost its tail;
for a week each row is then looked for by its permalink before it is posted for the first time.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiosqlite import Connection as Transaction

from bot.store import meta
from bot.store.values import from_ms, to_ms

LOOK_FOR = timedelta(days=7)
# Nobody restores an older backup, and a look-up reads all that was said in the channel since.
OLDEST = timedelta(days=30)
_DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


def mark(database: Path, message_id: int) -> None:
    """Raise the mark beside the database to a message that was recorded; a full disk only leaves it lower."""
    if message_id <= marked(database):
        return
    with suppress(OSError):
        # In place and of one length: this is done for each message, and so short a write is never half done.
        file = os.open(_file(database), os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.write(file, b"%020d" % message_id)
        finally:
            os.close(file)


def marked(database: Path) -> int:
    """Return the highest message id that was ever recorded, 0 when nothing is known."""
    try:
        return int(_file(database).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


async def notice(tx: Transaction, database: Path, now: datetime) -> bool:
    """Switch to looking before posting when the mark is above all that the database knows; tells whether it is."""
    ((known,),) = await tx.execute_fetchall("SELECT coalesce(max(message_id), 0) FROM deliveries")
    if marked(database) <= known:
        return False
    since = max(_time_of(known), now - OLDEST)
    # Ids begin anew from the backup's: a new secret keeps new items from a nonce that Discord remembers.
    await meta.put(tx, "install_secret", secrets.token_hex(16))
    await meta.put(tx, "look_since", str(to_ms(since)))
    await meta.put(tx, "look_until", str(to_ms(now + LOOK_FOR)))
    return True


async def look_since(tx: Transaction, now: datetime) -> datetime | None:
    """Return the time since which our messages may be unknown to us, or None when all is known."""
    until = from_ms(int(await meta.get(tx, "look_until") or 0))
    if until is None or until <= now:
        return None
    return from_ms(int(await meta.get(tx, "look_since") or 0))


def _time_of(snowflake: int) -> datetime:
    return _DISCORD_EPOCH + timedelta(milliseconds=snowflake >> 22)


def _file(database: Path) -> Path:
    return database.with_name(database.name + ".mark")
