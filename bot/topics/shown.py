"""What a built-in topic looks for, in the words of its own tables, for people who ask."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import NotFound
from bot.topics import tables
from bot.topics.cues import CUES, VETOES
from bot.topics.topic import phrase_topic_names

MOST_PHRASES = 6


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for a topic or against it, with a few of the phrases that say so."""

    speaks_for: bool
    meaning: str
    phrases: tuple[str, ...] = ()


def signs(name: str, default: str) -> tuple[Sign, ...]:
    """Return what a built-in topic looks for; raises ``NotFound`` for an unknown one."""
    if name == default:
        return tuple([Sign(True, said) for said in CUES.values()] + [Sign(False, said) for said in VETOES.values()])
    if name not in phrase_topic_names():
        raise NotFound(f"There is no built-in topic {name[:80]!r}.")
    found = []
    for row in tables.rows(f"topic.{name}.tsv"):
        if row[0] == "=describe":
            continue
        side, group, _, phrases, *reason = row
        meaning = reason[0] if reason and reason[0] else group
        found.append(Sign(side == "for", meaning, tuple(phrases.split("|")[:MOST_PHRASES])))
    return tuple(found)
