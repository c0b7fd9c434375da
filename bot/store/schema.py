"""The migrations, append-only: each runs in one transaction together with its number."""

from __future__ import annotations

import logging
import secrets

import aiosqlite

from bot.store.tables import FIRST, OPTIONS, PACING, PUBLIC, SOURCES, WITHOUT_WWW
from bot.store.tables_face import FILTERS, FOLLOWS, LATE_EDITS, REPLIES, SEARCH, SETUP

log = logging.getLogger(__name__)

APPLICATION_ID = 0x52445A56  # "RDZV"

MANY = 10_000  # comments that are indexed in about a second; of more the operator is told before

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    FIRST,
    PUBLIC,
    SOURCES,
    OPTIONS,
    PACING,
    WITHOUT_WWW,
    SEARCH,
    FILTERS,
    FOLLOWS,
    REPLIES,
    SETUP,
    LATE_EDITS,
)


async def version(connection: aiosqlite.Connection) -> int:
    """Return how many migrations the file has seen."""
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    return int(rows[0][0])


async def migrate(connection: aiosqlite.Connection) -> None:
    """Bring the file to the newest schema, one transaction a step: killed at any moment it is old or new."""
    for number in range(await version(connection), len(MIGRATIONS)):
        await connection.execute("BEGIN IMMEDIATE")
        try:
            await _step(connection, number)
            await connection.commit()
        except BaseException:
            await connection.rollback()
            raise


async def _step(connection: aiosqlite.Connection, number: int) -> None:
    if await version(connection) != number:
        return  # another process was faster
    if MIGRATIONS[number] is SEARCH:
        await _foretell(connection)
    for statement in MIGRATIONS[number]:
        await connection.execute(statement)
    if number == 0:
        await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        secret = secrets.token_hex(16)
        await connection.execute("INSERT INTO meta (key, value) VALUES ('install_secret', ?)", (secret,))
    await connection.execute(f"PRAGMA user_version = {number + 1}")


async def _foretell(connection: aiosqlite.Connection) -> None:
    """Say before a long silence what goes on in it."""
    ((count,),) = await connection.execute_fetchall("SELECT count(*) FROM comments")
    if count >= MANY:
        log.warning("upgrading the database: indexing %d comments for the search, about a minute a million", count)
