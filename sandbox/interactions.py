"""Interactions between a person's click and the bot's answer: tokens, clocks and what came of it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import ApiError
from sandbox.message_json import gateway_message_json
from sandbox.model import LOADING, Json, Message
from sandbox.objects import channel_json, member_json, user_json
from sandbox.world import World
from sandbox.world_base import Event

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
CB_MESSAGE, CB_DEFER, CB_DEFER_UPDATE, CB_UPDATE, CB_CHOICES, CB_MODAL = 4, 5, 6, 7, 8, 9
NO_ANSWER = "The application did not respond"


@dataclass(slots=True)
class Answer:
    """What a person sees after a command, click or modal; kind: message, modal, update, none or failed."""

    kind: str
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    ephemeral: bool = False
    message_id: int | None = None
    modal: Json | None = None
    token: str = ""


@dataclass(slots=True)
class Interaction:
    """One interaction; ``source`` is the message with the clicked component, ``original`` the bot's answer."""

    id: int
    token: str
    type: int
    user_id: int
    channel_id: int
    guild_id: int | None
    created: float
    source: Message | None = None
    name: str = ""
    callback: int | None = None
    original: Message | None = None
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    hidden: dict[int, Message] = field(default_factory=dict)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> bool:
        """Whether the answer was promised (deferred) and has not come."""
        return self.original is not None and bool(self.original.flags & LOADING)


class Interactions:
    """Sends interactions to the bot and keeps their tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_token: dict[str, Interaction] = {}
        self.dispatch: list[Any] = []

    def send(
        self, kind: int, user_id: int, channel_id: int, data: Json, *, source: Message | None = None, name: str = ""
    ) -> Interaction:
        """Make an interaction and give it to the gateway."""
        channel = self.world.get_channel(channel_id)
        token = secrets.token_urlsafe(32)
        found = Interaction(
            self.world.ids.next(), token, kind, user_id, channel_id, channel.guild_id, self.world.clock.now(),
            source, name,
        )  # fmt: skip
        self._forget_old()
        self.by_token[token] = found
        event = Event("INTERACTION_CREATE", self._payload(found, data), channel.guild_id)
        for listener in self.dispatch:
            listener(event)
        return found

    def _forget_old(self) -> None:
        oldest = self.world.clock.now() - 2 * self.world.limits.token_seconds
        # They are kept in the order of their making.
        while self.by_token and next(iter(self.by_token.values())).created < oldest:
            del self.by_token[next(iter(self.by_token))]

    def _payload(self, found: Interaction, data: Json) -> Json:
        world, channel = self.world, self.world.channels[found.channel_id]
        user_rights = world.permissions(channel, found.user_id)
        payload: Json = {
            "id": str(found.id), "application_id": str(world.bot_id), "type": found.type, "token": found.token,
            "version": 1, "data": data, "channel_id": str(channel.id), "channel": channel_json(world, channel),
            "locale": world.locales.get(found.user_id, "en-US"),
            "entitlements": [], "attachment_size_limit": 10_485_760,
            "app_permissions": str(max(0, world.permissions(channel, world.bot_id))),
        }  # fmt: skip
        if channel.guild_id is None:
            user = user_json(world.users[found.user_id])
            owners = {"1": str(found.user_id)}
            payload |= {"user": user, "context": 1, "authorizing_integration_owners": owners}
        else:
            member = member_json(world, world.guilds[channel.guild_id].members[found.user_id])
            payload["channel"]["permissions"] = str(user_rights)
            payload |= {
                "guild_id": str(channel.guild_id), "guild_locale": "en-US", "context": 0,
                "guild": {"id": str(channel.guild_id), "locale": "en-US", "features": []},
                "member": member | {"permissions": str(user_rights)},
                "authorizing_integration_owners": {"0": str(channel.guild_id)},
            }  # fmt: skip
        if found.source is not None:
            payload["message"] = gateway_message_json(world, found.source)
        return payload

    def open(self, interaction_id: int, token: str) -> Interaction:
        """Return an interaction that may still get its first answer."""
        found = self.by_token.get(token)
        if found is None or found.id != interaction_id:
            raise ApiError(10062)
        unanswered(found)
        in_time(self.world.clock.now() - found.created, self.world.limits.answer_seconds)
        return found

    def later(self, token: str) -> Interaction:
        """Return an interaction for a follow-up or a look at @original."""
        found = self.by_token.get(token)
        if found is None or found.callback is None:
            raise ApiError(10015)
        token_valid(self.world.clock.now() - found.created, self.world.limits.token_seconds)
        return found

    async def outcome(self, found: Interaction) -> Answer:
        """Wait for the bot and return what the person sees in the end."""
        limits = self.world.limits
        if not await self.world.clock.wait(found.acknowledged, limits.answer_seconds):
            return Answer("failed", NO_ANSWER, token=found.token)
        if found.callback == CB_MODAL:
            return Answer("modal", modal=found.modal, token=found.token)
        if found.callback in (CB_DEFER, CB_DEFER_UPDATE):
            await self.world.clock.wait(found.settled, limits.deferred_seconds)
        if found.original is None or found.waiting:
            return Answer("none", token=found.token)
        updated = found.callback in (CB_UPDATE, CB_DEFER_UPDATE) and found.original is found.source
        return _answer("update" if updated else "message", found.original, found.token)


def unanswered(found: Interaction) -> None:
    """Refuse a second first answer."""
    if found.callback is not None:
        raise ApiError(40060)


def in_time(age: float, limit: float) -> None:
    """Refuse a first answer that comes too late."""
    if age > limit:
        raise ApiError(10062)


def token_valid(age: float, limit: float) -> None:
    """Refuse a token that has run out."""
    if age > limit:
        raise ApiError(50027)


def _answer(kind: str, message: Message, token: str) -> Answer:
    return Answer(
        kind, message.content, message.embeds, message.components, message.attachments, message.ephemeral, message.id,
        token=token,
    )  # fmt: skip
