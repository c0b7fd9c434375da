"""Who types on needs no suggestions for what was typed before: of one member's questions the newest is looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Typing:
    """Looks up one thing at a time for each member, and leaves out what became old while it waited."""

    def __init__(self) -> None:
        self._newest: dict[int, int] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def look_up(self, user_id: int, look: Callable[[], Awaitable[list[T]]]) -> list[T]:
        """Return what ``look`` finds, [] where the member asked again before it was this question's turn."""
        mine = self._newest[user_id] = self._newest.get(user_id, 0) + 1
        async with self._locks.setdefault(user_id, asyncio.Lock()):
            if self._newest[user_id] != mine:
                return []
            try:
                return await look()
            finally:
                if self._newest[user_id] == mine:  # nobody waits behind us
                    del self._newest[user_id], self._locks[user_id]
