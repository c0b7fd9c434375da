"""One polite, bounded, guarded way to read a public address: every connection is checked, every body is capped."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.addresses import is_loopback, is_public
from bot.errors import FetchError
from bot.urls import UNREADABLE, check_fetchable

MAX_BYTES = 8 * 2**20
TIMEOUT = 20.0
MAX_HOPS = 5
CONTACT = "https://github.com/rendezvous-bot/rendezvous"

_CHUNK = 65_536
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Response:
    """What an address answered: ``url`` after redirects, the Content-Type header, and the decompressed body."""

    url: str
    status: int
    content_type: str | None
    body: bytes


class Web:
    """Reads public pages; made by ``Web.open``."""

    def __init__(self, session: aiohttp.ClientSession, loopback_ports: frozenset[int]) -> None:
        self._session = session
        self._loopback_ports = loopback_ports

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        contact: str = CONTACT,
        allow_loopback_ports: frozenset[int] = frozenset(),
        resolver: AbstractResolver | None = None,
    ) -> AsyncIterator[Web]:
        """Open a session; ``contact`` is told to every site, ``resolver`` stands in for the system's in tests.

        ``allow_loopback_ports`` are ports of this machine that may be read: the demo's example site and the tests.
        """
        guard = _Guard(allow_loopback_ports)
        connector = aiohttp.TCPConnector(
            socket_factory=guard.socket,
            resolver=_FilterDNS(resolver or aiohttp.ThreadedResolver(), guard),
            limit_per_host=2,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            trust_env=False,  # a proxy from the environment would undo the guard
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),  # get() keeps the one deadline
            headers={
                "User-Agent": f"Rendezvous/1.0 (+{contact})",
                "Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5",
                "Accept-Encoding": "gzip, deflate",
            },
        )
        async with session:
            yield cls(session, allow_loopback_ports)

    async def get(self, url: str, *, limit: int = MAX_BYTES, timeout: float = TIMEOUT) -> Response:  # noqa: ASYNC109
        """Return what the address answers, whatever the status, within ``timeout`` seconds and ``limit`` bytes.

        Follows at most 5 redirects. Raises FetchError, always with the same sentence, for everything else: it must
        not tell who asks what our network looks like.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._follow(url, limit)
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
            raise FetchError(UNREADABLE) from error

    async def _follow(self, url: str, limit: int) -> Response:
        for _ in range(MAX_HOPS + 1):
            check_fetchable(url, loopback_ports=self._loopback_ports)
            async with self._session.get(url, allow_redirects=False) as answer:
                target = answer.headers.get("Location")
                if answer.status not in _REDIRECTS or not target:
                    body = await _read(answer, limit)
                    return Response(url, answer.status, answer.headers.get("Content-Type"), body)
                url = urljoin(url, target)
        raise FetchError(UNREADABLE)


@dataclass(frozen=True, slots=True)
class _Guard:
    """Decides on the very address that is about to be connected, so that no name can change behind a check."""

    loopback_ports: frozenset[int]

    def allows(self, address: str, port: int) -> bool:
        return is_public(address) or (port in self.loopback_ports and is_loopback(address))

    def socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self.allows(str(address[0]), int(address[1])):
            raise OSError("not a public address")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class _FilterDNS(AbstractResolver):
    """Leaves only public addresses in what a resolver answers: the first wall, before the guard."""

    def __init__(self, inner: AbstractResolver, guard: _Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        kept = [result for result in found if self._guard.allows(result["host"], port)]
        if not kept:
            raise OSError("no public address")
        return kept

    async def close(self) -> None:
        await self._inner.close()


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body decompressed; ValueError for one that is too long, cut short or packed in another way."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    body = bytearray()
    unpacker = _Unpacker(encoding, limit)
    received = 0
    async for chunk in answer.content.iter_chunked(_CHUNK):
        received += len(chunk)
        body += unpacker.feed(chunk)
        if max(received, len(body)) > limit:  # what follows an end mark is received and gives nothing
            raise ValueError("too long")
    unpacker.finish()
    return bytes(body)


class _Unpacker:
    """Decompresses piece by piece and never makes more than one byte over the limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise ValueError("packed in a way that was not asked for")
        self._packed = encoding not in ("identity", "")
        self._raw_deflate = encoding == "deflate"
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, told by its header
        self._room = limit + 1
        self._seen = False

    def feed(self, chunk: bytes) -> bytes:
        if not self._packed:
            return chunk
        if self._raw_deflate and not self._seen and chunk and chunk[0] & 0x0F != 8:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers leave out the zlib header
        self._seen = self._seen or bool(chunk)
        made = self._inflate.decompress(chunk, self._room)
        self._room -= len(made)
        if self._room <= 0 or self._inflate.unconsumed_tail:
            raise ValueError("too long")
        return made

    def finish(self) -> None:
        """Demand the end mark: aiohttp itself takes a cut gzip of the announced length for a whole one."""
        if self._seen and not self._inflate.eof and self._packed:
            raise ValueError("cut short")
