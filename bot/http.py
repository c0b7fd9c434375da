"""One polite, bounded, guarded way to read a public address: every connection is checked, every body is capped."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from importlib.metadata import version
from time import monotonic
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from bot.clock import Clock, SystemClock
from bot.errors import FetchError
from bot.http_body import ENCODINGS, BodyError, read
from bot.http_guard import Blocked, FilterDNS, Guard, SystemDNS
from bot.http_hosts import SHORTEST_PAUSE, Hosts, host_of, retry_after
from bot.urls import UNREADABLE

MAX_BYTES = 8 * 2**20
TIMEOUT = 20.0
MAX_HOPS = 5
SPACING = 1.0
CONCURRENCY = 2
CONTACT = "https://github.com/rendezvous-bot/rendezvous"

_ACCEPT = "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5"
_PERMANENT = frozenset((301, 308))
_REDIRECTS = _PERMANENT | {302, 303, 307}
_BUSY = frozenset((429, 503))
_BODILESS = _BUSY | {304}  # nobody reads what a busy server says besides Retry-After
_LONGEST_VALIDATOR = 1024
_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


@dataclass(frozen=True, slots=True)
class Response:
    """What an address answered: ``url`` after redirects, headers by names in lower case, the decompressed body.

    ``moved_to`` is where the address lives for good: the target of the leading run of 301 and 308 hops, else None.
    """

    url: str
    status: int
    content_type: str | None
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    moved_to: str | None = None

    @property
    def validators(self) -> dict[str, str]:
        """``etag`` and ``last-modified``, untouched, as far as given and fit to be sent back."""
        return {name: self.headers[name] for name in _CONDITIONS if _is_sendable(self.headers.get(name))}


class Web:
    """Reads addresses; made by ``Web.open``."""

    def __init__(
        self, session: aiohttp.ClientSession, guard: Guard, hosts: Hosts, clock: Clock, spacing: float
    ) -> None:
        self._session = session
        self._guard = guard
        self._hosts = hosts
        self._clock = clock
        self._spacing = spacing

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        contact: str = CONTACT,
        allow_loopback_ports: Collection[int] = (),
        allow_private: bool = False,
        spacing: float = SPACING,
        concurrency: int = CONCURRENCY,
        clock: Clock | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> AsyncIterator[Web]:
        """Open a session; ``contact`` is told to every site.

        ``allow_loopback_ports`` are ports of this machine that may be read, without spacing: the demo's example site
        and the tests. ``allow_private`` opens every address and port, for self-hosted forums. One host is asked
        ``concurrency`` things at once and anew after ``spacing`` seconds at the earliest. ``resolver`` and ``tls``
        stand in for the system's name service and trusted certificates in tests.
        """
        clock = clock or SystemClock()
        guard = Guard(frozenset(allow_loopback_ports), allow_private)
        names = FilterDNS(resolver or SystemDNS(), guard)
        connector = aiohttp.TCPConnector(
            socket_factory=guard.socket,
            resolver=names,
            limit_per_host=concurrency,
            ssl=tls or True,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            trust_env=False,  # a proxy from the environment would undo the guard
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),  # get() keeps the one deadline
            headers={
                "User-Agent": f"Rendezvous/{version('rendezvous-bot')} (+{contact})",
                "Accept-Encoding": ENCODINGS,
            },
        )
        try:
            async with session:
                yield cls(session, guard, Hosts(clock, concurrency=concurrency), clock, spacing)
        finally:
            await names.close()  # aiohttp closes only a resolver of its own

    async def get(
        self,
        url: str,
        *,
        validators: Mapping[str, str] | None = None,
        accept: str | None = None,
        limit: int = MAX_BYTES,
        timeout: float = TIMEOUT,  # noqa: ASYNC109
    ) -> Response:
        """Return what the address answers, whatever the status, within ``timeout`` seconds and ``limit`` bytes.

        ``validators`` of an earlier answer make the request conditional: 304 with an empty body where they still
        hold. Follows at most 5 redirects, never from https to http. The time does not run while the host's turn is
        waited for.

        Raises ``FetchError`` for everything else, always with the same sentence: it must not tell who asks what our
        network looks like. So do 429 and 503; 429, and 503 with Retry-After, also keep the whole host from being
        asked before ``FetchError.retry_after`` seconds are over, whoever asks.
        """
        headers = {"Accept": accept or _ACCEPT, **_conditions(validators)}
        budget = _Budget(timeout)
        moved_to, permanent = None, True
        for _ in range(MAX_HOPS + 1):
            answer = await self._ask(url, headers, limit, budget)
            target = _target(answer)
            if target is None:
                return answer if moved_to is None else replace(answer, moved_to=moved_to)
            permanent = permanent and answer.status in _PERMANENT
            moved_to = target if permanent else moved_to
            url = target
        raise FetchError(UNREADABLE, detail="too many redirects")

    async def _ask(self, url: str, headers: Mapping[str, str], limit: int, budget: _Budget) -> Response:
        """Ask one address in its host's turn; no hop holds a turn while it waits for another host's."""
        self._guard.check(url)
        host = host_of(url)
        async with self._hosts.turn(host, 0 if self._guard.is_loopback(url) else self._spacing):
            try:
                async with budget:
                    answer = await self._request(url, headers, limit)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                # Nothing is chained: aiohttp's messages quote the address, and that may hold an API key.
                raise FetchError(UNREADABLE, detail=_cause(error)) from None
            self._heed(host, answer)
        return answer

    async def _request(self, url: str, headers: Mapping[str, str], limit: int) -> Response:
        async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED and not _is_conditional(headers):
                raise FetchError(UNREADABLE, status=answer.status, detail="not modified since no time")
            found = {name.lower(): ", ".join(answer.headers.getall(name)) for name in answer.headers}
            response = Response(url, answer.status, answer.headers.get("Content-Type"), b"", found)
            if answer.status in _BODILESS or _is_redirect(response):
                return response
            try:
                return replace(response, body=await read(answer, limit))
            except (aiohttp.ClientError, BodyError) as error:
                raise FetchError(UNREADABLE, status=answer.status, detail=_cause(error)) from None

    def _heed(self, host: str, answer: Response) -> None:
        """Give the host the pause that it asks for; raises ``FetchError`` where that is its whole answer."""
        if answer.status not in _BUSY:
            return
        pause = retry_after(answer.headers.get("retry-after"), self._clock.now())
        if pause is None and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            pause = SHORTEST_PAUSE
        if pause is not None:
            self._hosts.pause(host, pause, answer.status)
        raise FetchError(
            UNREADABLE,
            status=answer.status,
            retry_after=pause.total_seconds() if pause else None,
            detail=f"HTTP status {answer.status}",
        )


class _Budget:
    """The time that all hops of one ``get`` have together."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    async def __aenter__(self) -> None:
        self._began = monotonic()
        self._timeout = asyncio.timeout(self._left)
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left -= monotonic() - self._began
        await self._timeout.__aexit__(kind, error, trace)


def _conditions(validators: Mapping[str, str] | None) -> dict[str, str]:
    given = validators or {}
    return {_CONDITIONS[name]: given[name] for name in _CONDITIONS if _is_sendable(given.get(name))}


def _is_conditional(headers: Mapping[str, str]) -> bool:
    return not headers.keys().isdisjoint(_CONDITIONS.values())


def _is_sendable(value: str | None) -> bool:
    """Say whether a header's value may be kept and sent: a hostile one must not spoil every later request."""
    return value is not None and 0 < len(value) <= _LONGEST_VALIDATOR and value.isprintable()


def _is_redirect(answer: Response) -> bool:
    return answer.status in _REDIRECTS and bool(answer.headers.get("location"))


def _target(answer: Response) -> str | None:
    """Return where an answer sends us, None where it does not; raises ``FetchError`` for a way out of https."""
    if not _is_redirect(answer):
        return None
    try:
        target = urljoin(answer.url, answer.headers["location"])
        downgrade = urlsplit(answer.url).scheme == "https" != urlsplit(target).scheme
    except ValueError:
        raise FetchError(UNREADABLE, detail="redirected to no address") from None
    if downgrade:
        raise FetchError(UNREADABLE, detail="redirected from https to less")
    return target


def _cause(error: Exception) -> str:
    """Say in a few words of ours what went wrong, for the operator."""
    inner = getattr(error, "os_error", error)
    if isinstance(inner, Blocked):
        return str(inner)
    for kinds, words in _CAUSES:
        if isinstance(error, kinds):
            return words
    return str(error) if isinstance(error, BodyError) else "no connection"


_CAUSES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((TimeoutError,), "timed out"),
    ((aiohttp.ClientConnectorCertificateError,), "certificate refused"),
    ((aiohttp.ClientSSLError,), "no safe connection"),
    ((aiohttp.ClientConnectorDNSError,), "no such host"),
    ((aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError), "cut short"),
    ((aiohttp.InvalidURL,), "no such address"),
    ((aiohttp.ClientResponseError,), "not proper HTTP"),
)
