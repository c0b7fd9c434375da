"""The bytes of uploaded files: kept in memory, served like a content network's."""

from __future__ import annotations

from aiohttp import web

from sandbox.core import Core
from sandbox.errors import ApiError
from sandbox.model import Json
from sandbox.rest.call import Upload
from sandbox.world import World

PATH = "/attachments/{file_id}/{name}"
# Enough for a day of trying things out; the oldest files go first.
KEPT_BYTES = 100 * 1024 * 1024


def keep_files(world: World, files: list[Upload]) -> list[Json]:
    """Keep uploaded files and return their attachment objects."""
    small_enough(world, files)
    return [_keep(world, file) for file in files]


def small_enough(world: World, files: list[Upload]) -> None:
    """Refuse a file that is too large."""
    if any(file.size > world.limits.file_bytes for file in files):
        raise ApiError(40005)


def _keep(world: World, file: Upload) -> Json:
    number = world.ids.next()
    world.files[number] = (file.content_type, file.data)
    while sum(len(data) for _, data in world.files.values()) > KEPT_BYTES:
        del world.files[next(iter(world.files))]
    url = f"{world.files_url}attachments/{number}/{file.filename}"
    return {
        "id": str(number), "filename": file.filename, "size": file.size, "url": url, "proxy_url": url,
        "content_type": file.content_type,
    }  # fmt: skip


def add_file_routes(app: web.Application, core: Core) -> None:
    """Serve the files."""

    async def serve(request: web.Request) -> web.Response:
        number = request.match_info["file_id"]
        kind, data = core.world.files.get(int(number) if number.isdigit() else 0, ("", None))
        if data is None:
            return web.Response(status=404, text="This content is no longer available.")
        # A stranger's file must never run as a page of the sandbox's own.
        headers = {"Content-Type": kind, "Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=data, headers=headers)

    app.router.add_get(PATH, serve)
