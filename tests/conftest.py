"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.embedded import Embedded, embedded

SHARED = Path(__file__).resolve().parents[2] / "shared"

Start = Callable[[], AbstractAsyncContextManager[Embedded]]


@pytest.fixture
def samples() -> Path:
    """The folder of recorded real data, which is not part of the repository."""
    folder = SHARED / "samples"
    if not folder.is_dir():
        pytest.skip("the recorded samples are not beside this checkout")
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start sandbox and bot on one database and one world; call it again for a restart."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[Embedded]:
        files = tmp_path / "bot.sqlite3", tmp_path / "world.json"
        async with embedded(files[0], state=files[1], page=False, settle=timedelta(0)) as run:
            run.box.world.limits.open()  # the limits have tests of their own
            yield run

    return begin
