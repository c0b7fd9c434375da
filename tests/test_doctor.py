"""The doctor: pure permission computing, findings from plain answers, and the real questions over loopback."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.rest_check import RestCheck, Unreachable
from bot.doctor import Finding, check_discord
from bot.model import Subscription
from bot.permissions import ADMINISTRATOR, NEEDED, VIEW_CHANNEL, Member, Overwrite, bits, in_channel, lacking

GUILD, ME, ROLE, OTHER_ROLE = 10, 20, 30, 31
CHANNEL = 40
SEND = next(permission.bit for permission in NEEDED if permission.name == "SEND_MESSAGES")


ALL = bits()


def member(everyone=ALL, role=0, roles=(ROLE,), owner=False):
    return Member(ME, GUILD, tuple(roles), {GUILD: everyone, ROLE: role, OTHER_ROLE: 0}, owner)


def subscription(channel=CHANNEL, guild=GUILD, paused=None):
    return Subscription(1, guild, channel, 99, datetime(2026, 1, 1, tzinfo=UTC), paused)


@pytest.mark.parametrize(
    ("who", "overwrites", "missing"),
    [
        (member(), [], []),
        (member(everyone=0), [], [permission.name for permission in NEEDED]),
        (member(everyone=0, role=bits()), [], []),
        (member(everyone=0, role=bits(), roles=()), [], [permission.name for permission in NEEDED]),
        (member(), [Overwrite(GUILD, 0, SEND)], ["SEND_MESSAGES"]),
        # A role's gift outweighs what everyone is refused, and another role's refusal.
        (member(), [Overwrite(ROLE, SEND, 0), Overwrite(GUILD, 0, SEND)], []),
        (member(roles=(ROLE, OTHER_ROLE)), [Overwrite(ROLE, SEND, 0), Overwrite(OTHER_ROLE, 0, SEND)], []),
        (member(), [Overwrite(OTHER_ROLE, 0, SEND)], []),
        # The member's own overwrite has the last word.
        (member(), [Overwrite(ME, 0, SEND), Overwrite(ROLE, SEND, 0)], ["SEND_MESSAGES"]),
        # Who cannot see a channel can do nothing in it.
        (member(), [Overwrite(GUILD, 0, VIEW_CHANNEL)], [permission.name for permission in NEEDED]),
        (member(role=ADMINISTRATOR), [Overwrite(ME, 0, bits())], []),
        (member(everyone=0, owner=True), [Overwrite(GUILD, 0, bits())], []),
    ],
)
def test_permissions_are_computed_as_discord_does(who, overwrites, missing):
    assert [permission.name for permission in lacking(in_channel(who, overwrites))] == missing


masks = st.integers(0, 2**53 - 1)
ids = st.sampled_from([GUILD, ROLE, OTHER_ROLE, ME, 77])


@given(masks, masks, st.lists(st.builds(Overwrite, ids, masks, masks), unique_by=lambda overwrite: overwrite.id))
def test_the_order_of_overwrites_does_not_matter(everyone, role, overwrites):
    who = member(everyone, role, (ROLE, OTHER_ROLE))
    assert in_channel(who, overwrites) == in_channel(who, overwrites[::-1])


def test_the_table_holds_each_bit_once_and_gives_each_a_reason():
    assert bits() == sum(permission.bit for permission in NEEDED)
    assert all(permission.reason.startswith("to ") for permission in NEEDED)


NO_LOGIN = {"remaining": 0, "reset_after": 7_200_000}


class Discord:
    """Answers like Discord from a table; ``None`` as an answer is a 404."""

    def __init__(self, **changes):
        self.answers = {
            "/users/@me": {"id": str(ME), "username": "Rendezvous"},
            "/oauth2/applications/@me": {"id": str(ME), "flags": 0},
            "/gateway/bot": {
                "url": "wss://gateway.example",
                "session_start_limit": {"remaining": 990, "reset_after": 1},
            },
            f"/guilds/{GUILD}": {
                "name": "Orbit",
                "owner_id": "1",
                "roles": [{"id": str(GUILD), "permissions": str(bits())}],
            },
            f"/guilds/{GUILD}/members/{ME}": {"roles": []},
            f"/channels/{CHANNEL}": {"name": "news", "permission_overwrites": []},
        } | changes.pop("answers", {})
        self.asked, self.greets = [], changes.pop("greets", True)

    async def get(self, path):
        self.asked.append(path)
        answer = self.answers.get(path)
        if isinstance(answer, int):
            return answer, {"message": "no", "code": 0}
        return (200, answer) if answer is not None else (404, {"message": "Unknown", "code": 10003})

    async def hello(self, url):
        if not self.greets:
            raise Unreachable(f"the gateway {url} does not answer (refused).")


@pytest.mark.asyncio
async def test_all_is_well_when_all_is_well():
    findings = await check_discord(Discord(), [subscription()])
    assert all(finding.ok for finding in findings)
    assert findings[-1] == Finding("#news: all permissions are there")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "what", "todo"),
    [
        ({"answers": {"/users/@me": 401}}, "the token is refused", "DISCORD_TOKEN"),
        ({"answers": {"/users/@me": 500}}, "status 500", "DISCORD_TOKEN"),
        ({"answers": {"/users/@me": {"hello": "I am a router"}}}, "not Discord's", "DISCORD_API_URL"),
        ({"answers": {"/users/@me": ["list"]}}, "not Discord's", "DISCORD_API_URL"),
        ({"greets": False}, "the gateway wss://gateway.example does not answer", "network"),
        (
            {"answers": {"/gateway/bot": {"url": "x", "session_start_limit": NO_LOGIN}}},
            "no login is left", "in 2 hours",
        ),
        ({"answers": {f"/guilds/{GUILD}": None}}, f"server {GUILD} does not exist", "invite"),
        ({"answers": {f"/guilds/{GUILD}/members/{ME}": None}}, "our membership in Orbit", "invite"),
        ({"answers": {f"/channels/{CHANNEL}": 403}}, f"channel {CHANNEL} is not open", "View Channel"),
        (
            {"answers": {f"/channels/{CHANNEL}": {"name": "news", "permission_overwrites": [
                {"id": str(ME), "type": 1, "allow": "0", "deny": str(SEND)}]}}},
            "#news: 1 permissions are missing", "Send Messages (to post a story's card)",
        ),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_with_what_to_do(changes, what, todo):
    (wrong,) = [finding for finding in await check_discord(Discord(**changes), [subscription()]) if not finding.ok]
    assert what in wrong.what
    assert todo in wrong.todo


@pytest.mark.asyncio
async def test_a_paused_channel_is_named_with_its_reason():
    findings = await check_discord(Discord(), [subscription(paused="Send Messages was taken away")])
    assert "Send Messages was taken away" in findings[-1].what
    assert not findings[-1].ok
    assert findings[-1].todo == "type /channels resume there to go on."


@pytest.mark.asyncio
async def test_following_nothing_is_no_fault_and_privileged_intents_are_named_as_spare():
    flags = {"/oauth2/applications/@me": {"flags": 1 << 18}}
    findings = await check_discord(Discord(answers=flags), [])
    assert all(finding.ok for finding in findings)
    assert "Message Content could be switched off" in findings[1].what
    assert "/channels follow" in findings[-1].what


@pytest.mark.asyncio
@pytest.mark.parametrize("flag", [1 << 18, 1 << 19])
async def test_the_message_content_intent_is_looked_for_where_it_is_wanted(flag):
    allowed = Discord(answers={"/oauth2/applications/@me": {"flags": flag}})
    assert (await check_discord(allowed, [], content=True))[1] == Finding("intents: Message Content is allowed")
    finding = (await check_discord(Discord(), [], content=True))[1]
    assert finding.what == "intents: Message Content is wanted and not allowed"
    assert "developer portal" in finding.todo and "MESSAGE_CONTENT=no" in finding.todo


@pytest.mark.asyncio
async def test_a_server_is_asked_for_once_however_many_of_its_channels_are_followed():
    discord = Discord(answers={"/channels/41": {"name": "more"}})
    await check_discord(discord, [subscription(), subscription(41), subscription()])
    assert discord.asked.count(f"/guilds/{GUILD}") == 1


@pytest_asyncio.fixture
async def server():
    """A server that answers as each path says, with the address of its API."""
    seen = []

    async def answer(request):
        seen.append(request.headers)
        kind = request.match_info["kind"]
        if kind == "gateway":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.send_json({"op": int(request.query.get("op", 10)), "d": {}})
            await socket.close()
            return socket
        bodies = {"json": b'{"id": "1"}', "html": b"<h1>Welcome to this router</h1>", "deep": b"[" * 100_000}
        if kind == "moved":
            raise web.HTTPFound("/json")
        return web.Response(body=bodies[kind], content_type="application/json")

    app = web.Application()
    app.router.add_get("/{kind}", answer)
    app.router.add_get("/{kind}/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    await runner.cleanup()


@pytest.mark.asyncio
async def test_questions_carry_the_token_and_a_user_agent_that_discord_accepts(server):
    base, seen = server
    async with RestCheck.open(base, "the-token") as rest:
        assert await rest.get("/json") == (200, {"id": "1"})
    assert seen[0]["Authorization"] == "Bot the-token"
    assert seen[0]["User-Agent"].startswith("DiscordBot (")


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/html", "/deep", "/moved"])
async def test_what_is_not_discord_is_said_to_be_none_and_gets_the_token_once(server, path):
    base, seen = server
    async with RestCheck.open(base, "the-token") as rest:
        with pytest.raises(Unreachable, match="not as Discord does"):
            await rest.get(path)
    assert len(seen) == 1


@pytest.mark.asyncio
async def test_the_gateway_is_greeted_without_a_login_and_without_the_token(server):
    base, seen = server
    async with RestCheck.open(base, "the-token") as rest:
        await rest.hello(f"{base}/gateway".replace("http", "ws"))
        with pytest.raises(Unreachable, match="status 200 instead of a WebSocket"):
            await rest.hello(f"{base}/json".replace("http", "ws"))
    assert "Authorization" not in seen[0]


@pytest.mark.asyncio
async def test_a_closed_port_is_one_clear_sentence(server):
    async with RestCheck.open("http://127.0.0.1:9", "the-token") as rest:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 does not answer"):
            await rest.get("/json")
        with pytest.raises(Unreachable, match="does not answer"):
            await rest.hello("ws://127.0.0.1:9")
