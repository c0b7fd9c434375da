"""The parts that every request handler may need, in one bundle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.interactions import Interactions
from sandbox.limits import Counters
from sandbox.record import Recorder
from sandbox.world import World


@dataclass(slots=True)
class Core:
    """One running local Discord, without its HTTP server."""

    world: World
    gateway: Gateway
    interactions: Interactions
    recorder: Recorder
    faults: Faults = field(default_factory=Faults)
    counters: Counters = field(init=False)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self.counters = Counters(self.world.clock)
