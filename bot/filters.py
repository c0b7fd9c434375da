"""Which story of the wanted topics goes to a channel: by its source, its words and its score. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from bot.errors import BadOption
from bot.model import Story
from bot.options import Filters
from bot.patterns import Text, holds, text_of
from bot.topics import Verdict
from bot.words import say


def refusal(
    filters: Filters, story: Story, score: float | None, source_ids: Collection[int], text: Text | None = None
) -> str | None:
    """Return why a channel's filters refuse a story, as a sentence for admins; None: they let it pass.

    ``score`` is the best of the channel's topics that fit, None where it has none: then no score can be asked for.
    ``source_ids`` are the sources that told of the story. ``text`` is the story's, where it is made ready already.
    """
    if filters.sources and not set(filters.sources) & set(source_ids):
        return say("filter.other_source")
    if score is not None and score < filters.minimum:
        return say("filter.low_score", score=shown(score), minimum=shown(filters.minimum))
    if not filters.include and not filters.exclude:
        return None
    text = text or text_of(story)
    unwanted = next((one for one in filters.exclude if holds(one, text)), None)
    if unwanted is not None:
        return say("filter.excluded", pattern=quoted(unwanted))
    if filters.include and not any(holds(one, text) for one in filters.include):
        return say("filter.not_included", patterns=", ".join(map(quoted, filters.include)))
    return None


def best(verdicts: Iterable[Verdict]) -> float | None:
    """Return the best score among topics that fit a story, None where there are none."""
    return max((verdict.score for verdict in verdicts if verdict.match), default=None)


def minimum(value: float) -> float:
    """Return a least score that an admin may ask for; raises ``BadOption``."""
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise BadOption(say("filter.bad_score"))
    return round(value, 2)


def shown(score: float) -> str:
    """Return a score as people read it."""
    return f"{score:.2f}".rstrip("0").rstrip(".")


def quoted(pattern: str) -> str:
    """Return a pattern so that nothing in it is mark-up or a mention."""
    return f"`{pattern.replace('`', 'ˋ')}`"
