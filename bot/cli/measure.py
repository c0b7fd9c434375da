"""How well a matcher does against labels: precision, recall and F1 with intervals, overall and by stratum."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

SEED, RESAMPLES = 20261123, 1000
Z = 1.96


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives, false negatives and true negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @property
    def precision(self) -> float:
        """The share of matches that are right; 0 without a match."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        """The share of what should match that does; 0 where nothing should."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0


def count(outcomes: Iterable[tuple[bool, bool]]) -> Counts:
    """Count pairs of (should match, does match)."""
    seen = Counter(outcomes)
    return Counts(seen[True, True], seen[False, True], seen[True, False], seen[False, False])


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a share; nothing is known from no trials."""
    if not trials:
        return 0.0, 1.0
    share, spread = hits / trials, Z * Z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap_f1(counts: Counts) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of F1, from a fixed seed."""
    kinds = (Counts(tp=1), Counts(fp=1), Counts(fn=1), Counts(tn=1))
    numbers = (counts.tp, counts.fp, counts.fn, counts.tn)
    if not sum(numbers):
        return 0.0, 1.0
    draw = random.Random(SEED)
    found = sorted(
        Counts(*(seen[kind] for kind in kinds)).f1
        for seen in (Counter(draw.choices(kinds, numbers, k=sum(numbers))) for _ in range(RESAMPLES))
    )
    return found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES) - 1]


def report(rows: Sequence[dict[str, str]], matches: Callable[[dict[str, str]], bool]) -> list[str]:
    """Return the figures as lines, for all rows and by ``stratum``; a row has ``label`` coop, other or borderline."""
    clear = [(row, matches(row)) for row in rows if row["label"] != "borderline"]
    strata = defaultdict(list)
    for row, matched in clear:
        strata[row.get("stratum") or "(none)"].append((row["label"] == "coop", matched))
    lines = [_line("all", count(pair for pairs in strata.values() for pair in pairs))]
    if len(strata) > 1:
        lines += [_line(name, count(pairs)) for name, pairs in sorted(strata.items())]
    borderline = [matches(row) for row in rows if row["label"] == "borderline"]
    lines.append(f"borderline, left out: {len(borderline)}, of which {sum(borderline)} match")
    lines.append(f"[..] 95 %: precision and recall Wilson, F1 bootstrap ({RESAMPLES} resamples, seed {SEED})")
    return lines


def _line(name: str, counts: Counts) -> str:
    parts = [
        ("precision", counts.precision, wilson(counts.tp, counts.tp + counts.fp)),
        ("recall", counts.recall, wilson(counts.tp, counts.tp + counts.fn)),
        ("F1", counts.f1, bootstrap_f1(counts)),
    ]
    figures = "  ".join(f"{label} {value:.3f} [{low:.3f}..{high:.3f}]" for label, value, (low, high) in parts)
    total = counts.tp + counts.fp + counts.fn + counts.tn
    return f"{name:12} {figures}  n={total} positive={counts.tp + counts.fn}"
