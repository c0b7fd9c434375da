"""What came of one call to Discord: a result or any of its failures, as one of our five answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import aiohttp
import discord

from bot.chat.duties import WAITS, duty
from bot.post import Answer, Refused, Sent, Stop, Unknown, Wait

DEADLINE = 45.0
BAN_PAUSE = 900.0
BARRED = 40333


class AmbiguousAnswer(Exception):
    """A create was answered with 5xx: raised out of the HTTP trace, so that discord.py does not repeat it itself."""


async def answer_of(call: Awaitable[object], *, creates: bool, done: int | None = None) -> Answer:
    """Await one call within our deadline and say what came of it."""
    try:
        async with asyncio.timeout(DEADLINE):
            result = await call
    except discord.RateLimited as error:
        return Wait(error.retry_after)
    except discord.HTTPException as error:
        return _refusal(error, creates)
    except (AmbiguousAnswer, TimeoutError, aiohttp.ClientError, OSError) as error:
        return Unknown(f"{type(error).__name__}: {error}")
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
