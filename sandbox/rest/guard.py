"""What the bot may do here, and refusals when it may not."""

from __future__ import annotations

from sandbox.errors import ApiError, invalid
from sandbox.limits import Limits
from sandbox.model import CATEGORY, DM, FORUMS, VOICE, Channel
from sandbox.permissions import MANAGE_THREADS, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL
from sandbox.rest.call import Call, TooFast


def see(call: Call, channel: Channel) -> int:
    """Return the bot's permissions in a channel that it has to be able to see."""
    rights = call.world.permissions(channel, call.world.bot_id)
    if not rights & VIEW_CHANNEL or not call.world.let_in(channel, call.world.bot_id):
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
    takes_messages(channel)
    takes_direct(call, channel)
    rights = need(call, channel, SEND_MESSAGES if channel.thread is None else SEND_MESSAGES_IN_THREADS)
    not_locked(channel, rights)
    return rights


def takes_messages(channel: Channel) -> None:
    """Refuse messages where only posts (40058) or nothing at all can be."""
    if channel.type in FORUMS:
        raise ApiError(40058)
    if channel.type == CATEGORY:
        raise ApiError(50008)


def takes_direct(call: Call, channel: Channel) -> None:
    """Refuse a direct message to whoever takes none, or shares no server with the bot."""
    user_id, guilds = channel.recipient_id, call.world.guilds.values()
    if user_id is not None and (user_id in call.world.closed or all(user_id not in guild.members for guild in guilds)):
        raise ApiError(50007)


def not_locked(channel: Channel, rights: int) -> None:
    """Refuse a locked thread to everyone who does not manage threads."""
    if channel.thread is not None and channel.thread.locked and not rights & MANAGE_THREADS:
        raise ApiError(160005)


def not_archived(channel: Channel) -> None:
    """Refuse edits and reactions inside an archived thread."""
    if channel.thread is not None and channel.thread.archived:
        raise ApiError(50083)


def text_place(channel: Channel) -> None:
    """Refuse a channel that cannot hold threads."""
    if channel.type in (VOICE, CATEGORY, DM) or channel.thread is not None:
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


def page_size(call: Call, default: int, most: int) -> int:
    """Return how many rows a list request wants, or refuse a number out of bounds."""
    text = call.query.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {most}.")
    return int(text)


def archive_minutes(value: object, default: int | None = None) -> int:
    """Return a valid auto-archive duration; what is left out is the channel's, or a day."""
    if value is None:
        return default or 1440
    if value not in (60, 1440, 4320, 10080):
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}.")
    return int(str(value))
