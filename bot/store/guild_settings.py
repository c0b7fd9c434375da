"""What a server chose for itself as a whole, in SQLite."""

from __future__ import annotations

from aiosqlite import Connection as Transaction


async def notices_channel(tx: Transaction, guild_id: int) -> int | None:
    """Return the channel that a server chose for what admins are told, None where it chose none."""
    sql = "SELECT notices_channel_id FROM guild_settings WHERE guild_id = ?"
    for row in await tx.execute_fetchall(sql, (guild_id,)):
        return None if row[0] is None else int(row[0])
    return None


async def choose_notices_channel(tx: Transaction, guild_id: int, channel_id: int | None) -> None:
    """Choose the channel for what admins are told; None: the bot finds one by itself."""
    sql = """INSERT INTO guild_settings (guild_id, notices_channel_id) VALUES (:guild, :channel)
        ON CONFLICT (guild_id) DO UPDATE SET notices_channel_id = excluded.notices_channel_id"""
    await tx.execute(sql, {"guild": guild_id, "channel": channel_id})
