"""Every request's way: read it, maybe spoil it, check token and limits, answer, record."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.core import Core
from sandbox.errors import ApiError
from sandbox.model import Json
from sandbox.rest import (
    channels,
    commands,
    general,
    interactions,
    marks,
    messages,
    overwrites,
    thread_members,
    threads,
    webhooks,
)  # fmt: skip
from sandbox.rest.call import Call, Reply, Route, TooFast, Upload
from sandbox.rest.spoil import spoil
from sandbox.rest.throttle import HTML_BAN, Headers, check_limits, too_many

PREFIX = "/api/v10"
BROKEN = object()
ROUTES: list[Route] = [
    *general.ROUTES, *marks.ROUTES, *messages.ROUTES, *threads.ROUTES, *thread_members.ROUTES, *channels.ROUTES,
    *overwrites.ROUTES, *commands.ROUTES, *interactions.ROUTES, *webhooks.ROUTES,
]  # fmt: skip
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_rest_routes(app: web.Application, core: Core) -> None:
    """Put every endpoint of the API into the application."""
    for route in ROUTES:
        app.router.add_route(route.method, PREFIX + route.path, _server(core, route))
    app.router.add_route("*", PREFIX + "/{rest:.*}", _server(core, Route("*", "/unknown", _unknown)))


def _server(core: Core, route: Route) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        delay, back = random.uniform(0, core.world.limits.jitter), random.random()
        if delay:
            await asyncio.sleep(delay * (1 - back))
        call = await _read(core, request)
        if call.body is BROKEN:
            return _response(
                Reply(400, {"message": "The request body contains invalid JSON.", "code": 50109}), Headers()
            )
        fault = core.faults.take(call.method, call.path)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.retry_after)
            fault = None
        if fault is not None and not fault.after:
            return await spoil(core, request, call, fault)
        reply, headers = await _answer(call, route, request.headers.get("Authorization", ""))
        if fault is not None:
            return await spoil(core, request, call, fault)
        # An HTML page is no answer of the API.
        core.recorder.note(call, reply.status, None if reply.body == HTML_BAN else reply.body)
        if delay:
            await asyncio.sleep(delay * back)
        return _response(reply, headers)

    return serve


async def _read(core: Core, request: web.Request) -> Call:
    call = Call(core, request.method, request.path, dict(request.match_info), dict(request.query))
    if request.content_type.startswith("multipart/"):
        await _read_parts(call, request)
    elif request.can_read_body:
        raw = await request.read()
        call.body = _parsed(raw) if raw else None
    return call


async def _read_parts(call: Call, request: web.Request) -> None:
    for name, part in (await request.post()).items():
        if isinstance(part, web.FileField):
            call.files.append(Upload(_safe_name(part.filename), part.content_type, part.file.read()))
        elif name == "payload_json":
            call.body = _parsed(str(part))


def _safe_name(name: str) -> str:
    """Return a file name as Discord keeps it: letters, digits, dots, dashes and underscores."""
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII) or "file"


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return BROKEN


async def _answer(call: Call, route: Route, authorization: str) -> tuple[Reply, Headers]:
    core = call.core
    if core.counters.banned(core.world.limits):
        return Reply(429, HTML_BAN), Headers(via=False)
    if not authorized(core, route, authorization):
        core.counters.note_invalid()
        return Reply(401, {"message": "401: Unauthorized", "code": 0}), Headers()
    refused, headers = check_limits(call, route)
    if refused is not None:
        core.counters.note_invalid()
        return refused, headers
    try:
        return await route.handler(call), headers
    except ApiError as error:
        if error.status in (401, 403):
            core.counters.note_invalid()
        return Reply(error.status, error.body()), headers
    except TooFast as error:
        if blames(error.scope):
            core.counters.note_invalid()
        return too_many(headers, error.retry_after, scope=error.scope, code=error.code), headers


def authorized(core: Core, route: Route, authorization: str) -> bool:
    """Whether a request may be made at all: by the bot's token, or by the one in its path."""
    return not route.auth or authorization == f"Bot {core.world.token}"


def blames(scope: str) -> bool:
    """Whether a 429 counts among a bot's invalid requests; one for a limit that others share does not."""
    return scope != "shared"


def _response(reply: Reply, headers: Headers) -> web.Response:
    values = headers.as_dict()
    if reply.body == HTML_BAN:
        return web.Response(status=reply.status, text=HTML_BAN, content_type="text/html", headers=values)
    if reply.body is None:
        return web.Response(status=reply.status, headers=values)
    # Bytes and a bare header: discord.py reads JSON only when no charset follows the type.
    values["Content-Type"] = "application/json"
    return web.Response(status=reply.status, body=_encode(reply.body), headers=values)


def _encode(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


async def _unknown(call: Call) -> Reply:
    body: Json = {"message": "404: Not Found", "code": 0}
    return Reply(404, body)
