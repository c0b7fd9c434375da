"""How often the bot may identify."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.chat.breaker import recent, wait_before_identify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_c14_five_logins_in_ten_minutes_are_allowed_and_the_sixth_waits() -> None:
    assert wait_before_identify([ago(m) for m in (1, 2, 3, 9)], NOW) == timedelta()
    assert wait_before_identify([ago(m) for m in (1, 2, 3, 4, 9)], NOW) == timedelta(minutes=1)


def test_each_shard_has_its_own_allowance() -> None:
    assert wait_before_identify([ago(1)] * 9, NOW, shards=2) == timedelta()
    assert wait_before_identify([ago(1)] * 10, NOW, shards=2) > timedelta()


def test_a_hundred_a_day() -> None:
    assert wait_before_identify([ago(60)] * 100, NOW) == timedelta(hours=23)


def test_the_wait_is_long_enough_and_no_longer() -> None:
    past = [ago(m) for m in (0.1, 0.2, 0.3, 0.4, 5, 8)]
    wait = wait_before_identify(past, NOW)
    assert wait_before_identify(past, NOW + wait) == timedelta()
    assert wait_before_identify(past, NOW + wait - timedelta(seconds=1)) > timedelta()


def test_c15_a_clock_that_was_set_back_does_not_lock_us_out() -> None:
    assert recent([NOW + timedelta(hours=1), ago(1), ago(60 * 25)], NOW) == [ago(1)]
