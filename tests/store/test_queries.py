"""Row B20: no hot query looks through a whole big table, as SQLite itself explains its plans.

The measurement (1 M stories, 10 M comments, < 50 ms) is a benchmark and not a test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.model import ChoreKind, Story
from bot.query import Term
from bot.store import (
    chores,
    comments,
    deliveries,
    follows,
    frozen,
    history,
    lanes,
    late,
    member_replies,
    notices,
    past,
    removals,
    replies,
    search,
    standing,
    stories,
    subscriptions,
    tellings,
    wishes,
    words,
)  # fmt: skip
from bot.store.database import Database, Transaction
from bot.turns import Lane
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, PAGE, store

pytestmark = pytest.mark.asyncio

BIG = ("stories", "story_aliases", "story_revisions", "comments", "comment_revisions", "deliveries", "guild_stories")
# Partial indexes hold only what is under way.
SMALL_INDEX = re.compile(r"INDEX deliveries_(pending|inflight|held|stale|threadless|next)\b")
WISH = search.Wish(GUILD, (Term(("first",)),), source_id=1, since=NOW)


async def _followed(tx: Transaction) -> follows.Follow:
    await follows.put(tx, GUILD, ADMIN, 1, NOW, how=follows.How.DM, pace=follows.Pace.NOW, language="en")
    known = await follows.find(tx, GUILD, ADMIN, 1)
    assert known is not None
    return known


async def _fresh(tx: Transaction, _: object) -> object:
    return await tellings.fresh(tx, await _followed(tx))


async def _spot(tx: Transaction, _: object) -> object:
    await tx.execute("UPDATE subscriptions SET replies = 1")
    return await member_replies.spot(tx, GUILD, 1000, 1001)


async def _told(tx: Transaction, _: object) -> None:
    await tellings.told(tx, await _followed(tx), 2, NOW)


HOT = {
    "follows.of_member": lambda tx, w: follows.of_member(tx, GUILD, ADMIN),
    "follows.put": lambda tx, w: _followed(tx),
    "tellings.is_new": lambda tx, w: tellings.is_new(tx),
    "tellings.notice": lambda tx, w: tellings.notice(tx, NOW),
    "tellings.due": lambda tx, w: tellings.due(tx, NOW, 20),
    "tellings.fresh": _fresh,
    "tellings.told": _told,
    "tellings.cards": lambda tx, w: tellings.cards(tx, GUILD, 1),
    "member_replies.spot": _spot,
    "standing.of_story": lambda tx, w: standing.of_story(tx, GUILD, 1),
    "past.origin": lambda tx, w: past.origin(tx, GUILD, 1),
    "past.story_of": lambda tx, w: past.story_of(tx, GUILD, 1000),
    "past.channels_of": lambda tx, w: past.channels_of(tx, GUILD, 1),
    "search.stories": lambda tx, w: search.stories(tx, WISH),
    "search.comments": lambda tx, w: search.comments(tx, WISH),
    "search.standing": lambda tx, w: search.standing(tx, GUILD, [search.Candidate(1, 1)]),
    "search.titles": lambda tx, w: search.titles(tx, GUILD, WISH.terms, 25),
    "search.authors": lambda tx, w: search.authors(tx, GUILD, "a", 25),
    "words.add_story": lambda tx, w: words.add_story(tx, 1),
    "words.take_comments": lambda tx, w: words.take_comments(tx, [1]),
    "stories.some": lambda tx, w: stories.some(tx, GUILD, [1]),
    "stories.latest_of_source": lambda tx, w: stories.latest_of_source(tx, GUILD, 1, 5),
    "comments.some": lambda tx, w: comments.some(tx, [1]),
    "lanes.due": lambda tx, w: lanes.due(tx, NOW),
    "lanes.head of a channel": lambda tx, w: lanes.head(tx, Lane(GUILD, CHANNEL, 0), NOW),
    "lanes.head of a story": lambda tx, w: lanes.head(tx, Lane(GUILD, CHANNEL, 1), NOW),
    "lanes.in_doubt": lambda tx, w: lanes.in_doubt(tx, Lane(GUILD, CHANNEL, 0)),
    "lanes.next_due": lambda tx, w: lanes.next_due(tx, NOW),
    "deliveries.unsettled": lambda tx, w: deliveries.unsettled(tx),
    "deliveries.inflight": lambda tx, w: deliveries.inflight(tx),
    "deliveries.get": lambda tx, w: deliveries.get(tx, 2),
    "deliveries.card": lambda tx, w: deliveries.card(tx, CHANNEL, 1),
    "replies.parent": lambda tx, w: replies.parent(tx, w["row"]),
    "replies.renamed": lambda tx, w: replies.renamed(tx, 1),
    "replies.above": lambda tx, w: replies.above(tx, w["row"]),
    "chores.due": lambda tx, w: chores.due(tx, NOW),
    "chores.want_rename": lambda tx, w: chores.want_rename(tx, 1),
    "chores.want_publish": lambda tx, w: chores.want_publish(tx, 1),
    "chores.wait": lambda tx, w: chores.wait(tx, ChoreKind.PUBLISH, CHANNEL, NOW),
    "subscriptions.of_channel": lambda tx, w: subscriptions.of_channel(tx, CHANNEL),
    "deliveries.has_live_replies": lambda tx, w: deliveries.has_live_replies(tx, w["row"]),
    "deliveries.message_ids": lambda tx, w: deliveries.message_ids(tx, CHANNEL, 1),
    "deliveries.held_places": lambda tx, w: deliveries.held_places(tx),
    "deliveries.intend": lambda tx, w: deliveries.intend(tx, 2, now=NOW, revision=1, payload="{}"),
    "deliveries.record_sent": lambda tx, w: deliveries.record_sent(tx, 2, 1000),
    "deliveries.postpone": lambda tx, w: deliveries.postpone(tx, 2, until=NOW, reason="later"),
    "deliveries.release_held": lambda tx, w: deliveries.release_held(tx, CHANNEL),
    "deliveries.finish": lambda tx, w: deliveries.finish(tx, 1, w["row"].state, "x"),
    "frozen.since": lambda tx, w: frozen.since(tx, 1),
    "frozen.keep": lambda tx, w: frozen.keep(tx, 1),
    "frozen.mirrored_by": lambda tx, w: frozen.mirrored_by(tx, 1),
    "frozen.of_guild": lambda tx, w: frozen.of_guild(tx, GUILD),
    "removals.message_gone": lambda tx, w: removals.message_gone(tx, 1000),
    "removals.thread_gone": lambda tx, w: removals.thread_gone(tx, 1000),
    "history.in_trouble": lambda tx, w: history.in_trouble(tx, GUILD, None, 10),
    "history.newest": lambda tx, w: history.newest(tx, GUILD, CHANNEL, 20),
    "history.find": lambda tx, w: history.find(tx, GUILD, 2),
    "history.retry": lambda tx, w: history.retry(tx, w["row"], NOW),
    "history.pause": lambda tx, w: history.pause(tx, CHANNEL),
    "history.unlocked": lambda tx, w: history.unlocked(tx, 1000),
    "history.resume": lambda tx, w: history.resume(tx, CHANNEL),
    "late.any_before": lambda tx, w: late.any_before(tx, NOW),
    "late.leave_out": lambda tx, w: late.leave_out(tx, too_old=NOW, late=NOW, lately=NOW, now=NOW, most=20),
    "late.left_out": lambda tx, w: late.left_out(tx, GUILD, CHANNEL, NOW),
    "notices.over": lambda tx, w: notices.over(tx, GUILD, "held:22"),
    "removals.purge": lambda tx, w: removals.purge(tx, NOW),
    "removals.unfollowed": lambda tx, w: removals.unfollowed(tx, CHANNEL),
    "removals.guild_gone": lambda tx, w: removals.guild_gone(tx, GUILD, NOW),
    "stories.find": lambda tx, w: stories.find(tx, replace(PAGE.story, native_id="n")),
    "stories.find by title": lambda tx, w: stories.find(tx, Story("no address")),
    "stories.visible": lambda tx, w: stories.visible(tx, GUILD, 1),
    "stories.latest": lambda tx, w: stories.latest(tx, GUILD, 5),
    "stories.latest_news": lambda tx, w: stories.latest_news(tx, GUILD, 5),
    "stories.newest_titles": lambda tx, w: stories.newest_titles(tx, GUILD, 25),
    "stories.title": lambda tx, w: stories.title(tx, GUILD, 1),
    "stories.update": lambda tx, w: stories.update(tx, w["story"], PAGE.story, NOW),
    "comments.of_story": lambda tx, w: comments.of_story(tx, 1),
    "comments.get": lambda tx, w: comments.get(tx, 1),
    "comments.update": lambda tx, w: comments.update(tx, [(w["found"][0], PAGE.comments[0])], NOW),
    "comments.missing": lambda tx, w: comments.missing(tx, w["found"], NOW),
    "comments.move": lambda tx, w: comments.move(tx, [(w["found"][0], 4)]),
    "subscriptions.of_guild": lambda tx, w: subscriptions.of_guild(tx, GUILD),
    "wishes.want_story": lambda tx, w: wishes.want_story(tx, w["story"], w["found"], w["where"], NOW),
    "wishes.want_comments": lambda tx, w: wishes.want_comments(tx, 1, w["found"], NOW),
    "wishes.withdraw": lambda tx, w: wishes.withdraw(tx, w["found"]),
    "wishes.take_back": lambda tx, w: wishes.take_back(tx, w["found"]),
    "wishes.adopt": lambda tx, w: wishes.adopt(tx, w["found"]),
    "wishes.want_revision": lambda tx, w: wishes.want_revision(tx, 1, w["found"][0], 2),
    "wishes.want_revision of a card": lambda tx, w: wishes.want_revision(tx, 1, None, 2),
    "wishes.ensure_parts": lambda tx, w: wishes.ensure_parts(tx, 2, 3),
    "wishes.move": lambda tx, w: wishes.move(tx, [(w["found"][0], 4)]),
}
# These walk the stories from the newest back and stop at a LIMIT.
NEWEST_FIRST = {"stories.latest", "stories.latest_news", "stories.newest_titles"}


# These look through all that a server was sent: once it left, or from the newest back.
WHOLE_SERVER = {"removals.purge", "removals.guild_gone", "history.newest"}


class Recorder:
    """A connection that remembers what it was asked."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.asked: list[tuple[str, object]] = []

    def __getattr__(self, name):
        return getattr(self._tx, name)

    async def execute_fetchall(self, sql: str, values: object = ()):
        self.asked.append((sql, values))
        return await self._tx.execute_fetchall(sql, values)

    async def execute(self, sql: str, values: object = ()):
        self.asked.append((sql, values))
        return await self._tx.execute(sql, values)

    async def executemany(self, sql: str, many: Sequence[object]):
        self.asked += [(sql, values) for values in list(many)[:1]]
        return await self._tx.executemany(sql, many)


@pytest_asyncio.fixture
async def database(tmp_path: Path):
    async with Database.open(tmp_path / "t.sqlite3") as opened:
        yield opened


async def plans(database: Database, call) -> list[tuple[str, str]]:
    """Return every step of every plan that a call's statements have, without their effects."""
    where = await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
    await store(database)
    async with database.read() as tx:
        known = {
            "where": where,
            "story": await stories.get(tx, 1),
            "found": await comments.of_story(tx, 1),
            "row": await deliveries.get(tx, 3),
        }
    steps: list[tuple[str, str]] = []
    async with database.write() as tx:
        await deliveries.intend(tx, 2, now=NOW, revision=1, payload="{}")
        recorder = Recorder(tx)
        await call(recorder, known)
        for sql, values in recorder.asked:
            steps += [(row["detail"], sql) for row in await tx.execute_fetchall(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert recorder.asked
    return steps


def aliases_of(table: str, sql: str) -> set[str]:
    return {table, *re.findall(rf"\b{table}\s+(?:AS\s+)?([a-z]+)\b", sql)}


def whole(step: str, sql: str) -> bool:
    """Tell whether a step looks through all of a big table or of one of its full indexes, or all that is unsent."""
    if "(message_id=?)" in step and re.search(r"(?<!\+)message_id IS NULL", sql):
        return True
    if not step.startswith("SCAN ") or SMALL_INDEX.search(step):
        return False
    return any(step.split()[1] in aliases_of(table, sql) for table in BIG)


@pytest.mark.parametrize("name", HOT)
async def test_b20_a_hot_query_is_indexed(database: Database, name: str) -> None:
    steps = await plans(database, HOT[name])
    of_server = [(step, sql) for step, sql in steps if "INDEX deliveries_guild " in step]
    assert not of_server or name in WHOLE_SERVER, of_server
    found = [(step, sql) for step, sql in steps if whole(step, sql)]
    if name in NEWEST_FIRST:
        plain = [step.removesuffix(" USING INDEX stories_public") for step, _ in found]
        assert all("LIMIT" in sql for _, sql in found) and set(plain) <= {"SCAN s", "SCAN stories"}
    else:
        assert found == []


async def test_b20_the_check_sees_a_scan(database: Database) -> None:
    steps = await plans(database, lambda tx, w: tx.execute_fetchall("SELECT * FROM stories s WHERE s.body = 'x'"))
    assert [step for step, sql in steps if whole(step, sql)] == ["SCAN s"]


async def test_b20_the_check_sees_a_walk_through_all_that_is_unsent(database: Database) -> None:
    unsent = "SELECT * FROM deliveries WHERE tries = 0 AND message_id IS NULL"
    steps = await plans(database, lambda tx, w: tx.execute_fetchall(unsent))
    assert [sql for step, sql in steps if whole(step, sql)] == [unsent]


@pytest.mark.parametrize("follows", [True, False])
async def test_b20_the_newest_stories_are_found_without_walking_through_foreign_ones(
    database: Database, follows: bool
) -> None:
    """Count SQLite's own steps: what others fetched, or for a server that follows nothing all that is public."""
    if follows:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
    async with database.write() as tx:
        await tx.executemany(
            """INSERT INTO stories (title, summary, body, digest, revision, first_seen, public)
            VALUES ('t', '', '', '', 1, 0, ?)""",
            [(number < 5 or not follows,) for number in range(3000)],
        )
        await stories.fetched(tx, GUILD, 7, ADMIN, NOW)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    async with database.read() as tx:
        await tx.set_progress_handler(count, 100)
        found = await stories.latest(tx, GUILD, 3)
        await tx.set_progress_handler(None, 0)
    assert [stored.id for stored in found] == ([7, 5, 4] if follows else [7])
    assert steps < 10
