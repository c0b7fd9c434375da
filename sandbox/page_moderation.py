"""What a moderator does on the page: delete a message, lock a thread, take a permission from the bot."""

from __future__ import annotations

from typing import Any, Protocol

from aiohttp import web

from sandbox import permissions
from sandbox.model import Json, Overwrite
from sandbox.page_http import read_body
from sandbox.world import World

NOT_ALLOWED = "Only a moderator or an admin can do this"
# What the page offers to take from the bot, and what Discord calls it.
TAKEABLE = {
    permissions.VIEW_CHANNEL: "View Channel",
    permissions.SEND_MESSAGES: "Send Messages",
    permissions.CREATE_PUBLIC_THREADS: "Create Public Threads",
    permissions.SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
    permissions.EMBED_LINKS: "Embed Links",
    permissions.READ_MESSAGE_HISTORY: "Read Message History",
}


class Box(Protocol):
    """What moderation needs from the sandbox."""

    @property
    def world(self) -> World: ...
    async def moderator_delete(self, message_id: int) -> None: ...


class Moderation:
    """The handlers of what only moderators and admins may do."""

    def __init__(self, box: Any) -> None:
        self._box: Box = box

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a message."""
        body = await self._allowed(request)
        await self._box.moderator_delete(int(body["message_id"]))
        return web.json_response({})

    async def lock(self, request: web.Request) -> web.StreamResponse:
        """Lock a thread, which archives it as well, or unlock it."""
        body = await self._allowed(request)
        self._box.world.lock_thread(int(body["thread_id"]), bool(body["locked"]))
        return web.json_response({})

    async def permission(self, request: web.Request) -> web.StreamResponse:
        """Take a permission from the bot in one channel, or give it back."""
        body = await self._allowed(request)
        world, bit = self._box.world, int(body["permission"])
        if bit not in TAKEABLE:
            raise ValueError("The page does not change this permission")
        channel = world.get_channel(int(body["channel_id"]))
        old = channel.overwrites.get(world.bot_id, Overwrite(world.bot_id, 1))
        deny = old.deny & ~bit if body["allowed"] else old.deny | bit
        world.set_permission(channel.id, world.bot_id, allow=old.allow & ~deny, deny=deny)
        return web.json_response({})

    async def _allowed(self, request: web.Request) -> Json:
        """Read the wish, and refuse it to whoever is no moderator."""
        body = await read_body(request)
        if self._box.world.role_of(int(body["user_id"])) not in {"admin", "moderator"}:
            raise PermissionError(NOT_ALLOWED)
        return body
