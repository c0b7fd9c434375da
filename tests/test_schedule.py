"""When sources and threads are read next: tables of the pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import schedule
from bot.model import Source, StoredThread
from bot.schedule import Failure, Tell

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOURCE = Source(1, "feed", "https://example.org/feed", "Example", False, NOW, 16 * MINUTE, {})
THREAD = StoredThread(1, 1, "wordpress", "https://example.org/1", 0, NOW, {})


NO = Failure("no")


def wait(source):
    return source.next_at - NOW


@pytest.mark.parametrize(("changed", "interval"), [(True, 8 * MINUTE), (False, 24 * MINUTE)])
def test_the_interval_follows_the_changes(changed, interval):
    assert schedule.read(SOURCE, NOW, changed=changed, chance=0).source.interval == interval


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("chance", [0, 0.999])
def test_the_interval_stays_between_2_and_60_minutes(changed, chance):
    source = SOURCE
    for _ in range(20):
        source = schedule.read(source, NOW, changed=changed, chance=chance).source
        assert 2 * MINUTE <= wait(source) <= 60 * MINUTE
    assert source.interval == (2 if changed else 60) * MINUTE


@pytest.mark.parametrize(("asked", "got"), [(30, 30), (1, 8), (600, 60)])
def test_a_source_may_ask_to_be_read_less_often_up_to_an_hour(asked, got):
    source = replace(SOURCE, least=asked * MINUTE)
    assert wait(schedule.read(source, NOW, changed=True, chance=0).source) == got * MINUTE
    assert wait(schedule.read(source, NOW, changed=True, chance=0.9).source) >= min(asked, 60) * MINUTE


@pytest.mark.parametrize(
    ("hours", "days", "when"),
    [
        ({12, 13}, set(), NOW + 2 * HOUR),
        (set(), {6}, NOW + 12 * HOUR),
        ({0, 1, 12}, {6}, NOW + 14 * HOUR),
        (set(range(24)), set(), NOW + 8 * MINUTE),
        (set(), set(range(7)), NOW + 8 * MINUTE),
        ({99, -1}, {12}, NOW + 8 * MINUTE),
    ],
)
def test_hours_and_days_that_a_source_names_are_left_out(hours, days, when):
    source = replace(SOURCE, skip_hours=frozenset(hours), skip_days=frozenset(days))
    assert schedule.read(source, NOW, changed=True, chance=0).source.next_at == when


def fail(source, failure=NO, *, now=NOW, chance=0.0):
    return schedule.failed(source, failure, now, chance=chance)


def test_s01_failures_back_off_to_six_hours_with_jitter():
    source, waits = SOURCE, []
    for _ in range(12):
        source = fail(source).source
        waits.append(wait(source))
    assert waits[:4] == [1 * MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert waits[-1] == 3 * HOUR
    assert 5.9 * HOUR < wait(fail(source, chance=0.999).source) < 6 * HOUR


def lives(failure, until):
    """Fail for a time, with the clock turned to each next read; returns what was told when, and the source."""
    source, now, told = SOURCE, NOW, []
    while not source.stopped_reason and now - NOW <= until:
        step = fail(source, failure, now=now, chance=0.5)
        source = step.source
        told += [(step.tell, now - NOW)] if step.tell else []
        now = source.next_at or now
    return source, told


def test_s01_told_once_after_a_day_and_stopped_after_seven():
    source, told = lives(Failure("no"), 8 * DAY)
    assert [what for what, _ in told] == [Tell.FAILING, Tell.STOPPED]
    assert DAY <= told[0][1] < DAY + 6 * HOUR
    assert 7 * DAY <= told[1][1] < 7 * DAY + 6 * HOUR
    assert (source.next_at, source.stopped_reason) == (None, "it could not be read for seven days")


def test_s11_404_for_seven_days_stops():
    source, told = lives(Failure("no", 404), 8 * DAY)
    assert source.stopped_reason
    assert told[-1][0] is Tell.STOPPED


def test_s10_410_stops_at_once():
    source, told = lives(Failure("no", 410), DAY)
    assert (source.fails, told) == (1, [(Tell.GONE, timedelta(0))])
    assert source.stopped_reason == "it says that it is gone for good"


@pytest.mark.parametrize("status", [401, 403, 451])
def test_s12_a_refusal_is_told_at_once_and_asked_daily(status):
    step = fail(SOURCE, Failure("no", status))
    assert (wait(step.source), step.tell) == (DAY, Tell.REFUSED)
    _, told = lives(Failure("no", status), 8 * DAY)
    assert [what for what, _ in told] == [Tell.REFUSED, Tell.STOPPED]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(600, 600), (1e11, 86400), (-5, 60), (0, 60), (float("nan"), 60), (float("inf"), 86400), (59.9, 60)],
)
def test_s05_s06_retry_after_is_obeyed_within_a_minute_and_a_day(asked, seconds):
    source = fail(SOURCE, Failure("no", 503, asked)).source
    assert wait(source) == timedelta(seconds=seconds)


def test_recovery_is_told_where_the_failure_was():
    source, _ = lives(Failure("no"), 2 * DAY)
    step = schedule.read(source, NOW, changed=False, chance=0)
    assert step.tell is Tell.RECOVERED
    assert (step.source.fails, step.source.failing_since, step.source.last_error, step.source.told_at) == (
        0, None, None, None,
    )  # fmt: skip
    assert schedule.read(fail(SOURCE).source, NOW, changed=False, chance=0).tell is None


@pytest.mark.parametrize("jump", [-DAY, 30 * DAY])
def test_a_jump_of_the_clock_alone_neither_stops_nor_tells(jump):
    source = fail(SOURCE).source
    step = fail(source, now=NOW + jump)
    assert (step.tell, step.source.stopped_reason) == (None, None)


def test_s07_a_move_is_believed_after_three_equal_answers():
    source = SOURCE
    for count, to in enumerate(["/a", "/a", "/b", "/b"], 1):
        source = schedule.moved(source, f"https://example.org{to}")
        assert not schedule.has_moved(source), count
    assert schedule.has_moved(schedule.moved(source, "https://example.org/b"))
    assert schedule.moved(source, None).moves == ()
    assert schedule.moved(source, SOURCE.address).moves == ()
    assert fail(source).source.moves == ()


@pytest.mark.parametrize(
    ("last", "due"), [(None, True), (NOW - 23 * HOUR, False), (NOW - DAY, True), (NOW + HOUR, True)]
)
def test_s13_once_a_day_all_is_read(last, due):
    assert schedule.full_due(last, NOW) is due


@pytest.mark.parametrize(
    ("age", "step"),
    [
        (0 * HOUR, 5 * MINUTE), (2.9 * HOUR, 5 * MINUTE), (3 * HOUR, HOUR), (23 * HOUR, HOUR), (DAY, 6 * HOUR),
        (2.9 * DAY, 6 * HOUR), (3 * DAY, DAY), (13.9 * DAY, DAY), (14 * DAY, None), (-HOUR, 5 * MINUTE),
    ],
)  # fmt: skip
def test_threads_are_read_on_a_falling_schedule(age, step):
    read = schedule.thread_read(replace(THREAD, born_at=NOW - age), NOW, chance=0)
    assert read.next_at == (step and NOW + step)


def test_a_changed_signal_restarts_a_thread_that_was_over():
    over = replace(THREAD, born_at=NOW - 30 * DAY, signal="3", read_signal="3")
    assert schedule.woken(over, "3", NOW) == over
    assert schedule.woken(over, None, NOW) == over
    woken = schedule.woken(over, "4", NOW)
    assert (woken.next_at, woken.signal) == (NOW, "4")
    assert schedule.thread_full(woken, NOW)
    read = schedule.thread_read(woken, NOW, chance=0)
    assert (read.next_at, read.read_signal) == (NOW + DAY, "4")
    assert schedule.thread_read(read, NOW + 14 * DAY, chance=0).next_at is None


def test_s13_a_thread_is_read_whole_daily_and_when_its_signal_changed():
    same = replace(THREAD, signal="1", read_signal="1", last_full_at=NOW - HOUR)
    assert not schedule.thread_full(same, NOW)
    assert schedule.thread_full(replace(same, signal="2"), NOW)
    assert schedule.thread_full(replace(same, last_full_at=NOW - DAY), NOW)


def test_a_thread_said_to_be_empty_waits_for_its_signal():
    assert schedule.first_read(NOW - HOUR, "0", NOW) == NOW + DAY
    assert schedule.first_read(NOW - HOUR, "1", NOW) == NOW
    assert schedule.first_read(NOW - HOUR, None, NOW) == NOW
    assert schedule.first_read(NOW - 15 * DAY, None, NOW) is None


def test_only_the_best_thread_that_works_is_read():
    best, second = replace(THREAD, next_at=NOW), replace(THREAD, id=2, rank=1)
    assert schedule.arranged([best, second], NOW) == [best, second]
    failing = replace(best, fails=3)
    helped = replace(second, next_at=NOW)
    assert schedule.arranged([failing, second], NOW) == [failing, helped]
    assert schedule.arranged([best, helped], NOW) == [best, second]
    assert schedule.arranged([failing, replace(second, fails=3)], NOW)[0] == failing
    assert schedule.arranged([], NOW) == []


def test_a_thread_that_fails_is_asked_later_and_one_that_is_gone_no_more():
    young = replace(THREAD, born_at=NOW - HOUR)
    assert schedule.thread_failed(young, Failure("no"), NOW, chance=0).next_at == NOW + 5 * MINUTE
    assert schedule.thread_failed(replace(young, fails=9), Failure("no"), NOW, chance=0).next_at == NOW + 3 * HOUR
    assert schedule.thread_failed(young, Failure("no", 410), NOW, chance=0).next_at is None
    assert schedule.thread_failed(replace(young, born_at=NOW - 20 * DAY), Failure("no"), NOW, chance=0).next_at is None


def test_a_page_is_asked_three_times_in_all():
    assert [schedule.next_probe(tries, NOW) for tries in range(3)] == [NOW + 10 * MINUTE, NOW + HOUR, None]
