"""Every promise of the sandbox: its id, its name, the test that keeps it, and the switch that breaks it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).parent
Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One promise; ``rule`` is "module:name" inside the sandbox, ``instead`` what stands there when it is off."""

    id: str
    name: str
    rule: str
    instead: Any
    file: str
    test: str

    @property
    def node(self) -> str:
        """Return the test as pytest names it, from the root of the repository."""
        return f"tests/conformance/{self.file}::{self.test}"


BEHAVIOURS: dict[str, Behaviour] = {}


def nothing(*_args: object, **_named: object) -> None:
    """Stand for a rule that refuses: this one does not."""


def always(value: Any) -> Callable[..., Any]:
    """Stand for a rule that decides: this one always says the same."""
    return lambda *_args, **_named: value


def given(number: int) -> Callable[..., Any]:
    """Stand for a rule that changes a value: this one gives back its argument."""
    return lambda *args, **_named: args[number]


@dataclass(frozen=True, slots=True)
class Around:
    """Stands for a rule and gets it as its first argument."""

    change: Callable[..., Any]


def behaviour(id: str, name: str, rule: str, instead: Any = nothing) -> Callable[[Test], Test]:
    """Register a test as the keeper of one promise."""

    def register(test: Test) -> Test:
        found = Behaviour(id, name, rule, instead, Path(test.__code__.co_filename).name, test.__name__)
        known = BEHAVIOURS.setdefault(id, found)
        if known.node != found.node:
            raise ValueError(f"two tests keep {id}: {known.node} and {found.node}")
        return test

    return register


def load() -> dict[str, Behaviour]:
    """Import every test file of this folder and return what they registered, by id."""
    for path in sorted(FOLDER.glob("test_*.py")):
        importlib.import_module(f"tests.conformance.{path.stem}")
    return BEHAVIOURS
