"""Who the bot is, where the gateway is, which guilds and members there are."""

from __future__ import annotations

from sandbox.errors import ApiError
from sandbox.model import Guild, Json
from sandbox.objects import channel_json, guild_json, member_json, my_guild_json, role_json, user_json
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route


async def me(call: Call) -> Reply:
    """GET /users/@me."""
    bot = user_json(call.world.users[call.world.bot_id])
    return Reply(200, bot | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None})


async def application(call: Call) -> Reply:
    """GET /applications/@me and its older name."""
    world = call.world
    owner = next(u for u in world.users.values() if not u.bot)
    body: Json = {
        "id": str(world.bot_id), "name": "Rendezvous", "icon": None, "description": "", "type": None,
        "bot": user_json(world.users[world.bot_id]), "bot_public": True, "bot_require_code_grant": False,
        "verify_key": "0" * 64, "flags": 0, "flags_new": "0", "redirect_uris": [], "interactions_endpoint_url": None,
        "role_connections_verification_url": None, "owner": user_json(owner), "approximate_guild_count": 1,
        "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0, "team": None, "eligible_oauth2_scopes": [], "rpc_origins": [], "tags": [],
    }  # fmt: skip
    return Reply(200, body)


def _gateway_url(call: Call) -> str:
    """The traffic validator knows no ws:// among its schemes; aiohttp opens a socket at http:// just as well."""
    return call.core.gateway.url.replace("ws://", "http://", 1)


async def gateway(call: Call) -> Reply:
    """GET /gateway."""
    return Reply(200, {"url": _gateway_url(call)})


async def gateway_bot(call: Call) -> Reply:
    """GET /gateway/bot."""
    start: Json = call.core.gateway.quota.as_json()
    return Reply(200, {"url": _gateway_url(call), "session_start_limit": start, "shards": call.core.gateway.shards})


async def my_guilds(call: Call) -> Reply:
    """GET /users/@me/guilds."""
    guilds = sorted(call.world.guilds.values(), key=lambda g: g.id)
    guilds = [g for g in guilds if g.id > int(call.query.get("after", "0"))]
    if "before" in call.query:
        guilds = [g for g in guilds if g.id < int(call.query["before"])]
    return Reply(200, [my_guild_json(call.world, g) for g in guilds[: int(call.query.get("limit", "200"))]])


async def leave_guild(call: Call) -> Reply:
    """DELETE /users/@me/guilds/{id}."""
    call.world.remove_guild(_guild(call).id)
    return NO_CONTENT


async def open_dm(call: Call) -> Reply:
    """POST /users/@me/channels."""
    user_id = int(call.fields().get("recipient_id") or 0)
    if user_id not in call.world.users:
        raise ApiError(10013)
    return Reply(200, channel_json(call.world, call.world.dm(user_id)))


async def user(call: Call) -> Reply:
    """GET /users/{id}."""
    found = call.world.users.get(call.id("user_id"))
    if found is None:
        raise ApiError(10013)
    return Reply(200, user_json(found))


async def guild(call: Call) -> Reply:
    """GET /guilds/{id}."""
    return Reply(200, guild_json(call.world, _guild(call)))


async def guild_channels(call: Call) -> Reply:
    """GET /guilds/{id}/channels."""
    return Reply(200, [channel_json(call.world, c) for c in call.world.guild_channels(_guild(call).id)])


async def guild_roles(call: Call) -> Reply:
    """GET /guilds/{id}/roles."""
    return Reply(200, [role_json(r) for r in _guild(call).roles.values()])


async def guild_member(call: Call) -> Reply:
    """GET /guilds/{id}/members/{id}."""
    member = _guild(call).members.get(call.id("user_id"))
    if member is None:
        raise ApiError(10007)
    return Reply(200, member_json(call.world, member))


def _guild(call: Call) -> Guild:
    found = call.world.guilds.get(call.id("guild_id"))
    if found is None:
        raise ApiError(10004)
    return found


ROUTES = [
    Route("GET", "/users/@me", me),
    Route("GET", "/users/@me/guilds", my_guilds),
    Route("DELETE", "/users/@me/guilds/{guild_id}", leave_guild),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/users/{user_id}", user),
    Route("GET", "/applications/@me", application),
    Route("GET", "/oauth2/applications/@me", application),
    Route("GET", "/gateway", gateway),
    Route("GET", "/gateway/bot", gateway_bot),
    Route("GET", "/guilds/{guild_id}", guild),
    Route("GET", "/guilds/{guild_id}/channels", guild_channels),
    Route("GET", "/guilds/{guild_id}/roles", guild_roles),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_member),
]
