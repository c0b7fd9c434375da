"""What a topic is about, how it decides, and how much of a server's newest stories it lets through."""

from __future__ import annotations

from dataclasses import dataclass

from bot import interests
from bot.errors import NotFound
from bot.interests import Trial
from bot.markdown import clean_line, escape
from bot.store.database import Database
from bot.topics import DEFAULT
from bot.topics.shown import Sign, signs
from bot.words import say


@dataclass(frozen=True, slots=True)
class Explanation:
    """A topic: built in, with a sentence and its signs, or a server's own, with its ``expression``."""

    name: str
    about: str
    expression: str
    signs: tuple[Sign, ...]
    trial: Trial


async def explain(database: Database, guild_id: int, name: str) -> Explanation:
    """Return what there is to say of a topic; raises ``NotFound``, the same for absent and for another server's."""
    built_in, own = await interests.listed(database, guild_id)
    name = name.strip().casefold()
    if name not in own and name not in built_in:
        raise NotFound(say("topic.unknown", name=escape(clean_line(name)[:50])))
    trial = await interests.trial_of(database, guild_id, name)
    if name in own:
        return Explanation(name, "", own[name], (), trial)
    return Explanation(name, built_in[name], "", signs(name, DEFAULT), trial)
