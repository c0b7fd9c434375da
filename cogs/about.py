"""/help and /about: what the bot can do, and how it fares; for everyone."""

from __future__ import annotations

from bot.chat.client import Rendezvous


async def setup(bot: Rendezvous) -> None:
    """Add the cog; discord.py calls this."""
