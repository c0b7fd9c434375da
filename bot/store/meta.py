"""Small facts about the installation, by name."""

from __future__ import annotations

import aiosqlite


async def get(tx: aiosqlite.Connection, key: str) -> str | None:
    """Return a fact, or None."""
    rows = list(await tx.execute_fetchall("SELECT value FROM meta WHERE key = ?", (key,)))
    return str(rows[0][0]) if rows else None


async def put(tx: aiosqlite.Connection, key: str, value: str) -> None:
    """Set a fact."""
    await tx.execute(
        "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        {"key": key, "value": value},
    )
