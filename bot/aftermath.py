"""What follows from Discord's answer: record it, or do the duty of a refusal; see docs/decisions/0002-outbox.md."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from bot import alarms
from bot.clock import Clock
from bot.errors import RendezvousError
from bot.model import Delivery, Layout, State
from bot.post import Answer, Duty, Refused, Stop, Unknown, Wait
from bot.store import deliveries, removals, restore
from bot.store.database import Database

log = logging.getLogger(__name__)

RETRY_FIRST = 2.0
RETRY_LONGEST = 3600.0
TRIES = 8
DOUBTS = 10
PATIENCE = "Discord asked us to wait"
# A comment that is edited all the time is shown now and then, at its newest.
BETWEEN_EDITS = timedelta(seconds=30)
# After 1, 5 and 21 hours: a refusal that the gateway's cache does not explain is asked for thrice in its first day.
HOLD_FIRST = timedelta(hours=1)
HOLD_LONGEST = timedelta(hours=24)


class Stopped(RendezvousError):
    """Discord refuses our token: nothing may be sent any more."""


class Act(StrEnum):
    """What was asked of Discord; only a create may happen without our knowing which message it made."""

    CREATE = "create"
    THREAD = "thread"
    EDIT = "edit"
    DELETE = "delete"


class Aftermath:
    """Writes down what came of an attempt. ``quiet_until`` is set while Discord bars all of our requests."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last_stood = clock.now()
        self.quiet_until = clock.now()
        self._quiet_guilds: dict[int, datetime] = {}

    async def stands(self, row: Delivery, message_id: int, *, fresh: bool) -> bool:
        """Record the row's message; one that is not fresh may show an older text and is edited next."""
        async with self._database.write() as tx:
            await deliveries.record_sent(tx, row.id, message_id)
            await alarms.stands(tx, row)
            if not fresh:
                await deliveries.record_edited(tx, row.id, 0)
        restore.mark(self._database.path, message_id)
        self._last_stood = self._clock.now()
        return True

    def is_poison(self, row: Delivery) -> bool:
        """Tell whether a create was in doubt so often, while others went through, that it would block its lane."""
        others_work = self._clock.now() - self._last_stood < timedelta(hours=1)
        return row.tries >= DOUBTS and others_work

    async def not_found_out(self, row: Delivery, answer: Answer) -> bool:
        """The look-up itself failed: the row stays in doubt unless its place is gone or closed to us."""
        self._obey(answer, row)
        if isinstance(answer, Refused) and answer.duty in (Duty.HOLD, Duty.PLACE_GONE):
            await self._refused(row, answer, Act.CREATE)
            return True
        return False

    async def not_done(self, row: Delivery, answer: Answer, act: Act) -> bool:
        """Do the duty of an answer other than Sent; False leaves a create that may have happened in doubt."""
        if isinstance(answer, Stop):
            await self.postpone(row, RETRY_FIRST, answer.text)
        self._obey(answer, row)
        match answer:
            case Unknown(text) if act is Act.CREATE:
                log.warning("in doubt delivery=%d cause=%s", row.id, text)
                return False
            case Unknown(text):
                await self._retry(row, text)
            case Wait(seconds):
                await self.postpone(row, seconds, PATIENCE)
            case Refused():
                await self._refused(row, answer, act)
        return True

    def _obey(self, answer: Answer, row: Delivery) -> None:
        """Heed what concerns more than this delivery."""
        if isinstance(answer, Stop):
            raise Stopped(answer.text)
        if isinstance(answer, Wait) and answer.everywhere:
            log.error("Discord bars all requests: silent for seconds=%.0f", answer.seconds)
            self.quiet_until = self._clock.now() + timedelta(seconds=answer.seconds)
        if isinstance(answer, Wait) and answer.in_guild:
            log.warning("Discord limits a server guild=%d seconds=%.0f", row.guild_id, answer.seconds)
            self._quiet_guilds[row.guild_id] = self._clock.now() + timedelta(seconds=answer.seconds)

    def quiet_for(self, guild_id: int) -> float:
        """Return the seconds for which Discord limits all that concerns a server."""
        now = self._clock.now()
        if (left := (self._quiet_guilds.get(guild_id, now) - now).total_seconds()) <= 0:
            self._quiet_guilds.pop(guild_id, None)
        return max(0.0, left)

    async def _refused(self, row: Delivery, refusal: Refused, act: Act) -> None:
        reason = f"Discord said {refusal.code}: {refusal.text}"
        log.warning("refused delivery=%d act=%s duty=%s reason=%s", row.id, act, refusal.duty, reason)
        match refusal.duty:
            case Duty.HOLD:
                wait = min(HOLD_LONGEST, HOLD_FIRST * 4 ** min(row.tries, 8))
                await self.hold(row, reason, self._clock.now() + wait)
            case Duty.GONE:
                await self.finish(row, State.GONE, "a moderator deleted it")
            case Duty.PLACE_GONE:
                await self._place_gone(row, reason)
            case Duty.RETRY if row.tries < TRIES:
                await self._retry(row, reason)
            case _:
                await self._given_up(row, reason, act)

    async def _given_up(self, row: Delivery, reason: str, act: Act) -> None:
        """A create is dead. What stands stays alive: an edit waits for the next revision, the rest is tried hourly."""
        if act is Act.CREATE:
            await self.give_up(row, reason)
        elif act is Act.EDIT:
            async with self._database.write() as tx:
                await deliveries.record_edited(tx, row.id, row.want_rev, rest_until=self.rested(row))
        else:
            await self.postpone(row, RETRY_LONGEST, reason)

    def rested(self, row: Delivery) -> datetime | None:
        """Return when a comment that is edited now may be edited again; a story changes seldom, and may at once."""
        return self._clock.now() + BETWEEN_EDITS if row.comment_id else None

    async def _place_gone(self, row: Delivery, reason: str) -> None:
        async with self._database.write() as tx:
            card = await deliveries.card(tx, row.channel_id, row.story_id)
            # A forum post's card stands in its thread, every other card in the channel itself.
            in_thread = row.lane != 0 or (row.layout is Layout.FORUM and row.message_id is not None)
            if in_thread and card and card.thread_id:
                await removals.thread_gone(tx, card.thread_id)
            else:
                await alarms.channel_gone(tx, row.channel_id, reason, self._clock.now())

    async def _retry(self, row: Delivery, reason: str) -> None:
        await self.postpone(row, min(RETRY_LONGEST, RETRY_FIRST * 2 ** min(row.tries, 16)), reason)

    async def postpone(self, row: Delivery, seconds: float, reason: str) -> None:
        """Put the row off after Discord definitely did nothing."""
        until = self._clock.now() + timedelta(seconds=seconds)
        async with self._database.write() as tx:
            await deliveries.postpone(tx, row.id, until=until, reason=reason)

    async def hold(self, row: Delivery, reason: str, until: datetime | None = None) -> None:
        """Stop the lane until a permission is back; not before ``until`` unless an event says that it is."""
        async with self._database.write() as tx:
            await deliveries.hold(tx, row.id, reason, until)
            await alarms.held(tx, row, reason, self._clock.now())

    async def give_up(self, row: Delivery, reason: str) -> None:
        """Post a row never, and tell that."""
        async with self._database.write() as tx:
            await deliveries.finish(tx, row.id, State.DEAD, reason)
            await alarms.given_up(tx, row, reason, self._clock.now())

    async def finish(self, row: Delivery, state: State, reason: str) -> None:
        """End the row for good."""
        async with self._database.write() as tx:
            await deliveries.finish(tx, row.id, state, reason)
