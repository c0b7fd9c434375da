"""Deliveries that would come far too late, in SQLite: after an outage or a long hold a channel is not flooded."""

from __future__ import annotations

from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.store.reasons import LATE
from bot.store.values import to_ms

# Never tried, so that for sure Discord has nothing of it. promised_at = 0: from before that was remembered.
# What waits behind a held delivery is looked at when that goes on.
_UNTRIED = """tries = 0 AND attempt_at IS NULL AND +message_id IS NULL AND promised_at BETWEEN 1 AND :late
    AND NOT EXISTS (SELECT 1 FROM deliveries h INDEXED BY deliveries_held
        WHERE h.state = 'held' AND h.channel_id = d.channel_id AND h.lane IN (0, d.lane))"""
_COLUMNS = "id, channel_id, story_id, comment_id, promised_at"
# The milliseconds since 1970 at which a message was posted are in its id, less those until this day.
_EPOCH = 1420070400000
_LAST = 2**41 - 1  # of these milliseconds, in 2084: SQLite holds no larger id, and a clock may be wrong
_LEAVE_OUT = f"""WITH waiting AS (
        SELECT {_COLUMNS} FROM deliveries d INDEXED BY deliveries_pending WHERE state = 'pending' AND {_UNTRIED}),
    posted AS (SELECT channel_id, count(*) AS number FROM deliveries WHERE message_id > :lately AND comment_id IS NULL
        AND promised_at > 0 AND (message_id >> 22) + {_EPOCH} > promised_at + :lateness GROUP BY channel_id),
    cards AS (SELECT id, channel_id, row_number() OVER (PARTITION BY channel_id ORDER BY story_id DESC) AS place
        FROM waiting WHERE comment_id IS NULL AND promised_at >= :too_old)
    UPDATE deliveries SET state = 'dead', reason = :reason, next_at = :now WHERE id IN (
        SELECT id FROM waiting WHERE promised_at < :too_old
        UNION SELECT id FROM cards LEFT JOIN posted USING (channel_id) WHERE place + coalesce(number, 0) > :most)
    RETURNING channel_id, comment_id, story_id"""
_COMMENTS = """UPDATE deliveries SET state = 'dead', reason = :reason, next_at = :now WHERE state IN ('pending', 'held')
    AND comment_id IS NOT NULL AND +message_id IS NULL AND channel_id = :channel AND story_id = :story"""


async def any_before(tx: Transaction, late: datetime) -> bool:
    """Tell whether anything waits that was promised before then, and never tried."""
    sql = f"""SELECT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_pending
        WHERE state = 'pending' AND {_UNTRIED})"""
    ((found,),) = await tx.execute_fetchall(sql, {"late": to_ms(late)})
    return bool(found)


async def leave_out(
    tx: Transaction, *, too_old: datetime, late: datetime, lately: datetime, now: datetime, most: int
) -> list[int]:
    """Give up what was promised before ``too_old``, and of stories promised before ``late`` all but the newest.

    At most ``most`` such stories a channel are left to be posted, less those that were posted so late since
    ``lately``. Returns the channels where anything was left out.
    """
    values = {
        "too_old": to_ms(too_old),
        "late": to_ms(late),
        "lately": min(max(0, _ms(lately) - _EPOCH), _LAST) << 22,
        "lateness": _ms(now) - _ms(late),
        "most": most,
        "reason": LATE,
        "now": to_ms(now),
    }
    channels: dict[int, None] = {}
    for channel, comment, story in list(await tx.execute_fetchall(_LEAVE_OUT, values)):
        channels[channel] = None
        if comment is None:
            await tx.execute(_COMMENTS, {**values, "channel": channel, "story": story})
    return list(channels)


async def left_out(tx: Transaction, guild_id: int, channel_id: int, since: datetime) -> tuple[int, int]:
    """Return how many stories, and comments of other stories, were left out in a channel since then."""
    sql = """SELECT count(*) - count(d.comment_id), count(iif(card.reason <> :reason OR card.reason IS NULL,
            d.comment_id, NULL)) FROM deliveries d INDEXED BY deliveries_dead
        LEFT JOIN deliveries card ON d.comment_id IS NOT NULL AND card.story_id = d.story_id
            AND card.channel_id = d.channel_id AND card.comment_id IS NULL
        WHERE d.state = 'dead' AND d.guild_id = :guild AND d.channel_id = :channel AND d.reason = :reason
            AND d.next_at >= :since"""
    values = {"reason": LATE, "guild": guild_id, "channel": channel_id, "since": to_ms(since)}
    ((stories, comments),) = await tx.execute_fetchall(sql, values)
    return stories, comments


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
