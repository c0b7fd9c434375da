"""Small memories: a sliding window for each key, and offers that expire; both bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot import allowance
from bot.allowance import Allowance, Offers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def test_a09_the_window_slides_and_a_refusal_counts_nothing():
    allowed = Allowance(2, MINUTE)
    assert allowed.take("guild", NOW) is None
    assert allowed.take("guild", after(50)) is None
    assert allowed.take("guild", after(59)) == timedelta(seconds=1)
    assert allowed.take("guild", after(60)) is None
    # A window that only began anew at 60 s would allow this one.
    assert allowed.take("guild", after(70)) == timedelta(seconds=40)
    assert allowed.take("another", after(70)) is None


def test_a_million_keys_cost_no_memory(monkeypatch):
    monkeypatch.setattr(allowance, "MOST_KEYS", 3)
    allowed = Allowance(1, MINUTE)
    for key in range(10):
        allowed.take(key, NOW)
    assert list(allowed._uses) == [7, 8, 9]


def test_an_offer_is_kept_for_its_time_and_under_its_token_alone():
    offers = Offers[str](MINUTE)
    token = offers.put("yes?", NOW)
    assert offers.get(token, after(59)) == "yes?"
    assert offers.get(token, after(60)) is None
    assert offers.get("", NOW) is None
    assert offers.get(token[:-1], NOW) is None
    assert len(token) == 22
    assert offers.put("again?", NOW) != token


def test_the_oldest_offer_gives_way(monkeypatch):
    monkeypatch.setattr(allowance, "MOST_OFFERS", 2)
    offers = Offers[int](MINUTE)
    tokens = [offers.put(number, NOW) for number in range(3)]
    assert [offers.get(token, NOW) for token in tokens] == [None, 1, 2]
