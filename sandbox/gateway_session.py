"""One gateway session: what it may see, its sequence, its replay buffer and the socket it uses now."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import web

from sandbox.gateway_rules import shard_of
from sandbox.model import Json
from sandbox.world import World
from sandbox.world_base import Event

GUILDS, GUILD_MEMBERS, GUILD_WEBHOOKS = 1 << 0, 1 << 1, 1 << 5
GUILD_MESSAGES, REACTIONS, GUILD_TYPING = 1 << 9, 1 << 10, 1 << 11
DIRECT_MESSAGES, DIRECT_REACTIONS, DIRECT_TYPING, MESSAGE_CONTENT = 1 << 12, 1 << 13, 1 << 14, 1 << 15
# Which intent lets an event through, by the beginning of its name: in a guild, and in a direct chat.
INTENTS = (
    ("MESSAGE_REACTION", REACTIONS, DIRECT_REACTIONS),
    ("MESSAGE_", GUILD_MESSAGES, DIRECT_MESSAGES),
    ("TYPING_", GUILD_TYPING, DIRECT_TYPING),
    ("WEBHOOKS_", GUILD_WEBHOOKS, 0),
    ("GUILD_MEMBER_", GUILD_MEMBERS, 0),
    ("CHANNEL_PINS_", GUILDS, DIRECT_MESSAGES),
    ("INTERACTION_", 0, 0),
)
REPLAY = 2000


class Connection:
    """A socket with its compression; a task of its own writes, so that events keep their order."""

    def __init__(self, ws: web.WebSocketResponse, now: float, *, compress: bool) -> None:
        self.ws = ws
        self.beat = now
        self.closed = asyncio.Event()
        self.queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._zlib = zlib.compressobj() if compress else None

    def send(self, payload: Json) -> None:
        """Queue one payload."""
        self.queue.put_nowait(payload)

    async def write(self) -> None:
        """Write queued payloads until the socket is gone."""
        with suppress(ConnectionError, RuntimeError):
            while (payload := await self.queue.get()) is not None:
                text = json.dumps(payload, separators=(",", ":"))
                if self._zlib is None:
                    await self.ws.send_str(text)
                else:
                    await self.ws.send_bytes(self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH))


class Session:
    """What survives a lost socket."""

    def __init__(self, session_id: str, bot_id: int, intents: int, shard: tuple[int, int]) -> None:
        self.id = session_id
        self.bot_id = bot_id
        self.intents = intents
        self.shard = shard
        self.seq = 0
        self.buffer: deque[Json] = deque(maxlen=REPLAY)
        self.connection: Connection | None = None

    def dispatch(self, name: str, data: Any) -> None:
        """Number an event, keep it for a RESUME and send it if there is a socket."""
        self.seq += 1
        payload: Json = {"op": 0, "s": self.seq, "t": name, "d": data}
        self.buffer.append(payload)
        if self.connection is not None:
            self.connection.send(payload)

    def remembers(self, seq: int) -> bool:
        """Whether everything after ``seq`` is still in the buffer."""
        return seq <= self.seq and not (self.buffer and self.buffer[0]["s"] > seq + 1)

    def replay(self, seq: int) -> None:
        """Send again what came after ``seq``."""
        for payload in [p for p in self.buffer if p["s"] > seq]:
            assert self.connection is not None
            self.connection.send(payload)

    def serves(self, guild_id: int | None) -> bool:
        """Whether this shard is the guild's; direct chats are the first shard's."""
        return self.shard[0] == (0 if guild_id is None else shard_of(guild_id, self.shard[1]))

    def wants(self, event: Event) -> bool:
        """Whether shard and intents let this event through."""
        if not self.serves(event.guild_id):
            return False
        need = intent_of(event)
        # News about the bot itself needs no members intent.
        about_itself = need == GUILD_MEMBERS and event.author_id == self.bot_id
        return need == 0 or about_itself or bool(self.intents & need)


def intent_of(event: Event) -> int:
    """Return the intent that lets an event through; 0 when none is needed."""
    direct = event.guild_id is None
    for prefix, in_guild, in_direct in INTENTS:
        if event.name.startswith(prefix):
            return in_direct if direct else in_guild
    return GUILDS


def visible_data(world: World, session: Session, event: Event) -> Json:
    """Return the event's data, emptied of content that needs the MESSAGE_CONTENT intent."""
    if event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or session.intents & MESSAGE_CONTENT:
        return event.data
    return event.data if readable(world, event) else event.data | HIDDEN


HIDDEN: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def readable(world: World, event: Event) -> bool:
    """Whether the bot may read a message without the intent: its own, a direct one, or one that mentions it."""
    mentioned = any(u["id"] == str(world.bot_id) for u in event.data["mentions"])
    return event.guild_id is None or event.author_id == world.bot_id or mentioned
