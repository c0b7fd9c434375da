"""The poller among failures: one broken source delays no other, nothing is lost by a crash, and people are told."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import poll_one, thread_intake
from bot.errors import FetchError, NotFound, StoreError
from bot.sources.base import Discussion, Fetched
from bot.store import notices, sources
from bot.store.database import Database
from tests.poll_stage import (
    ADMIN,
    BROKEN,
    FEED,
    GUILD,
    OTHER_CHANNEL,
    OTHER_GUILD,
    THREAD,
    Stage,
    comment,
    fetched,
    fresh,
    item,
)
from tests.store.files import locked

pytestmark = pytest.mark.asyncio

HOUR, DAY = 60, 24 * 60
SECOND = "https://example.com/feed"


def failure(status=None, retry_after=None):
    return FetchError("could not read that address", status=status, retry_after=retry_after, detail="secret: 10.0.0.1")


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = Stage(database)
        await made.follow()
        yield made


async def live(stage, minutes, step=30):
    for _ in range(int(minutes / step)):
        stage.clock.turn(step * 60)
        await stage.poller.run_due()


async def test_s01_a_day_of_failure_is_told_once_and_so_is_the_recovery(stage):
    source = await stage.add(fetched(1), failure())
    await stage.poll(source)
    await live(stage, 3 * DAY)
    ((guild, user, text),) = stage.notices()
    assert (guild, user) == (GUILD, ADMIN)
    assert "example.org" in text
    assert "10.0.0.1" not in text
    assert 12 <= len(stage.kind.asked) <= 25
    stage.gives(fetched(1, 2))
    await live(stage, 6 * HOUR)
    (_, (_, _, again)) = stage.notices()
    assert again.endswith("can be read again.")
    assert stage.cards() == ["Story 2"]
    assert (await stage.source(source)).last_error is None


async def test_after_seven_days_of_failure_a_source_stops_until_somebody_restarts_it(stage):
    source = await stage.add(fetched(1), failure(404))
    await stage.poll(source)
    await live(stage, 8 * DAY)
    stopped = await stage.source(source)
    assert stopped.stopped_reason == "it could not be read for seven days"
    assert len(stage.notices()) == 2
    count = len(stage.kind.asked)
    await live(stage, 2 * DAY)
    assert len(stage.kind.asked) == count
    stage.gives(fetched(1, 2))
    async with stage.database.write() as tx:
        await sources.restart(tx, source.id, stage.clock.now())
    await stage.poller.run_due()
    again = await stage.source(source)
    assert (again.stopped_reason, again.fails, stage.kind.asked[-1]) == (None, 0, (FEED, {}))
    assert stage.cards() == ["Story 2"]


async def test_s10_gone_stops_at_once_and_is_told_to_every_server_that_added_it(stage):
    source = await stage.add(fetched(1), failure(410))
    async with stage.database.write() as tx:
        await sources.share(tx, source.id, OTHER_GUILD, 77, stage.clock.now())
    await stage.poll(source)
    await live(stage, DAY)
    assert (await stage.source(source)).stopped_reason == "it says that it is gone for good"
    assert [(guild, user) for guild, user, _ in stage.notices()] == [(GUILD, ADMIN), (OTHER_GUILD, 77)]


async def test_s12_a_refusal_slows_down_to_daily(stage):
    source = await stage.add(failure(403))
    await live(stage, 5 * DAY)
    assert 4 <= len(stage.kind.asked) <= 6
    assert len(stage.notices()) == 1
    assert (await stage.source(source)).stopped_reason is None


async def test_the_failures_of_an_operators_source_are_logged_and_told_to_nobody_else(stage, caplog):
    await stage.add(fetched(1), failure(410), everyone=True)
    await live(stage, DAY)
    assert stage.notices() == []
    assert "source gone source=1" in caplog.text


async def test_the_log_tells_the_cause_of_a_failure_and_the_store_does_not(stage, caplog):
    caplog.set_level(logging.INFO)
    source = await stage.add(failure(404))
    report = await stage.poll(source)
    assert (report.error, report.cause) == ("could not read that address", "secret: 10.0.0.1")
    assert "status=404 cause=could not read that address detail=secret: 10.0.0.1" in caplog.text
    assert (await stage.source(source)).last_error == "could not read that address"


async def test_no_log_line_holds_the_token_of_a_private_feed(stage, caplog):
    caplog.set_level(logging.DEBUG, "bot")
    old, new = "https://example.com/old?token=s3cret", "https://user:s3cret@example.org/new?token=s3cret"
    source = await stage.add(fetched(1, moved_to=new), address=old)
    stage.gives(fetched(1), failure(410), address=new)
    for _ in range(4):
        await stage.poll(source)
    assert "source moved source=1 from=example.com/old to=example.org/new" in caplog.text
    assert "source gone source=1 kind=fake address=example.org/new" in caplog.text
    assert "s3cret" not in caplog.text


async def test_s05_retry_after_puts_a_source_off(stage):
    source = await stage.add(failure(503, 7200.0), fetched(1))
    await live(stage, 115, 5)
    assert len(stage.kind.asked) == 1
    await live(stage, 30, 5)
    assert (await stage.source(source)).baseline_at is not None


@pytest.mark.parametrize("error", [BROKEN, ValueError("a bug"), TimeoutError(), KeyError("x"), RecursionError()])
async def test_s28_s43_what_is_no_feed_any_more_is_an_error_and_the_old_state_is_kept(stage, error):
    source = await stage.add(fetched(1), error)
    await stage.poll(source)
    before = await stage.source(source)
    report = await stage.poll(source)
    after = await stage.source(source)
    assert report.intake is None
    assert report.error == after.last_error
    assert (after.cursor, after.kind, after.address, after.fails) == (before.cursor, before.kind, before.address, 1)
    assert stage.rows("SELECT count(*) FROM stories") == [(1,)]


async def test_a_source_of_a_kind_that_is_no_more_fails_with_a_sentence(stage):
    source = await stage.add(fetched(1))
    del stage.kinds["fake"]
    assert "does not read such sources" in (await stage.poll(source)).error


async def test_s07_after_three_equal_answers_and_a_look_the_address_is_the_new_one(stage):
    new = "https://example.org/new"
    moved = fetched(1, moved_to=new)
    source = await stage.add(moved)
    stage.gives(fetched(1, 2), address=new)
    for expected in (FEED, FEED, new, new):
        await stage.poll(source)
        assert (await stage.source(source)).address == expected
    assert [address for address, _ in stage.kind.asked] == [FEED, FEED, FEED, new, new]
    assert stage.kind.asked[3][1] == {}
    assert stage.cards() == ["Story 2"]


async def test_s07_an_address_that_cannot_be_read_is_not_believed(stage):
    new = "https://example.org/new"
    source = await stage.add(fetched(1, moved_to=new))
    stage.gives(failure(), address=new)
    for _ in range(7):
        report = await stage.poll(source)
        assert report.error is None
    assert (await stage.source(source)).address == FEED
    assert [address for address, _ in stage.kind.asked].count(new) == 2


async def test_s07_two_sources_that_meet_become_one(stage):
    await stage.follow(OTHER_GUILD, OTHER_CHANNEL)
    old = await stage.add(fetched(1, moved_to=SECOND))
    new = await stage.add(fetched(1), address=SECOND, guild=OTHER_GUILD)
    for _ in range(3):
        await stage.poll(new)
        await stage.poll(old)
    assert stage.rows("SELECT id, address FROM sources") == [(new.id, SECOND)]
    assert stage.rows("SELECT guild_id FROM guild_sources WHERE source_id = ?", new.id) == [(GUILD,), (OTHER_GUILD,)]
    stage.gives(fetched(1, 2), address=SECOND)
    await stage.poll(new)
    assert (stage.cards(), stage.cards(OTHER_CHANNEL)) == (["Story 2"], ["Story 2"])


@asynccontextmanager
async def running(stage):
    task = asyncio.create_task(stage.poller.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_s02_hanging_sources_delay_no_other_and_no_thread(stage):
    stage.kind.talks["thread-1"] = [Discussion((comment("wp-1"),), True)]
    good = await stage.add(fetched(fresh(1, stage.clock.now(), threads=(THREAD,))), address="https://example.org/good")
    for number in range(15):
        await stage.add(fetched(1), address=f"https://hangs{number}.example.net/")
    hang = asyncio.Event()

    async def before(address):
        if "hangs" in address:
            await hang.wait()

    stage.kind.before = before
    async with running(stage):
        await until(lambda: stage.rows("SELECT count(*) FROM comments") == [(1,)])
        for number in range(2, 30):
            stage.gives(fetched(*range(1, number)), address=good.address)
            stage.clock.turn(3600)
            stage.poller.wake()
            await until(lambda n=number: stage.rows("SELECT count(*) FROM stories") == [(n - 1,)])
        assert stage.rows("SELECT count(*) FROM sources WHERE last_read_at IS NULL") == [(15,)]


async def test_s02_at_most_20_sources_are_read_at_once(stage):
    for number in range(50):
        await stage.add(fetched(1), address=f"https://{number}.example.org/", everyone=True)
    now, most = 0, 0

    async def before(_address):
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0)
        now -= 1

    stage.kind.before = before
    async with running(stage):
        await until(lambda: stage.rows("SELECT count(*) FROM sources WHERE last_read_at IS NULL") == [(0,)])
    assert most == 20
    assert len(stage.kind.asked) == 50


async def test_s02_a_host_with_many_sources_leaves_places_for_others(stage):
    for number in range(300):
        await stage.add(fetched(1), address=f"https://slow.example.net/{number}", everyone=True)
    stage.clock.turn(1)
    await stage.add(fetched(1), everyone=True)
    hanging = 0

    async def before(address):
        nonlocal hanging
        if "slow" in address:
            hanging += 1
            await asyncio.Event().wait()

    stage.kind.before = before
    async with running(stage):
        await until(lambda: stage.rows("SELECT count(*) FROM sources WHERE last_read_at IS NOT NULL") == [(1,)])
    assert hanging == 4


async def test_a_wake_at_the_same_moment_does_not_keep_it_from_ending(stage):
    for _ in range(20):
        async with asyncio.timeout(10), running(stage):
            await asyncio.sleep(0.005)
            stage.poller.wake()
            await asyncio.sleep(0)


async def test_s02_a_read_that_never_ends_is_given_up(stage, monkeypatch):
    monkeypatch.setattr(poll_one, "DEADLINE", 0.01)
    source = await stage.add(fetched(1))

    async def hang(_address):
        await asyncio.Event().wait()

    stage.kind.before = hang
    assert (await stage.poll(source)).error == "it took too long to answer"


async def test_c01_cancelled_in_the_middle_of_a_fetch_it_is_read_again(stage):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    stage.gives(fetched(1, 2))
    arrived, before = asyncio.Event(), await stage.source(source)

    async def hang(_address):
        arrived.set()
        await asyncio.Event().wait()

    stage.kind.before = hang
    stage.clock.turn(3600)
    async with running(stage):
        await arrived.wait()
    assert await stage.source(source) == before
    stage.kind.before = None
    stage.poller = stage.new_poller()
    await stage.poller.run_due()
    assert stage.cards() == ["Story 2"]


async def test_c03_a_commit_that_fails_keeps_story_promise_and_cursor_or_none_of_them(stage, monkeypatch):
    source = await stage.add(fetched(1))
    await stage.poll(source)
    stage.gives(fetched(1, 2, cursor={"etag": "new"}))
    save = sources.save

    async def fail(tx, row):
        await save(tx, row)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sources, "save", fail)
    with pytest.raises(StoreError):
        await stage.poll(source)
    assert stage.cards() == []
    assert stage.rows("SELECT count(*) FROM stories") == [(1,)]
    assert (await stage.source(source)).cursor == {"etag": "e"}
    monkeypatch.setattr(sources, "save", save)
    await stage.poll(source)
    assert stage.cards() == ["Story 2"]
    assert (await stage.source(source)).cursor == {"etag": "new"}


async def test_c03_comments_and_a_threads_cursor_are_kept_together(stage, monkeypatch):
    stage.kind.talks["thread-1"] = [Discussion((comment("wp-1"),), True, cursor={"page": "2"})]
    await stage.add(fetched(fresh(1, stage.clock.now(), threads=(THREAD,))))
    save = thread_intake.threads.save

    async def fail(tx, row):
        await save(tx, row)
        if row.last_read_at:
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(thread_intake.threads, "save", fail)
    await stage.poller.run_due()
    assert stage.rows("SELECT count(*) FROM comments") == [(0,)]
    assert stage.rows("SELECT cursor, last_read_at FROM threads") == [("{}", None)]
    monkeypatch.setattr(thread_intake.threads, "save", save)
    await stage.poller.run_due()
    assert stage.rows("SELECT cursor FROM threads") == [('{"page": "2"}',)]
    assert stage.rows("SELECT count(*) FROM comments") == [(1,)]


async def test_b01_on_a_full_disk_polling_pauses_and_goes_on(stage, caplog):
    caplog.set_level(logging.ERROR)
    source = await stage.add(fetched(1))
    await stage.database._writer.execute("PRAGMA busy_timeout = 0")
    async with running(stage):
        with locked(stage.database.path):
            await until(lambda: "cannot store what was read" in caplog.text)
            for _ in range(5):
                stage.poller.wake()
                await asyncio.sleep(0)
            assert len(stage.kind.asked) == 1
        stage.clock.turn(61)
        stage.poller.wake()
        await until(lambda: stage.rows("SELECT last_read_at FROM sources") != [(None,)])
        assert len(stage.kind.asked) == 2
    assert (await stage.source(source)).baseline_at == stage.clock.now()


async def test_reads_that_changed_nothing_share_a_commit_and_an_error(stage, monkeypatch):
    for number in range(40):
        await stage.add(fetched(1), Fetched(unchanged=True), address=f"https://{number}.example.org/", everyone=True)
    await stage.poller.run_due()
    commits, write = [], Database.write

    def counted(database):
        commits.append(1)
        return write(database)

    monkeypatch.setattr(Database, "write", counted)
    stage.clock.turn(3600)
    assert await stage.poller.run_due() == 40
    assert len(commits) < 20
    assert stage.rows("SELECT count(*) FROM sources WHERE next_at > ?", ms(stage)) == [(40,)]
    stage.clock.turn(3 * 3600)
    with locked(stage.database.path):
        await stage.database._writer.execute("PRAGMA busy_timeout = 0")
        await stage.poller.run_due()
    assert stage.rows("SELECT count(*) FROM sources WHERE next_at > ?", ms(stage)) == [(0,)]
    assert stage.rows("SELECT sum(fails) FROM sources") == [(0,)]
    assert await stage.poller.run_due() == 40
    assert stage.rows("SELECT count(*) FROM sources WHERE next_at > ?", ms(stage)) == [(40,)]


def ms(stage):
    return stage.clock.now().timestamp() * 1000


async def test_an_error_of_ours_puts_one_source_off_and_is_logged(stage, monkeypatch, caplog):
    await stage.add(fetched(1))

    async def bug(*_args, **_more):
        raise RuntimeError("a bug in storing")

    monkeypatch.setattr(poll_one, "take_read", bug)
    monkeypatch.setattr(poll_one, "take_failure", bug)
    async with running(stage):
        await until(lambda: "poll failed source=1" in caplog.text)
        for _ in range(5):
            stage.poller.wake()
            await asyncio.sleep(0.001)
        assert len(stage.kind.asked) == 1
        stage.clock.turn(61)
        stage.poller.wake()
        await until(lambda: len(stage.kind.asked) == 2)


async def test_polling_now_waits_for_the_poll_under_way(stage):
    source = await stage.add(fetched(1), fetched(1, 2))
    arrived, go = asyncio.Event(), asyncio.Event()

    async def before(_address):
        arrived.set()
        await go.wait()

    stage.kind.before = before
    async with running(stage):
        await arrived.wait()
        asked = asyncio.create_task(stage.poller.poll(source.id))
        await asyncio.sleep(0)
        go.set()
        report = await asked
    assert (report.intake.baseline, report.intake.posted) == (False, 1)
    assert stage.cards() == ["Story 2"]


async def test_polling_what_is_not_there_is_not_found(stage):
    for number in (99, 2**70):
        with pytest.raises(NotFound):
            await stage.poller.poll(number)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=400), timedelta(days=-400)])
async def test_c15_a_jump_of_the_clock_stops_no_source_and_posts_nothing_twice(stage, jump):
    stage.kind.talks["thread-1"] = [Discussion((comment("wp-1"),), True)]
    source = await stage.add(fetched(1))
    await live(stage, 60, 5)
    stage.gives(fetched(1, fresh(2, stage.clock.now(), threads=(THREAD,))))
    await live(stage, 30, 5)
    stage.clock.turn(jump.total_seconds())
    stage.gives(fetched(1, fresh(2, stage.clock.now(), threads=(THREAD,)), item(3, published_at=stage.clock.now())))
    await live(stage, 3 * 60, 5)
    assert stage.cards() == ["Story 2", "Story 3"]
    assert stage.rows("SELECT count(*) FROM deliveries WHERE comment_id IS NOT NULL") == [(1,)]
    assert (await stage.source(source)).stopped_reason is None


async def test_c17_after_a_week_down_a_restart_reads_each_source_once_and_floods_nobody(stage):
    for number in range(5):
        address = f"https://example.org/{number}/feed"
        await stage.add(fetched(number * 1000), address=address)
    await stage.poller.run_due()
    for number in range(5):
        first = number * 1000
        stage.gives(fetched(*range(first, first + 200)), address=f"https://example.org/{number}/feed")
    stage.clock.turn(7 * 24 * 3600)
    stage.poller = stage.new_poller()
    await stage.poller.run_due()
    assert len(stage.kind.asked) == 10
    assert len(stage.cards()) == 5 * 20


async def test_the_same_notice_is_not_put_twice_while_it_waits_or_is_fresh(stage):
    now = stage.clock.now()
    async with stage.database.write() as tx:
        assert await notices.put(tx, GUILD, "a", "Something.", now, user_id=ADMIN)
        assert not await notices.put(tx, GUILD, "a", "Something.", now + timedelta(days=9))
        assert await notices.put(tx, OTHER_GUILD, "a", "Something.", now)
        first, second = await notices.due(tx, now)
        assert (first.guild_id, first.user_id, first.subject, first.text) == (GUILD, ADMIN, "a", "Something.")
        assert len(first.nonce) == 22
        await notices.sent(tx, first.id, now)
        assert not await notices.put(tx, GUILD, "a", "Something.", now + timedelta(hours=23))
        assert await notices.put(tx, GUILD, "a", "Something.", now + timedelta(hours=25))
        await notices.failed(tx, second.id, "no channel", until=now + timedelta(hours=1))
        assert await notices.next_due(tx) == now + timedelta(hours=1)
        await notices.failed(tx, second.id, "no channel", until=None)
        assert await notices.due(tx, now + timedelta(hours=2)) == []


async def test_notes_of_a_source_go_to_the_log(stage, caplog):
    caplog.set_level(logging.INFO)
    source = await stage.add(replace(Fetched(), notes=("Entry 3 had no title.",)))
    await stage.poll(source)
    assert "Entry 3 had no title." in caplog.text
