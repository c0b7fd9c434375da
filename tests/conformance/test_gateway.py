"""The gateway: sessions, resumes, shards, intents, quotas and closes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.gateway_session import Session
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Client, Stage, connected

pytestmark = pytest.mark.asyncio
DAY = 86_400
HURRIED = {"heartbeat_interval": 30_000, "_trace": []}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py not wait five seconds between two IDENTIFYs, nor back off."""
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda delay, *rest: real(min(delay, 0.01), *rest))


class Socket:
    """A bare socket at the gateway."""

    def __init__(self, stage: Stage, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._stage, self.ws = stage, ws

    async def send(self, op: int, data: Any) -> None:
        await self.ws.send_str(json.dumps({"op": op, "d": data}))

    async def identify(self, **more: Any) -> None:
        await self.send(2, {"token": self._stage.box.token, "intents": 1, "properties": {}} | more)

    async def until(self, wanted: str) -> Any:
        """Read up to a dispatch of this name, or up to an opcode written as a number; return its data."""
        async with asyncio.timeout(2):
            while True:
                payload = await self.ws.receive_json()
                if wanted in (payload.get("t"), str(payload["op"])):
                    return payload["d"]

    async def code(self) -> int | None:
        """Read up to the close and return its code."""
        async with asyncio.timeout(2):
            while not self.ws.closed:
                await self.ws.receive()
        return self.ws.close_code


class Sockets:
    """Opens bare sockets."""

    def __init__(self, stage: Stage, query: str = "") -> None:
        self._stage, self._query = stage, query

    async def __aenter__(self) -> Socket:
        self._ws = await self._stage.web.ws_connect(self._stage.box.gateway_url + self._query)
        return Socket(self._stage, self._ws)

    async def __aexit__(self, *_: object) -> None:
        await self._ws.close()


@behaviour(
    "gateway.hello",
    "The gateway begins with HELLO and its heartbeat interval",
    "sandbox.gateway_session:Connection.send",
    Around(
        lambda original, self, payload: original(self, payload | {"d": HURRIED} if payload["op"] == 10 else payload)
    ),
)
async def test_hello(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        assert (await socket.until("10"))["heartbeat_interval"] == 41_250


@behaviour(
    "gateway.ack",
    "Every heartbeat is acknowledged",
    "sandbox.gateway_session:Connection.send",
    Around(lambda original, self, payload: original(self, payload) if payload["op"] != 11 else None),
)
async def test_heartbeats_are_acknowledged(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.send(1, None)
        assert await socket.until("11") is None


@behaviour(
    "gateway.zlib",
    "Compression by zlib-stream, one stream for the whole socket",
    "sandbox.gateway_session:Connection.__init__",
    Around(lambda original, self, ws, now, *, compress: original(self, ws, now, compress=False)),
)
async def test_compression(stage: Stage) -> None:
    async with Sockets(stage, "?compress=zlib-stream") as socket:
        first = await socket.ws.receive()
        assert first.type is aiohttp.WSMsgType.BINARY
        assert first.data.endswith(b"\x00\x00\xff\xff")


@behaviour("gateway.ready", "READY names the session, the guilds and where to resume", "sandbox.gateway:Gateway._greet")
async def test_ready(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.identify()
        ready = await socket.until("READY")
        assert ready["guilds"] == [{"id": str(stage.guild_id), "unavailable": True}]
        assert (ready["resume_gateway_url"], ready["user"]["id"]) == (stage.box.gateway_url, str(stage.bot.user.id))
        assert (await socket.until("GUILD_CREATE"))["id"] == str(stage.guild_id)


@behaviour("gateway.resume", "A resumed session gets what it missed", "sandbox.gateway_session:Session.replay")
async def test_resume(stage: Stage) -> None:
    stage.box.gateway.refuse = True
    await stage.box.gateway.drop(None)
    stage.bot.forget()
    await stage.box.say(stage.max, stage.news.id, "missed")
    stage.box.gateway.refuse = False
    assert (await stage.bot.hear("message", 5)).content == "missed"
    assert (stage.box.gateway.identifies, stage.box.gateway.resumes) == (1, 1)


@behaviour("gateway.reconnect", "Opcode 7 makes a client resume", "sandbox.gateway:Gateway.reconnect")
async def test_reconnect(stage: Stage) -> None:
    stage.bot.forget()
    stage.box.gateway.reconnect()
    await stage.bot.hear("shard_resumed")


@behaviour(
    "gateway.invalid",
    "Opcode 9 (false) makes a client begin anew",
    "sandbox.gateway:Gateway.invalidate",
)
async def test_invalid_session(stage: Stage) -> None:
    stage.bot.forget()
    stage.box.gateway.invalidate()
    await stage.bot.hear("shard_ready")
    assert stage.box.gateway.identifies == 2


@behaviour(
    "gateway.invalid-resumable",
    "Opcode 9 (true) lets a client resume",
    "sandbox.gateway:Gateway.invalidate",
    Around(lambda original, self, *, resumable=False: original(self)),
)
async def test_resumable_session(stage: Stage) -> None:
    stage.bot.forget()
    stage.box.gateway.invalidate(resumable=True)
    await stage.bot.hear("shard_resumed")
    assert stage.box.gateway.identifies == 1


@behaviour(
    "gateway.unknown-session",
    "A session that is not known cannot be resumed (opcode 9)",
    "sandbox.gateway_session:Session.remembers",
    always(True),
)
async def test_unknown_sessions(stage: Stage) -> None:
    [session] = stage.box.gateway.sessions.values()
    async with Sockets(stage) as socket:
        await socket.send(6, {"token": stage.box.token, "session_id": session.id, "seq": session.seq + 99})
        assert await socket.until("9") is False


@behaviour("gateway.refused", "A refused gateway ends the first connect", "sandbox.gateway:Gateway.is_up", always(True))
async def test_refusal_at_first(stage: Stage) -> None:
    stage.box.gateway.refuse = True
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with Sockets(stage):
            pass


@behaviour("gateway.token", "A wrong token is closed with 4004", "sandbox.gateway_rules:right_token")
async def test_wrong_tokens(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.identify(token="wrong")
        assert await socket.code() == 4004


@behaviour("gateway.version", "An API version that is gone is closed with 4012", "sandbox.gateway_rules:right_version")
async def test_wrong_versions(stage: Stage) -> None:
    async with Sockets(stage, "?v=5") as socket:
        assert await socket.code() == 4012


@behaviour("gateway.intents.unknown", "Unknown intents are closed with 4013", "sandbox.gateway_rules:right_intents")
async def test_unknown_intents(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.identify(intents=1 << 30)
        assert await socket.code() == 4013


@behaviour(
    "gateway.intents.disallowed",
    "Intents that are not granted are closed with 4014",
    "sandbox.gateway_rules:right_intents",
)
async def test_disallowed_intents(stage: Stage) -> None:
    stage.box.gateway.disallowed_intents = 1 << 15
    async with Sockets(stage) as socket:
        await socket.identify(intents=1 << 15)
        assert await socket.code() == 4014
    async with Client() as wishful, asyncio.timeout(2):
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await wishful.start(stage.box.token)


@behaviour("gateway.shard.bad", "A shard that cannot be is closed with 4010", "sandbox.gateway_rules:right_shard")
async def test_bad_shards(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.identify(shard=[2, 2])
        assert await socket.code() == 4010


@behaviour(
    "gateway.shard.needed",
    "Too many servers for one shard are closed with 4011",
    "sandbox.gateway:Gateway._few_guilds",
)
async def test_sharding_is_needed(stage: Stage) -> None:
    stage.limits.guilds_per_shard = 0
    async with Sockets(stage) as socket:
        await socket.identify()
        assert await socket.code() == 4011


@behaviour("gateway.twice", "A second IDENTIFY is closed with 4005", "sandbox.gateway:Gateway._session")
async def test_identify_twice(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.identify()
        await socket.identify()
        assert await socket.code() == 4005


@behaviour(
    "gateway.first-identify",
    "Before IDENTIFY nothing else is taken (4003)",
    "sandbox.gateway:Gateway._after_identify",
)
async def test_identify_first(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.send(8, {"guild_id": str(stage.guild_id), "query": "", "limit": 0})
        assert await socket.code() == 4003


@behaviour("gateway.size", "A payload over 4096 bytes is closed with 4002", "sandbox.gateway_rules:small_enough")
async def test_large_payloads(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.identify(properties={"x": "x" * 4096})
        assert await socket.code() == 4002


@behaviour("gateway.rate", "More than 120 payloads a minute are closed with 4008", "sandbox.gateway_rules:slow_enough")
async def test_many_payloads(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        for _ in range(121):
            await socket.send(1, None)
        assert await socket.code() == 4008


@behaviour(
    "gateway.rate-window",
    "Payloads of the last minute are forgotten",
    "sandbox.gateway_rules:slow_enough",
    lambda recent, limit: 4008 if len(recent) > limit else None,
)
async def test_payloads_are_forgotten(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        for number in range(125):
            if number == 100:
                for _ in range(100):
                    await socket.until("11")
                stage.clock.advance(61)
            await socket.send(1, None)
        assert await socket.until("11") is None
        await socket.identify()
        await socket.until("READY")


@behaviour(
    "gateway.heart",
    "A client without heartbeats is closed with 4009",
    "sandbox.gateway_rules:heart_stopped",
    always(False),
)
async def test_silence(stage: Stage) -> None:
    async with Sockets(stage) as socket:
        await socket.until("10")
        stage.clock.advance(62)
        assert await socket.code() == 4009


@behaviour(
    "gateway.quota",
    "IDENTIFYs are counted; who uses them up loses the token (4004)",
    "sandbox.gateway_quota:Quota.take",
    always(True),
)
async def test_quota(stage: Stage) -> None:
    stage.limits.identifies = 1
    old = stage.box.token
    async with Sockets(stage) as socket:
        await socket.identify()
        assert await socket.code() == 4004
    assert stage.box.token != old
    assert (await stage.raw("GET", "/users/@me", Authorization=f"Bot {old}")).status == 401


@behaviour(
    "gateway.quota-told",
    "GET /gateway/bot says how many IDENTIFYs are left, and when they are renewed",
    "sandbox.gateway_quota:Quota._roll",
)
async def test_quota_is_told(stage: Stage) -> None:
    told = (await stage.call("GET", "/gateway/bot"))["session_start_limit"]
    assert (told["remaining"], told["total"]) == (999, 1000)
    assert 0 < told["reset_after"] <= DAY * 1000
    stage.clock.advance(DAY + 1)
    assert (await stage.call("GET", "/gateway/bot"))["session_start_limit"]["remaining"] == 1000


@behaviour(
    "gateway.concurrency",
    "Too many IDENTIFYs at once get opcode 9",
    "sandbox.gateway_quota:Quota.take_turn",
    always(True),
)
async def test_concurrency(stage: Stage) -> None:
    stage.limits.concurrency_window = 5.0
    async with Sockets(stage) as first, Sockets(stage) as second, Sockets(stage) as third:
        await first.identify()
        await second.identify()
        await second.until("9")
        stage.clock.advance(5.1)
        await third.identify()
        await third.until("READY")


@behaviour(
    "gateway.shards", "Every server belongs to one shard, by its id", "sandbox.gateway_rules:shard_of", always(0)
)
async def test_shards(stage: Stage) -> None:
    for number in range(3):
        stage.world.add_guild(f"Guild {number}", guild_id=stage.guild_id + ((number + 1) << 22))
    for index in range(2):
        async with Sockets(stage) as socket:
            await socket.identify(shard=[index, 2])
            told = {int(g["id"]) for g in (await socket.until("READY"))["guilds"]}
            assert told == {g for g in stage.world.guilds if (g >> 22) % 2 == index}
    stage.box.gateway.shards = 2
    async with connected(stage.box, Client()) as sharded:
        assert sorted(sharded.shards) == [0, 1]
        assert {g.id for g in sharded.guilds} == set(stage.world.guilds)


def _lacking(original: Any, self: Any, event: Any) -> bool:
    return self.serves(event.guild_id)


@behaviour(
    "gateway.intents.filter",
    "Events without their intent are not sent",
    "sandbox.gateway_session:Session.wants",
    Around(_lacking),
)
async def test_intents_filter(stage: Stage) -> None:
    async with connected(stage.box, Client(discord.Intents(guilds=True))) as quiet:
        await stage.box.say(stage.max, stage.news.id, "x")
        stage.world.add_channel("made", 0, stage.guild_id)
        heard = await quiet.heard_now()
        assert ("guild_channel_create" in heard, "message" in heard) == (True, False)


async def _heard_without_content(stage: Stage, text: str) -> str:
    intents = discord.Intents(guilds=True, guild_messages=True)
    async with connected(stage.box, Client(intents)) as blind:
        await stage.box.say(stage.max, stage.news.id, text)
        return str((await blind.hear("message")).content)


@behaviour(
    "gateway.intents.content",
    "Without MESSAGE_CONTENT a stranger's message is empty",
    "sandbox.gateway_session:readable",
    always(True),
)
async def test_content_is_hidden(stage: Stage) -> None:
    assert await _heard_without_content(stage, "secret") == ""


@behaviour(
    "gateway.intents.mentioned",
    "A message that mentions the bot is readable without MESSAGE_CONTENT",
    "sandbox.gateway_session:readable",
    always(False),
)
async def test_mentions_are_readable(stage: Stage) -> None:
    text = f"<@{stage.bot.user.id}> hello"
    assert await _heard_without_content(stage, text) == text


@behaviour(
    "gateway.own-roles",
    "News about the bot's own roles needs no members intent",
    "sandbox.gateway_session:Session.wants",
    Around(lambda original, self, event: event.name != "GUILD_MEMBER_UPDATE" and original(self, event)),
)
async def test_own_roles(stage: Stage) -> None:
    async with connected(stage.box, Client(discord.Intents(guilds=True))) as quiet:
        stage.world.add_role(stage.guild_id, "Helper", 0, [stage.bot.user.id])
        await quiet.hear("member_update")


def _swapped(original: Any, self: Session, name: str, data: Any) -> None:
    held = self.__dict__.pop("held", None)
    if name == "MESSAGE_CREATE" and held is None:
        self.__dict__["held"] = (name, data)
        return
    original(self, name, data)
    if held is not None:
        original(self, *held)


@behaviour(
    "gateway.order",
    "Events keep their order",
    "sandbox.gateway_session:Session.dispatch",
    Around(_swapped),
)
async def test_order(stage: Stage) -> None:
    for number in range(6):
        await stage.news.send(str(number))
    assert [(await stage.bot.hear("message")).content for _ in range(6)] == list("012345")


@behaviour(
    "gateway.late-events",
    "Events can be made to come after the answer",
    "sandbox.gateway:Gateway._deliver",
    lambda self, session, name, data: session.dispatch(name, data),
)
async def test_late_events(stage: Stage) -> None:
    stage.box.gateway.delay = 0.2
    sent = await stage.news.send("x")
    assert "message" not in await stage.bot.heard_now()
    assert (await stage.bot.hear("message")).id == sent.id


@behaviour(
    "gateway.guild-outage", "A server can become unavailable, and come back", "sandbox.gateway:Gateway.guild_outage"
)
async def test_guild_outage(stage: Stage) -> None:
    stage.box.gateway.guild_outage(stage.guild_id)
    assert (await stage.bot.hear("guild_unavailable")).id == stage.guild_id
    stage.box.gateway.guild_outage(stage.guild_id, down=False)
    assert (await stage.bot.hear("guild_available")).id == stage.guild_id


@behaviour("gateway.members", "Members can be asked for", "sandbox.gateway:Gateway._members")
async def test_members(stage: Stage) -> None:
    async with asyncio.timeout(2):
        found = await stage.guild.query_members(user_ids=[stage.max])
    assert [m.id for m in found] == [stage.max]


@behaviour(
    "gateway.direct",
    "A direct chat is made once, and heard without a server",
    "sandbox.world:World.dm",
    Around(
        lambda original, world, user: (
            world.channels.pop(next((c.id for c in world.channels.values() if c.recipient_id == user), 0), None),
            original(world, user),
        )[1]
    ),
)
async def test_direct_chats(stage: Stage) -> None:
    first = await stage.call("POST", "/users/@me/channels", recipient_id=str(stage.max))
    second = await stage.call("POST", "/users/@me/channels", recipient_id=str(stage.max))
    assert first["id"] == second["id"]
    await stage.box.say(stage.max, int(first["id"]), "hi")
    assert (await stage.bot.hear("message")).guild is None
