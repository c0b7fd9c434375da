"""Faults to order: which request shall go wrong, how, and whether its effect is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KINDS = frozenset({"500", "502", "503", "504", "520", "reset", "close", "hang", "429", "slow"})


@dataclass(slots=True)
class Fault:
    """One ordered fault; ``after`` means: do the work, then lose the answer."""

    method: str
    path: re.Pattern[str]
    kind: str
    after: bool
    times: int
    retry_after: float
    shared: bool
    hits: int = 0


@dataclass(slots=True)
class Faults:
    """The faults that still wait for their requests, in the order they were added."""

    waiting: list[Fault] = field(default_factory=list)

    def add(
        self, *, method: str = "*", path_regex: str = ".*", kind: str = "500", after: bool = False, times: int = 1,
        retry_after: float = 0.05, shared: bool = False,
    ) -> Fault:  # fmt: skip
        """Order a fault for the next ``times`` requests whose method and path fit."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of fault {kind!r}; one of {sorted(KINDS)}")
        fault = Fault(method.upper(), re.compile(path_regex), kind, after, times, retry_after, shared)
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request, if one was ordered, and use it up by one."""
        for fault in self.waiting:
            if fault.method in ("*", method) and fault.path.search(path):
                fault.times -= 1
                fault.hits += 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def withdraw(self, fault: Fault) -> None:
        """Take back one ordered fault, if it still waits."""
        if fault in self.waiting:
            self.waiting.remove(fault)

    def clear(self) -> None:
        """Forget every fault that has not happened yet."""
        self.waiting.clear()
