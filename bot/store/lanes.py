"""Which lanes of the outbox have something to do, and what is first in each; the lanes are those of ``bot.turns``."""

from __future__ import annotations

from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.model import Delivery
from bot.store.deliveries import delivery_of
from bot.store.values import from_ms, to_ms
from bot.turns import Lane

# Indexes are named where SQLite, which keeps no statistics here, would rather read every card ever posted.
_CHANNELS = "SELECT DISTINCT channel_id FROM deliveries WHERE state = 'pending'"
_STORIES = "SELECT DISTINCT channel_id, story_id FROM deliveries WHERE state = 'pending'"
_CLEAR = """coalesce(d.next_at, 0) <= :now AND NOT EXISTS (SELECT 1 FROM deliveries o INDEXED BY deliveries_inflight
            WHERE o.channel_id = d.channel_id AND o.lane = d.lane AND o.state = 'inflight')
        AND NOT EXISTS (SELECT 1 FROM deliveries o INDEXED BY deliveries_held
            WHERE o.channel_id = d.channel_id AND o.lane = d.lane AND o.state = 'held')"""
# The head of a channel's cards: one at a time, and none while anything in the channel itself is in doubt or held.
_CARDS = """SELECT {what} FROM ({where}) lane
    JOIN deliveries d ON d.id = (SELECT p.id FROM deliveries p WHERE p.state = 'pending'
        AND p.channel_id = lane.channel_id AND p.comment_id IS NULL ORDER BY p.story_id LIMIT 1)
    WHERE {clear}"""
# The head of a story's comments: in the page's order, once there is a thread for them or a card to answer.
_COMMENTS = """SELECT {what} FROM ({where}) lane
    CROSS JOIN deliveries card INDEXED BY deliveries_story ON card.channel_id = lane.channel_id
        AND card.story_id = lane.story_id AND card.comment_id IS NULL AND NOT card.thread_closed
        AND (card.thread_id IS NOT NULL OR card.layout = 'inline' AND card.state = 'live')
    JOIN deliveries d ON d.id = (SELECT p.id FROM deliveries p WHERE p.state = 'pending'
        AND p.channel_id = lane.channel_id AND p.story_id = lane.story_id AND p.comment_id IS NOT NULL
        ORDER BY p.position, p.part LIMIT 1)
    WHERE {clear}"""
# One change a story: a story that waits for one waits. Old messages are changed slowly, so no new card waits for that.
# What waits without a reason rests after an edit: nothing else waits for that, its own deletion neither.
_CHANGES = """SELECT {what} FROM (
        SELECT min(iif(reason IS NULL AND NOT want_gone AND next_at > :now, NULL, id)) AS id
        FROM deliveries INDEXED BY deliveries_stale WHERE state = 'live' AND have_rev < want_rev AND {where}
        GROUP BY channel_id, story_id HAVING max(iif(reason IS NULL, 0, coalesce(next_at, 0))) <= :now)
    JOIN deliveries d USING (id)"""
_THREADLESS = """SELECT {what} FROM deliveries d INDEXED BY deliveries_threadless
    WHERE state = 'live' AND comment_id IS NULL AND thread_id IS NULL AND layout = 'thread'
        AND coalesce(next_at, 0) <= :now AND {where}"""
_ANY = "true"
_THIS_STORY = "channel_id = :channel AND story_id = :story"
_LANE = "d.guild_id, d.channel_id, d.lane"
_OF_STORY = "d.guild_id, d.channel_id, d.story_id"

_DUE = (
    _CARDS.format(what=_LANE, where=_CHANNELS, clear=_CLEAR),
    _THREADLESS.format(what=_OF_STORY, where=_ANY),
    _COMMENTS.format(what=_LANE, where=_STORIES, clear=_CLEAR),
    _CHANGES.format(what=_OF_STORY, where=_ANY),
)
_HEAD_OF_CHANNEL = (
    _CARDS.format(what="d.*", where="SELECT :channel AS channel_id", clear=_CLEAR),
    # Where there are no threads, comments stand in the channel itself.
    _COMMENTS.format(what="d.*", where=f"{_STORIES} AND channel_id = :channel", clear=f"d.lane = 0 AND {_CLEAR}"),
)
_HEAD_OF_STORY = (
    _THREADLESS.format(what="d.*", where=_THIS_STORY),
    _COMMENTS.format(
        what="d.*", where="SELECT :channel AS channel_id, :story AS story_id", clear=f"d.lane != 0 AND {_CLEAR}"
    ),
    _CHANGES.format(what="d.*", where=_THIS_STORY),
)
# Of what rests after an edit only what was edited again; a card may wait for its thread.
_NEXT = """SELECT min(next_at) FROM deliveries INDEXED BY deliveries_next WHERE next_at > :now
    AND next_at IS NOT NULL AND state IN ('pending', 'live') AND (have_rev < want_rev OR comment_id IS NULL)"""


async def due(tx: Transaction, now: datetime) -> list[Lane]:
    """Return every lane in which something is due. It looks at each pending row: not to be asked for every delivery."""
    found: dict[Lane, None] = {}
    for sql in _DUE:
        found |= dict.fromkeys(Lane(*row) for row in await tx.execute_fetchall(sql, {"now": to_ms(now)}))
    return list(found)


async def head(tx: Transaction, lane: Lane, now: datetime) -> Delivery | None:
    """Return what is first in a lane and due: cards and threads, then comments, then edits and deletions."""
    values = {"now": to_ms(now), "channel": lane.channel_id, "story": lane.story_id}
    for sql in _HEAD_OF_STORY if lane.story_id else _HEAD_OF_CHANNEL:
        for row in await tx.execute_fetchall(f"{sql} LIMIT 1", values):
            return delivery_of(row)
    return None


async def in_doubt(tx: Transaction, lane: Lane) -> Delivery | None:
    """Return the row of a lane of which nobody knows whether Discord has it."""
    sql = """SELECT * FROM deliveries INDEXED BY deliveries_inflight
        WHERE state = 'inflight' AND channel_id = ? AND lane = ? LIMIT 1"""
    for row in await tx.execute_fetchall(sql, (lane.channel_id, lane.story_id)):
        return delivery_of(row)
    return None


async def next_due(tx: Transaction, now: datetime) -> datetime | None:
    """Return the earliest time after ``now`` for which anything was put off."""
    ((earliest,),) = await tx.execute_fetchall(_NEXT, {"now": to_ms(now)})
    return from_ms(earliest)
