"""The guarded fetch against servers on this machine: manners, conditions, redirects and the one deadline."""

import asyncio
import socket
import threading
import traceback

import pytest
from aiohttp.abc import AbstractResolver

from bot.errors import FetchError
from bot.http import MAX_HOPS, TIMEOUT, Response, Web
from bot.sources.base import Answer
from bot.urls import UNREADABLE
from tests.web_server import drip, hang, in_turn, page, raw, redirect, serve

pytestmark = pytest.mark.asyncio


async def get(answers, path="/", **options):
    """Read a path of a site with these answers; give the answer and what was asked."""
    async with serve(answers) as server, Web.open(allow_loopback_ports={server.port}) as web:
        return await web.get(server.url(path), **options), server


async def refusal(answers, path="/", **options):
    with pytest.raises(FetchError) as caught:
        await get(answers, path, **options)
    assert str(caught.value) == UNREADABLE
    return caught.value


async def test_a_page_is_read_politely():
    answer, server = await get(page(b"hello", "X-Odd: 1", "x-odd: 2"))
    assert (answer.status, answer.body, answer.content_type) == (200, b"hello", "text/html")
    assert answer.headers["x-odd"] == "1, 2"
    assert answer.moved_to is None
    sent = server.requests[0].headers
    assert sent["user-agent"].startswith("Rendezvous/") and "(+https://" in sent["user-agent"]
    assert sent["accept-encoding"] == "gzip, deflate, br"
    assert sent["accept"].startswith("text/html")
    assert {"cookie", "authorization"} & sent.keys() == set()


async def test_a_response_keeps_what_sources_are_promised():
    answer: Answer = Response("https://example.org/", 200, None, b"")
    assert (answer.validators, answer.headers, answer.moved_to) == ({}, {}, None)


async def test_accept_and_contact_are_told():
    async with (
        serve(page()) as server,
        Web.open(allow_loopback_ports=[server.port], contact="mailto:a@b.example") as web,
    ):
        await web.get(server.url(), accept="application/json")
    assert server.requests[0].headers["accept"] == "application/json"
    assert server.requests[0].headers["user-agent"].endswith(" (+mailto:a@b.example)")


async def test_neither_cookies_nor_a_proxy_from_the_environment_are_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    async with serve(page(b"x", "Set-Cookie: a=b")) as server, Web.open(allow_loopback_ports={server.port}) as web:
        await web.get(server.url())
        await web.get(server.url())
    assert "cookie" not in server.requests[1].headers


# Conditions


async def test_s13_validators_pass_untouched():
    tag, date = 'W/"a-b,c\\"', "Sun, 22 Nov 2026 10:00:00 GMT"
    first = page(b"text", f"ETag: {tag}", f"Last-Modified: {date}")
    async with (
        serve(in_turn(first, raw(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"))) as server,
        Web.open(allow_loopback_ports={server.port}) as web,
    ):
        answer = await web.get(server.url())
        assert answer.validators == {"etag": tag, "last-modified": date}
        again = await web.get(server.url(), validators=answer.validators)
    assert (again.status, again.body) == (304, b"")
    assert "if-none-match" not in server.requests[0].headers
    sent = server.requests[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (tag, date)


@pytest.mark.parametrize("tag", [b"\xff\xfe", b"a\tb", b"x" * 5000, b""])
async def test_s13_a_validator_that_cannot_be_sent_back_is_not_kept(tag):
    answer, _ = await get(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: " + tag + b"\r\n\r\n"))
    assert answer.validators == {}


async def test_s13_a_stored_validator_cannot_break_a_request():
    answer, server = await get(
        page(b"x"), validators={"etag": "a\r\nX-Evil: 1", "last-modified": "\udc80", "page": "2"}
    )
    assert answer.body == b"x"
    assert {"if-none-match", "x-evil", "if-modified-since", "page"} & server.requests[0].headers.keys() == set()


async def test_s13_not_modified_without_a_condition_is_an_error():
    error = await refusal(raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"))
    assert error.status == 304


async def test_statuses_are_answers():
    for status in (204, 401, 403, 404, 410, 451, 500):
        answer, _ = await get(page(b"gone" if status != 204 else b"", status=f"{status} Odd"))
        assert answer.status == status


# Redirects


CHAINS = {
    (301,): 1, (308,): 1, (302,): 0, (307,): 0, (303,): 0,
    (301, 308, 301): 3, (301, 302): 1, (302, 301): 0, (308, 301, 307, 301): 2,
}  # fmt: skip


@pytest.mark.parametrize("statuses", CHAINS)
async def test_s07_only_the_leading_permanent_hops_move_a_source(statuses):
    answers = {f"/{hop}": redirect(f"/{hop + 1}", status) for hop, status in enumerate(statuses)}
    answer, server = await get({**answers, f"/{len(statuses)}": page(b"here")}, "/0")
    permanent = CHAINS[statuses]
    assert (answer.body, answer.url) == (b"here", server.url(f"/{len(statuses)}"))
    assert answer.moved_to == (server.url(f"/{permanent}") if permanent else None)


async def test_s07_a_redirect_without_a_target_is_an_answer():
    answer, _ = await get(page(b"x", status="301 Moved"))
    assert (answer.status, answer.moved_to) == (301, None)


@pytest.mark.parametrize("hops", [MAX_HOPS, MAX_HOPS + 1])
async def test_s08_five_hops_are_followed_and_six_are_not(hops):
    answers = {f"/{hop}": redirect(f"/{hop + 1}", (302, 307)[hop % 2]) for hop in range(hops)}
    answers[f"/{hops}"] = page(b"here")
    if hops <= MAX_HOPS:
        assert (await get(answers, "/0"))[0].body == b"here"
    else:
        assert (await refusal(answers, "/0")).detail == "too many redirects"


@pytest.mark.parametrize("answers", [redirect("/"), {"/": redirect("/b"), "/b": redirect("/")}])
async def test_s08_loops_end(answers):
    async with serve(answers) as server, Web.open(allow_loopback_ports={server.port}) as web:
        with pytest.raises(FetchError):
            await web.get(server.url())
    assert len(server.requests) == MAX_HOPS + 1


TARGETS = [
    "file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", "data:text/html,x", "gopher://127.0.0.1/",
    "http://10.0.0.1/", "http://127.0.0.1:9/", "//127.0.0.1:9/", "http://u@example.org/", "http://u:p@example.org/",
    "http://example.org:22/", "http://example.org:8080/", "http://localhost/", "http://[::1]/", "http://[", "http:///x",
    "http://example.org\\@127.0.0.1/", "\x01http://example.org/", "http://" + "a" * 5000 + ".example/",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
async def test_s09_redirects_to_what_is_not_public_are_refused(target):
    await refusal(redirect(target))


class Lying(AbstractResolver):
    """Says that every name is this machine."""

    async def resolve(self, host, port=0, family=0):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self):
        pass


class Failing(Lying):
    async def resolve(self, host, port=0, family=0):
        raise OSError("name or service not known")


class Empty(Lying):
    async def resolve(self, host, port=0, family=0):
        return []


async def test_s09_a_name_that_resolves_to_this_machine_is_refused():
    async with serve(page(b"secret")) as server, Web.open(resolver=Lying()) as web:
        for url in ("http://example.org/", server.url(), server.url(host="[::ffff:127.0.0.1]")):
            with pytest.raises(FetchError) as caught:
                await web.get(url)
            assert caught.value.detail == "not a public address"
    assert not server.connections


async def test_allowed_private_networks_open_names_and_ports_and_nothing_else():
    async with serve(page(b"forum")) as server, Web.open(resolver=Lying(), allow_private=True, spacing=0) as web:
        for host in ("127.0.0.1", "localhost", "forum", "forum.internal"):
            assert (await web.get(server.url(host=host))).body == b"forum"
        for url in ("file:///etc/passwd", "ftp://forum/", f"http://u@forum:{server.port}/"):
            with pytest.raises(FetchError):
                await web.get(url)


# One deadline


async def test_s01_no_connection_and_no_name_are_one_error():
    async with serve(page()) as server:
        closed = server.port
    async with Web.open(allow_loopback_ports={closed}) as web:
        with pytest.raises(FetchError) as caught:
            await web.get(f"http://127.0.0.1:{closed}/")
    assert caught.value.detail == "no connection"
    for resolver in (Failing(), Empty()):
        async with Web.open(resolver=resolver) as web:
            with pytest.raises(FetchError) as caught:
                await web.get("http://example.org/")
        assert (str(caught.value), caught.value.detail) == (UNREADABLE, "no such host")


async def test_s01_names_that_hang_keep_no_other_thread_waiting(monkeypatch):
    answered, asked = threading.Event(), []

    def hang_name(host, *_):
        asked.append(host)
        answered.wait(20)
        raise OSError("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", hang_name)
    async with Web.open() as web:
        waiting = [asyncio.create_task(web.get(f"http://{number}.example.org/")) for number in range(40)]
        for _ in range(50):  # all have asked before anybody else wants a thread
            await asyncio.sleep(0)
        try:
            assert await asyncio.wait_for(asyncio.to_thread(int, "7"), 10) == 7
            assert not any(task.done() for task in waiting)
        finally:
            answered.set()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert {(type(end), end.detail) for end in ends} == {(FetchError, "no such host")}
    assert len(asked) == 40


async def test_s01_the_system_knows_this_machine():
    async with serve(page(b"here")) as server, Web.open(allow_private=True, spacing=0) as web:
        assert (await web.get(server.url(host="localhost"))).body == b"here"


SLOW = {
    "s02_hang": hang(),
    "s02_hang_in_the_body": hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
    "s03_slow_body": drip(),
    "s03_slow_chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "s04_slow_status": drip(b"HTTP/1.1 200 O", b"K"),
    "s04_slow_headers": drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.02),
}


@pytest.mark.parametrize("fault", SLOW)
async def test_s02_s03_s04_one_deadline_ends_what_hangs_or_drips(fault):
    assert TIMEOUT == 20
    assert (await refusal(SLOW[fault], timeout=0.15)).detail == "timed out"


async def test_s02_the_deadline_is_that_of_all_hops_together():
    async def slow_hop(request, writer):
        await asyncio.sleep(0.12)
        await redirect("/")(request, writer)

    assert (await refusal(slow_hop, timeout=0.3)).detail == "timed out"


async def test_s02_others_go_on_while_one_host_hangs():
    async with serve(hang()) as bad, serve(page(b"fine")) as good:
        async with Web.open(allow_loopback_ports={bad.port, good.port}) as web:
            waiting = [asyncio.create_task(web.get(bad.url())) for _ in range(50)]
            assert (await web.get(good.url())).body == b"fine"
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        assert bad.connections <= 2


HEADERS = {
    "200 kB": b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 200_000 + b"\r\n\r\n",
    "100,000": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000 + b"\r\n",
    "no status line": b"hello\r\n\r\nthere",
    "nothing": b"",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "NUL": b"HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
}


@pytest.mark.parametrize("fault", HEADERS)
async def test_s19_headers_without_measure_or_form_are_refused(fault):
    await refusal(raw(HEADERS[fault]))


async def test_errors_hold_nothing_of_an_address_as_it_may_hold_a_key():
    for answers in (
        raw(b"bad"),
        page(b"x", "Content-Encoding: zstd"),
        redirect("http://[/"),
        hang(),
        redirect("/?key=s3cret"),
    ):
        error = await refusal(answers, "/?key=s3cret", timeout=0.2)
        assert "s3cret" not in "".join(traceback.format_exception(error)) + error.detail
