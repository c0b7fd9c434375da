"""Every request and its answer, in the form that the traffic validator reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.model import Json


class Recorder:
    """Keeps the traffic in memory and, where a file is given, as JSON lines."""

    def __init__(self, path: Path | None) -> None:
        self.traffic: list[Json] = []
        self._file = path.open("a", encoding="utf-8") if path else None

    def note(
        self, method: str, path: str, query: dict[str, str], body: Any, files: int, status: int | None, response: Any,
        *, injected: bool = False,
    ) -> None:  # fmt: skip
        """Keep one request; what an injected fault did to it stays out of the file."""
        entry: Json = {"method": method, "path": path, "body": body, "files": files}
        if query:
            entry["query"] = query
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
