"""Channel permission overwrites over REST."""

from __future__ import annotations

from sandbox.errors import ApiError
from sandbox.model import Channel
from sandbox.permissions import MANAGE_ROLES
from sandbox.rest.call import NO_CONTENT, Call, Reply, Route
from sandbox.rest.guard import need

OVERWRITE = "/channels/{channel_id}/permissions/{overwrite_id}"


def only_own_rights(rights: int, changed: int) -> None:
    """Refuse to grant or deny what the bot itself may not do."""
    if changed & ~rights:
        raise ApiError(50013)


def _target(call: Call, channel: Channel) -> int:
    target = call.id("overwrite_id")
    guild = call.world.guilds[channel.guild_id or 0]
    if target not in guild.roles and target not in call.world.users:
        raise ApiError(10009, status=404, message="Unknown Overwrite")
    return target


async def put(call: Call) -> Reply:
    """PUT an overwrite for a role or a member."""
    channel, body = call.channel(), call.fields()
    rights = need(call, channel, MANAGE_ROLES)
    allow, deny = int(body.get("allow") or 0), int(body.get("deny") or 0)
    only_own_rights(rights, allow | deny)
    call.world.set_permission(channel.id, _target(call, channel), allow=allow, deny=deny)
    return NO_CONTENT


async def delete(call: Call) -> Reply:
    """DELETE an overwrite."""
    channel = call.channel()
    need(call, channel, MANAGE_ROLES)
    call.world.set_permission(channel.id, _target(call, channel))
    return NO_CONTENT


ROUTES = [Route("PUT", OVERWRITE, put), Route("DELETE", OVERWRITE, delete)]
