"""The stage of the SSRF experiment: a loop that sees every connect, an attacker's web server and name service.

No packet leaves: a connect to the one public address is carried to the attacker on 127.0.0.1, all others fail. Whatever
is connected besides public addresses at their ports is a leak, told by a list of what is allowed, not of what is not.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from unittest.mock import patch
from urllib.parse import quote, unquote

from aiohttp.abc import AbstractResolver

from bot import http
from bot.errors import FetchError
from bot.http import Web
from bot.http_guard import Guard

PUBLIC = "93.184.215.14"
DEAD, DEAD_6 = "93.184.215.15", "2606:2800:21f:cb07::1"  # public, and nobody answers
ATTACKER = "attacker.example"


@dataclass(frozen=True)
class Attack:
    """An address to read, and what the names in it resolve to: each look-up takes the next answer, the last stays."""

    name: str
    url: str
    names: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()

    def by_redirect(self, status: int = 302) -> Attack:
        """Return the same attack behind a redirect of the attacker's site."""
        return Attack(f"{status} to {self.name}", f"http://{ATTACKER}/{status}/{quote(self.url, safe='')}", self.names)


class WatchedLoop(asyncio.SelectorEventLoop):
    """Sees the very address of each connect, as the kernel would."""

    def __init__(self) -> None:
        super().__init__()
        self.attacker_port = 0
        self.leaks: list[tuple[str, int]] = []
        self.carried = 0

    async def sock_connect(self, sock, address):
        host, port = address[:2]
        if host not in (PUBLIC, DEAD, DEAD_6) or port not in (80, 443):
            self.leaks.append((host, port))
        elif host == PUBLIC and port == 80:
            self.carried += 1
            await super().sock_connect(sock, ("127.0.0.1", self.attacker_port))
            return
        raise ConnectionRefusedError(111, "nobody is there")


class Names(AbstractResolver):
    """The name service: the attacker's names, and old spellings of addresses, which getaddrinfo knows too."""

    def __init__(self) -> None:
        self._left: dict[str, list[tuple[str, ...]]] = {ATTACKER: [(PUBLIC,)]}

    def teach(self, attack: Attack) -> None:
        self._left |= {name: list(answers) for name, answers in attack.names}

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in self._addresses(host.rstrip("."))
        ]

    def _addresses(self, host: str) -> tuple[str, ...]:
        if left := self._left.get(host):
            return left.pop(0) if len(left) > 1 else left[0]
        with suppress(OSError):
            return (socket.inet_ntoa(socket.inet_aton(host)),)
        return ("127.0.0.1",)

    async def close(self):
        pass


class _Site(asyncio.Protocol):
    """The attacker's site: /302/<address> redirects there, everything else is a page."""

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        _, status, *target = data.split(b" ")[1].decode().split("/", 2)
        head = (
            f"HTTP/1.1 {status} Go\r\nLocation: {unquote(target[0])}\r\n"
            if target
            else "HTTP/1.1 200 OK\r\nConnection: close\r\n"
        )
        self._transport.write((head + "Content-Length: 0\r\n\r\n").encode())
        if not target:  # who comes back has to look the name up again
            self._transport.close()


@asynccontextmanager
async def stage() -> AsyncIterator[WatchedLoop]:
    """Run the attacker's site; only inside a ``WatchedLoop``."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    async with await loop.create_server(_Site, "127.0.0.1", 0) as server:
        loop.attacker_port = server.sockets[0].getsockname()[1]
        yield loop


class NoCheck(Guard):
    """A guard that does not look at addresses before they are asked."""

    def check(self, url):
        pass


class NoGuard(NoCheck):
    def allows(self, address, port):
        return True


class NoSocketGuard(Guard):
    """A guard that looks at addresses and names, and not at connects."""

    def socket(self, info):
        return socket.socket(*info[:3])


class FilterAlone(NoSocketGuard, NoCheck):
    """What many take for a guard: a resolver that filters. aiohttp does not ask it about literals."""


def unfiltered(inner, guard):
    return inner


# How the fetch is guarded: the guard, and whether names are filtered.
GUARDS = {
    "shipped": (Guard, True),
    "none": (NoGuard, False),
    "resolver alone": (FilterAlone, True),
    "address and resolver": (NoSocketGuard, True),
    "connect alone": (NoCheck, False),
}


def leaking(attacks: Iterable[Attack], guard: str = "shipped") -> dict[str, list[tuple[str, int]]]:
    """Read every attack's address twice by the real ``Web`` with this guard; return what connected where it must not.

    A name that is known by now is looked up anew, as each attack has its own names.
    """
    made, filtered = GUARDS[guard]

    async def run() -> dict[str, list[tuple[str, int]]]:
        found: dict[str, list[tuple[str, int]]] = {}
        names = Names()
        async with stage() as loop, Web.open(resolver=names, spacing=0) as web:
            web._session.connector._use_dns_cache = False  # type: ignore[union-attr]
            for attack in attacks:
                names.teach(attack)
                loop.leaks = []
                for _ in range(2):
                    with suppress(FetchError):
                        await web.get(attack.url, timeout=5)
                if loop.leaks:
                    found[attack.name] = loop.leaks
            assert loop.carried  # the stage works: what is public was reached
        return found

    with (
        patch.object(http, "Guard", made),
        patch.object(http, "FilterDNS", http.FilterDNS if filtered else unfiltered),
        asyncio.Runner(loop_factory=WatchedLoop) as runner,
    ):
        return runner.run(run())
