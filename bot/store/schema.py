"""The migrations, append-only: each runs in one transaction together with its number."""

from __future__ import annotations

import secrets

import aiosqlite

from bot.store.tables import FIRST, OPTIONS, PACING, PUBLIC, SOURCES, WITHOUT_WWW
from bot.store.tables_face import FILTERS, FOLLOWS, LATE_EDITS, REPLIES, SEARCH, SETUP

APPLICATION_ID = 0x52445A56  # "RDZV"

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
    for statement in MIGRATIONS[number]:
        await connection.execute(statement)
    if number == 0:
        await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        secret = secrets.token_hex(16)
        await connection.execute("INSERT INTO meta (key, value) VALUES ('install_secret', ?)", (secret,))
    await connection.execute(f"PRAGMA user_version = {number + 1}")
