"""How the page is served: to this machine's own browser alone, under a policy that runs nothing but its own files."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.errors import ApiError
from sandbox.model import Json

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


def guarded(handler: Handler) -> Handler:
    """Let only this machine's own page through, and tell failures as JSON."""

    async def checked(request: web.Request) -> web.StreamResponse:
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

    return checked


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


def send_file(name: str) -> web.StreamResponse:
    """Send a file of the page, or say there is none."""
    path = STATIC / name
    if path.parent != STATIC or path.suffix not in KINDS or not path.is_file():
        raise web.HTTPNotFound(reason="There is no such file")
    return web.Response(text=path.read_text("utf-8"), content_type=KINDS[path.suffix], charset="utf-8")


async def read_body(request: web.Request) -> Json:
    """Read the JSON object a page posted."""
    if request.content_type != "application/json" or (request.content_length or 0) > MAX_BODY:
        raise web.HTTPUnsupportedMediaType(reason="Send a small JSON object")
    found = json.loads(await request.text())
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(reason="Send a JSON object")
    return found


def who(body: Json) -> tuple[int, int]:
    """Read who acts, and in which channel."""
    return int(body["user_id"]), int(body["channel_id"])


def number(text: str | None) -> int | None:
    """Read an id that may be missing."""
    return None if text is None else int(text)


def message_key(text: str) -> int | str:
    """Read what names a message: its id, or the token of an answer only one person sees."""
    return int(text) if text.isdecimal() else text
