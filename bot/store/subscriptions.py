"""Which channels follow, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from aiosqlite import Connection as Transaction

from bot.errors import Conflict, NotFound
from bot.model import Layout, Options, Subscription
from bot.options import Filters, Looks
from bot.store.reasons import PAUSED
from bot.store.values import from_ms, is_id, text, to_ms
from bot.words import say

LIMIT = 50


_OPTIONS = """layout = :layout, comment_cap = :cap, grace_s = :grace, publish = :publish, forum_tags = :tags,
    sources = :sources, include = :include, exclude = :exclude, minimum = :minimum, role_id = :role, colour = :colour,
    template = :template, replies = :replies"""


async def follow(
    tx: Transaction,
    guild_id: int,
    channel_id: int,
    user_id: int,
    now: datetime,
    *,
    topics: Sequence[str] | None = None,
    options: Options | None = None,
) -> Subscription:
    """Store a subscription or resume a paused one, which keeps what is not given: topics, options.

    Raises ``Conflict`` when it is active, or the guild has too many.
    """
    known = await of_guild(tx, guild_id)
    old = next((subscription for subscription in known if subscription.channel_id == channel_id), None)
    if old and not old.paused_reason:
        raise Conflict(say("channels.followed_already", channel=f"<#{channel_id}>"))
    if old is None and len(known) >= LIMIT:
        raise Conflict(say("channels.full", most=LIMIT))
    if old is None:
        await tx.execute(
            "INSERT INTO subscriptions (guild_id, channel_id, created_by, created_at) VALUES (?, ?, ?, ?)",
            (guild_id, channel_id, user_id, to_ms(now)),
        )
    wanted = (old.topics if old else ()) if topics is None else topics
    options = options or (old.options if old else Options())
    values = {"topics": " ".join(wanted), "channel": channel_id, **_values(options)}
    sql = f"UPDATE subscriptions SET paused_reason = NULL, topics = :topics, {_OPTIONS} WHERE channel_id = :channel"
    await tx.execute(sql, values)
    return await get(tx, guild_id, channel_id)


async def get(tx: Transaction, guild_id: int, channel_id: int) -> Subscription:
    """Return a guild's subscription; raises ``NotFound``, the same for absent and for foreign ones."""
    for subscription in await of_guild(tx, guild_id):
        if subscription.channel_id == channel_id:
            return subscription
    raise NotFound(say("channels.not_followed"))


async def paused(tx: Transaction, guild_id: int, channel_id: int) -> Subscription | None:
    """Return a guild's subscription that rests, whatever the reason; None where there is none or it does not."""
    found = (one for one in await of_guild(tx, guild_id) if one.channel_id == channel_id)
    return next((one for one in found if one.paused_reason), None)


async def of_channel(tx: Transaction, channel_id: int) -> Subscription | None:
    """Return the subscription of a channel, if it is followed."""
    for row in await tx.execute_fetchall("SELECT * FROM subscriptions WHERE channel_id = ?", (channel_id,)):
        return subscription_of(row)
    return None


async def choose_options(tx: Transaction, guild_id: int, channel_id: int, options: Options) -> None:
    """Say how new stories stand in a followed channel; raises ``NotFound``."""
    sql = f"UPDATE subscriptions SET {_OPTIONS} WHERE guild_id = :guild AND channel_id = :channel"
    where = {"guild": guild_id, "channel": channel_id if is_id(channel_id) else 0}
    cursor = await tx.execute(sql, {**where, **_values(options)})
    if cursor.rowcount == 0:
        raise NotFound(say("channels.not_followed"))


async def choose_topics(tx: Transaction, guild_id: int, channel_id: int, topics: Sequence[str]) -> None:
    """Say which topics a followed channel wants, none for every story; raises ``NotFound``."""
    sql = "UPDATE subscriptions SET topics = ? WHERE guild_id = ? AND channel_id = ?"
    cursor = await tx.execute(sql, (" ".join(topics), guild_id, channel_id if is_id(channel_id) else 0))
    if cursor.rowcount == 0:
        raise NotFound(say("channels.not_followed"))


async def unfollow(tx: Transaction, guild_id: int, channel_id: int) -> None:
    """Remove a guild's subscription; raises ``NotFound``, the same for absent and for foreign ones."""
    sql = "DELETE FROM subscriptions WHERE guild_id = ? AND channel_id = ?"
    cursor = await tx.execute(sql, (guild_id, channel_id if is_id(channel_id) else 0))
    if cursor.rowcount == 0:
        raise NotFound(say("channels.not_followed"))


async def of_guild(tx: Transaction, guild_id: int) -> list[Subscription]:
    """Return a guild's subscriptions, oldest first."""
    sql = """SELECT s.*, (SELECT reason FROM deliveries h INDEXED BY deliveries_held
            WHERE h.state = 'held' AND h.channel_id = s.channel_id LIMIT 1) AS held_reason
        FROM subscriptions s WHERE guild_id = ? ORDER BY id"""
    return [subscription_of(row) for row in await tx.execute_fetchall(sql, (guild_id,))]


async def active(tx: Transaction) -> list[Subscription]:
    """Return every subscription to which stories are promised, oldest first: where an admin paused it, they wait."""
    sql = "SELECT * FROM subscriptions WHERE paused_reason IS NULL OR paused_reason = ? ORDER BY id"
    return [subscription_of(row) for row in await tx.execute_fetchall(sql, (PAUSED,))]


async def all_(tx: Transaction) -> list[Subscription]:
    """Return every subscription, for the operator."""
    return [subscription_of(row) for row in await tx.execute_fetchall("SELECT * FROM subscriptions ORDER BY id")]


async def pause(tx: Transaction, channel_id: int, reason: str) -> None:
    """Stop new stories for a channel and say why."""
    sql = "UPDATE subscriptions SET paused_reason = ? WHERE channel_id = ? AND paused_reason IS NULL"
    await tx.execute(sql, (reason, channel_id))


async def resume(tx: Transaction, channel_id: int) -> None:
    """Let new stories go to a channel again."""
    await tx.execute("UPDATE subscriptions SET paused_reason = NULL WHERE channel_id = ?", (channel_id,))


async def pause_guild(tx: Transaction, guild_id: int, reason: str) -> None:
    """Stop new stories for a whole guild and say why."""
    sql = "UPDATE subscriptions SET paused_reason = ? WHERE guild_id = ? AND paused_reason IS NULL"
    await tx.execute(sql, (reason, guild_id))


def subscription_of(row: sqlite3.Row) -> Subscription:
    """Return a row of the table as a value."""
    created_at = from_ms(row["created_at"])
    assert created_at is not None, "the column is NOT NULL"
    held_reason = row["held_reason"] if "held_reason" in row.keys() else None  # noqa: SIM118  # a Row is no dict
    return Subscription(
        id=row["id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        created_by=row["created_by"],
        created_at=created_at,
        paused_reason=row["paused_reason"],
        held_reason=held_reason,
        topics=tuple(row["topics"].split()),
        options=Options(
            layout=Layout(row["layout"]),
            comment_cap=row["comment_cap"],
            grace=timedelta(seconds=row["grace_s"]),
            publish=bool(row["publish"]),
            forum_tags=tuple(json.loads(row["forum_tags"])),
            filters=Filters(
                sources=tuple(dict.fromkeys(map(int, filter(None, row["sources"].split(","))))),
                include=tuple(json.loads(row["include"])),
                exclude=tuple(json.loads(row["exclude"])),
                minimum=row["minimum"],
            ),
            looks=Looks(role_id=row["role_id"], colour=row["colour"], template=row["template"]),
            replies=bool(row["replies"]),
        ),
    )


def _values(options: Options) -> dict[str, object]:
    return {
        "layout": str(options.layout),
        "cap": options.comment_cap,
        "grace": int(options.grace.total_seconds()),
        "publish": options.publish,
        "tags": _listed(options.forum_tags),
        "sources": "".join(f",{source_id}," for source_id in options.filters.sources),
        "include": _listed(options.filters.include),
        "exclude": _listed(options.filters.exclude),
        "minimum": options.filters.minimum,
        "role": options.looks.role_id,
        "colour": options.looks.colour,
        "template": text(options.looks.template),
        "replies": options.replies,
    }


def _listed(texts: Sequence[str]) -> str:
    return json.dumps([text(one) for one in texts])
