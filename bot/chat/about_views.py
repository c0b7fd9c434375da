"""Who the bot is, what it can do for who asks, and how it fares."""

from __future__ import annotations

from typing import Any

from bot.chat.tree import mention
from bot.words import say


def greeting(client: Any) -> str:
    """Return the answer to a mention."""
    names = {name: mention(client, name) for name in ("help", "setup")}
    return say("greeting.text", latest=mention(client, "stories latest"), **names)
