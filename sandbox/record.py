"""Every request and its answer, in the form that the traffic validator reads."""

from __future__ import annotations

import json
from collections.abc import Sized
from pathlib import Path
from typing import Any, Protocol

from sandbox.model import Json


class Asked(Protocol):
    """What the recorder wants to know about a request."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> dict[str, str]: ...
    @property
    def body(self) -> Any: ...
    @property
    def files(self) -> Sized: ...


class Recorder:
    """Keeps the traffic in memory and, where a file is given, as JSON lines."""

    def __init__(self, path: Path | None) -> None:
        self.traffic: list[Json] = []
        self._file = path.open("a", encoding="utf-8") if path else None

    def note(self, asked: Asked, status: int | None, response: Any, *, injected: bool = False) -> None:
        """Keep one request; what an injected fault did to it stays out of the file."""
        entry: Json = {"method": asked.method, "path": asked.path, "body": asked.body, "files": len(asked.files)}
        if asked.query:
            entry["query"] = asked.query
        entry |= {"status": status, "response": response}
        if injected:
            entry["injected"] = True
        self.traffic.append(entry)
        if self._file is not None and not injected:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
