"""/privacy: what is kept about a person is shown to, given to and forgotten for that person alone, whole."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library, privacy
from bot.embedded import Embedded
from bot.ingest import ingest
from bot.store import notices
from bot.store.database import Database
from bot.store.privacy import KINDS
from bot.words import catalogue
from tests.conftest import Check
from tests.discussion_stage import file_text, running, typed
from tests.store.files import NOW, dump, page

pytestmark = pytest.mark.asyncio

ME, OTHER, GUILD, ELSEWHERE = 333, 444, 1, 2
PERSON = re.compile(r"(_by|user_id|author_id)$")


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        yield opened


async def columns(database: Database) -> set[tuple[str, str]]:
    """Return every column that is named as one that holds a person's id."""
    async with database.read() as tx:
        tables = [row[0] for row in await tx.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {
            (table, row["name"]) for table in tables for row in await tx.execute_fetchall(f"PRAGMA table_info({table})")
        }
    return {(table, column) for table, column in found if PERSON.search(column)}


async def test_every_column_that_holds_a_person_is_known(database: Database) -> None:
    assert await columns(database) == {(kind.table, kind.column) for kind in KINDS}
    words = catalogue("en")
    assert {kind.name for kind in KINDS} == {k.name for k in KINDS if f"privacy.{k.name}" in words}


FILL = """
INSERT INTO follows (guild_id, user_id, story_id, how, pace, language, created_at, told_upto)
    VALUES ({guild}, {me}, {story}, 'dm', 'now', 'en', 1772366400000, 0);
INSERT INTO member_replies (message_id, guild_id, channel_id, place_id, story_id, author_id, author, body, posted_at)
    VALUES ({me}{guild}1, {guild}, {guild}22, {guild}23, {story}, {me}, 'P{me}', 'words of {me} \\*', 1772366400000);
INSERT INTO guild_stories (guild_id, story_id, fetched_by, fetched_at) VALUES ({guild}, {fetched}, {me}, 1772366400000);
INSERT INTO subscriptions (guild_id, channel_id, created_by, created_at) VALUES ({guild}, {me}{guild}22, {me}, 1);
INSERT INTO sources (kind, address, added_at, interval_s) VALUES ('feed', 'https://example.org/{me}{guild}', 1, 900);
INSERT INTO guild_sources (guild_id, source_id, added_by, added_at) SELECT {guild}, max(id), {me}, 1 FROM sources;
INSERT INTO guild_topics (guild_id, name, expression, created_by, created_at) VALUES ({guild}, 't{me}', 'x', {me}, 1);
INSERT INTO notices (guild_id, user_id, subject, text, nonce, created_at)
    VALUES ({guild}, {me}, 's', 't', 'n{me}{guild}', 1);
"""


async def fill(database: Database) -> None:
    """Let two people do everything in two servers."""
    for number in (1, 2, 3, 4):
        await ingest(database, page(number), NOW, deliver=False)
    async with database.write() as tx:
        for me, fetched in ((ME, 3), (OTHER, 4)):
            for guild in (GUILD, ELSEWHERE):
                for statement in FILL.format(me=me, guild=guild, story=guild, fetched=fetched).split(";\n"):
                    if statement.strip():
                        await tx.execute(statement)
        # Somebody else answered me: the place of what they answered stays.
        await tx.execute(f"UPDATE member_replies SET answers = {ME}{GUILD}1 WHERE message_id = {OTHER}{GUILD}1")


async def test_show_counts_here_and_everywhere(database: Database) -> None:
    await fill(database)
    kept = await privacy.show(database, GUILD, ME)
    assert kept.everywhere == {kind.name: 2 for kind in KINDS}
    assert kept.here == {kind.name: 1 for kind in KINDS}
    assert (await privacy.show(database, GUILD, 999)).everywhere == {}


async def test_an_export_holds_all_of_mine_and_nothing_of_others(database: Database) -> None:
    await fill(database)
    text = (await privacy.export(database, ME, NOW)).decode()
    value = json.loads(text)
    assert list(value) == ["format", "version", "exported_at", "user_id", *(kind.name for kind in KINDS)]
    assert [len(value[kind.name]) for kind in KINDS] == [2] * len(KINDS)
    assert value["user_id"] == str(ME)
    assert value["replies"][0] == {
        "guild_id": "1", "place_id": "123", "message_id": "33311", "story": "Story 1", "author": "P333",
        "text": "words of 333 *", "posted_at": "2026-03-01T12:00:00Z", "edited_at": None,
    }  # fmt: skip
    assert "444" not in text


async def test_forgetting_leaves_no_trace_of_me_and_all_of_others(database: Database, tmp_path: Path) -> None:
    await fill(database)
    others = await privacy.export(database, OTHER, NOW)
    touched = await privacy.forget(database, ME)
    assert touched == {kind.name: 2 for kind in KINDS}
    async with database.read() as tx:
        for table, column in await columns(database):
            assert list(await tx.execute_fetchall(f"SELECT 1 FROM {table} WHERE {column} = ?", (ME,))) == []
        left = [
            tuple(row) for row in await tx.execute_fetchall("SELECT message_id, author_id, deleted FROM member_replies")
        ]
        assert await tx.execute_fetchall("SELECT 1 FROM subscriptions WHERE created_by = 0")
    assert sorted(left) == [(33311, 0, 1), (44411, OTHER, 0), (44421, OTHER, 0)]
    assert not [line for line in dump(tmp_path / "t.sqlite3") if "words of 333" in line or "P333" in line]
    assert await privacy.export(database, OTHER, NOW) == others
    assert await privacy.forget(database, ME) == {}


async def test_a_failure_forgets_nothing_by_halves(database: Database, tmp_path: Path) -> None:
    await fill(database)
    async with database.write() as tx:
        await tx.execute("CREATE TRIGGER fails BEFORE UPDATE ON notices BEGIN SELECT RAISE(ABORT, 'no'); END")
    before = dump(tmp_path / "t.sqlite3")
    with pytest.raises(Exception, match="no"):
        await privacy.forget(database, ME)
    assert dump(tmp_path / "t.sqlite3") == before


async def test_who_was_forgotten_gets_no_notice(database: Database) -> None:
    async with database.write() as tx:
        await notices.put(tx, GUILD, "about", "text", NOW, user_id=0)
        (found,) = await notices.due(tx, NOW)
    assert found.user_id is None


async def everything(run: Embedded) -> dict[str, int]:
    return dict((await privacy.show(run.database, 0, run.box.world.user("Ada").id)).everywhere)


async def test_a_member_is_shown_given_and_forgotten(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        ada, now = run.box.world.user("Ada").id, run.bot.clock.now()
        await ingest(run.database, page(1), now, deliver=False)
        await library.fetched(run.database, 4711, ada, 1, now)
        shown = await typed(run, "Ada", "privacy show")
        assert shown.ephemeral
        about = shown.embeds[0]["description"]
        assert about == "• 1 story that you had fetched (0 of them here)\n• 1 channel that you chose for stories"
        given = await typed(run, "Ada", "privacy export")
        assert given.ephemeral
        value = json.loads(file_text(run, given))
        assert value["channels"][0]["channel_id"] == str(run.box.world.channel("space-news").id)
        asked = await typed(run, "Ada", "privacy forget")
        assert asked.ephemeral and asked.embeds[0]["title"] == "Forget you?"
        assert "Kept without you: 1 story that you had fetched, 1 channel" in asked.embeds[0]["description"]
        assert await everything(run) == {"fetched": 1, "channels": 1}
        token, button = asked.token, f"privacy:forget:{ada}"
    async with running(tmp_path, check_traffic) as run:
        asked = await typed(run, "Ada", "privacy forget")
        # A19: the same button pressed by somebody else, or forged for somebody else.
        refused = await run.box.click(run.box.world.user("Mo").id, asked.token, button)
        assert refused.ephemeral and refused.content.startswith("Only the person who asked can press that.")
        assert await everything(run) == {"fetched": 1, "channels": 1}
        done = await run.box.click(ada, asked.token, button)
        assert done.embeds[0]["title"] == "Forgotten" and done.components == []
        assert await everything(run) == {}
        again = await typed(run, "Ada", "privacy forget")
        assert again.content == "I keep nothing about you."
        assert (await typed(run, "Ada", "privacy show")).embeds[0]["description"] == "I keep nothing about you."
        # The channel goes on without her name.
        assert len(await library.followed_channels(run.database, run.box.world.guild.id)) == 1
        assert token


async def test_a19_a_forged_button_forgets_nobody_else(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        await run.follow()
        mo, ada = run.box.world.user("Mo").id, run.box.world.user("Ada").id
        await ingest(run.database, page(1), run.bot.clock.now(), deliver=False)
        await library.fetched(run.database, run.box.world.guild.id, mo, 1, run.bot.clock.now())
        asked = await typed(run, "Mo", "privacy forget")
        source = run.box._interactions.by_token[asked.token].original
        source.components[0]["components"][0]["custom_id"] = f"privacy:forget:{ada}"
        refused = await run.box.click(mo, asked.token, f"privacy:forget:{ada}")
        assert refused.content.startswith("Only the person who asked can press that.")
        assert await everything(run) == {"channels": 1}


async def test_a07_in_a_direct_message_it_is_not_offered(tmp_path: Path, check_traffic: Check) -> None:
    async with running(tmp_path, check_traffic) as run:
        ada = run.box.world.user("Ada").id
        for command in ("show", "export", "forget"):
            with pytest.raises(LookupError, match="is not offered here"):
                await run.box.command(ada, run.box.world.dm(ada).id, f"privacy {command}", {})
