"""What stands in a message's own menu, and the buttons under a story."""

from __future__ import annotations

from bot.chat.client import Rendezvous
from bot.chat.follow_list import LIST_ITEMS
from bot.chat.follow_views import ITEMS


async def setup(bot: Rendezvous) -> None:
    """Let the buttons answer, on messages of whatever age; discord.py calls this."""
    bot.add_dynamic_items(*ITEMS, *LIST_ITEMS)
