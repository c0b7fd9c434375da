"""Discord's own specification as the strict judge of the sandbox's answers, where it lies beside this checkout."""

from __future__ import annotations

import functools
import importlib.util
import warnings
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "discord-api"
# The mutation script turns this off: there only the named test may notice that a rule is gone.
wanted = True


@functools.cache
def _judge() -> tuple[Any, Any] | None:
    if not (FOLDER / "openapi.json").exists():
        return None
    found = importlib.util.spec_from_file_location("validate_traffic", FOLDER / "validate_traffic.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the garbage collector
        return module, module.Spec(str(FOLDER / "openapi.json"), strict=True)


def verdicts(traffic: list[dict[str, Any]]) -> list[str]:
    """Return every answer that violates the specification; what was asked is the test's own business."""
    judge = _judge() if wanted else None
    if judge is None:
        return []
    module, spec = judge
    answered = [entry for entry in traffic if not entry.get("injected")]
    found = [(e, *finding) for e in answered for finding in module.check(spec, e)[1]]
    ours = [f for f in found if f[2].startswith("response") or f[2] == "(status)"]
    return [f"{e['method']} {e['path']} {where}: {text}" for e, _, where, text in ours]
