"""What admins are told about their channels: once, with what to do; it is told anew only after it was well again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.markdown import clean_line, escape
from bot.model import Delivery
from bot.post import OTHER_KIND
from bot.store import late, notices, removals, stories, subscriptions
from bot.store.database import Transaction
from bot.store.reasons import LOCKED

LACKS = "the bot lacks: "
REASON_LIMIT = 200
TITLE_LIMIT = 80
# So long left-outs are counted into one notice.
COUNTED = timedelta(minutes=10)


async def held(tx: Transaction, row: Delivery, reason: str, now: datetime) -> None:
    """Tell that a lane stands still, and what lets it go on."""
    subject, text = _subject(row), f"I cannot post into <#{row.channel_id}>: "
    if reason == LACKS + OTHER_KIND:
        text += "it is of another kind now. Turn it back, or `/channels unfollow` it and follow another."
    elif reason.startswith(LACKS):
        text += f"I lack **{reason.removeprefix(LACKS)}**. Give me that in the channel's settings."
    elif reason.startswith(LOCKED):
        title = escape(clean_line((await stories.get(tx, row.story_id)).story.title)[:TITLE_LIMIT])
        subject = f"locked:{row.channel_id}:{row.story_id}"
        text = f"The thread of **{title}** in <#{row.channel_id}> is locked. Unlock it, or let me manage threads."
    else:
        text += f"{escape(clean_line(reason)[:REASON_LIMIT])}. Please look at the channel's settings."
    text += " I go on by myself once that is mended; until then everything waits."
    await _put(tx, row.channel_id, subject, text, now, once=True)


async def stands(tx: Transaction, row: Delivery) -> None:
    """Say that a lane goes on: what stood in its way may be told anew."""
    await notices.over(tx, row.guild_id, _subject(row))
    await notices.over(tx, row.guild_id, f"late:{row.channel_id}", said=True)


async def given_up(tx: Transaction, row: Delivery, reason: str, now: datetime) -> None:
    """Tell that something is not posted, once a day for each channel."""
    text = (
        f"Something is not posted into <#{row.channel_id}>: {escape(clean_line(reason)[:REASON_LIMIT])}. "
        "The rest goes on. `/channels history` shows what it is, and can try it again."
    )
    await _put(tx, row.channel_id, f"dead:{row.channel_id}", text, now)


async def left_out(tx: Transaction, channel_id: int, now: datetime) -> None:
    """Tell how much would have come too late; for a while what else is left out is counted into the same line."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    if subscription is None:
        return
    guild_id, subject = subscription.guild_id, f"late:{channel_id}"
    since = await notices.waiting_since(tx, guild_id, subject) or now
    stories_, comments = await late.left_out(tx, guild_id, channel_id, since)
    what = [_number(stories_, "story", "stories")] * (stories_ > 0)
    what += [_number(comments, "comment", "comments")] * (comments > 0)
    text = (
        f"I could not post into <#{channel_id}> for long. The newest go there now. Left out, as they would have come "
        f"too late: {' and '.join(what)}. `/channels history` shows them, and can post them after all."
    )
    user_id = subscription.created_by
    await notices.put(tx, guild_id, subject, text, now, user_id=user_id, once=True, wait=COUNTED)


def _number(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


async def channel_gone(tx: Transaction, channel_id: int, reason: str, now: datetime) -> None:
    """A channel vanished: stop posting there, and tell where it was followed."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    await removals.channel_gone(tx, channel_id, reason)
    if subscription is None or subscription.paused_reason:
        return
    text = (
        f"I stopped posting into <#{channel_id}>: {escape(clean_line(reason)[:REASON_LIMIT])}. "
        "`/channels follow` chooses another channel, `/channels unfollow` forgets this one."
    )
    await _put(tx, channel_id, f"gone:{channel_id}", text, now, once=True)


async def back(tx: Transaction, guild_id: int, now: datetime) -> None:
    """Tell a server that took the bot back that nothing is posted before an admin says so."""
    paused = [found for found in await subscriptions.of_guild(tx, guild_id) if found.paused_reason]
    if paused:
        names = ", ".join(f"<#{found.channel_id}>" for found in paused[:10])
        text = f"I am back, and remember that you followed {names}. `/channels resume` goes on there."
        await notices.put(tx, guild_id, "back", text, now, user_id=paused[0].created_by)


def _subject(row: Delivery) -> str:
    return f"held:{row.channel_id}:threads" if row.lane else f"held:{row.channel_id}"


async def _put(tx: Transaction, channel_id: int, subject: str, text: str, now: datetime, *, once: bool = False) -> None:
    """Tell those who follow a channel; where nobody does any more, nobody need know."""
    subscription = await subscriptions.of_channel(tx, channel_id)
    if subscription is not None:
        guild_id, user_id = subscription.guild_id, subscription.created_by
        await notices.put(tx, guild_id, subject, text, now, user_id=user_id, once=once)
