"""A small web server on this machine that can be as bad as the web: it hangs, drips, cuts, lies and sends raw bytes.

    async with serve({"/feed": page(b"<rss/>", "ETag: W/1"), "/old": redirect("/feed")}) as server:
        async with Web.open(allow_loopback_ports={server.port}) as web:
            answer = await web.get(server.url("/old"))
    assert [request.target for request in server.requests] == ["/old", "/feed"]

An answer is any ``async def act(request, writer)``; those below are the usual ones. Each connection gets one answer and
is closed; a path that is not in the table gets 404; one act in place of the table answers everything.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """What was asked: the target as sent ("/feed?page=2") and the headers by names in lower case."""

    target: str
    headers: Mapping[str, str]


Act = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class WebServer:
    """A running server; change ``answers`` at will, read what was asked in ``requests``."""

    answers: Mapping[str, Act] | Act
    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def act(self, target: str) -> Act:
        if callable(self.answers):
            return self.answers
        return self.answers.get(target) or self.answers.get(target.partition("?")[0]) or page(status="404 Not Found")


@asynccontextmanager
async def serve(answers: Mapping[str, Act] | Act, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[WebServer]:
    """Run a server on a free port of 127.0.0.1; whatever it still does ends with the block."""
    site = WebServer(answers, scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.connections += 1
        task = asyncio.ensure_future(_answer(site, reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _answer(site: WebServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        pairs = (line.partition(":") for line in rest if line)
        request = Request(first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})
        site.requests.append(request)
        await site.act(request.target)(request, writer)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
        with suppress(OSError):  # ssl.SSLError is one
            await writer.wait_closed()


def page(body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "text/html") -> Act:
    """Answer with a body and its true length."""
    return cut(body, len(body), *headers, status=status, kind=kind)


def cut(body: bytes, length: int, *headers: str, status: str = "200 OK", kind: str = "text/html") -> Act:
    """Announce ``length`` bytes, send the body, and close."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {length}", f"Content-Type: {kind}", "Connection: close", *headers]
    return raw("\r\n".join([*lines, "", ""]).encode() + body)


def raw(data: bytes) -> Act:
    """Send exactly these bytes and close."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return act


def redirect(target: str, status: int = 302) -> Act:
    """Send the client elsewhere."""
    return page(b"", f"Location: {target}", status=f"{status} Elsewhere")


def hang(first: bytes = b"") -> Act:
    """Send some bytes and nothing more, for ever."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await asyncio.Event().wait()

    return act


def drip(first: bytes = b"HTTP/1.1 200 OK\r\n\r\n", piece: bytes = b"x", seconds: float = 0.01) -> Act:
    """Send a little, then a piece every few moments, for ever: it never looks idle."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(seconds)

    return act


def endless(first: bytes = b"HTTP/1.1 200 OK\r\n\r\n", piece: bytes = b"x" * 65_536) -> Act:
    """Send as much as the client takes, for ever."""
    return drip(first, piece, 0)


def in_turn(*acts: Act) -> Act:
    """Answer by each act once, by the last one for ever."""
    left = list(acts)

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(request, writer)

    return act
