"""Reading comment threads: when, which one, and that only the thread that gave a comment takes it away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.errors import FetchError
from bot.ingest import ingest
from bot.model import StoryPage
from bot.sources.base import Discussion, Thread
from bot.store.database import Database
from tests.poll_stage import ADMIN, CHANNEL, GUILD, THREAD, Stage, comment, fetched, fresh, item

pytestmark = pytest.mark.asyncio

OTHER = Thread("fake", "thread-2")
THREE = (comment("wp-1"), comment("wp-2", parent="wp-1"), comment("wp-3"))


def talk(*said, complete=True, **more):
    return Discussion(tuple(said), complete, **{"cursor": {"etag": "t"}, **more})


NO_CHANGE = Discussion(unchanged=True)


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        made = Stage(database)
        await made.follow()
        yield made


async def posted(stage, *, threads=(THREAD,), signal=None, everyone=False):
    """Have a fresh story with its thread posted, and read what is due."""
    source = await stage.add(fetched(1), everyone=everyone)
    await stage.poll(source)
    given = tuple(replace(thread, signal=signal) for thread in threads)
    stage.gives(fetched(1, fresh(2, stage.clock.now(), threads=given)))
    await stage.poll(source)
    return source


def said(stage):
    return stage.rows("SELECT key, deleted, body FROM comments ORDER BY position")


def keys(stage):
    return [key for key, deleted, _ in said(stage) if not deleted]


def promises(stage):
    sql = """SELECT c.key, d.want_rev, d.want_gone FROM deliveries d JOIN comments c ON c.id = d.comment_id
        ORDER BY c.position"""
    return stage.rows(sql)


async def stand(stage):
    """Let all that was promised stand in Discord."""
    async with stage.database.write() as tx:
        await tx.execute("UPDATE deliveries SET state = 'live', have_rev = want_rev, message_id = id, thread_id = 9")


def thread_reads(stage):
    return [(address, cursor) for address, cursor in stage.kind.asked if address.startswith("thread")]


async def run(stage, minutes=0.0, times=1):
    for _ in range(times):
        stage.clock.turn(minutes * 60)
        await stage.poller.run_due()


async def test_comments_are_read_and_promised_with_their_story(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    await posted(stage)
    await run(stage)
    assert keys(stage) == ["wp-1", "wp-2", "wp-3"]
    assert promises(stage) == [("wp-1", 1, 0), ("wp-2", 1, 0), ("wp-3", 1, 0)]
    assert stage.promised == 2


async def test_a_thread_is_read_on_the_falling_schedule(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    await posted(stage)
    stage.kind.lists["https://example.org/feed"] = [fetched(1)]
    await run(stage)
    counts = []
    for minutes in (170, 21 * 60, 48 * 60, 11 * 24 * 60, 10 * 24 * 60):
        before = len(thread_reads(stage))
        await run(stage, 5, int(minutes / 5) if minutes < 600 else 0)
        if minutes >= 600:
            await run(stage, 30, int(minutes / 30))
        counts.append(len(thread_reads(stage)) - before)
    assert 30 <= counts[0] <= 38
    assert 19 <= counts[1] <= 24
    assert 7 <= counts[2] <= 10
    assert 10 <= counts[3] <= 13
    assert counts[4] <= 1
    assert stage.rows("SELECT next_at FROM threads") == [(None,)]


async def test_a_changed_comment_count_restarts_a_thread(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    source = await posted(stage, signal="3")
    await run(stage)
    stage.clock.turn(20 * 24 * 3600)
    await run(stage)
    await run(stage, 60)
    before = len(thread_reads(stage))
    now = stage.clock.now()
    stage.gives(fetched(1, fresh(2, now - timedelta(days=20), threads=(replace(THREAD, signal="4"),))))
    stage.kind.talks["thread-1"] = [talk(*THREE, comment("wp-4"))]
    await stage.poll(source)
    await run(stage)
    assert len(thread_reads(stage)) == before + 1
    assert keys(stage)[-1] == "wp-4"
    await stage.poll(source)
    await run(stage)
    assert len(thread_reads(stage)) == before + 1


async def test_s13_validators_are_left_out_daily_and_when_the_count_changed(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE), NO_CHANGE]
    source = await posted(stage, signal="3")
    await run(stage)
    await run(stage, 5)
    assert [cursor for _, cursor in thread_reads(stage)] == [{}, {"etag": "t"}]
    stage.gives(fetched(1, fresh(2, stage.clock.now(), threads=(replace(THREAD, signal="4"),))))
    await stage.poll(source, 1)
    await run(stage)
    assert thread_reads(stage)[-1][1] == {}
    await run(stage, 6)
    assert thread_reads(stage)[-1][1] == {"etag": "t"}
    count = len(thread_reads(stage))
    await run(stage, 25 * 60)
    assert [cursor for _, cursor in thread_reads(stage)[count:]] == [{}]


async def test_s13_sources_are_read_whole_once_a_day(stage):
    source = await stage.add(fetched(1))
    for minutes in (1, 10, 24 * 60, 10):
        await stage.poll(source, minutes)
    assert [cursor for _, cursor in stage.kind.asked] == [{}, {"etag": "e"}, {}, {"etag": "e"}]


async def test_a_thread_that_is_said_to_be_empty_waits_for_its_count(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    source = await posted(stage, signal="0")
    await run(stage, 60, 5)
    assert thread_reads(stage) == []
    stage.gives(fetched(1, fresh(2, stage.clock.now(), threads=(replace(THREAD, signal="3"),))))
    await stage.poll(source)
    await run(stage)
    assert len(keys(stage)) == 3


async def test_edits_and_deletions_follow(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    await posted(stage)
    await run(stage)
    await stand(stage)
    edited = replace(THREE[0], body="I say otherwise.")
    stage.kind.talks["thread-1"] = [talk(edited, THREE[1])]
    await run(stage, 6)
    assert promises(stage)[:2] == [("wp-1", 2, 0), ("wp-2", 1, 0)]
    assert keys(stage) == ["wp-1", "wp-2", "wp-3"]
    await run(stage, 11)
    assert keys(stage) == ["wp-1", "wp-2"]


async def test_the_last_comment_of_a_thread_can_be_deleted(stage):
    stage.kind.talks["thread-1"] = [talk(THREE[0]), talk()]
    await posted(stage)
    await run(stage)
    await stand(stage)
    await run(stage, 11, 2)
    assert [(key, deleted) for key, deleted, _ in said(stage)] == [("wp-1", 1)]


@pytest.mark.parametrize("read", [talk(complete=False), talk(THREE[0], complete=False), NO_CHANGE])
async def test_s37_an_incomplete_read_deletes_nothing(stage, read):
    stage.kind.talks["thread-1"] = [talk(*THREE), read]
    await posted(stage)
    await run(stage)
    await run(stage, 11, 5)
    assert len(keys(stage)) == 3


async def test_s38_when_many_vanish_at_once_nothing_is_deleted_and_it_is_told_once(stage):
    many = tuple(comment(f"wp-{n}") for n in range(20))
    stage.kind.talks["thread-1"] = [talk(*many), talk(*many[:10])]
    await posted(stage)
    await run(stage)
    await run(stage, 11, 5)
    assert len(keys(stage)) == 20
    assert [(guild, user) for guild, user, _ in stage.notices()] == [(GUILD, ADMIN)]
    assert "10 comments" in stage.notices()[0][2]
    stage.kind.talks["thread-1"] = [talk(*many[:19])]
    await run(stage, 11, 2)
    assert len(keys(stage)) == 19


async def test_s39_a_comment_under_another_parent_keeps_its_text_and_is_not_posted_again(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE), talk(THREE[0], THREE[2], replace(THREE[1], parent="wp-3"))]
    await posted(stage)
    await run(stage)
    before = promises(stage)
    await run(stage, 11, 3)
    assert sorted(promises(stage)) == sorted(before)
    assert sorted(body for _, _, body in said(stage)) == sorted(c.body for c in THREE)


async def test_one_thread_is_read_and_the_next_only_while_it_fails(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    stage.kind.talks["thread-2"] = [talk(*THREE, comment("wp-4"))]
    await posted(stage, threads=(THREAD, OTHER))
    await run(stage, 6, 3)
    assert {address for address, _ in thread_reads(stage)} == {"thread-1"}
    stage.kind.talks["thread-1"] = [FetchError("no answer")]
    await run(stage, 60, 4)
    assert keys(stage)[-1] == "wp-4"
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    await run(stage, 6 * 60)
    await run(stage, 60, 3)
    count = len(thread_reads(stage))
    await run(stage, 6 * 60)
    assert [address for address, _ in thread_reads(stage)[count:]] == ["thread-1"]


async def test_what_another_thread_gave_does_not_vanish(stage):
    stage.kind.talks["thread-1"] = [talk(comment("dq-1"), comment("dq-2"))]
    stage.kind.talks["thread-2"] = [talk(comment("wp-1"))]
    await posted(stage, threads=(THREAD, OTHER))
    await run(stage)
    stage.kind.talks["thread-1"] = [FetchError("no answer")]
    await run(stage, 60, 24)
    assert keys(stage) == ["dq-1", "dq-2", "wp-1"]


async def test_a_page_that_shows_no_comments_takes_none_of_a_threads(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    await posted(stage, everyone=True)
    await run(stage)
    story = fresh(2, stage.clock.now()).page.story
    for _ in range(3):
        stage.clock.turn(3600)
        await ingest(stage.database, StoryPage(story, (), complete=True), stage.clock.now(), deliver=True)
    assert len(keys(stage)) == 3


async def test_a_thread_claims_what_a_page_gave(stage):
    story = fresh(2, stage.clock.now()).page.story
    await ingest(stage.database, StoryPage(story, THREE), stage.clock.now(), deliver=False, public=False)
    stage.kind.talks["thread-1"] = [talk(*THREE), talk(*THREE[:2])]
    await posted(stage)
    await run(stage)
    await run(stage, 11, 2)
    assert keys(stage) == ["wp-1", "wp-2"]


async def test_a_thread_that_is_found_on_the_page_goes_before_the_sources_own(stage):
    url = item(2).page.story.url
    stage.kinds.pages[url] = [(None, (Thread("fake", "thread-2"),))]
    stage.kind.talks["thread-2"] = [talk(*THREE)]
    own = replace(THREAD, kind="feed")
    await posted(stage, threads=(own,))
    await run(stage)
    await run(stage, 6, 2)
    assert stage.kinds.probed == [url]
    assert {address for address, _ in thread_reads(stage)} == {"thread-2"}


async def test_a_page_with_comments_of_its_own_is_the_thread(stage):
    story = item(2).page.story
    stage.kinds.pages[story.url] = [(StoryPage(story, THREE), ())]
    await posted(stage, threads=())
    await run(stage)
    assert stage.rows("SELECT kind, address FROM threads") == [("page", story.url)]


async def test_a_page_that_cannot_be_read_is_asked_three_times(stage):
    stage.kinds.pages[item(2).page.story.url] = [FetchError("no answer")]
    await posted(stage, threads=())
    await run(stage, 5, 300)
    assert len(stage.kinds.probed) == 3
    assert stage.rows("SELECT count(*) FROM stories WHERE probe_at IS NOT NULL") == [(0,)]


async def test_old_stories_and_those_of_a_baseline_are_not_probed(stage):
    source = await stage.add(fetched(1, fresh(2, stage.clock.now())))
    await stage.poll(source)
    stage.gives(fetched(1, 2, 3))
    await stage.poll(source)
    await run(stage)
    assert stage.kinds.probed == []


async def test_a_fresh_story_that_a_member_fetched_is_probed_once(stage):
    page = fresh(5, stage.clock.now()).page
    for _ in range(2):
        report = await ingest(stage.database, page, stage.clock.now(), deliver=False, public=False)
        await library.fetched(stage.database, GUILD, ADMIN, report.story_id, stage.clock.now())
        await run(stage)
    assert stage.kinds.probed == [page.story.url]
    assert stage.cards(CHANNEL) == []


async def test_a_signal_that_changes_while_the_thread_is_read_is_not_lost(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE)]
    source = await posted(stage, signal="3")

    async def speak(address):
        if address == "thread-1" and len(thread_reads(stage)) == 1:
            now = stage.clock.now()
            stage.gives(fetched(1, fresh(2, now, threads=(replace(THREAD, signal="4"),))))
            await stage.poller.poll(source.id)

    stage.kind.before = speak
    await run(stage)
    assert stage.rows("SELECT signal, read_signal FROM threads") == [("4", "3")]
    await run(stage)
    assert stage.rows("SELECT signal, read_signal FROM threads") == [("4", "4")]


async def test_after_a_read_that_lacked_comments_the_next_is_whole(stage):
    stage.kind.talks["thread-1"] = [talk(*THREE), talk(THREE[0], THREE[1])]
    await posted(stage)
    await run(stage)
    await run(stage, 6)
    await run(stage, 6)
    assert [cursor for _, cursor in thread_reads(stage)] == [{}, {"etag": "t"}, {}]


@pytest.mark.parametrize(("count", "left"), [("2", 2), ("3", 3), (None, 3), ("2 or so", 3)])
async def test_a_comment_feed_with_as_many_as_the_source_counts_is_whole(stage, count, left):
    stage.kinds["feed"] = stage.kind
    thread = Thread("feed", "thread-1")
    stage.kind.talks["thread-1"] = [talk(*THREE, complete=False)]
    source = await posted(stage, threads=(thread,), signal="3")
    await run(stage)
    stage.kind.talks["thread-1"] = [talk(*THREE[:2], complete=False)]
    stage.gives(fetched(1, fresh(2, stage.clock.now(), threads=(replace(thread, signal=count),))))
    await stage.poll(source)
    await run(stage, 11, 3)
    assert len(keys(stage)) == left


async def test_a_comment_feed_that_may_have_been_cut_is_not_whole_whatever_is_counted(stage):
    stage.kinds["feed"] = stage.kind
    many = [comment(f"wp-{n}") for n in range(11)]
    stage.kind.talks["thread-1"] = [talk(*many[:10], complete=False), talk(*many[1:], complete=False)]
    await posted(stage, threads=(Thread("feed", "thread-1"),), signal="10")
    await run(stage)
    await run(stage, 11, 4)
    assert len(keys(stage)) == 11
