"""Composition root: opens everything, keeps the bot alive, closes in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import discord

from bot.aftermath import Stopped
from bot.chat.client import Rendezvous
from bot.clock import Clock
from bot.errors import RendezvousError
from bot.store.database import unbroken

log = logging.getLogger(__name__)

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
FATAL_CLOSES = {
    4004: "Discord refuses the token: copy it again from the developer portal into DISCORD_TOKEN",
    4010: "Discord refuses our shard number",
    4011: "Discord demands more shards",
    4012: "Discord refuses our gateway version: update discord.py",
    4013: "Discord refuses our intents",
    4014: "Discord refuses a privileged intent: switch on Message Content Intent in the developer portal (Bot), or set "
    "MESSAGE_CONTENT=no",
}


class Fatal(RendezvousError):
    """No restart can help; the message says what the operator must do. The process should exit with status 78."""

    exit_code = 78


async def serve(make_bot: Callable[[], Rendezvous], token: str, clock: Clock) -> None:
    """Keep a bot connected and delivering until cancelled; raises ``Fatal`` when only the operator can help."""
    pause = FIRST_PAUSE
    while True:
        started = clock.now()
        async with make_bot() as bot:
            await _one_life(bot, token)
        if (clock.now() - started).total_seconds() > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        log.warning("connection lost: starting again seconds=%.0f", pause)
        await clock.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


async def _one_life(bot: Rendezvous, token: str) -> None:
    """Run one bot until it ends or gives up; the gateway supervisor is one of the places that may catch everything."""
    tasks = [
        asyncio.create_task(bot.start(token)),
        asyncio.create_task(bot.gave_up.wait()),
        asyncio.create_task(_deliver(bot)),
        asyncio.create_task(bot.poller.run()),
        asyncio.create_task(bot.notices.run()),
        asyncio.create_task(bot.follows.run()),
        asyncio.create_task(bot.chores.run(bot.is_ready)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except discord.PrivilegedIntentsRequired as error:
        raise Fatal(FATAL_CLOSES[4014]) from error
    except (discord.LoginFailure, Stopped) as error:
        raise Fatal(f"{error} Check the bot's page in Discord's developer portal.") from error
    except discord.ConnectionClosed as error:
        if error.code in FATAL_CLOSES:
            raise Fatal(FATAL_CLOSES[error.code]) from error
        log.warning("gateway closed code=%s", error.code)
    except OSError as error:  # no network, no such host, refused: nothing that a traceback would explain
        log.warning("Discord cannot be reached cause=%s", error)
    except Exception:
        log.exception("the connection ended unexpectedly")
    finally:
        for task in tasks:
            task.cancel()
        # discord.py would go on for ever where it is cancelled in a reconnect, and never close where in its closing.
        await unbroken(bot.close())
        await asyncio.gather(*tasks, return_exceptions=True)


async def _deliver(bot: Rendezvous) -> None:
    """Deliver from the first READY on; later the gateway may be away while REST still works."""
    while not bot.is_ready():
        with suppress(RuntimeError):  # raised while start() has not prepared the client yet
            await bot.wait_until_ready()
        await asyncio.sleep(0.02)
    await bot.deliverer.run()
