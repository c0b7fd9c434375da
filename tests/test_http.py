"""The guarded fetch, against servers on this machine."""

import asyncio
import gzip
import zlib
from contextlib import asynccontextmanager

import pytest
from aiohttp.abc import AbstractResolver

from bot.errors import FetchError
from bot.http import Web
from bot.urls import UNREADABLE

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def site(handler):
    """Serve one raw answer to everything; give the port and the number of connections so far."""
    hits = []

    async def serve(reader, writer):
        hits.append(1)
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            await handler(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], hits


def answer(body, *headers, status="200 OK", length=None):
    async def handler(request, writer):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}",
                 "Content-Type: text/html", "Connection: close", *headers]  # fmt: skip
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return handler


async def get(handler, path="/", **options):
    async with site(handler) as (port, _), Web.open(allow_loopback_ports=frozenset((port,))) as reader:
        return await reader.get(f"http://127.0.0.1:{port}{path}", **options)


async def refused(handler, **options):
    with pytest.raises(FetchError) as caught:
        await get(handler, **options)
    assert str(caught.value) == UNREADABLE


async def test_a_page_is_read_politely():
    seen = []

    async def handler(request, writer):
        seen.append(request.decode())
        await answer(b"hello")(request, writer)

    response = await get(handler)
    assert (response.status, response.body, response.content_type) == (200, b"hello", "text/html")
    assert "User-Agent: Rendezvous/" in seen[0] and "+https://" in seen[0]
    assert "Accept-Encoding: gzip, deflate, br\r\n" in seen[0]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_packed_bodies_are_unpacked(pack):
    name = "gzip" if pack is gzip.compress else "deflate"
    assert (await get(answer(pack(b"hello" * 99), f"Content-Encoding: {name}"))).body == b"hello" * 99


async def test_S14_S15_bodies_are_cut_at_the_limit():
    await refused(answer(b"x" * 2000), limit=1000)
    await refused(answer(gzip.compress(b"\0" * 10**7), "Content-Encoding: gzip"), limit=10**6)


async def test_S16_S17_cut_bodies_are_errors():
    packed = gzip.compress(bytes(range(256)) * 50)
    await refused(answer(packed[:-20], "Content-Encoding: gzip"))
    await refused(answer(b"short", length=50))
    await refused(answer(b"nonsense", "Content-Encoding: gzip"))


async def test_S18_packings_not_asked_for_are_refused():
    await refused(answer(b"x", "Content-Encoding: br"))


async def test_S19_huge_headers_are_refused():
    await refused(answer(b"x", "X-Long: " + "y" * 200_000))


async def test_S02_S03_S04_one_deadline_for_all():
    async def silent(request, writer):
        await asyncio.Event().wait()

    with pytest.raises(FetchError):
        await asyncio.wait_for(get(silent, timeout=0.2), 10)


async def test_S08_redirects_end():
    await refused(answer(b"", "Location: /", status="302 Found"))


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "http://10.0.0.1/", "http://127.0.0.1:9/", "http://u@example.org/"]
)
async def test_S09_redirects_to_what_is_not_public_are_refused(target):
    await refused(answer(b"", f"Location: {target}", status="302 Found"))


class Lying(AbstractResolver):
    async def resolve(self, host, port=0, family=0):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self):
        pass


async def test_S09_a_name_that_resolves_to_this_machine_is_refused():
    async with site(answer(b"secret")) as (port, hits), Web.open(resolver=Lying()) as reader:
        for url in ("http://example.org/", f"http://127.0.0.1:{port}/", f"http://[::ffff:127.0.0.1]:{port}/"):
            with pytest.raises(FetchError):
                await reader.get(url)
        assert not hits
