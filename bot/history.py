"""What became of a server's last deliveries, in plain words, and what its admins can do about it."""

from __future__ import annotations

from datetime import datetime

from bot import catchup
from bot.errors import Conflict, NotFound
from bot.model import State
from bot.store import history, removals, subscriptions
from bot.store.database import Database
from bot.store.history import Entry
from bot.store.reasons import PAUSED
from bot.words import say

MOST = 20
MOST_IN_TROUBLE = 10
_SAID = {
    State.PENDING: "history.pending",
    State.INFLIGHT: "history.inflight",
    State.LIVE: "history.live",
    State.GONE: "history.gone",
    State.HELD: "history.held",
    State.DEAD: "history.dead",
}


async def latest(database: Database, guild_id: int, channel_id: int | None = None) -> list[Entry]:
    """Return a server's last deliveries, or those of one of its channels: first what is in trouble, 20 at most."""
    async with database.read() as tx:
        trouble = await history.in_trouble(tx, guild_id, channel_id, MOST_IN_TROUBLE)
        newest = await history.newest(tx, guild_id, channel_id, MOST)
    known = {entry.delivery.id for entry in trouble}
    return [*trouble, *(entry for entry in newest if entry.delivery.id not in known)][:MOST]


async def retry(database: Database, guild_id: int, delivery_id: int, now: datetime) -> Entry:
    """Try again what was given up; raises ``NotFound``, or ``Conflict`` for what cannot be tried."""
    async with database.write() as tx:
        entry = await history.find(tx, guild_id, delivery_id)
        if entry is None:
            raise NotFound(say("history.unknown"))
        if not entry.retryable:
            raise Conflict(say("history.not_again"))
        await history.retry(tx, entry.delivery, now)
    return entry


async def pause(database: Database, guild_id: int, channel_id: int) -> None:
    """Post nothing more into a channel for now: what comes waits, and what stands there follows its source.

    Raises ``NotFound``, ``Conflict``.
    """
    async with database.write() as tx:
        if (await subscriptions.get(tx, guild_id, channel_id)).paused_reason:
            raise Conflict(say("history.paused_already"))
        await subscriptions.pause(tx, channel_id, PAUSED)
        await history.pause(tx, channel_id)


async def resume(database: Database, guild_id: int, channel_id: int, now: datetime) -> int:
    """Let a channel go on; returns how much waited there. Raises ``NotFound``, or ``Conflict`` where nothing waits."""
    async with database.write() as tx:
        paused = (await subscriptions.get(tx, guild_id, channel_id)).paused_reason
        await subscriptions.resume(tx, channel_id)
        waited = await history.resume(tx, channel_id)
        await removals.followed_again(tx, channel_id)
        await catchup.leave_out(tx, now)
        if not paused and not waited:
            raise Conflict(say("history.not_paused"))
    return waited


def state_of(entry: Entry) -> str:
    """Say in plain words how a delivery stands."""
    row = entry.delivery
    is_stale = row.state is State.LIVE and row.have_rev < row.want_rev
    state = say("history.edit_follows" if is_stale else _SAID[row.state])
    if not row.reason or (row.state in (State.INFLIGHT, State.LIVE) and not is_stale):
        return state
    return say("history.because", state=state, reason=row.reason)
