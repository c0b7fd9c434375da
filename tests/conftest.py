"""Fixtures that every test may use."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.embedded import Embedded, embedded
from bot.http import Web

SHARED = Path(__file__).resolve().parents[2] / "shared"

Start = Callable[..., AbstractAsyncContextManager[Embedded]]
Check = Callable[[list[dict[str, Any]]], list[str]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what hostile text leaves in a captured log travel between the processes that run the tests."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


@pytest.fixture
def samples() -> Path:
    """The folder of recorded real data, which is not part of the repository."""
    folder = SHARED / "samples"
    if not folder.is_dir():
        pytest.skip("the recorded samples are not beside this checkout")
    return folder


@pytest.fixture
def start(tmp_path: Path, check_traffic: Check, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start sandbox and bot on one database and one world; call it again for a restart.

    Doubts are settled and edits follow one another without the pauses of real life.
    All that was said is checked at the end: not one violation of Discord's specification is let through.
    """
    monkeypatch.setattr("bot.aftermath.BETWEEN_EDITS", timedelta(0))

    @asynccontextmanager
    async def begin(web: Web | None = None) -> AsyncIterator[Embedded]:
        files = tmp_path / "bot.sqlite3", tmp_path / "world.json"
        async with embedded(files[0], state=files[1], page=False, settle=timedelta(0), web=web) as run:
            run.box.world.limits.open()  # the limits have tests of their own
            yield run
            assert check_traffic(run.box.traffic) == []

    return begin


@pytest.fixture(scope="session")
def check_traffic() -> Check:
    """Check requests and answers against Discord's own specification, where it lies beside this checkout."""
    folder = SHARED / "discord-api"
    if not folder.is_dir():
        return lambda _: []
    module_spec = importlib.util.spec_from_file_location("validate_traffic", folder / "validate_traffic.py")
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the garbage collector
        spec = module.Spec(str(folder / "openapi.json"), False)

    def check(traffic: list[dict[str, Any]]) -> list[str]:
        found = []
        for entry in traffic:
            # An injected fault's answer is not ours to judge; its request is.
            judged = {k: v for k, v in entry.items() if not (entry.get("injected") and k in ("status", "response"))}
            operation, violations = module.check(spec, judged)
            found += [f"{entry['method']} {entry['path']} [{operation}] {violation}" for violation in violations]
        return found

    return check


def pytest_report_header() -> str:
    """Say whether the traffic to Discord is judged in this run: a check that is off must not look like a pass."""
    there = (SHARED / "discord-api").is_dir()
    return f"traffic to Discord: {'checked' if there else 'NOT CHECKED, the specification is not beside this checkout'}"
