"""Microseconds that a headline costs, beside a plain scan for keywords in the same run.

    python benchmarks/topics.py [STORIES.jsonl]

Without a file it reads topics_own.jsonl beside this script. It prints figures and their ratio, and asserts nothing:
a machine's speed is no fact about the program.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.topics import match, names

OWN = Path(__file__).with_name("topics_own.jsonl")
KEYWORDS = (
    "agreement",
    "partner",
    "cooperation",
    "joint",
    "mou",
    "accord",
    "international",
    "deal",
    "sign",
    "treaty",
    "esa",
)
ROUNDS = 5


def keywords(title, lede):
    text = f"{title} {lede}".lower()
    return any(re.search(rf"\b{word}", text) for word in KEYWORDS)


def cost(function, stories):
    """Return the microseconds a story of the fastest round, the caches warm."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for story in stories:
            function(*story)
        best = min(best, time.perf_counter() - start)
    return best / len(stories) * 1e6


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else OWN
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    stories = [(row["title"], row.get("lede") or "") for row in rows]
    start = time.perf_counter()
    match(names()[0], "The first story loads the tables")
    print(f"loading the tables: {(time.perf_counter() - start) * 1e3:.0f} ms, once")
    plain = cost(keywords, stories)
    print(f"{len(stories)} stories; keyword scan: {plain:.1f} us a story")
    for name in names():
        ours = cost(lambda title, lede, name=name: match(name, title, lede), stories)
        print(f"{name}: {ours:.1f} us a story, {ours / plain:.1f} times the scan")
    huge = "India and Japan sign a deal. " * 36_000
    for field, story in (("body of 1 MB", ("x", "", huge)), ("all of 1 MB", (huge, huge, huge))):
        print(f"{field}: {cost(lambda *texts: match(names()[0], *texts), [story]) / 1e3:.1f} ms")


if __name__ == "__main__":
    main()
