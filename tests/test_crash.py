"""SIGKILL of a real bot process, at every named step and at any moment: 0 lost, 0 doubled, 0 misparented, 0 stale.

``make soak`` does the same for longer. What is judged and how time passes: crash_verdict.py, crash_time.py.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import library
from bot.clock import SystemClock
from bot.ingest import ingest
from bot.model import Story, StoryPage
from bot.store.database import Database
from sandbox.server import Sandbox
from tests import crash_baselines
from tests.conftest import Check
from tests.crash_points import POINTS
from tests.crash_run import ENDS, Outcome, Run

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).parent.parent
CREATES = r"/channels/\d+/messages$"
SENDS = 50


async def judged(tmp_path: Path, make: Callable[[Path], Run]) -> Outcome:
    """Return what came of a run; one in which a busy machine was later than Discord ever is, is done again."""
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        outcome = await make(folder).run()
        if outcome.proves or not outcome.faults:
            break
    return outcome


@pytest.mark.parametrize("seed", [101, 102, 103])
async def test_r1_killed_at_any_moment_in_bad_weather_each_item_stands_once(
    tmp_path: Path, check_traffic: Check, seed: int
) -> None:
    window = (0, 120, 300)[seed % 3]
    outcome = await judged(tmp_path, lambda folder: Run(seed, folder, kills=10, nonce_window=window))
    assert outcome.faults == [], f"seed {seed}, killed at {dict(outcome.kills)}"
    assert outcome.messages > 50
    assert check_traffic(outcome.traffic) == []


@pytest.mark.parametrize("half", [0, 1])
async def test_c01_to_c11_killed_at_each_named_step(tmp_path: Path, half: int) -> None:
    plans = [f"wire {end}" for end in ENDS]
    for name in list(POINTS)[half::2]:
        # There is something to look for only after a doubt.
        plans += ["wire lost", f"point {name}"] if "look" in name else [f"point {name}"]
    outcome = await judged(
        tmp_path, lambda folder: Run(200 + half, folder, kills=len(plans), share=0.0, plans=list(plans))
    )
    assert outcome.faults == [], f"killed at {dict(outcome.kills)}"
    missed = [name for name in outcome.kills if "in vain" in name]
    assert sum(outcome.kills[name] for name in missed) <= 2, dict(outcome.kills)


async def test_c08_killed_five_times_running_while_it_settles_a_doubt(tmp_path: Path) -> None:
    plans = ["wire lost", *["point before the look", "point after the look"] * 3, "moment"]
    outcome = await judged(tmp_path, lambda folder: Run(300, folder, kills=len(plans), share=0.0, plans=list(plans)))
    assert outcome.faults == []
    assert outcome.kills["point before the look"] + outcome.kills["point after the look"] >= 5


@pytest.mark.parametrize(
    ("client", "kind"),
    [(crash_baselines.send_then_record, "doubled"), (crash_baselines.record_then_send, "lost")],
)
async def test_r3_the_same_kills_double_or_lose_messages_of_plainer_bots(tmp_path: Path, client, kind: str) -> None:
    outcome = await Run(400, tmp_path, kills=12, child=client, baseline=True).run()
    assert outcome.wrong[kind] > 0, f"{outcome.messages} messages, killed at {dict(outcome.kills)}"


async def start(path: Path, box: Sandbox) -> Process:
    """Start the program as its operator does."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=ROOT, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={"DISCORD_TOKEN": box.token, "DISCORD_API_URL": box.api_url, "DATABASE_PATH": str(path), "PATH": ""},
    )  # fmt: skip


async def test_c16_a_second_instance_ends_with_75_before_it_touches_discord(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite3"
    async with Database.open(path, exclusive=True), Sandbox.start(page=False) as box:
        process = await start(path, box)
        _, errors = await process.communicate()
        assert process.returncode == 75, errors.decode()
        assert b"another bot" in errors
        assert box.traffic == []


async def test_c12_sigterm_with_50_sends_to_do_stops_in_10_seconds_and_doubles_nothing(
    tmp_path: Path, check_traffic: Check
) -> None:
    path, clock = tmp_path / "t.sqlite3", SystemClock()
    async with Sandbox.start(page=False) as box:
        box.world.limits.open()
        async with Database.open(path, realm="discord") as database:
            for number in range(SENDS):
                channel = box.world.add_channel(f"lane-{number}", 0, box.world.guild.id).id
                await library.follow(database, box.world.guild.id, channel, box.world.user("Ada").id, clock.now())
            story = StoryPage(Story("All at once", url="https://example.org/all"))
            await ingest(database, story, clock.now(), deliver=True)
        hanging = box.faults.add(method="POST", path_regex=CREATES, kind="hang", after=True, times=SENDS)
        process = await start(path, box)
        async with asyncio.timeout(30):
            while hanging.hits < 32:  # so many lanes speak at once
                await asyncio.sleep(0.02)
        asked = hanging.hits
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await process.communicate()
        assert process.returncode == 0
        assert hanging.hits == asked
        box.faults.clear()
        again = await start(path, box)
        async with asyncio.timeout(60):
            while len(box.world.guild_threads(box.world.guild.id)) < SENDS:
                await asyncio.sleep(0.05)
        again.send_signal(signal.SIGTERM)
        await again.communicate()
        posted = [channel["messages"] for channel in box.transcript()["channels"] if channel["name"].startswith("lane")]
        assert [len(messages) for messages in posted] == [1] * SENDS
        assert check_traffic(box.traffic) == []


async def test_c14_a_crash_loop_logs_in_five_times_and_then_waits(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite3"
    async with Sandbox.start(page=False) as box:
        box.world.limits.open()
        for _ in range(5):
            process = await start(path, box)
            async with asyncio.timeout(30):
                await box.gateway.ready.wait()
            box.gateway.ready.clear()
            process.kill()
            await process.communicate()
        process = await start(path, box)
        assert process.stderr is not None
        said = b""
        async with asyncio.timeout(30):
            while b"too many logins" not in said:
                said += await process.stderr.readline()
        assert not box.gateway.ready.is_set()
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        assert process.returncode == 0
