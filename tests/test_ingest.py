"""Taking in reads: exactly what changed is written, promised and seen, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.discussion_tree import arrange
from bot.errors import NotFound
from bot.ingest import IngestReport, ingest
from bot.model import Comment, Story, StoryPage
from bot.store import comments
from bot.store.database import Database
from tests.test_library import discussed

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GUILD, CHANNEL, ADMIN = 1, 22, 333
STORY = Story("Two agencies share a dish", url="https://example.org/dish", summary="They signed.")
# A page without ids, as a plain text gives it.
TEXTS = (
    ("Ann", "The dish is larger than the old one, they say."),
    ("Bob", "Larger, but it listens to fewer bands than before."),
    ("Cy", "Who pays for the power that the cooling takes?"),
    ("Dee", "I stood beside it last summer, and it hums."),
    ("Eve", "The schedule in the contract looks hopeful to me."),
    ("Ann", "Hopeful is a kind word for that schedule."),
)
KEYLESS = StoryPage(STORY, tuple(Comment("", author, body) for author, body in TEXTS))


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        await library.follow(opened, GUILD, CHANNEL, ADMIN, NOW)
        yield opened


async def read(database: Database, page: StoryPage, minutes: int = 0, **how: bool) -> IngestReport:
    return await ingest(database, page, NOW + timedelta(minutes=minutes), **{"deliver": True, **how})


def table(database: Database, name: str) -> dict[int, dict[str, object]]:
    """Return every row of a table with every column, by its id."""
    with closing(sqlite3.connect(database.path)) as connection:
        connection.row_factory = sqlite3.Row
        return {row["id"]: dict(row) for row in connection.execute(f"SELECT * FROM {name}")}


async def stand(database: Database) -> None:
    """Let all that was promised stand in Discord."""
    async with database.write() as tx:
        await tx.execute(
            "UPDATE deliveries SET state = 'live', have_rev = want_rev, message_id = id + 1000, thread_id = 9"
        )


def dump(database: Database) -> list[str]:
    with closing(sqlite3.connect(database.path)) as connection:
        return list(connection.iterdump())


def changed(before: dict[int, dict[str, object]], after: dict[int, dict[str, object]]) -> dict[int, set[str]]:
    """Return which columns of which old rows are others now."""
    return {id_: names for id_, row in before.items() if (names := {n for n in row if row[n] != after[id_][n]})}


async def test_an_edit_an_insertion_and_a_removal_without_ids_touch_exactly_those(database):
    await read(database, KEYLESS)
    await stand(database)
    said, promised, story = (table(database, name) for name in ("comments", "deliveries", "stories"))
    ann, bob, cy, _, eve, last = KEYLESS.comments
    edited = replace(bob, body=bob.body.replace("fewer bands", "three bands fewer"))
    fresh = replace(KEYLESS, comments=(ann, edited, cy, Comment("", "Fay", "New here: is it open?"), eve, last))
    report = await read(database, fresh, 5)
    assert (report.status, report.added, report.changed, report.vanished, report.deleted) == ("changed", 1, 1, 1, 0)
    said_now, promised_now = table(database, "comments"), table(database, "deliveries")
    assert changed(said, said_now) == {2: {"body", "revision"}, 4: {"missing_reads", "missing_since"}}
    (new,) = said_now.keys() - said.keys()
    assert said_now[new]["body"] == "New here: is it open?"
    assert said_now[4]["position"] < said_now[new]["position"] < said_now[5]["position"]
    (promise,) = promised_now.keys() - promised.keys()
    assert promised_now[promise]["comment_id"] == new
    (edit,) = (id_ for id_, row in promised.items() if row["comment_id"] == 2)
    assert changed(promised, promised_now) == {edit: {"want_rev"}}
    assert table(database, "stories") == story
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute("SELECT comment_id, body FROM comment_revisions").fetchall() == [(2, bob.body)]


async def test_what_stands_in_discord_is_not_touched_by_an_insertion(database):
    await read(database, KEYLESS)
    await stand(database)
    promised = table(database, "deliveries")
    new = Comment("", "Fay", "New here: is it open?")
    report = await read(database, replace(KEYLESS, comments=(new, *KEYLESS.comments)), 5)
    assert (report.added, report.deliveries) == (1, 1)
    assert changed(promised, table(database, "deliveries")) == {}


@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
async def test_an_unchanged_read_writes_nothing(database, keys):
    page = KEYLESS
    if keys:
        page = replace(page, comments=tuple(replace(c, key=str(place)) for place, c in enumerate(page.comments)))
    await read(database, page)
    before, written = dump(database), database._writer.total_changes
    with closing(sqlite3.connect(database.path)) as watch:
        version = watch.execute("PRAGMA data_version").fetchone()
        for minutes in (5, 60, 600):
            report = await read(database, page, minutes)
            assert report == IngestReport(report.story_id, "unchanged")
        assert watch.execute("PRAGMA data_version").fetchone() == version
    assert database._writer.total_changes == written
    assert dump(database) == before


async def test_a_later_read_without_the_address_is_no_change(database):
    story = replace(STORY, native_id="n-1", site="Example")
    await read(database, StoryPage(story))
    before = dump(database)
    assert (await read(database, StoryPage(replace(story, url=None)))).status == "unchanged"
    assert dump(database) == before


async def test_a_new_title_is_one_revision_and_one_edit(database):
    await read(database, KEYLESS)
    promised = table(database, "deliveries")
    report = await read(database, replace(KEYLESS, story=replace(STORY, title="Another title")))
    assert (report.status, report.deliveries) == ("changed", 1)
    assert changed(promised, table(database, "deliveries")) == {1: {"want_rev"}}
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute("SELECT revision, title FROM story_revisions").fetchall() == [(1, STORY.title)]


async def test_vanished_twice_is_deleted_and_wanted_gone_and_its_text_is_kept(database):
    await read(database, KEYLESS)
    await stand(database)
    fewer = replace(KEYLESS, comments=KEYLESS.comments[:-1])
    assert (await read(database, fewer, 1)).vanished == 1
    assert (await read(database, fewer, 2)).deleted == 0
    report = await read(database, fewer, 11)
    assert (report.deleted, report.vanished, report.deliveries) == (1, 0, 1)
    row = table(database, "comments")[6]
    assert (row["deleted"], row["body"]) == (1, "")
    assert [r["comment_id"] for r in table(database, "deliveries").values() if r["want_gone"]] == [6]
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute("SELECT body FROM comment_revisions").fetchall() == [(TEXTS[5][1],)]
    assert (await read(database, fewer, 60)).status == "unchanged"


async def test_a_page_that_broke_in_half_deletes_nothing(database):
    many = tuple(Comment(f"k{number}", "Ann", f"number {number}") for number in range(20))
    await read(database, StoryPage(STORY, many))
    for minutes in (1, 20, 40):
        report = await read(database, StoryPage(STORY, many[:8]), minutes)
        assert report.frozen and report.deleted == 0
    assert not any(row["want_gone"] for row in table(database, "deliveries").values())
    await read(database, StoryPage(STORY, many), 60)
    assert {row["missing_reads"] for row in table(database, "comments").values()} == {0}


async def test_every_followed_channel_gets_its_own_rows_and_a_new_one_no_old_story(database):
    await library.follow(database, 2, 44, ADMIN, NOW)
    report = await read(database, KEYLESS)
    rows = table(database, "deliveries").values()
    assert report.deliveries == len(rows) == 14
    assert {(row["guild_id"], row["channel_id"]) for row in rows} == {(GUILD, CHANNEL), (2, 44)}
    assert len({row["nonce"] for row in rows}) == 14
    await library.follow(database, 3, 66, ADMIN, NOW)
    fresh = (*KEYLESS.comments, Comment("", "Gil", "One more thing, if I may."))
    assert (await read(database, replace(KEYLESS, comments=fresh))).deliveries == 2
    assert {row["channel_id"] for row in table(database, "deliveries").values()} == {CHANNEL, 44}


async def test_a_paused_channel_gets_nothing_new(database):
    async with database.write() as tx:
        await tx.execute("UPDATE subscriptions SET paused_reason = 'gone'")
    assert (await read(database, KEYLESS)).deliveries == 0


async def test_a_fetched_story_is_seen_where_it_was_fetched_until_it_is_imported(database):
    await library.follow(database, 2, 44, ADMIN, NOW)
    story = (await read(database, KEYLESS, public=False)).story_id
    assert table(database, "deliveries") == {}
    await library.fetched(database, 2, ADMIN, story, NOW)
    assert (await library.show(database, 2, story)).id == story
    for look in (library.show, discussed):
        with pytest.raises(NotFound):
            await look(database, GUILD, story)
    assert await library.latest(database, GUILD, 5) == await library.suggest(database, GUILD, "dish") == []
    assert (await read(database, KEYLESS, public=False)).deliveries == 0
    assert (await read(database, KEYLESS)).deliveries == 14
    assert (await library.show(database, GUILD, story)).id == story
    assert (await read(database, KEYLESS)).deliveries == 0
    assert (await read(database, KEYLESS, public=False)).status == "unchanged"
    assert (await library.show(database, GUILD, story)).id == story


HOSTILE = "a\x00b\ud800c\U0001f600'; DROP TABLE stories; --\u202e" + "x" * 3


async def test_hostile_text_is_stored_and_the_same_when_read_again(database):
    said = (
        Comment(HOSTILE, HOSTILE, HOSTILE, url=HOSTILE, author_url=HOSTILE),
        Comment("reply", HOSTILE, "ok", parent=HOSTILE),
        Comment("", HOSTILE, HOSTILE + " without a key"),
    )
    story = Story(*[HOSTILE] * 8)
    page = StoryPage(story, said)
    first = await read(database, page)
    assert (first.status, first.added, first.deliveries) == ("stored", 3, 4)
    before = dump(database)
    assert (await read(database, page, 30)).status == "unchanged"
    assert dump(database) == before
    async with database.read() as tx:
        found = await comments.of_story(tx, first.story_id)
    clean = HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert [stored.comment.author for stored in found] == [clean] * 3
    assert found[1].comment.parent == found[0].comment.key == clean
    shown = arrange(await discussed(database, GUILD, first.story_id))
    assert [node.depth for node in shown] == [0, 1, 0]


async def test_two_keys_that_are_stored_alike_are_one(database):
    page = StoryPage(STORY, (Comment("\ud800", "Ann", "one"), Comment("\udfff", "Ann", "two")))
    assert (await read(database, page)).added == 1
    assert (await read(database, page)).status == "unchanged"


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**400, 2**63 - 1, -1, 0])
async def test_numbers_beyond_sqlite_are_only_unknown(database, number):
    await read(database, KEYLESS)
    for look in (library.show, discussed):
        with pytest.raises(NotFound):
            await look(database, GUILD, number)
    with pytest.raises(NotFound):
        await library.unfollow(database, GUILD, number)
    digits = "9" * 400
    page = StoryPage(
        replace(STORY, url=None, native_id=digits, site="Example"),
        (Comment(digits, "Ann", "hello", parent=digits + "1"),),
    )
    assert (await read(database, page)).added == 1


async def test_circles_that_close_over_two_reads_lose_nobody(database):
    one, two = Comment("a", "Ann", "one", parent="b"), Comment("b", "Bob", "two", parent="a")
    await read(database, StoryPage(STORY, (one,), complete=False))
    report = await read(database, StoryPage(STORY, (two,), complete=False))
    shown = arrange(await discussed(database, GUILD, report.story_id))
    assert sorted(node.said.comment.key for node in shown) == ["a", "b"]
