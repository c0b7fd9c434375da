"""Topics: named rules that say whether a story is about something, and why."""

from __future__ import annotations

from bot.errors import NotFound
from bot.topics import rule
from bot.topics.topic import Verdict, phrase_topic, phrase_topic_names

DEFAULT = "space-cooperation"

__all__ = ["DEFAULT", "Verdict", "describe", "match", "names"]


def names() -> tuple[str, ...]:
    """Return the built-in topics, the default one first."""
    return (DEFAULT, *phrase_topic_names())


def describe(name: str) -> str:
    """Return one sentence that says what a topic holds; raise ``NotFound`` for an unknown one."""
    return rule.DESCRIPTION if _known(name) == DEFAULT else phrase_topic(name).description


def match(name: str, title: str, lede: str = "", body: str = "") -> Verdict:
    """Say whether a story is about a topic, with reasons; raise ``NotFound`` for an unknown topic.

    Any text will do: it is read in linear time, and of long ones only the beginning.
    """
    if _known(name) == DEFAULT:
        return rule.judge(title, lede, body)
    return phrase_topic(name).judge(title, lede, body)


def _known(name: str) -> str:
    if name not in names():
        raise NotFound(f"There is no topic {name[:80]!r}; there are: {', '.join(names())}.")
    return name
