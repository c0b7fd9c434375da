"""Edits that Discord never answered: one may still arrive, and would undo the next one of its message."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.model import Delivery
from bot.post import Answer, Unknown


class LateEdits:
    """Says how long the next edit of a message has to wait; what our last life left unanswered counts from our start.

    By the clock of this process alone, as a doubt about a create is: clocks of two lives may differ.
    """

    def __init__(self, clock: Clock, settle: timedelta) -> None:
        self._clock, self._settle = clock, settle
        self._began = clock.now()
        self._doubts: dict[int, datetime] = {}

    def answered(self, row: Delivery, answer: Answer) -> None:
        """Remember whether an edit may still arrive."""
        if isinstance(answer, Unknown):
            self._doubts[row.id] = self._clock.now()
        else:
            self._doubts.pop(row.id, None)

    def wait(self, row: Delivery) -> float:
        """Return the seconds until nothing older can arrive at the message of a row."""
        if not row.editing:
            return 0.0
        settled = self._doubts.get(row.id, self._began) + self._settle
        return max(0.0, (settled - self._clock.now()).total_seconds())
