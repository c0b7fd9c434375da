"""Manners towards hosts on a clock that tests turn: pauses, spacing, places, and a table that stays small."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import FetchError
from bot.http import Web
from bot.http_hosts import LONGEST_PAUSE, SHORTEST_PAUSE, Hosts, host_of, retry_after
from bot.urls import UNREADABLE
from tests.fakes import FakeClock
from tests.web_server import page, redirect, serve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, DAY = 60.0, 86_400.0
AFTER = {
    "120": 120, "0": MINUTE, "-5": MINUTE, "+90": 90, "90.7": 90, "99999999999": DAY, "9" * 4000: DAY,
    "Sun, 01 Mar 2026 12:10:00 GMT": 600, "Sun, 01 Mar 2026 13:10:00 +0100": 600,
    "Sun, 01 Mar 2026 12:10:00 -0000": 600,
    "Sunday, 01-Mar-26 12:10:00 GMT": 600, "Sun Mar  1 12:10:00 2026": 600,
    "Thu, 01 Jan 1970 00:00:00 GMT": MINUTE, "Fri, 31 Dec 9999 23:59:59 GMT": DAY,
}  # fmt: skip
UNREADABLE_AFTER = [
    None, "", "soon", "1e9", "NaN", "٣٠٠", "Fri, 99 Foo 2026 12:00:00 GMT", "Fri, 31 Dec 99999 23:59:59 GMT",
    "9" * 5000,
    "\udc80", ", , ,", "Sun, 01 Mar 2026 12:10:00 +9999999999",
]  # fmt: skip


@pytest.mark.parametrize("value", AFTER)
def test_s05_retry_after_lies_between_a_minute_and_a_day(value):
    assert retry_after(value, NOW) == timedelta(seconds=AFTER[value])


@pytest.mark.parametrize("value", UNREADABLE_AFTER)
def test_s05_a_retry_after_that_says_nothing_asks_for_nothing(value):
    assert retry_after(value, NOW) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", AFTER)
async def test_s05_s06_the_whole_host_is_left_in_peace_until_then(status, value):
    clock = FakeClock(NOW)
    busy = page(b"slow down", f"Retry-After: {value}", status=f"{status} Busy")
    async with (
        serve({"/a": busy, "/b": page(b"fine")}) as server,
        serve(page(b"other")) as other,
        Web.open(allow_loopback_ports={server.port, other.port}, clock=clock) as web,
    ):
        for path, turned in (("/a", 0.0), ("/b", 0.0), ("/b", AFTER[value] - 1)):
            clock.turn(turned)
            with pytest.raises(FetchError) as caught:
                await web.get(server.url(path))
            assert (str(caught.value), caught.value.status) == (UNREADABLE, status)
            assert caught.value.retry_after == AFTER[value] - turned
        assert [request.target for request in server.requests] == ["/a"]
        assert (await web.get(other.url())).body == b"other"
        clock.turn(1)
        assert (await web.get(server.url("/b"))).body == b"fine"


@pytest.mark.asyncio
async def test_s05_without_retry_after_429_pauses_a_minute_and_503_does_not():
    clock = FakeClock(NOW)
    answers = {"/429": page(status="429 Slow"), "/503": page(status="503 Down"), "/": page(b"fine")}
    async with serve(answers) as server, Web.open(allow_loopback_ports={server.port}, clock=clock) as web:
        with pytest.raises(FetchError) as caught:
            await web.get(server.url("/503"))
        assert (caught.value.status, caught.value.retry_after) == (503, None)
        assert (await web.get(server.url())).body == b"fine"
        with pytest.raises(FetchError) as caught:
            await web.get(server.url("/429"))
        assert (caught.value.status, caught.value.retry_after) == (429, MINUTE)
        with pytest.raises(FetchError):
            await web.get(server.url())
        assert len(server.requests) == 3


@pytest.mark.asyncio
async def test_s06_a_redirect_into_a_paused_host_asks_it_nothing():
    clock = FakeClock(NOW)
    async with serve(page(status="429 Slow")) as busy, serve(redirect(busy.url("/b"))) as start:
        async with Web.open(allow_loopback_ports={busy.port, start.port}, clock=clock) as web:
            for _ in range(3):
                with pytest.raises(FetchError):
                    await web.get(start.url())
        assert (len(busy.requests), len(start.requests)) == (1, 3)


@pytest.mark.asyncio
async def test_requests_to_one_host_start_a_second_apart():
    clock = FakeClock(NOW)
    async with serve(page(b"x")) as server, Web.open(allow_private=True, clock=clock) as web:
        for second in (0, 1, 2):
            await web.get(server.url())
            assert clock.now() == NOW + timedelta(seconds=second)
        clock.turn(5)
        await web.get(server.url())
        assert clock.now() == NOW + timedelta(seconds=7)


@pytest.mark.asyncio
async def test_spacing_is_a_host_s_own_and_survives_a_clock_set_back():
    clock = FakeClock(NOW)
    hosts = Hosts(clock, concurrency=2)
    for host in ("a.example", "b.example"):
        async with hosts.turn(host, 1):
            assert clock.now() == NOW
    clock.turn(-3600)
    async with hosts.turn("a.example", 1):
        assert clock.now() == NOW - timedelta(seconds=3599)


@pytest.mark.asyncio
async def test_a_host_has_two_places_and_those_who_wait_see_its_pause():
    hosts = Hosts(FakeClock(NOW), concurrency=2)
    leave, inside = asyncio.Event(), []

    async def visit(name):
        async with hosts.turn("a.example", 0):
            inside.append(name)
            await leave.wait()

    first = [asyncio.create_task(visit(name)) for name in (1, 2, 3, 4)]
    for _ in range(9):
        await asyncio.sleep(0)
    assert inside == [1, 2]
    hosts.pause("a.example", SHORTEST_PAUSE, 429)
    leave.set()
    ends = await asyncio.gather(*first, return_exceptions=True)
    assert ends[:2] == [None, None]
    assert all(isinstance(end, FetchError) and end.retry_after == MINUTE for end in ends[2:])
    assert inside == [1, 2]


@pytest.mark.asyncio
async def test_who_gives_up_leaves_the_place_free():
    hosts = Hosts(FakeClock(NOW), concurrency=1)
    async with hosts.turn("a.example", 0):
        waiting = asyncio.create_task(hosts.turn("a.example", 0).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with hosts.turn("a.example", 0):
        pass


@pytest.mark.asyncio
async def test_a_shorter_pause_does_not_end_a_longer_one():
    hosts = Hosts(FakeClock(NOW), concurrency=2)
    hosts.pause("a.example", LONGEST_PAUSE, 503)
    hosts.pause("a.example", SHORTEST_PAUSE, 429)
    with pytest.raises(FetchError) as caught:
        async with hosts.turn("a.example", 0):
            pass
    assert (caught.value.retry_after, caught.value.status) == (DAY, 503)


@pytest.mark.asyncio
async def test_the_table_of_hosts_stays_small_and_keeps_who_is_in_use():
    clock = FakeClock(NOW)
    hosts = Hosts(clock, concurrency=2, max_hosts=50)
    async with hosts.turn("busy.example", 0):
        hosts.pause("paused.example", LONGEST_PAUSE, 429)
        for number in range(500):
            async with hosts.turn(f"{number}.example", 0):
                assert len(hosts) <= 50
        with pytest.raises(FetchError):  # idle hosts go first
            async with hosts.turn("paused.example", 0):
                pass
        for number in range(500):
            hosts.pause(f"{number}.example", SHORTEST_PAUSE + timedelta(seconds=number), 429)
            assert len(hosts) <= 50
        assert "busy.example" in hosts._hosts


def test_http_and_https_are_one_host_and_an_odd_port_is_another():
    same = ("http://Example.org/a", "https://example.org:443/b", "http://example.org.:80", "https://example.org")
    assert {host_of(url) for url in same} == {"example.org"}
    assert host_of("http://example.org:8080/") == "example.org:8080"
