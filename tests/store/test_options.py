"""Options of a channel: what older files get, what is kept, and whose channel it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import library
from bot.errors import NotFound
from bot.model import Layout, Options
from bot.store import deliveries, schema, subscriptions
from bot.store.database import Database
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, raw

pytestmark = pytest.mark.asyncio

CHOSEN = Options(Layout.FORUM, 7, timedelta(seconds=90), publish=True, forum_tags=("a, b", "ü\u202e"))
OLD = """
    INSERT INTO stories (id, title, summary, body, digest, revision, first_seen, public)
        VALUES (1, 't', '', '', '', 1, 0, 1);
    INSERT INTO comments (id, story_id, key, author, body, deleted, digest, revision, position)
        VALUES (1, 1, 'a', 'Ann', 'x', 0, '', 1, 0);
    INSERT INTO subscriptions (guild_id, channel_id, created_by, created_at) VALUES (1, 22, 333, 0);
    INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, comment_id, part, position, state, nonce,
        want_rev, have_rev, message_id, thread_id) VALUES (1, 22, 1, 1, NULL, 0, -1, 'live', 'n', 1, 1, 9, 9);
    INSERT INTO deliveries (guild_id, channel_id, subscription_id, story_id, comment_id, part, position, state, nonce,
        want_rev) VALUES (1, 22, 1, 1, 1, 0, 0, 'pending', 'm', 1);
"""


async def test_an_older_file_goes_on_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.sqlite3"
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:3])
        async with Database.open(path):
            pass
    with raw(path) as connection:
        connection.executescript(OLD)
    async with Database.open(path) as database, database.read() as tx:
        assert (await subscriptions.get(tx, GUILD, CHANNEL)).options == Options()
        card, comment = [await deliveries.get(tx, number) for number in (1, 2)]
        assert [(row.layout, row.lane, row.skipped) for row in (card, comment)] == [
            (Layout.THREAD, 0, 0),
            (Layout.THREAD, 1, 0),
        ]


async def test_what_was_chosen_is_kept_by_the_channel_alone(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = await library.follow(database, GUILD, CHANNEL, ADMIN, NOW, options=CHOSEN)
        other = await library.follow(database, GUILD, CHANNEL + 1, ADMIN, NOW)
        assert (made.options, other.options) == (CHOSEN, Options())
        changed = await library.edit(database, GUILD, CHANNEL, None, Options(Layout.INLINE))
        assert changed.options == Options(Layout.INLINE)
        assert (await library.followed(database, GUILD, CHANNEL + 1)).options == Options()
        for guild, channel in ((GUILD + 1, CHANNEL), (GUILD, 99), (GUILD, 2**70)):
            with pytest.raises(NotFound):
                await library.edit(database, guild, channel, None, CHOSEN)
            with pytest.raises(NotFound):
                await library.followed(database, guild, channel)


async def test_following_again_after_a_pause_takes_the_new_options(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        async with database.write() as tx:
            await subscriptions.pause(tx, CHANNEL, "why")
        again = await library.follow(database, GUILD, CHANNEL, ADMIN, NOW, options=CHOSEN)
        assert (again.options, again.paused_reason) == (CHOSEN, None)


async def test_following_again_after_a_pause_keeps_what_was_not_given_anew(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW, topics="mars", options=CHOSEN)
        async with database.write() as tx:
            await subscriptions.pause(tx, CHANNEL, "why")
        again = await library.follow(database, GUILD, CHANNEL, ADMIN, NOW, at_first="space-cooperation")
        assert (again.topics, again.options, again.paused_reason) == (("mars",), CHOSEN, None)
        other = await library.follow(database, GUILD, CHANNEL + 1, ADMIN, NOW, at_first="space-cooperation")
        assert (other.topics, other.options) == (("space-cooperation",), Options())


async def test_what_another_chose_meanwhile_stays(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW, options=CHOSEN)
        made = await library.edit(database, GUILD, CHANNEL, None, lambda old: replace(old, comment_cap=3))
        assert made.options == replace(CHOSEN, comment_cap=3)
