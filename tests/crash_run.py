"""One run: a sandbox, a site, and a bot that is killed again and again; then it may come to rest and is judged."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from bot import library
from bot.deliver import SETTLE
from bot.model import Layout, Options
from bot.store import sources
from bot.store.database import Database
from sandbox.faults import Fault, Faults
from sandbox.model import ANNOUNCEMENT, FORUM, TEXT
from sandbox.server import Sandbox
from tests import crash_child
from tests.crash_child import Life
from tests.crash_log import Log
from tests.crash_points import POINTS
from tests.crash_site import Site
from tests.crash_time import SPEED, FastClock, FastSandboxClock, dated
from tests.crash_verdict import Verdict

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.crash_child", "tests.crash_baselines"])

CREATES, THREADS = r"/channels/\d+/(messages|threads)$", r"/messages/\d+/threads$"
MESSAGE, HISTORY = r"/messages/\d+$", r"/messages$"
# What is asked on the wire, and how it ends: never processed, processed later, processed and the answer lost.
WIRES = [("POST", CREATES)] * 4 + [("POST", THREADS), ("PATCH", MESSAGE), ("DELETE", MESSAGE), ("GET", HISTORY)]
ENDS = {"never": "C04", "later": "C05", "lost": "C06"}
LATEST = 8.0  # seconds after which Discord may still do what it was asked: less than our settle time
# A sandbox that oversleeps by more does things later than that, which proves nothing about the bot.
PATIENCE = (SETTLE.total_seconds() - LATEST) / SPEED * 0.7
LAYOUTS = [Layout.THREAD, Layout.FORUM, Layout.INLINE, Layout.STORY_ONLY, Layout.THREAD, Layout.THREAD]
OUTAGE = 1.0, 1500.0
LONGEST_LIFE, LONGEST_NAMED, LONGEST_REST = 2.5, 12.0, 150.0
SWEET = ["500", "502", "503", "504", "520", "reset", "close"]


@dataclass(slots=True)
class Weather(Faults):
    """Spoils a part of all requests about messages; what was ordered comes first."""

    chance: Random = field(default_factory=Random)
    share: float = 0.0

    def take(self, method: str, path: str) -> Fault | None:
        # zero-argument super() does not survive slots=True
        fault = Faults.take(self, method, path)
        if fault is None and self.chance.random() < self.share and "/channels/" in path:
            kind, after = self.chance.choice(SWEET), self.chance.random() < 0.5
            return Fault(method, None, kind, after, 1, 0.05, False)  # type: ignore[arg-type]
        return fault


@dataclass
class Outcome:
    """What a run gave: how often it was killed and where, what was wrong, and how much it did."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)
    traffic: list[dict[str, Any]] = field(default_factory=list)
    messages: int = 0
    restless: str = ""
    forgiven: int = 0
    adopted: int = 0
    deleted: int = 0
    seconds: float = 0.0
    overslept: float = 0.0

    @property
    def wrong(self) -> Counter[str]:
        return Counter(kind for kind, _ in self.faults)

    @property
    def proves(self) -> bool:
        """Whether something wrong may be laid to the bot: this machine was quick enough to keep Discord's promise."""
        return self.overslept <= PATIENCE


@dataclass
class Run:
    """A seeded run in a folder. ``baseline``: the client that runs in the bot's place."""

    seed: int
    folder: Path
    kills: int = 25
    share: float = 0.1
    nonce_window: float = 0.0
    child: Callable[[Life], None] = crash_child.run
    baseline: bool = False
    plans: list[str] = field(default_factory=list)

    @cached_property
    def chance(self) -> Random:
        return Random(self.seed)

    def __post_init__(self) -> None:
        self.planned = bool(self.plans)

    async def run(self) -> Outcome:
        began = time.monotonic()
        self.outcome = Outcome(self.seed)
        async with Sandbox.start(page=False) as self.box:
            clock = FastSandboxClock()
            with dated(clock):
                await self._prepare(clock)
                watch = asyncio.create_task(self._watch())
                await self._live_and_die()
                await self._rest()
                watch.cancel()
                self.outcome.seconds = time.monotonic() - began
                return self.outcome

    async def _watch(self) -> None:
        """Measure how late this process, which is Discord here, does what is due."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            self.outcome.overslept = max(self.outcome.overslept, time.monotonic() - before - 0.01)

    async def _prepare(self, clock: FastSandboxClock) -> None:
        world, chance = self.box.world, self.chance
        self.clock = world.clock = world.ids._clock = self.box.core.counters.clock = clock
        world.limits.open()
        world.limits.heartbeat_ms = 36_000_000  # no life is so long, whatever the speed
        world.limits.nonce_window = self.nonce_window
        self.weather = self.box.core.faults = Weather(chance=Random(self.seed + 1), share=self.share)
        self.log = Log(world)
        self.site = Site(chance, clock.now, self.folder / "site.json")
        self.site.save()
        self.layouts = {}
        self.forgiven: set[tuple[int, str]] = set()
        async with Database.open(self.folder / "t.sqlite3", realm="sandbox") as database:
            now = FastClock(clock.ahead).now()
            async with database.write() as tx:
                await sources.add(tx, crash_child.KIND, str(self.site.path), None, now, everyone=True)
                await tx.execute("UPDATE sources SET baseline_at = 1")
            for number, layout in enumerate([Layout.THREAD] * 4 if self.baseline else LAYOUTS):
                kind = FORUM if layout is Layout.FORUM else ANNOUNCEMENT if number == 4 else TEXT
                channel = world.add_channel(f"lane-{number}", kind, world.guild.id).id
                self.layouts[channel] = layout
                options = Options(layout, 0, publish=kind == ANNOUNCEMENT)
                await library.follow(database, world.guild.id, channel, world.user("Ada").id, now, options=options)

    async def _live_and_die(self) -> None:
        while sum(self.outcome.kills.values()) < self.kills:
            for _ in range(self.chance.randint(1, 2)):
                self.site.change(growing=self.baseline or not self.site.stories)
            self._moderate()
            self.clock.advance(OUTAGE[0] * (OUTAGE[1] / OUTAGE[0]) ** self.chance.random())
            await self._life(self._plan())

    def _plan(self) -> str:
        """Return how the next life ends: at a named point, on the wire, or at any moment."""
        if self.planned:
            self._provoke(self.plans[0])
        elif not self.plans:
            kind = self.chance.random()
            if kind < 0.35:
                self.plans = [f"point {self.chance.choice(list(self._points()))}"]
            elif kind < 0.6:
                self.plans = [f"wire {self.chance.choice(list(ENDS))}"]
            elif kind < 0.65 and not self.baseline:
                self.plans = ["wire lost", *[f"point {self.chance.choice(LOOKS)}" for _ in range(5)]]  # C08
            else:
                self.plans = ["moment"]
        return self.plans.pop(0)

    def _provoke(self, plan: str) -> None:
        """Have something happen at the site that leads to where the bot shall die."""
        for word, act in (("edit", self.site.edit), ("deletion", self.site.mark), ("rename", self.site.retitle)):
            if word in plan:
                act()
        if any(word in plan for word in ("forum", "thread", "first", "publishing", "mark")):
            self.site.tell()
        self.site.save()

    def _points(self) -> list[str]:
        return BASELINE_POINTS if self.baseline else list(POINTS)

    async def _life(self, plan: str) -> None:
        chance = self.chance
        how, _, name = plan.partition(" ")
        passages = 1 if self.planned or name in LOOKS else chance.randint(1, 4)
        fatal = self._order(name, passages) if how == "wire" else None
        process = self._start(name if how == "point" else None, passages)
        longest = LONGEST_NAMED if self.planned else LONGEST_LIFE
        moment = time.monotonic() + (0.15 * 20 ** chance.random() if how == "moment" else longest)
        busy = time.monotonic() + 0.3 + chance.random()
        while process.is_alive() and time.monotonic() < moment and not (fatal and fatal.hits):
            await asyncio.sleep(0.005)
            if busy < time.monotonic():
                busy += 0.3 + chance.random()
                self.site.change(growing=self.baseline)
                self._moderate(0.05)
        hit = (fatal and fatal.hits) or not process.is_alive() or how == "moment"
        await self._end(process)
        self.weather.clear()
        self.outcome.kills[plan if hit else f"{plan} in vain"] += 1

    def _order(self, end: str, passages: int) -> Fault:
        """Order the request in which the process dies."""
        method, path = self.chance.choice(WIRES[:4] if self.baseline else WIRES)
        if passages > 1:
            self.weather.add(method=method, path_regex=path, kind="slow", times=passages - 1, retry_after=0.001)
        kind = "slow" if end == "later" else "hang"
        delay = self.chance.random() * LATEST / SPEED
        return self.weather.add(method=method, path_regex=path, kind=kind, after=end == "lost", retry_after=delay)

    def _start(self, point: str | None = None, passages: int = 1) -> Any:
        # Its clock is up to 40 seconds wrong.
        ahead = self.clock.ahead + self.chance.uniform(-40, 40)
        life = Life(str(self.folder), self.box.api_url, self.box.token, ahead, point, passages)
        process = PROCESSES.Process(target=self.child, args=(life,), daemon=True)
        process.start()
        return process

    async def _end(self, process: Any) -> None:
        process.kill()
        while process.is_alive():
            await asyncio.sleep(0.002)
        if process.exitcode != -9:
            self.outcome.faults.append(("ended by itself", f"with {process.exitcode}; see {self.folder}/log"))
        process.close()

    def _moderate(self, share: float = 0.2) -> None:
        """Let a moderator delete a message or a thread, or a thread fall asleep, now and then."""
        if self.baseline or self.chance.random() > share:
            return
        standing = list(self.log.standing())
        known = set(self._ask("SELECT message_id FROM deliveries WHERE state = 'live'"))
        threads = set(self._ask("SELECT thread_id FROM deliveries WHERE thread_id > 0")) & set(self.box.world.channels)
        act = self.chance.random()
        self.log.hands = True
        if act < 0.15 and threads:
            self.box.world.delete_thread(self.chance.choice(sorted(threads)))
        elif act < 0.5 and threads:
            self.box.world.set_archived(self.box.world.channels[self.chance.choice(sorted(threads))], True)
        elif standing:
            one = self.chance.choice(standing)
            if one.id not in known:
                self.forgiven.add(one.key)
            message = self.box.world.find_message(one.id)
            assert message is not None
            self.box.world.delete_message(message)
            self.outcome.deleted += 1
        self.log.hands = False

    async def _rest(self) -> None:
        """Let it live in good weather until nothing is left to do; twice, so that what vanished counts as deleted."""
        self.weather.share = 0.0
        for _ in range(1 if self.baseline else 2):
            self.site.save()
            process = self._start()
            deadline = time.monotonic() + LONGEST_REST
            while process.is_alive() and time.monotonic() < deadline and not self._settled():
                await asyncio.sleep(0.05)
            if time.monotonic() >= deadline:
                self.outcome.restless = "did not come to rest"
            await self._end(process)
            self.clock.advance(700)
        self._judge()

    def _settled(self) -> bool:
        if self.baseline:
            return self._ask("SELECT version FROM done") == [self.site.version]
        read = [json.loads(text).get("version") for text in self._ask("SELECT cursor FROM sources")]
        return read == [str(self.site.version)] and self._ask(UNSETTLED) == [0] and self._ask(CHORES) == [0]

    def _judge(self) -> None:
        stories = self.site.stories
        outcome = self.outcome
        if self.baseline:
            outcome.faults += [("doubled", one) for one in self.log.doubled]
            links = [one.url for story in stories for one in (story, *story.comments)]
            lost = [(root, link) for root in self.layouts for link in links if not self.log.of(root, link)]
            outcome.faults += [("lost", f"{link} in {root}") for root, link in lost]
        else:
            verdict = Verdict(self.log, stories, self.layouts, self.folder / "t.sqlite3", self.forgiven)
            outcome.faults += verdict.faults()
            outcome.adopted = (self.folder / "log").read_text(errors="replace").count(" adopted delivery=")
        outcome.messages, outcome.traffic = len(self.log.all), self.box.traffic
        outcome.forgiven = len(self.forgiven)

    def _ask(self, sql: str) -> list[Any]:
        name = "baseline.sqlite3" if self.baseline else "t.sqlite3"
        with closing(sqlite3.connect(self.folder / name, timeout=30)) as connection:
            try:
                return [row[0] for row in connection.execute(sql)]
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise


LOOKS = ["before the look", "after the look"]
BASELINE_POINTS = ["before sending", "between the two", "after both"]
CHORES = """SELECT count(*) FROM chores c JOIN deliveries d ON d.id = c.delivery_id
    WHERE kept < wish AND d.state = 'live' AND NOT d.thread_closed"""
UNSETTLED = """SELECT count(*) FROM deliveries WHERE state IN ('pending', 'inflight')
    OR state = 'live' AND have_rev < want_rev
    OR state = 'live' AND comment_id IS NULL AND thread_id IS NULL AND layout = 'thread'"""
