"""Kill the bot so often: KILLS=2000 SEED=1 make soak; and plainer bots, to show that it bites: make soak-baselines."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests import crash_baselines, crash_child
from tests.crash_child import Life
from tests.crash_run import Outcome, Run

# Discord's window is unknown: what it forgets at once, what it forgets before a restart, and what it remembers.
WINDOWS = (0.0, 120.0, 300.0)
KILLS_OF_A_RUN = 25
NEEDED = 50


async def soak(kills: int, seed: int) -> bool:
    """Kill so often; each run has a seed of its own, so that it can be repeated alone. Tells whether all was well."""
    wrong, where, began = Counter[str](), Counter[str](), time.monotonic()
    done = messages = adopted = deleted = forgiven = unjudged = 0
    while done < kills:
        outcome = await one(seed, min(KILLS_OF_A_RUN, kills - done))
        seed += 1
        if outcome.faults and not outcome.proves:
            unjudged += 1
            late = f"this machine was {outcome.overslept:.2f} s late"
            print(f"not judged: seed {seed - 1}, {dict(outcome.wrong)}: {late}", flush=True)
            _show(outcome)
            continue
        done += sum(outcome.kills.values())
        wrong += outcome.wrong
        where += outcome.kills
        messages, adopted = messages + outcome.messages, adopted + outcome.adopted
        deleted, forgiven = deleted + outcome.deleted, forgiven + outcome.forgiven
        minutes = (time.monotonic() - began) / 60
        said = f"kills {done}/{kills}  seed {seed - 1}  messages {messages}  wrong {dict(wrong)}  {minutes:.1f} min"
        print(said, flush=True)
        _show(outcome)
    print("where it was killed:")
    for name, number in sorted(where.items()):
        print(f"  {number:5} {name}")
    print(f"adopted {adopted}, deleted by moderators {deleted}, of those before the bot could know of them {forgiven}")
    print(f"runs that were not judged, as this machine was too busy to keep Discord's times: {unjudged}")
    print(f"{done} kills, {messages} messages: {sum(wrong.values())} wrong. To go on from here: SEED={seed} make soak")
    return not wrong


def _show(outcome: Outcome) -> None:
    for kind, what in outcome.faults[:10]:
        print(f"  {kind}: {what}", flush=True)


async def one(seed: int, kills: int, child: Callable[[Life], None] | None = None) -> Outcome:
    """Do one run in a folder that stays only where something was wrong."""
    folder = Path(tempfile.mkdtemp(prefix=f"soak-{seed}-"))
    run = Run(seed, folder, kills, nonce_window=WINDOWS[seed % 3], child=child or crash_child.run, baseline=bool(child))
    outcome = await run.run()
    if child or not outcome.faults:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    else:
        print(f"  kept: {folder}")
    return outcome


async def baselines(kills: int, seed: int) -> bool:
    """Show what two common ways lose and double under the same kills; tells whether that was enough."""
    bites = True
    for name, child, kind in (
        ("A, send and then record", crash_baselines.send_then_record, "doubled"),
        ("B, record and then send", crash_baselines.record_then_send, "lost"),
    ):
        wrong, done, messages, number = Counter[str](), 0, 0, seed
        while done < kills:
            outcome = await one(number, min(KILLS_OF_A_RUN, kills - done), child)
            done, messages, number = done + sum(outcome.kills.values()), messages + outcome.messages, number + 1
            wrong += outcome.wrong
            said = f"{name}: {done} kills, {messages} messages, {wrong['doubled']} doubled, {wrong['lost']} lost"
            print(said, flush=True)
        bites = bites and wrong[kind] >= min(NEEDED, NEEDED * kills // 300)
    return bites


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--baselines", action="store_true")
    given = parser.parse_args()
    work = baselines if given.baselines else soak
    sys.exit(not asyncio.run(work(given.kills, given.seed)))


if __name__ == "__main__":
    main()
