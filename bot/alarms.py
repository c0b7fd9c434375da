"""What admins are told about their channels: once, with what to do; it is told anew only after it was well again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.markdown import clean_line, escape
from bot.model import Delivery
from bot.post import OTHER_KIND
from bot.store import late, notices, removals, stories, subscriptions
from bot.store.database import Transaction
from bot.store.reasons import LOCKED
from bot.words import announce

LACKS = "the bot lacks: "
REASON_LIMIT = 200
TITLE_LIMIT = 80
# So long left-outs are counted into one notice.
COUNTED = timedelta(minutes=10)


async def held(tx: Transaction, row: Delivery, reason: str, now: datetime) -> None:
    """Tell that a lane stands still, and what lets it go on."""
    subject, channel = _subject(row), f"<#{row.channel_id}>"
    if reason == LACKS + OTHER_KIND:
        text = announce("notice.other_kind", channel=channel)
    elif reason.startswith(LACKS):
        text = announce("notice.lacks", channel=channel, what=reason.removeprefix(LACKS))
    elif reason.startswith(LOCKED):
        title = escape(clean_line((await stories.get(tx, row.story_id)).story.title)[:TITLE_LIMIT])
        subject = f"locked:{row.channel_id}:{row.story_id}"
        text = announce("notice.locked", channel=channel, title=title)
    else:
        text = announce("notice.held", channel=channel, reason=_reason(reason))
    await _put(tx, row.channel_id, subject, f"{text} {announce('notice.goes_on')}", now, once=True)


async def stands(tx: Transaction, row: Delivery) -> None:
    """Say that a lane goes on: what stood in its way may be told anew."""
    await notices.over(tx, row.guild_id, _subject(row))
    await notices.over(tx, row.guild_id, f"late:{row.channel_id}", said=True)


async def given_up(tx: Transaction, row: Delivery, reason: str, now: datetime) -> None:
    """Tell that something is not posted, once a day for each channel."""
    text = announce("notice.given_up", channel=f"<#{row.channel_id}>", reason=_reason(reason))
    await _put(tx, row.channel_id, f"dead:{row.channel_id}", text, now)


async def left_out(tx: Transaction, channel_id: int, now: datetime) -> None:
    """Tell how much would have come too late; for a while what else is left out is counted into the same line."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    if subscription is None:
        return
    guild_id, subject = subscription.guild_id, f"late:{channel_id}"
    since = await notices.waiting_since(tx, guild_id, subject) or now
    stories_, comments = await late.left_out(tx, guild_id, channel_id, since)
    what = [announce("notice.stories", count=stories_)] * (stories_ > 0)
    what += [announce("notice.comments", count=comments)] * (comments > 0)
    text = announce("notice.left_out", channel=f"<#{channel_id}>", what=announce("notice.and").join(what))
    user_id = subscription.created_by
    await notices.put(tx, guild_id, subject, text, now, user_id=user_id, once=True, wait=COUNTED)


async def channel_gone(tx: Transaction, channel_id: int, reason: str, now: datetime) -> None:
    """A channel vanished: stop posting there, and tell where it was followed."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    await removals.channel_gone(tx, channel_id, reason)
    if subscription is None or subscription.paused_reason:
        return
    text = announce("notice.channel_gone", channel=f"<#{channel_id}>", reason=_reason(reason))
    await _put(tx, channel_id, f"gone:{channel_id}", text, now, once=True)


async def back(tx: Transaction, guild_id: int, now: datetime) -> None:
    """Tell a server that took the bot back that nothing is posted before an admin says so."""
    paused = [found for found in await subscriptions.of_guild(tx, guild_id) if found.paused_reason]
    if paused:
        names = ", ".join(f"<#{found.channel_id}>" for found in paused[:10])
        text = announce("notice.back", channels=names)
        await notices.put(tx, guild_id, "back", text, now, user_id=paused[0].created_by)


def _reason(text: str) -> str:
    return escape(clean_line(text)[:REASON_LIMIT])


def _subject(row: Delivery) -> str:
    return f"held:{row.channel_id}:threads" if row.lane else f"held:{row.channel_id}"


async def _put(tx: Transaction, channel_id: int, subject: str, text: str, now: datetime, *, once: bool = False) -> None:
    """Tell those who follow a channel; where nobody does any more, nobody need know."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    if subscription is not None:
        guild_id, user_id = subscription.guild_id, subscription.created_by
        await notices.put(tx, guild_id, subject, text, now, user_id=user_id, once=once)
