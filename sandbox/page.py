"""The routes of the sandbox page: its files, its snapshot, its live events and what a person does on it."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from sandbox.example_site import ExampleSite
from sandbox.model import Json
from sandbox.page_events import first_messages
from sandbox.page_http import NO_PERMISSION, Handler, guarded, message_key, number, read_body, send_file, who
from sandbox.page_moderation import TAKEABLE, Moderation
from sandbox.page_private import Private
from sandbox.page_site import SitePage
from sandbox.world import World

# Ids and permissions are too large for the numbers of JavaScript.
TAKEABLE_JSON = [{"bit": str(bit), "name": name} for bit, name in TAKEABLE.items()]


class Answer(Protocol):
    """What the bot answered to a command, a click or a modal."""

    kind: str
    content: str
    embeds: list[Json]
    components: list[Json]
    ephemeral: bool
    message_id: int | None
    modal: Json | None
    token: str


class Events(Protocol):
    """The live events of the sandbox, one queue for each page."""

    def subscribe(self) -> asyncio.Queue[Json]: ...
    def unsubscribe(self, queue: asyncio.Queue[Json]) -> None: ...


class Box(Protocol):
    """What the page needs from the sandbox."""

    site: ExampleSite | None

    @property
    def page_events(self) -> Events: ...
    def snapshot(self) -> Json: ...
    @property
    def world(self) -> World: ...
    def messages(self, channel_id: int) -> list[Json]: ...
    async def command(self, user_id: int, channel_id: int, name: str, options: Json) -> Answer: ...
    async def autocomplete(
        self, user_id: int, channel_id: int, name: str, options: Json, focused: str
    ) -> list[Json]: ...
    async def click(
        self, user_id: int, key: int | str, custom_id: str, values: list[str] | None = None, /
    ) -> Answer: ...
    async def submit_modal(
        self, user_id: int, channel_id: int, custom_id: str, fields: Json, *, message_id: int | None = None
    ) -> Answer: ...
    async def say(self, user_id: int, channel_id: int, text: str, reply_to: int | None = None) -> int: ...
    async def menu(self, user_id: int, message_id: int, name: str) -> Answer: ...


class Page:
    """The handlers of the page over one sandbox."""

    def __init__(self, box: Any) -> None:
        """Keep the sandbox the page looks at."""
        self.box: Box = box
        self.sockets: set[web.WebSocketResponse] = set()
        # A message of Discord does not tell which command it answers.
        self._names: dict[str, str] = {}

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Send the page."""
        return send_file("index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Send one file of the page."""
        return send_file(request.match_info["name"])

    async def snapshot(self, request: web.Request) -> web.StreamResponse:
        """Send servers, channels, people and commands, and what the page itself offers."""
        extras = {"takeable": TAKEABLE_JSON, "site": self.box.site is not None}
        return web.json_response(self.box.snapshot() | extras)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Send the messages of one channel, oldest first."""
        found = self.box.messages(int(request.match_info["channel"]))
        return web.json_response([one | {"command_name": self._names.get(one["id"])} for one in found])

    async def posts(self, request: web.Request) -> web.StreamResponse:
        """Send the first message of each post of a forum, by the post's id."""
        return web.json_response(first_messages(self.box.world, int(request.match_info["forum"])))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send live events until the page goes away."""
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        queue = self.box.page_events.subscribe()
        self.sockets.add(socket)
        sender = asyncio.create_task(_send_events(socket, queue))
        try:
            # The page never speaks here; reading is how its leaving is noticed.
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self.sockets.discard(socket)
            self.box.page_events.unsubscribe(queue)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def stop(self, _: web.Application) -> None:
        """Close what is open, so that the sandbox need not wait for the pages to leave."""
        await asyncio.gather(*(socket.close(code=1001) for socket in self.sockets))

    async def command(self, request: web.Request) -> web.StreamResponse:
        """Run a slash command."""
        body = await read_body(request)
        try:
            answer = await self.box.command(*who(body), body["name"], body.get("options") or {})
        except PermissionError as error:
            # Discord's page does not tell which right is missing.
            raise PermissionError(NO_PERMISSION) from error
        return self._named(answer, f"/{body['name']}")

    async def menu(self, request: web.Request) -> web.StreamResponse:
        """Run a command of a message's menu ("Apps")."""
        body = await read_body(request)
        try:
            answer = await self.box.menu(int(body["user_id"]), int(body["message_id"]), body["name"])
        except PermissionError as error:
            raise PermissionError(NO_PERMISSION) from error
        return self._named(answer, body["name"])

    def _named(self, answer: Answer, name: str) -> web.StreamResponse:
        """Remember which command a message answers, and send the answer."""
        if answer.message_id is not None:
            self._names[str(answer.message_id)] = name
        return web.json_response(_answer(answer))

    async def autocomplete(self, request: web.Request) -> web.StreamResponse:
        """Ask the bot for the suggestions of one option."""
        body = await read_body(request)
        choices = await self.box.autocomplete(*who(body), body["name"], body.get("options") or {}, body["focused"])
        return web.json_response(choices)

    async def click(self, request: web.Request) -> web.StreamResponse:
        """Press a button or choose in a select."""
        body = await read_body(request)
        key = message_key(body["message"])
        answer = await self.box.click(int(body["user_id"]), key, body["custom_id"], body.get("values"))
        return web.json_response(_answer(answer))

    async def modal(self, request: web.Request) -> web.StreamResponse:
        """Send a filled-in modal."""
        body = await read_body(request)
        answer = await self.box.submit_modal(
            *who(body), body["custom_id"], body["fields"], message_id=number(body.get("message_id"))
        )
        return web.json_response(_answer(answer))

    async def say(self, request: web.Request) -> web.StreamResponse:
        """Post a plain message as a person."""
        body = await read_body(request)
        await self.box.say(*who(body), body["text"], reply_to=number(body.get("reply_to")))
        return web.json_response({})


def add_page_routes(app: web.Application, box: Any) -> None:
    """Add the page and all it asks for to the app."""
    page = Page(box)
    app.on_shutdown.append(page.stop)
    app.on_response_prepare.append(Private(box).on_response)
    moderation, site = Moderation(box), SitePage(box)
    paths: dict[str, Handler] = {
        "/": page.index,
        "/page": page.index,
        "/page/": page.index,
        "/page/static/{name}": page.static,
        "/page/snapshot": page.snapshot,
        "/page/messages/{channel}": page.messages,
        "/page/posts/{forum}": page.posts,
        "/page/ws": page.events,
        "/page/site": site.show,
        "/page/site/{story}/mirror": site.mirror,
    }
    for path, handler in paths.items():
        app.router.add_get(path, guarded(handler))
    for handler in (page.command, page.menu, page.autocomplete, page.click, page.modal, page.say):
        app.router.add_post(f"/page/{handler.__name__}", guarded(handler))
    for handler in (moderation.delete, moderation.lock, moderation.permission):
        app.router.add_post(f"/page/{handler.__name__}", guarded(handler))
    for handler in (site.story, site.comment, site.edit, site.remove, site.check):
        app.router.add_post(f"/page/site/{handler.__name__}", guarded(handler))


async def _send_events(socket: web.WebSocketResponse, queue: asyncio.Queue[Any]) -> None:
    """Pass each event on to the page."""
    while not socket.closed:
        event = await queue.get()
        await socket.send_json({"t": event["t"], "d": event["d"]})


def _answer(answer: Answer) -> dict[str, Any]:
    """Write an answer of the bot as JSON."""
    names = ("kind", "content", "embeds", "components", "ephemeral", "modal", "token")
    # Ids are too large for the numbers of JavaScript.
    message_id = None if answer.message_id is None else str(answer.message_id)
    return {name: getattr(answer, name) for name in names} | {"message_id": message_id}
