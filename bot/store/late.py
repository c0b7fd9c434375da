"""Deliveries that would come far too late, in SQLite: after an outage or a long hold a channel is not flooded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiosqlite import Connection as Transaction

from bot.store.reasons import LATE
from bot.store.values import to_ms

# Never tried, so that for sure Discord has nothing of it. promised_at = 0: from before that was remembered.
_UNTRIED = "tries = 0 AND attempt_at IS NULL AND message_id IS NULL AND promised_at BETWEEN 1 AND :late"
_COLUMNS = "id, channel_id, story_id, comment_id, promised_at"
# The milliseconds since 1970 at which a message was posted are in its id, less those until this day.
_EPOCH = 1420070400000
_LEAVE_OUT = f"""WITH waiting AS (
        SELECT {_COLUMNS} FROM deliveries INDEXED BY deliveries_pending WHERE state = 'pending' AND {_UNTRIED}
        UNION ALL SELECT {_COLUMNS} FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' AND {_UNTRIED}),
    posted AS (SELECT channel_id, count(*) AS number FROM deliveries WHERE message_id > :lately AND comment_id IS NULL
        AND promised_at > 0 AND (message_id >> 22) + {_EPOCH} > promised_at + :lateness GROUP BY channel_id),
    cards AS (SELECT id, channel_id, row_number() OVER (PARTITION BY channel_id ORDER BY story_id DESC) AS place
        FROM waiting WHERE comment_id IS NULL AND promised_at >= :too_old)
    UPDATE deliveries SET state = 'dead', reason = :reason WHERE id IN (
        SELECT id FROM waiting WHERE promised_at < :too_old
        UNION SELECT id FROM cards LEFT JOIN posted USING (channel_id) WHERE place + coalesce(number, 0) > :most)
    RETURNING channel_id, comment_id, story_id"""
_COMMENTS = """UPDATE deliveries SET state = 'dead', reason = :reason WHERE state IN ('pending', 'held')
    AND comment_id IS NOT NULL AND message_id IS NULL AND channel_id = :channel AND story_id = :story"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How much was left out in a channel."""

    stories: int = 0
    comments: int = 0


async def any_before(tx: Transaction, late: datetime) -> bool:
    """Tell whether anything waits that was promised before then, and never tried."""
    sql = f"""SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_pending
            WHERE state = 'pending' AND {_UNTRIED})
        OR EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' AND {_UNTRIED})"""
    ((found,),) = await tx.execute_fetchall(sql, {"late": to_ms(late)})
    return bool(found)


async def leave_out(
    tx: Transaction, *, too_old: datetime, late: datetime, lately: datetime, now: datetime, most: int
) -> Mapping[int, LeftOut]:
    """Give up what was promised before ``too_old``, and of stories promised before ``late`` all but the newest.

    At most ``most`` such stories a channel are left to be posted, less those that were posted so late since
    ``lately``. Returns what was left out, by channel.
    """
    values = {
        "too_old": to_ms(too_old),
        "late": to_ms(late),
        "lately": max(0, _ms(lately) - _EPOCH) << 22,
        "lateness": _ms(now) - _ms(late),
        "most": most,
        "reason": LATE,
    }
    found: dict[int, LeftOut] = {}
    for channel, comment, story in list(await tx.execute_fetchall(_LEAVE_OUT, values)):
        before = found.get(channel, LeftOut())
        found[channel] = LeftOut(before.stories + (comment is None), before.comments + (comment is not None))
        if comment is None:
            await tx.execute(_COMMENTS, {"reason": LATE, "channel": channel, "story": story})
    return found


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
