"""The gateway: HELLO, IDENTIFY, RESUME, heartbeats and the events of the world."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from contextlib import suppress

from aiohttp import WSMsgType, web

from sandbox.gateway_session import Connection, Session, visible_data
from sandbox.model import Json
from sandbox.objects import guild_create_json, member_json, user_json
from sandbox.permissions import VIEW_CHANNEL
from sandbox.world import World
from sandbox.world_base import Event

HEARTBEAT_MS = 41_250
KNOWN_INTENTS = (1 << 26) - 1


class Gateway:
    """All sessions and sockets; tests drop, refuse and invalidate them here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.refuse = False
        self.delay = 0.0
        self.shards = 1
        self.disallowed_intents = 0
        self.identifies = 0
        self.resumes = 0
        self.ready = asyncio.Event()
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()

    def on_event(self, event: Event) -> None:
        """Send one world event to every session that may see it."""
        if event.channel_id is not None and not self._bot_sees(event.channel_id):
            return
        for session in self.sessions.values():
            if session.wants(event):
                self._deliver(session, event.name, visible_data(self.world, session, event))

    def _deliver(self, session: Session, name: str, data: Json) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, session.dispatch, name, data)
        else:
            session.dispatch(name, data)

    def _bot_sees(self, channel_id: int) -> bool:
        channel = self.world.channels.get(channel_id)
        return channel is None or bool(self.world.permissions(channel, self.world.bot_id) & VIEW_CHANNEL)

    async def drop(self, code: int | None = 1012) -> None:
        """Close every socket with a code, or cut it without a word (None); sessions can be resumed."""
        for connection in list(self.connections):
            await _close(connection, code)

    def reconnect(self) -> None:
        """Ask every client to reconnect (opcode 7)."""
        for connection in self.connections:
            connection.send({"op": 7, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every client that its session is over (opcode 9)."""
        if not resumable:
            self.sessions.clear()
        for connection in self.connections:
            connection.send({"op": 9, "d": resumable})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from HELLO to its close."""
        if self.refuse:
            return web.Response(status=503, text="refused by the sandbox")
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        connection = Connection(ws, compress=request.query.get("compress") == "zlib-stream")
        writer = asyncio.create_task(connection.write())
        self.connections.add(connection)
        connection.send({"op": 10, "d": {"heartbeat_interval": HEARTBEAT_MS, "_trace": ["sandbox"]}})
        try:
            await self._read(connection)
        finally:
            self._forget(connection)
            writer.cancel()
        return ws

    def _forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        for session in self.sessions.values():
            if session.connection is connection:
                session.connection = None

    async def _read(self, connection: Connection) -> None:
        recent: deque[float] = deque()
        async for message in connection.ws:
            if message.type is not WSMsgType.TEXT:
                continue
            code = self._check_size(message.data, recent)
            if code is None:
                payload = json.loads(message.data)
                code = self._take(connection, payload.get("op"), payload.get("d"))
            if code is not None:
                await _close(connection, code)

    @staticmethod
    def _check_size(text: str, recent: deque[float]) -> int | None:
        recent.append(time.monotonic())
        while recent[0] < recent[-1] - 60:
            recent.popleft()
        return 4002 if len(text.encode()) > 4096 else 4008 if len(recent) > 120 else None

    def _take(self, connection: Connection, op: object, data: Json) -> int | None:
        if op == 1:
            connection.send({"op": 11, "d": None})
        elif op == 2:
            return self._identify(connection, data)
        elif op == 6:
            return self._resume(connection, data)
        elif op == 8:
            self._members(connection, data)
        elif op not in (3, 4):
            return 4001
        return None

    def _identify(self, connection: Connection, data: Json) -> int | None:
        shard = tuple(data.get("shard") or (0, 1))
        intents = int(data.get("intents", 0))
        if data.get("token") != self.world.token:
            return 4004
        if any(s.connection is connection for s in self.sessions.values()):
            return 4005
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return 4010
        if intents & ~KNOWN_INTENTS:
            return 4013
        if intents & self.disallowed_intents:
            return 4014
        self.identifies += 1
        session = Session(secrets.token_hex(16), self.world.bot_id, intents, (int(shard[0]), int(shard[1])))
        session.connection = connection
        self.sessions[session.id] = session
        self._greet(session)
        return None

    def _greet(self, session: Session) -> None:
        index, count = session.shard
        guilds = [g for g in self.world.guilds.values() if (g.id >> 22) % count == index]
        bot = user_json(self.world.users[self.world.bot_id])
        session.dispatch("READY", {
            "v": 10, "user": bot | {"verified": True, "mfa_enabled": True, "email": None}, "session_id": session.id,
            "resume_gateway_url": self.url, "shard": [index, count], "private_channels": [], "presences": [],
            "application": {"id": bot["id"], "flags": 0}, "_trace": ["sandbox"],
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
        })  # fmt: skip
        for guild in guilds:
            session.dispatch("GUILD_CREATE", guild_create_json(self.world, guild))
        self.ready.set()

    def _members(self, connection: Connection, data: Json) -> None:
        """Answer a request for members, all in one chunk."""
        guild = self.world.guilds.get(int(data.get("guild_id") or 0))
        session = next((s for s in self.sessions.values() if s.connection is connection), None)
        if guild is None or session is None:
            return
        wanted = {int(u) for u in data.get("user_ids") or guild.members}
        members = [member_json(self.world, m) for m in guild.members.values() if m.user_id in wanted]
        chunk: Json = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"not_found": [], "nonce": data.get("nonce")})

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if data.get("token") != self.world.token:
            return 4004
        session = self.sessions.get(str(data.get("session_id")))
        if session is None:
            connection.send({"op": 9, "d": False})
            return None
        session.connection = connection
        if not session.replay(int(data.get("seq") or 0)):
            session.connection = None
            connection.send({"op": 9, "d": False})
            return None
        self.resumes += 1
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        self.ready.set()
        return None


async def _close(connection: Connection, code: int | None) -> None:
    with suppress(ConnectionError, RuntimeError):
        if code is not None:
            await asyncio.wait_for(connection.ws.close(code=code), 1)
            return
        transport = connection.ws._req.transport if connection.ws._req else None
        if transport is not None:
            transport.abort()
