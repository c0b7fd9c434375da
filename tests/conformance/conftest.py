"""The stage, and the judge of everything that is said on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance import judge
from tests.conformance.stage import Stage, staged


@pytest_asyncio.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A connected plain client; every answer that it got has to satisfy Discord's specification."""
    async with staged(monkeypatch) as ready:
        yield ready
        assert judge.verdicts(ready.box.traffic) == []
