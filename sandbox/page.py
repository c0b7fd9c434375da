"""The routes of the sandbox page: its files, its snapshot, its live events and what a person does on it."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from sandbox.errors import ApiError

STATIC = Path(__file__).parent / "static"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MAX_BODY = 256 * 1024
NO_PERMISSION = "You do not have permission to use this command"
NO_ANSWER = "The application did not respond"

# Trusted Types make the browser itself refuse innerHTML, so stored content can never become markup.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

# What a sandbox raises for a wrong wish; anything else is a fault, and the server logs it.
REFUSALS = (web.HTTPException, ApiError, LookupError, OSError, RuntimeError, TypeError, ValueError)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Json = dict[str, Any]


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

    @property
    def page_events(self) -> Events: ...
    def snapshot(self) -> Json: ...
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
    async def moderator_delete(self, message_id: int) -> None: ...


class Page:
    """The handlers of the page over one sandbox."""

    def __init__(self, box: Any) -> None:
        """Keep the sandbox the page looks at."""
        self.box: Box = box
        self.sockets: set[web.WebSocketResponse] = set()

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Send the page."""
        return _file("index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Send one file of the page."""
        return _file(request.match_info["name"])

    async def snapshot(self, request: web.Request) -> web.StreamResponse:
        """Send servers, channels, people and commands."""
        return web.json_response(self.box.snapshot())

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Send the messages of one channel, oldest first."""
        return web.json_response(self.box.messages(int(request.match_info["channel"])))

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
        body = await _body(request)
        try:
            answer = await self.box.command(*_who(body), body["name"], body.get("options") or {})
        except PermissionError as error:
            # Discord's page does not tell which right is missing.
            raise PermissionError(NO_PERMISSION) from error
        return web.json_response(_answer(answer))

    async def autocomplete(self, request: web.Request) -> web.StreamResponse:
        """Ask the bot for the suggestions of one option."""
        body = await _body(request)
        choices = await self.box.autocomplete(*_who(body), body["name"], body.get("options") or {}, body["focused"])
        return web.json_response(choices)

    async def click(self, request: web.Request) -> web.StreamResponse:
        """Press a button or choose in a select."""
        body = await _body(request)
        key = _key(body["message"])
        answer = await self.box.click(int(body["user_id"]), key, body["custom_id"], body.get("values"))
        return web.json_response(_answer(answer))

    async def modal(self, request: web.Request) -> web.StreamResponse:
        """Send a filled-in modal."""
        body = await _body(request)
        answer = await self.box.submit_modal(
            *_who(body), body["custom_id"], body["fields"], message_id=_number(body.get("message_id"))
        )
        return web.json_response(_answer(answer))

    async def say(self, request: web.Request) -> web.StreamResponse:
        """Post a plain message as a person."""
        body = await _body(request)
        await self.box.say(*_who(body), body["text"], reply_to=_number(body.get("reply_to")))
        return web.json_response({})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a message as a moderator."""
        body = await _body(request)
        roles = {str(user["id"]): user.get("role") for user in self.box.snapshot()["users"]}
        if roles.get(str(body["user_id"])) not in {"admin", "moderator"}:
            raise PermissionError("Only a moderator can delete this message")
        await self.box.moderator_delete(int(body["message_id"]))
        return web.json_response({})


def add_page_routes(app: web.Application, box: Any) -> None:
    """Add the page and all it asks for to the app."""
    page = Page(box)
    app.on_shutdown.append(page.stop)
    app.router.add_get("/", _guarded(page.index))
    app.router.add_get("/page", _guarded(page.index))
    app.router.add_get("/page/", _guarded(page.index))
    app.router.add_get("/page/static/{name}", _guarded(page.static))
    app.router.add_get("/page/snapshot", _guarded(page.snapshot))
    app.router.add_get("/page/messages/{channel}", _guarded(page.messages))
    app.router.add_get("/page/ws", _guarded(page.events))
    for handler in (page.command, page.autocomplete, page.click, page.modal, page.say, page.delete):
        app.router.add_post(f"/page/{handler.__name__}", _guarded(handler))


def _guarded(handler: Handler) -> Handler:
    """Let only this machine's own page through, and tell failures as JSON."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        """Check where the request comes from, then handle it."""
        if not _loopback(request.host) or not _same_origin(request):
            return web.json_response({"error": "This page answers only its own machine"}, status=403)
        try:
            response = await handler(request)
        except REFUSALS as error:
            response = _failure(error)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guarded


def _loopback(host: str) -> bool:
    """Tell whether a Host header names this machine, which a rebound foreign name does not."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same_origin(request: web.Request) -> bool:
    """Tell whether a request comes from the page itself, as other sites may not post or listen."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.host
    return request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}


def _failure(error: Exception) -> web.Response:
    """Turn what went wrong into an answer the page can show."""
    if isinstance(error, web.HTTPException):
        return web.json_response({"error": error.reason}, status=error.status)
    if isinstance(error, PermissionError):
        return web.json_response({"error": str(error) or NO_PERMISSION}, status=403)
    if isinstance(error, TimeoutError):
        return web.json_response({"error": NO_ANSWER}, status=504)
    if isinstance(error, LookupError):
        return web.json_response({"error": f"Not found: {error}"}, status=404)
    return web.json_response({"error": str(error) or type(error).__name__}, status=400)


def _file(name: str) -> web.StreamResponse:
    """Send a file of the page, or say there is none."""
    path = STATIC / name
    if path.parent != STATIC or path.suffix not in KINDS or not path.is_file():
        raise web.HTTPNotFound(reason="There is no such file")
    return web.Response(text=path.read_text("utf-8"), content_type=KINDS[path.suffix], charset="utf-8")


async def _send_events(socket: web.WebSocketResponse, queue: asyncio.Queue[Any]) -> None:
    """Pass each event on to the page."""
    while not socket.closed:
        event = await queue.get()
        await socket.send_json({"t": event["t"], "d": event["d"]})


async def _body(request: web.Request) -> dict[str, Any]:
    """Read the JSON object a page posted."""
    if request.content_type != "application/json" or (request.content_length or 0) > MAX_BODY:
        raise web.HTTPUnsupportedMediaType(reason="Send a small JSON object")
    body = json.loads(await request.text())
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(reason="Send a JSON object")
    return body


def _who(body: Json) -> tuple[int, int]:
    """Read who acts, and in which channel."""
    return int(body["user_id"]), int(body["channel_id"])


def _number(text: str | None) -> int | None:
    """Read an id that may be missing."""
    return None if text is None else int(text)


def _key(text: str) -> int | str:
    """Read what names a message: its id, or the token of an answer only one person sees."""
    return int(text) if text.isdecimal() else text


def _answer(answer: Answer) -> dict[str, Any]:
    """Write an answer of the bot as JSON."""
    names = ("kind", "content", "embeds", "components", "ephemeral", "modal", "token")
    # Ids are too large for the numbers of JavaScript.
    message_id = None if answer.message_id is None else str(answer.message_id)
    return {name: getattr(answer, name) for name in names} | {"message_id": message_id}
