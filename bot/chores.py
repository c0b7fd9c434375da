"""Keep the slow wishes about cards: rename threads, publish stories. Nothing waits for them, and they for nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from bot import render
from bot.aftermath import Stopped
from bot.clock import Clock
from bot.errors import StoreError
from bot.model import Chore, ChoreKind, Delivery
from bot.post import Answer, Duty, Messenger, Place, Refused, Sent, Stop, Unknown, Wait
from bot.store import chores, deliveries, stories
from bot.store.database import Database

log = logging.getLogger(__name__)

IDLE = 5.0
PAUSE_FIRST = timedelta(seconds=30)
PAUSE_LONGEST = timedelta(hours=6)
CRASH_PAUSE = 60.0
TRIES = 12
NO_USE = (Duty.GONE, Duty.PLACE_GONE, Duty.DEAD)


class Chores:
    """One chore at a time, the one that waits longest of those that Discord's limits allow."""

    def __init__(self, database: Database, messenger: Messenger, clock: Clock) -> None:
        self._database = database
        self._messenger = messenger
        self._clock = clock
        self._quiet_until = clock.now()

    async def run(self, ready: Callable[[], bool]) -> None:
        """Do chores until cancelled, once ``ready`` says so; raises ``Stopped`` when the token is dead."""
        while True:
            pause = IDLE
            try:
                while ready() and await self.keep_one():
                    pass
            except StoreError as error:
                log.error("cannot do chores cause=%s", error)
                pause = CRASH_PAUSE
            await self._clock.sleep(pause)

    async def keep_one(self) -> bool:
        """Do the next chore that is due; returns whether there was one, which there is not while Discord bars us."""
        if self._clock.now() < self._quiet_until:
            return False
        async with self._database.read() as tx:
            chore = await chores.due(tx, self._clock.now())
            card = await deliveries.get(tx, chore.delivery_id) if chore else None
        if chore is None or card is None:
            return False
        if self._messenger.missing(Place(card.guild_id, card.channel_id), card.layout) is None:
            await self._postpone(chore, PAUSE_FIRST, "the server is not available at the moment")
        else:
            await self._follow(chore, card, await self._ask(chore, card))
        return True

    async def _ask(self, chore: Chore, card: Delivery) -> Answer:
        if chore.kind is ChoreKind.PUBLISH:
            return await self._messenger.publish(Place(card.guild_id, card.channel_id), card.message_id or 0)
        async with self._database.read() as tx:
            story = await stories.get(tx, card.story_id)
        place = Place(card.guild_id, card.thread_id or 0)
        answer = await self._messenger.rename(place, render.thread_name(story.story))
        if isinstance(answer, Refused) and answer.duty is Duty.UNARCHIVE:
            answer = await self._messenger.unarchive(place.channel_id)
            return Unknown("the thread was archived") if isinstance(answer, Sent) else answer
        return answer

    async def _follow(self, chore: Chore, card: Delivery, answer: Answer) -> None:
        """Record what came of it; a failure is tried again, ever later, and given up at last."""
        pause = min(PAUSE_LONGEST, PAUSE_FIRST * (1 << min(chore.tries, 16)))
        match answer:
            case Sent() | Refused(duty=Duty.TAKEN):
                async with self._database.write() as tx:
                    await chores.done(tx, chore, self._clock.now())
            case Stop(text):
                raise Stopped(text)
            case Wait(seconds):
                until = self._clock.now() + timedelta(seconds=seconds)
                self._quiet_until = until if answer.everywhere else self._quiet_until
                async with self._database.write() as tx:
                    await chores.wait(tx, chore.kind, card.channel_id, until)
            case Refused() if answer.duty in NO_USE or chore.tries >= TRIES:
                log.warning("gave up chore=%s delivery=%d code=%d", chore.kind, card.id, answer.code)
                async with self._database.write() as tx:
                    await chores.give_up(tx, chore, f"Discord said {answer.code}: {answer.text}")
            case Refused() | Unknown():
                await self._postpone(chore, pause, answer.text)

    async def _postpone(self, chore: Chore, pause: timedelta, reason: str) -> None:
        async with self._database.write() as tx:
            await chores.postpone(tx, chore, self._clock.now() + pause, reason)
