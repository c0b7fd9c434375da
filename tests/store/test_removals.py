"""What is forgotten with a server that removed the bot: everything that names it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot import library
from bot.store import guild_settings, member_replies, removals
from bot.store.database import Database
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, raw, rows, store

pytestmark = pytest.mark.asyncio

# What is not purged by itself, and why.
KEPT = {"member_replies": "they go with the channel's subscription (member_replies_unfollowed)"}
GUILD_TABLES = """SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND c.name = 'guild_id'"""
OTHER = 99


async def test_every_table_that_names_a_server_is_purged_or_has_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite3"
    async with Database.open(path):
        pass
    tables = {str(name) for (name,) in rows(path, GUILD_TABLES)}
    assert tables == {*removals.OF_GUILDS, *KEPT}


async def test_a_purge_leaves_nothing_of_a_server_and_all_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite3"
    async with Database.open(path) as database:
        for guild, channel in ((GUILD, CHANNEL), (OTHER, 23)):
            await library.follow(database, guild, channel, ADMIN, NOW)
            async with database.write() as tx:
                await guild_settings.choose_notices_channel(tx, guild, channel)
        await store(database)
        with raw(path) as connection:
            connection.execute("UPDATE subscriptions SET replies = 1")
            connection.execute(
                """INSERT INTO member_replies (message_id, guild_id, channel_id, place_id, story_id, author_id, author,
                    body, posted_at) VALUES (1, ?, ?, 5, 1, 7, 'Max', 'x', 0)""",
                (GUILD, CHANNEL),
            )
        async with database.write() as tx:
            await removals.guild_gone(tx, GUILD, NOW)
        async with database.write() as tx:
            assert await removals.purge(tx, NOW + timedelta(days=1)) == 1
    for (table,) in rows(path, GUILD_TABLES):
        assert rows(path, f"SELECT * FROM {table} WHERE guild_id = {GUILD}") == [], table
    for table in ("subscriptions", "guild_settings", "deliveries"):
        assert rows(path, f"SELECT 1 FROM {table} WHERE guild_id = {OTHER}"), table


async def test_in_a_server_that_keeps_no_replies_a_message_costs_one_small_look(tmp_path: Path) -> None:
    """The other server keeps them; what is asked for this one is whether it does."""
    async with Database.open(tmp_path / "t.sqlite3") as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        await library.follow(database, OTHER, 23, ADMIN, NOW)
        async with database.write() as tx:
            await tx.execute("UPDATE subscriptions SET replies = 1 WHERE guild_id = ?", (OTHER,))
        asked = []
        async with database.read() as tx:
            await tx.set_trace_callback(asked.append)
            assert await member_replies.spot(tx, GUILD, 5, 6) is None
            await tx.set_trace_callback(None)  # type: ignore[arg-type]
        assert len(asked) == 1
