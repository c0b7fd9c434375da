"""What only one person sees: after each request of the bot, the pages are told what changed in ephemeral answers."""

from __future__ import annotations

import json
from typing import Any, Protocol

from aiohttp import web

from sandbox.interactions import Interaction, Interactions
from sandbox.message_json import message_json
from sandbox.model import Json, Message
from sandbox.page_events import PageEvents
from sandbox.world import World
from sandbox.world_base import Event


class Core(Protocol):
    """The part of the sandbox that knows the bot's answers."""

    interactions: Interactions


class Box(Protocol):
    """What this needs from the sandbox."""

    core: Core

    @property
    def world(self) -> World: ...
    @property
    def page_events(self) -> PageEvents: ...


class Private:
    """Compares the ephemeral answers with what the pages were told before; the gateway never hears of them."""

    def __init__(self, box: Any) -> None:
        self._box: Box = box
        self._told: dict[int, str] = {}

    async def on_response(self, request: web.Request, _: web.StreamResponse) -> None:
        """Look for changes after a request that may have made some."""
        if "/interactions/" in request.path or "/webhooks/" in request.path:
            self.look()

    def look(self) -> None:
        """Tell the pages of each ephemeral message that is new, changed or gone."""
        seen: dict[int, str] = {}
        for found in self._box.core.interactions.by_token.values():
            for message in found.hidden.values():
                if message.ephemeral:
                    seen[message.id] = _print(message)
                    self._compare(found, message, seen[message.id])
        for message_id in self._told.keys() - seen.keys():
            self._box.page_events.on_event(Event("PRIVATE_DELETE", {"id": str(message_id)}, None))
        self._told = seen

    def _compare(self, found: Interaction, message: Message, now: str) -> None:
        before = self._told.get(message.id)
        if before == now:
            return
        data: Json = message_json(self._box.world, message) | {"for": str(found.user_id)}
        name = "PRIVATE_CREATE" if before is None else "PRIVATE_UPDATE"
        self._box.page_events.on_event(Event(name, data, None))


def _print(message: Message) -> str:
    return json.dumps([message.content, message.embeds, message.components, message.flags], default=str)
