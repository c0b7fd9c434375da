"""What came of one call to Discord: a result or any of its failures, as one of our five answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

import aiohttp
import discord

from bot.chat.duties import WAITS, duty
from bot.post import Answer, Refused, Sent, Stop, Unknown, Wait

log = logging.getLogger(__name__)

DEADLINE = 45.0
BAN_PAUSE = 900.0
BARRED = 40333


class Barred(discord.RateLimited):
    """Discord lets nothing through for a while: of a server's, or ``everywhere`` of all that is counted."""

    def __init__(self, retry_after: float, *, everywhere: bool) -> None:
        super().__init__(retry_after)
        self.everywhere = everywhere


class AmbiguousAnswer(Exception):
    """A create was answered with 5xx: raised out of the HTTP trace, so that discord.py does not repeat it itself."""


async def answer_of(call: Awaitable[object], *, creates: bool, done: int | None = None) -> Answer:
    """Await one call within our deadline and say what came of it."""
    try:
        async with asyncio.timeout(DEADLINE):
            result = await call
    except Barred as error:
        return Wait(error.retry_after, everywhere=error.everywhere, in_guild=not error.everywhere)
    except discord.RateLimited as error:
        return Wait(error.retry_after)
    except discord.HTTPException as error:
        return _refusal(error, creates)
    except (AmbiguousAnswer, TimeoutError, aiohttp.ClientError, OSError) as error:
        return Unknown(f"{type(error).__name__}: {error}")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # It said yes with what is no message: a page of HTML, nothing, or JSON that lacks what discord.py needs.
        log.warning("an answer that makes no sense", exc_info=error)
        return Unknown(f"an answer that makes no sense: {error!r:.200}")
    return Sent(done if done is not None else result.id)  # type: ignore[attr-defined]  # a Message or a Thread


def _refusal(error: discord.HTTPException, creates: bool) -> Answer:
    if error.status == 401:
        return Stop("Discord refuses the token (401): set a new DISCORD_TOKEN")
    if error.status >= 500:
        return Unknown(f"HTTP {error.status}")
    # Without Via it is not Discord that answers but the guard before it, which bars our whole address.
    if error.code == BARRED or (error.status == 429 and "Via" not in error.response.headers):
        return Wait(BAN_PAUSE, everywhere=True)
    if error.status == 429 or error.code in WAITS:
        return Wait(WAITS.get(error.code, 60.0))
    if error.code == 10008 and creates and error.status == 400:
        return Refused(error.code, duty(400, 50035), error.text)
    return Refused(error.code or error.status, duty(error.status, error.code), error.text[:200])
