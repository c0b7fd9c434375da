"""Carrying out an ordered fault on one request."""

from __future__ import annotations

import json
import socket
import struct

from aiohttp import web

from sandbox.core import Core
from sandbox.faults import Fault
from sandbox.model import Json
from sandbox.rest.call import Call

# These answers come from Discord's edge, not from its API: HTML instead of JSON.
HTML = {"502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Timeout", "520": "520: unknown error"}


async def spoil(core: Core, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
    """Answer as the fault says; for "after" the real work has been done already."""
    status = int(fault.kind) if fault.kind.isdigit() else None
    core.recorder.note(call, status, None, injected=True)
    if fault.kind == "hang":
        await core.stopping.wait()
    if status is None:
        return _cut(request, hard=fault.kind == "reset")
    if fault.kind == "429":
        return _throttled(core, fault)
    if fault.kind in HTML:
        page = f"<html><title>{HTML[fault.kind]}</title></html>"
        return web.Response(status=status, text=page, content_type="text/html", headers={"Via": "1.1 google"})
    return _json(status, {"message": "500: Internal Server Error", "code": 0})


def _throttled(core: Core, fault: Fault) -> web.Response:
    if not fault.shared:
        core.counters.note_invalid()
    body: Json = {"message": "The resource is being rate limited.", "retry_after": fault.retry_after, "global": False}
    scope = "shared" if fault.shared else "user"
    return _json(429, body, {"Retry-After": str(fault.retry_after), "X-RateLimit-Scope": scope})


def _json(status: int, body: Json, extra: dict[str, str] | None = None) -> web.Response:
    headers = {"Via": "1.1 google", "Content-Type": "application/json"} | (extra or {})
    return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)


def _cut(request: web.Request, *, hard: bool) -> web.Response:
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if hard and raw is not None:
            # Linger of zero: the kernel answers with RST instead of a tidy FIN.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
