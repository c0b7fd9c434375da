"""Fit the weights of the space-cooperation rule, and say how well the fit does on stories that it has not seen.

    python benchmarks/fit_topics.py LABELLED.jsonl [--write]

Logistic regression by plain gradient descent over the rule's features. A weight is pulled towards the one set by
judgement (third column of weights.tsv) and never changes its sign, so that few labels cannot invent a rule. The
labelled file has title, lede, label and stratum; topics_own.jsonl beside this script, headlines of our own words, is
trained on but never measured. Near-duplicate titles stay in one fold.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.cli.measure import count, report  # noqa: E402
from bot.topics import rule, tables  # noqa: E402

OWN = Path(__file__).with_name("topics_own.jsonl")
WEIGHTS = ROOT / "bot" / "topics" / "data" / "weights.tsv"
FOLDS, STEPS, RATE, PULL, SEED = 10, 400, 0.05, 1.0, 20261123
# Half of our own headlines are cooperation, which is rare in a stream of news: they weigh less, or the bias would rise.
OWN_SHARE = 0.25
ALIKE = 0.4
# How rare cooperation is among headlines that merely name two parties is a fact about streams of news, which neither
# set of headlines is: what decides about those hardly moves.
FIXED, STIFF = (rule.BIAS, rule.PAIR, "link"), 100


def read(path, share=1.0):
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["share"] = share
        row["values"] = rule.extract(row["title"], row.get("lede") or "").values
    return rows


def judgement():
    return {name: float(prior) for name, _, prior in tables.rows("weights.tsv")}


def fit(rows, prior, pull=PULL):
    """Return the weights with the highest likelihood, each pulled towards its prior; gated rows teach nothing."""
    data = [
        ({**row["values"], rule.BIAS: 1.0}, float(row["label"] == "coop"), row["share"])
        for row in rows
        if row["label"] != "borderline" and rule.probability(row["values"], prior)
    ]
    weight = dict(prior)
    for step in range(STEPS):
        slope = {name: (STIFF if name in FIXED else 1) * pull * (weight[name] - prior[name]) for name in weight}
        for values, label, share in data:
            total = sum(weight[name] * value for name, value in values.items())
            error = share * (1 / (1 + math.exp(-max(-30.0, min(30.0, total)))) - label)
            for name, value in values.items():
                slope[name] += error * value
        rate = RATE / (1 + step / 100)
        for name, old in list(weight.items()):
            moved = old - rate * slope[name]
            weight[name] = 0.0 if moved * prior[name] < 0 else moved
    return weight


def groups(rows):
    """Return lists of row numbers; rows whose titles share most words are together."""
    words = [set(re.findall(r"\w{3,}", row["title"].lower())) for row in rows]
    parent = list(range(len(rows)))

    def root(index):
        while parent[index] != index:
            index = parent[index]
        return index

    for one in range(len(rows)):
        for other in range(one):
            both = len(words[one] & words[other])
            if both and both / len(words[one] | words[other]) >= ALIKE:
                parent[root(one)] = root(other)
    found = defaultdict(list)
    for index in range(len(rows)):
        found[root(index)].append(index)
    return list(found.values())


def folds(rows):
    """Deal the groups into folds, those with a positive first, so that each fold has its share."""
    dealt = groups(rows)
    random.Random(SEED).shuffle(dealt)
    dealt.sort(key=lambda group: not any(rows[index]["label"] == "coop" for index in group))
    return [[index for group in dealt[start::FOLDS] for index in group] for start in range(FOLDS)]


def cross_validate(rows, own, prior, pull=PULL):
    """Return the score of each row from a fit that has not seen it nor its near-duplicates."""
    scores = {}
    for fold in folds(rows):
        held = set(fold)
        weight = fit([*own, *(row for index, row in enumerate(rows) if index not in held)], prior, pull)
        scores |= {index: rule.probability(rows[index]["values"], weight) for index in fold}
    return scores


def show(title, rows, scores):
    print(f"\n{title}")
    place = {id(row): index for index, row in enumerate(rows)}
    print("\n".join(report(rows, lambda row: scores[place[id(row)]] >= 0.5)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--write", action="store_true", help="write the fitted weights into the package")
    arguments = parser.parse_args()
    rows, own, prior = read(arguments.labelled), read(OWN, OWN_SHARE), judgement()
    show("judgement alone", rows, [rule.probability(row["values"], prior) for row in rows])
    show(f"{FOLDS}-fold cross-validation, near-duplicates together", rows, cross_validate(rows, own, prior))
    weight = fit([*own, *rows], prior)
    show("fitted on everything (seen data)", rows, [rule.probability(row["values"], weight) for row in rows])
    own_counts = count((row["label"] == "coop", rule.probability(row["values"], weight) >= 0.5) for row in own)
    print(f"\nown headlines (seen data): F1 {own_counts.f1:.3f}, {own_counts}")
    if arguments.write:
        head = (
            "# feature, weight, and the weight by judgement. Cues count for cooperation, vetoes against.\n"
            f"# The weights were fitted by benchmarks/fit_topics.py on {len(rows)} labelled headlines and {len(own)}\n"
            f"# of our own words (these at {OWN_SHARE}), pulled towards the judgement (pull {PULL}); signs are kept.\n"
        )
        lines = [f"{name}\t{weight[name]:.2f}\t{prior[name]}" for name in prior]
        WEIGHTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        print(f"written: {WEIGHTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
