"""How often somebody may do something, and what they were offered: small bounded memories that a restart may lose."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Offered = TypeVar("Offered")

MOST_KEYS = 10_000
MOST_OFFERS = 2_000


class Allowance:
    """At most ``count`` uses by one key within any ``span``; forgets the longest idle of more than 10,000 keys."""

    def __init__(self, count: int, span: timedelta) -> None:
        self.count, self.span = count, span
        self._uses: dict[Hashable, deque[datetime]] = {}

    def take(self, key: Hashable, now: datetime) -> timedelta | None:
        """Use it once and return None, or return how long to wait and count nothing."""
        uses = self._uses.pop(key, None) or deque(maxlen=self.count)
        self._uses[key] = uses  # last in the order: the first is the longest idle
        if len(self._uses) > MOST_KEYS:
            del self._uses[next(iter(self._uses))]
        if len(uses) == self.count and now - uses[0] < self.span:
            return uses[0] + self.span - now
        uses.append(now)
        return None


class Offers(Generic[Offered]):
    """What waits for a yes, under a token that nobody can guess; each is forgotten after ``span``."""

    def __init__(self, span: timedelta) -> None:
        self.span = span
        self._open: dict[str, tuple[datetime, Offered]] = {}

    def put(self, offered: Offered, now: datetime) -> str:
        """Keep an offer and return its token of 22 characters; the oldest of more than 2,000 is forgotten."""
        token = secrets.token_urlsafe(16)
        self._open[token] = now + self.span, offered
        while len(self._open) > MOST_OFFERS:
            del self._open[next(iter(self._open))]
        return token

    def renew(self, token: str, offered: Offered, now: datetime) -> None:
        """Keep an offer as it has become, for as long again; nothing where it was forgotten already."""
        if self._open.pop(token, None) is not None:
            self._open[token] = now + self.span, offered  # last in the order: the first is the oldest

    def drop(self, token: str) -> None:
        """Forget an offer."""
        self._open.pop(token, None)

    def get(self, token: str, now: datetime) -> Offered | None:
        """Return what was offered under a token, None where it was never or too long ago."""
        until, offered = self._open.get(token, (now, None))
        return offered if now < until else None
