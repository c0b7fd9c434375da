"""What the bot may do here, and refusals when it may not."""

from __future__ import annotations

from sandbox.errors import ApiError, invalid
from sandbox.limits import Limits
from sandbox.model import CATEGORY, FORUMS, VOICE, Channel
from sandbox.permissions import MANAGE_THREADS, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL
from sandbox.rest.call import Call, TooFast


def see(call: Call, channel: Channel) -> int:
    """Return the bot's permissions in a channel that it has to be able to see."""
    rights = call.world.permissions(channel, call.world.bot_id)
    if not rights & VIEW_CHANNEL:
        raise ApiError(50001)
    return rights


def need(call: Call, channel: Channel, *permissions: int) -> int:
    """Refuse unless the bot has every one of these permissions in the channel."""
    rights = see(call, channel)
    if any(not rights & permission for permission in permissions):
        raise ApiError(50013)
    return rights


def may_send(call: Call, channel: Channel) -> int:
    """Refuse unless the bot may post in this channel or thread."""
    if channel.type in FORUMS or channel.type == CATEGORY:
        raise ApiError(50008)
    if channel.thread is None:
        return need(call, channel, SEND_MESSAGES)
    rights = need(call, channel, SEND_MESSAGES_IN_THREADS)
    if channel.thread.locked and not rights & MANAGE_THREADS:
        raise ApiError(160005)
    return rights


def not_archived(channel: Channel) -> None:
    """Refuse edits and reactions inside an archived thread."""
    if channel.thread is not None and channel.thread.archived:
        raise ApiError(50083)


def text_place(channel: Channel) -> None:
    """Refuse a channel that cannot hold threads."""
    if channel.type == VOICE or channel.thread is not None:
        raise ApiError(50024)


def sub_limit(call: Call, key: str, number: int, seconds: float, *, scope: str = "user", code: int = 0) -> None:
    """Take a token of a limit inside an endpoint, or answer 429 for it."""
    verdict = call.core.counters.take(key, number, seconds)
    if not verdict.allowed:
        raise TooFast(verdict.reset_after, scope=scope, code=code)


def thread_limit(call: Call, guild_id: int | None) -> None:
    """Take a token of the tight limit on new threads, which a whole guild shares."""
    limits: Limits = call.world.limits
    sub_limit(call, f"threads:{guild_id}", limits.thread_creations, limits.thread_window, scope="shared")


def archive_minutes(value: object) -> int:
    """Return a valid auto-archive duration."""
    if value is None:
        return 1440
    if value not in (60, 1440, 4320, 10080):
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}.")
    return int(str(value))
