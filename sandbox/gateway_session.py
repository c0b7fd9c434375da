"""One gateway session: what it may see, its sequence, its replay buffer and the socket it uses now."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import web

from sandbox.model import Json
from sandbox.world import World
from sandbox.world_base import Event

GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, REACTIONS, DIRECT_MESSAGES, MESSAGE_CONTENT = (
    1 << 0, 1 << 1, 1 << 9, 1 << 10, 1 << 12, 1 << 15,
)  # fmt: skip
REPLAY = 2000


class Connection:
    """A socket with its compression; a task of its own writes, so that events keep their order."""

    def __init__(self, ws: web.WebSocketResponse, *, compress: bool) -> None:
        self.ws = ws
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

    def replay(self, seq: int) -> bool:
        """Send again what came after ``seq``; False when the buffer does not reach back so far."""
        if seq > self.seq or (self.buffer and self.buffer[0]["s"] > seq + 1):
            return False
        for payload in [p for p in self.buffer if p["s"] > seq]:
            assert self.connection is not None
            self.connection.send(payload)
        return True

    def wants(self, event: Event) -> bool:
        """Whether shard and intents let this event through."""
        if event.guild_id is not None and (event.guild_id >> 22) % self.shard[1] != self.shard[0]:
            return False
        if event.guild_id is None and self.shard[0] != 0:
            return False
        need = _intent(event)
        # News about the bot itself needs no members intent.
        about_itself = need == GUILD_MEMBERS and event.author_id == self.bot_id
        return need == 0 or about_itself or bool(self.intents & need)


def _intent(event: Event) -> int:
    if event.name == "INTERACTION_CREATE":
        return 0
    if event.name.startswith("MESSAGE_REACTION"):
        return REACTIONS
    if event.name.startswith("MESSAGE_"):
        return GUILD_MESSAGES if event.guild_id is not None else DIRECT_MESSAGES
    if event.name.startswith("GUILD_MEMBER_"):
        return GUILD_MEMBERS
    return GUILDS


def visible_data(world: World, session: Session, event: Event) -> Json:
    """Return the event's data, emptied of content that needs the MESSAGE_CONTENT intent."""
    if event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or session.intents & MESSAGE_CONTENT:
        return event.data
    mentioned = any(u["id"] == str(world.bot_id) for u in event.data["mentions"])
    if event.guild_id is None or event.author_id == world.bot_id or mentioned:
        return event.data
    return event.data | {"content": "", "embeds": [], "attachments": [], "components": []}
