"""The gateway: HELLO, IDENTIFY, RESUME, heartbeats and the events of the world."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.gateway_quota import Quota
from sandbox.gateway_rules import (
    heart_stopped,
    right_intents,
    right_shard,
    right_token,
    right_version,
    shard_of,
    slow_enough,
    small_enough,
)  # fmt: skip
from sandbox.gateway_session import Connection, Session, visible_data
from sandbox.model import Json
from sandbox.objects import guild_create_json, member_json, user_json
from sandbox.permissions import VIEW_CHANNEL
from sandbox.world import World
from sandbox.world_base import Event

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, MEMBERS = 1, 2, 3, 4, 6, 8
# discord.py notes when it sent a heartbeat after sending it: an answer that is quicker counts as one to the last.
ON_THE_WAY = 0.02
# Discord gives a late heartbeat half an interval's grace.
GRACE = 1.5


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
        self.quota = Quota(world)
        self.ready = asyncio.Event()
        self.unavailable: set[int] = set()
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()

    def on_event(self, event: Event) -> None:
        """Send one world event to every session that may see it."""
        if event.guild_id in self.unavailable or not self.bot_sees(event.channel_id):
            return
        for session in self.sessions.values():
            if session.wants(event):
                self._deliver(session, event.name, visible_data(self.world, session, event))

    def _deliver(self, session: Session, name: str, data: Json) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, session.dispatch, name, data)
        else:
            session.dispatch(name, data)

    def bot_sees(self, channel_id: int | None) -> bool:
        """Whether the bot may hear of what happens in this channel."""
        channel = self.world.channels.get(channel_id or 0)
        if channel is None:
            return True
        rights = self.world.permissions(channel, self.world.bot_id)
        return bool(rights & VIEW_CHANNEL) and self.world.let_in(channel, self.world.bot_id)

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

    def guild_outage(self, guild_id: int, down: bool = True) -> None:
        """Make a guild unavailable, or bring it back as Discord does: with GUILD_CREATE."""
        self.unavailable.discard(guild_id)
        guild = self.world.guilds[guild_id]
        gone: Json = {"id": str(guild_id), "unavailable": True}
        data = gone if down else guild_create_json(self.world, guild)
        self.on_event(Event("GUILD_DELETE" if down else "GUILD_CREATE", data, guild_id))
        if down:
            self.unavailable.add(guild_id)

    def is_up(self) -> bool:
        """Whether it takes new sockets."""
        return not self.refuse

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from HELLO to its close."""
        if not self.is_up():
            return web.Response(status=503, text="refused by the sandbox")
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        connection = Connection(ws, self.world.clock.now(), compress=request.query.get("compress") == "zlib-stream")
        tasks = [asyncio.create_task(connection.write()), asyncio.create_task(self._watch(connection))]
        self.connections.add(connection)
        interval = self.world.limits.heartbeat_ms
        connection.send({"op": 10, "d": {"heartbeat_interval": interval, "_trace": ["sandbox"]}})
        try:
            if (code := right_version(request.query.get("v", "10"))) is not None:
                await _close(connection, code)
            await self._read(connection)
        finally:
            self._forget(connection)
            connection.closed.set()
            for task in tasks:
                task.cancel()
        return ws

    async def _watch(self, connection: Connection) -> None:
        """Close a connection whose heart has stopped."""
        patience = self.world.limits.heartbeat_ms * GRACE / 1000
        while not await self.world.clock.wait(connection.closed, patience / 4):
            if heart_stopped(self.world.clock.now() - connection.beat, patience):
                await _close(connection, 4009)
                return

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
            recent.append(self.world.clock.now())
            code = small_enough(message.data) or slow_enough(recent, self.world.limits.sends_per_minute)
            code = code or await self._take(connection, message.data)
            if code is not None:
                await _close(connection, code)

    async def _take(self, connection: Connection, text: str) -> int | None:
        try:
            payload = json.loads(text)
            op, data = payload.get("op"), payload.get("d")
        except (ValueError, AttributeError):
            return 4002
        if op == HEARTBEAT:
            connection.beat = self.world.clock.now()
            asyncio.get_running_loop().call_later(ON_THE_WAY, connection.send, {"op": 11, "d": None})
        elif op == IDENTIFY:
            return await self._identify(connection, data if isinstance(data, dict) else {})
        elif op == RESUME:
            return self._resume(connection, data if isinstance(data, dict) else {})
        elif op in (MEMBERS, PRESENCE, VOICE):
            return self._after_identify(connection, op, data if isinstance(data, dict) else {})
        else:
            return 4001
        return None

    def _after_identify(self, connection: Connection, op: int, data: Json) -> int | None:
        session = self._session(connection)
        if session is None:
            return 4003
        if op == MEMBERS:
            self._members(session, data)
        return None

    def _session(self, connection: Connection) -> Session | None:
        return next((s for s in self.sessions.values() if s.connection is connection), None)

    async def _identify(self, connection: Connection, data: Json) -> int | None:
        shard, intents = data.get("shard") or [0, 1], int(data.get("intents") or 0)
        code = right_token(data, self.world.token) or right_shard(shard) or self._few_guilds(shard)
        code = code or right_intents(intents, self.disallowed_intents)
        if code is not None:
            return code
        if self._session(connection) is not None:
            return 4005
        if not self.quota.take_turn(int(shard[0])):
            connection.send({"op": 9, "d": False})
            return None
        if not self.quota.take():
            await self._reset_token()
            return 4004
        self.identifies += 1
        session = Session(secrets.token_hex(16), self.world.bot_id, intents, (int(shard[0]), int(shard[1])))
        session.connection = connection
        self.sessions[session.id] = session
        self._greet(session)
        return None

    async def _reset_token(self) -> None:
        """A bot that used up its IDENTIFYs loses its sessions and its token; its owner gets a new one by mail."""
        self.world.token = "sandbox." + secrets.token_urlsafe(24)
        self.sessions.clear()
        await self.drop(4004)

    def _few_guilds(self, shard: list[int]) -> int | None:
        """Whether this many guilds fit into one shard."""
        return 4011 if len(self._guilds(shard[0], shard[1])) > self.world.limits.guilds_per_shard else None

    def _guilds(self, index: int, count: int) -> list[Any]:
        return [g for g in self.world.guilds.values() if shard_of(g.id, count) == index]

    def _greet(self, session: Session) -> None:
        index, count = session.shard
        guilds = self._guilds(index, count)
        bot = user_json(self.world.users[self.world.bot_id])
        session.dispatch("READY", {
            "v": 10, "user": bot | {"verified": True, "mfa_enabled": True, "email": None}, "session_id": session.id,
            "resume_gateway_url": self.url, "shard": [index, count], "private_channels": [], "presences": [],
            "application": {"id": bot["id"], "flags": 0}, "_trace": ["sandbox"],
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
        })  # fmt: skip
        for guild in guilds:
            if guild.id not in self.unavailable:
                session.dispatch("GUILD_CREATE", guild_create_json(self.world, guild))
        self.ready.set()

    def _members(self, session: Session, data: Json) -> None:
        """Answer a request for members, all in one chunk."""
        guild = self.world.guilds.get(int(data.get("guild_id") or 0))
        if guild is None:
            return
        wanted = {int(u) for u in data.get("user_ids") or guild.members}
        members = [member_json(self.world, m) for m in guild.members.values() if m.user_id in wanted]
        chunk: Json = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"not_found": [], "nonce": data.get("nonce")})

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if (code := right_token(data, self.world.token)) is not None:
            return code
        session, seq = self.sessions.get(str(data.get("session_id"))), int(data.get("seq") or 0)
        if session is None or not session.remembers(seq):
            connection.send({"op": 9, "d": False})
            return None
        session.connection = connection
        session.replay(seq)
        self.resumes += 1
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        self.ready.set()
        return None


async def _close(connection: Connection, code: int | None) -> None:
    with suppress(ConnectionError, RuntimeError, TimeoutError):
        if code is not None:
            await asyncio.wait_for(connection.ws.close(code=code), 1)
            return
        transport = connection.ws._req.transport if connection.ws._req else None
        if transport is not None:
            transport.abort()
