"""The list of behaviours itself: long enough, written down, and each kept by a test that can turn red."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conformance.registry import load

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ("messages.content.2000", "nonces.window-ends", "threads.falls-asleep", "gateway.heart", "rates.ban")


def _listed() -> dict[str, str]:
    text = (ROOT / "sandbox" / "BEHAVIOURS.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ", 1) for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1] for row in rows}


def test_there_are_many_behaviours():
    assert len(load()) >= 120


def test_every_behaviour_is_written_down():
    names = {one.id: one.name for one in load().values()}
    assert _listed() == names, "python -m tests.conformance --markdown writes the table of sandbox/BEHAVIOURS.md"


def test_every_test_of_a_behaviour_has_one_switch():
    known = load()
    assert len({one.node for one in known.values()}) == len(known)
    assert all(one.rule.startswith("sandbox.") for one in known.values())


def test_a_sample_turns_red():
    command = [sys.executable, "tests/conformance/switch_off.py", *SAMPLE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SAMPLE)} of {len(SAMPLE)} tests turned red" in done.stdout
