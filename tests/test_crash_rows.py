"""What the killing of bots found, each as a small case; and the rows of faults.md that need no kill."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.post import Answer, Place, Post
from tests.fakes import FakeMessenger
from tests.test_deliver import PAGE, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]


@dataclass
class DatedMessenger(FakeMessenger):
    """A Discord that remembers by its own clock when each message came, and looks no further back than it is asked."""

    world: World | None = None
    came: dict[int, datetime] = field(default_factory=dict)

    def time(self) -> datetime:
        assert self.world is not None
        return self.world.clock.now() + self.skew

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        answer = await super().create(place, post, nonce)
        self.came.setdefault(self.next_id, self.time())
        return answer

    async def find(self, place: Place, post: Post, since: datetime, known: Collection[int]) -> int | Answer | None:
        found = await super().find(place, post, since, known)
        return found if isinstance(found, int) and self.came[found] > since else None


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=2)])
async def test_c15_our_clock_is_set_anew_between_intent_and_restart(world: World, jump: timedelta) -> None:
    discord = world.messenger = DatedMessenger(world=world, lose_answers=1, skew=jump)
    world.restart()
    await world.read(PAGE)
    await world.deliverer.run_due()
    world.clock.turn(jump.total_seconds())
    discord.skew -= jump
    world.restart()
    await world.drain()
    assert len(discord.posted) == 4
