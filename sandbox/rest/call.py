"""What a request handler gets and gives, and the table of routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.core import Core
from sandbox.errors import ApiError, snowflake
from sandbox.model import Channel, Json
from sandbox.world import World


@dataclass(slots=True)
class Upload:
    """One file of a multipart request."""

    filename: str
    content_type: str
    data: bytes

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.data)


@dataclass(slots=True)
class Call:
    """One request, read and authenticated."""

    core: Core
    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any = None
    files: list[Upload] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The world it acts on."""
        return self.core.world

    def id(self, name: str) -> int:
        """Return a snowflake of the path."""
        return snowflake(name, self.params[name])

    def channel(self) -> Channel:
        """Return the channel of the path."""
        return self.world.get_channel(self.id("channel_id"))

    def fields(self) -> Json:
        """Return the body, which has to be an object."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise ApiError(50035, message="Invalid Form Body")
        return self.body


@dataclass(slots=True)
class Reply:
    """One answer; ``body`` None means an empty one."""

    status: int
    body: Any = None


NO_CONTENT = Reply(204)
Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint; ``bucket`` names the numbers that limit it, ``auth`` is False where a token is in the path."""

    method: str
    path: str
    handler: Handler
    bucket: str = "other"
    auth: bool = True


class TooFast(Exception):
    """A limit inside an endpoint was hit; its bucket still had room."""

    def __init__(self, retry_after: float, *, scope: str = "user", code: int = 0) -> None:
        self.retry_after, self.scope, self.code = retry_after, scope, code
        super().__init__(f"retry after {retry_after}")
