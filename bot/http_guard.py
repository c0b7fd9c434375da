"""Which machines may be connected: decided on the very address of each connect, so no name can change behind it."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from urllib.parse import urlsplit

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.addresses import is_link_local, is_loopback, is_public
from bot.urls import check_fetchable

_PORTS = frozenset((80, 443))
_THREADS = 32

# Each address is judged twice a connect, of a name's answer and of the socket: parsed once, the verdict is the same.
_is_link_local = lru_cache(256)(is_link_local)
_is_public = lru_cache(256)(is_public)


class Blocked(OSError):
    """A connect that the guard did not let happen."""

    def __init__(self) -> None:
        super().__init__("not a public address")


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets through public addresses at ports 80 and 443, what ``loopback_ports`` names, with ``private`` nearly all."""

    loopback_ports: frozenset[int] = frozenset()
    private: bool = False

    def check(self, url: str) -> None:
        """Raise ``FetchError`` for an address that is refused by its looks; the first wall, which saves requests."""
        check_fetchable(url, loopback_ports=self.loopback_ports, private=self.private)

    def is_loopback(self, url: str) -> bool:
        """Say whether an address is one of the allowed ports of this machine."""
        if not self.loopback_ports:
            return False
        parts = urlsplit(url)
        return parts.port in self.loopback_ports and is_loopback(parts.hostname or "")

    def allows(self, address: str, port: int) -> bool:
        """Say whether a literal address may be connected at a port."""
        if _is_link_local(address):  # where clouds keep their machines' secrets; no forum lives there
            return False
        if self.private or (port in self.loopback_ports and is_loopback(address)):
            return True
        return port in _PORTS and _is_public(address)

    def socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket of one connect: aiohttp calls this for literals, names, redirects and retries alike."""
        family, kind, protocol, _, address = info
        if not self.allows(str(address[0]), int(address[1])):
            raise Blocked
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class SystemDNS(AbstractResolver):
    """Asks the system in threads of its own, so that names which hang keep nobody waiting but each other."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class FilterDNS(AbstractResolver):
    """Leaves only what the guard allows in a resolver's answers, so that a mixed answer is read at its public part."""

    def __init__(self, inner: AbstractResolver, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        kept = [result for result in found if self._guard.allows(result["host"], port)]
        if not kept:  # aiohttp does not expect an empty list
            raise Blocked if found else OSError("no such host")
        return kept

    async def close(self) -> None:
        await self._inner.close()
