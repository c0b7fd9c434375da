"""Discord's answers as duties: which refusal means retry, wait, hold, give up or stop; see docs/decisions/0002."""

from __future__ import annotations

from bot.post import Duty

_BY_CODE = {
    10003: Duty.PLACE_GONE,  # unknown channel
    10004: Duty.PLACE_GONE,  # unknown guild
    10008: Duty.GONE,  # unknown message: on a create our nonce met a message that a moderator deleted
    50001: Duty.HOLD,  # missing access
    50013: Duty.HOLD,  # missing permissions
    160002: Duty.HOLD,  # no reply without READ_MESSAGE_HISTORY
    50083: Duty.UNARCHIVE,  # thread is archived
    160004: Duty.TAKEN,  # the message has a thread already
    40033: Duty.TAKEN,  # the message is published already
    10087: Duty.UNTAGGED,  # a tag of the forum is gone
    40066: Duty.HOLD,  # the forum asks for a tag, and there is none that we may set
    40067: Duty.HOLD,
    160005: Duty.HOLD,  # thread is locked by a moderator
    50035: Duty.FALLBACK,  # our payload
    50006: Duty.FALLBACK,
    50109: Duty.FALLBACK,
    40005: Duty.FALLBACK,  # too large
    200000: Duty.DEAD,  # the server's AutoMod
    200001: Duty.DEAD,
    240000: Duty.DEAD,  # harmful link
}
WAITS = {20016: 60.0, 20028: 60.0, 20029: 60.0, 20022: 600.0, 30046: 60.0, 160006: 3600.0}
"""Codes that ask for patience, with the seconds to wait when the answer names none."""


def duty(status: int, code: int) -> Duty:
    """Return what a definite refusal with this HTTP status and Discord code asks of us."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == 413:
        return Duty.FALLBACK
    if status == 403:
        return Duty.HOLD
    return Duty.RETRY
