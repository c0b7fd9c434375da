"""A few plain questions to Discord's REST API and gateway, for ``rendezvous doctor``; it changes nothing there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.errors import RendezvousError

# Discord asks bots for this form of User-Agent and turns others away.
USER_AGENT = "DiscordBot (rendezvous-bot, 0.1)"
PATIENCE = aiohttp.ClientTimeout(total=15, sock_connect=10)
LARGEST_ANSWER = 4 * 1024 * 1024
HELLO = 10


class Unreachable(RendezvousError):
    """Discord did not answer, or something else answered in its place."""


class RestCheck:
    """Asks with the bot's token; redirects are not followed, so that the token stays where it was sent."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, token: str) -> None:
        self._session, self._api_url = session, api_url
        self._headers = {"Authorization": f"Bot {token}", "User-Agent": USER_AGENT}

    @classmethod
    @asynccontextmanager
    async def open(cls, api_url: str, token: str) -> AsyncIterator[RestCheck]:
        """Open a session for the time of a check."""
        async with aiohttp.ClientSession(timeout=PATIENCE) as session:
            yield cls(session, api_url, token)

    async def get(self, path: str) -> tuple[int, Any]:
        """Return the status and the decoded answer; raises ``Unreachable`` when there is no answer to decode."""
        url = self._api_url + path
        try:
            async with self._session.get(url, headers=self._headers, allow_redirects=False) as answer:
                body = await answer.content.read(LARGEST_ANSWER)
                return answer.status, json.loads(body)
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{self._api_url} does not answer ({_reason(error)}).") from error
        except (ValueError, RecursionError) as error:
            raise Unreachable(f"{self._api_url} answers, but not as Discord does.") from error

    async def hello(self, url: str) -> None:
        """Connect to the gateway and wait for its greeting; without a login, so that none of the day's is used up."""
        address = f"{url.rstrip('/')}/?v=10&encoding=json"
        try:
            async with self._session.ws_connect(address) as socket:
                greeting = await socket.receive_json(timeout=PATIENCE.total)
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"the gateway {url} does not answer ({_reason(error)}).") from error
        except (ValueError, TypeError) as error:
            raise Unreachable(f"the gateway {url} answers, but not as Discord's does.") from error
        if not isinstance(greeting, dict) or greeting.get("op") != HELLO:
            raise Unreachable(f"the gateway {url} answers, but does not say hello.")


def _reason(error: Exception) -> str:
    """Name the cause in words; a timeout has none of its own, and aiohttp's repeats the address."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or "no connection"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"status {error.status} instead of a WebSocket"
    return str(error) or type(error).__name__
