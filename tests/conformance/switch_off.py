"""Switch off one rule of the sandbox at a time and show that its named test turns red.

``python tests/conformance/switch_off.py [ID ...]`` from the root of the repository; without ids all are tried, after
all tests were seen green. Ends with 1 if a test stayed green, or turned red for a reason that proves nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import multiprocessing
import os
import subprocess
import sys
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402

from tests.conformance import judge  # noqa: E402
from tests.conformance.registry import Around, Behaviour, load  # noqa: E402

AT_ONCE, SECONDS = 2, 40.0
OPTIONS = ["-q", "-x", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
OPTIONS += [
    f"--rootdir={ROOT}",
    f"--confcutdir={ROOT / 'tests/conformance'}",
    "-p",
    "no:hypothesispytest",
    "--assert=plain",
]
# A rule that breaks by its own replacement, instead of letting through, would turn any test red.
CLUMSY = (TypeError, AttributeError, NameError)


class Watched:
    """What became of a replaced rule: was it asked at all, and did the replacement itself break?"""

    def __init__(self) -> None:
        self.asked = False
        self.broke = ""

    def around(self, function: Any) -> Any:
        """Return the function under watch."""

        def watched(*args: Any, **named: Any) -> Any:
            self.asked = True
            try:
                return function(*args, **named)
            except CLUMSY as error:
                self.broke = repr(error)
                raise

        return watched


def switch_off(one: Behaviour) -> Watched:
    """Put the replacement wherever the sandbox uses the rule."""
    watched = Watched()
    module_name, _, path = one.rule.partition(":")
    owner: Any = importlib.import_module(module_name)
    *steps, name = path.split(".")
    for step in steps:
        owner = getattr(owner, step)
    original = getattr(owner, name)
    if not callable(original):
        watched.asked = True
        setattr(owner, name, one.instead)
        return watched
    instead = one.instead
    if isinstance(instead, Around):
        change = instead.change

        def instead(*args: Any, **named: Any) -> Any:
            return change(original, *args, **named)

    replacement = watched.around(instead)
    setattr(owner, name, replacement)
    # A rule is known under its name in every module that imported it.
    for module in [m for n, m in sys.modules.items() if n.startswith("sandbox.")]:
        if not steps and getattr(module, name, None) is original:
            setattr(module, name, replacement)
    return watched


class Crashes(logging.Handler):
    """Hears when the sandbox itself crashed: that proves nothing about a rule."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []
        logging.getLogger("aiohttp.server").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(repr(record.exc_info[1] if record.exc_info else record.getMessage()))


def _child(one: Behaviour, told: Connection) -> None:
    """Run one test with its rule off and tell what happened."""
    os.chdir(ROOT)
    judge.wanted = False
    watched, crashes = switch_off(one), Crashes()
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        code = int(pytest.main([*OPTIONS, one.node]))
    told.send((code, watched.asked, watched.broke or "; ".join(crashes.told), output.getvalue()))


def judged(code: int, asked: bool, broke: str) -> str:
    """Return "red" where the test noticed, or what is wrong."""
    if not asked:
        return "NEVER ASKED"
    if broke:
        return f"BROKE: {broke}"
    return {0: "STILL GREEN", 1: "red"}.get(code, f"PYTEST SAID {code}")


class Run:
    """One child at work."""

    def __init__(self, one: Behaviour) -> None:
        self.one = one
        self.began = time.monotonic()
        context = multiprocessing.get_context("fork")
        self.heard, told = context.Pipe(duplex=False)
        self.process = context.Process(target=_child, args=(one, told))
        self.process.start()
        told.close()

    def result(self) -> tuple[str, str]:
        """Return the verdict and what pytest said, once the child has told it or its time is up."""
        try:
            code, asked, broke, output = self.heard.recv()
        except EOFError:
            return "DIED", ""
        finally:
            self.process.join(5)
        return judged(code, asked, broke), output

    def overdue(self) -> bool:
        """Whether it takes longer than any test may; it is ended then."""
        if time.monotonic() - self.began < SECONDS:
            return False
        self.process.kill()
        return True


def all_green() -> bool:
    """Run every test with every rule on."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance"]
    done = subprocess.run(
        [*command, "--deselect=tests/conformance/test_switches.py"], check=False, cwd=ROOT, capture_output=True
    )
    if done.returncode != 0:
        print(done.stdout.decode())
    return done.returncode == 0


def switched(behaviours: list[Behaviour]) -> dict[str, str]:
    """Try each behaviour, two at a time, and print each verdict."""
    waiting, running, verdicts = list(behaviours), [], {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            running.append(Run(waiting.pop(0)))
        ready = wait([run.heard for run in running], timeout=1)
        for run in [r for r in running if r.heard in ready or r.overdue()]:
            running.remove(run)
            verdict, output = run.result()
            verdicts[run.one.id] = verdict
            print(f"{verdict:12} {time.monotonic() - run.began:5.1f} s  {run.one.id:34} {run.one.name}", flush=True)
            if verdict != "red" and output:
                print("".join(output.splitlines(keepends=True)[-6:]))
    return verdicts


def main(wanted: list[str]) -> int:
    """Switch off the wanted rules, or all."""
    began, known = time.monotonic(), load()
    if unknown := [one for one in wanted if one not in known]:
        print(f"no such behaviours: {', '.join(unknown)}; list them with python -m tests.conformance", file=sys.stderr)
        return 2
    if not wanted and not all_green():
        print("the tests are not green with every rule on; repair that first", file=sys.stderr)
        return 1
    chosen = [known[one] for one in wanted or sorted(known)]
    verdicts = switched(chosen)
    red = sum(verdict == "red" for verdict in verdicts.values())
    print(f"{red} of {len(chosen)} tests turned red when their rule was off ({time.monotonic() - began:.0f} s)")
    return 0 if red == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
