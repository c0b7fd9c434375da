"""Search what is stored, within what a server may see, and suggest while somebody types."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot import query
from bot.model import Source, StoredComment, StoredStory
from bot.query import Term
from bot.store import comments, sources, stories
from bot.store import search as store
from bot.store.brief import BriefDatabase
from bot.store.database import Database, Transaction
from bot.store.search import Candidate, Found, Wish
from bot.store.standing import Standing

PAGE_SIZE = 5
SUGGESTIONS = 25
MOST_AUTHORS = 8
TEXT_LIMIT = 100  # of a suggestion and of what it is made of
_AT_ONCE = 4000  # so many times a comment is looked through for a term without a thread of its own: some milliseconds


class Kind(StrEnum):
    """What is searched; the first letters are kept in buttons, so they must mean the same for ever."""

    BOTH = "both"
    STORIES = "stories"
    COMMENTS = "comments"


@dataclass(frozen=True, slots=True)
class Search:
    """What a member asks for, as they typed it; it is checked when it is run, each time."""

    text: str
    kind: Kind = Kind.BOTH
    source_id: int | None = None
    author: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A story that fits, or a ``comment`` on it; ``snippet`` is Markdown, ``standing`` its messages in the server."""

    story: StoredStory
    comment: StoredComment | None
    snippet: str
    standing: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some hits of ``count``; ``more``: only the newest of still more were looked through."""

    hits: tuple[Hit, ...]
    number: int
    count: int
    more: bool

    @property
    def last(self) -> int:
        """The number of the last page, from 0."""
        return max(0, (self.count - 1) // PAGE_SIZE)


async def search(database: Database, guild_id: int, wanted: Search, number: int = 0) -> Page:
    """Return one page of what fits, the best first.

    Raises ``NotFound`` where no word is searched for, and for a source that the server does not have.
    """
    terms = query.parse(wanted.text)
    author = query.parse(wanted.author) if wanted.author.strip() else ()
    wish = Wish(guild_id, terms, wanted.source_id, author, wanted.since)
    async with database.read() as tx:
        if wanted.source_id is not None:
            await sources.visible(tx, guild_id, wanted.source_id)
        told = await store.stories(tx, wish) if wanted.kind is not Kind.COMMENTS else Found((), more=False)
        said = await store.comments(tx, wish) if wanted.kind is not Kind.STORIES else Found((), more=False)
        ranked = await _ranked(told.fitting, said.fitting, terms)
        count = len(ranked)
        number = max(0, min(number, (count - 1) // PAGE_SIZE))
        hits = await _hits(tx, guild_id, ranked[number * PAGE_SIZE : (number + 1) * PAGE_SIZE], terms)
    return Page(tuple(hits), number, count, told.more or said.more)


async def suggest(database: Database, guild_id: int, typed: str) -> list[str]:
    """Return what a member may be about to search for: titles and names of what the server may see."""
    typed = typed.strip()[:TEXT_LIMIT]
    most = SUGGESTIONS - MOST_AUTHORS if typed else SUGGESTIONS
    async with BriefDatabase(database).read() as tx:
        found = [title for _, title in await store.titles(tx, guild_id, query.typed(typed), most)]
        found += await store.authors(tx, guild_id, typed, MOST_AUTHORS) if typed else []
    return _choices(found)


async def suggest_authors(database: Database, guild_id: int, typed: str) -> list[str]:
    """Return names of those who wrote what the server may see, by how the names begin."""
    async with BriefDatabase(database).read() as tx:
        return _choices(await store.authors(tx, guild_id, typed.strip()[:TEXT_LIMIT], SUGGESTIONS))


async def suggest_sources(database: Database, guild_id: int, typed: str) -> list[Source]:
    """Return the sources whose stories the server gets and whose name or address has what is typed."""
    async with BriefDatabase(database).read() as tx:
        found = await sources.of_guild(tx, guild_id) + await sources.for_everyone(tx)
    wanted = typed.strip().casefold()
    fitting = {one.id: one for one in found if wanted in f"#{one.id} {one.name or ''} {one.address}".casefold()}
    return list(fitting.values())[:SUGGESTIONS]


async def _ranked(told: Sequence[Candidate], said: Sequence[Candidate], terms: Sequence[Term]) -> list[Candidate]:
    """Return stories and comments in one order: their weights cannot be compared, but their places can."""
    many = len(said) * len(terms) > _AT_ONCE
    weighed = await asyncio.to_thread(_weighed, said, terms) if many else _weighed(said, terms)
    places = [(place, one) for found in (told, weighed) for place, one in enumerate(found)]
    return [one for _, one in sorted(places, key=lambda item: item[0])]


def _weighed(said: Sequence[Candidate], terms: Sequence[Term]) -> list[Candidate]:
    patterns = query.patterns_of(terms)
    return sorted(said, key=lambda one: -query.weigh(one.author, one.body, patterns))


async def _hits(tx: Transaction, guild_id: int, shown: Sequence[Candidate], terms: Sequence[Term]) -> list[Hit]:
    if not shown:
        return []
    known = await stories.some(tx, guild_id, {one.story_id for one in shown})
    spoken = await comments.some(tx, [one.comment_id for one in shown if one.comment_id is not None])
    stands = await store.standing(tx, guild_id, shown)
    hits = []
    for one in shown:
        story, comment = known[one.story_id], spoken[one.comment_id] if one.comment_id is not None else None
        there = tuple(s for story_id, s in stands if (story_id, s.comment_id) == (one.story_id, one.comment_id))
        hits.append(Hit(story, comment, _snippet(story, comment, terms), there))
    return hits


def _snippet(story: StoredStory, comment: StoredComment | None, terms: Sequence[Term]) -> str:
    """Return the words where they stand; where only a title or name has them, how the text begins."""
    texts = [comment.comment.body] if comment else [story.story.summary, story.story.body]
    return next(filter(None, (query.snippet(one, terms) for one in texts)), None) or query.beginning(texts[0])


def _choices(found: Sequence[str]) -> list[str]:
    """Return suggestions once each, cut between words to what Discord takes."""
    cut = (one if len(one) <= TEXT_LIMIT else one[:TEXT_LIMIT].rpartition(" ")[0] or one[:TEXT_LIMIT] for one in found)
    clean = (" ".join(one.split()) for one in cut)
    return list(dict.fromkeys(filter(None, clean)))[:SUGGESTIONS]
