"""Full-text search in SQLite, within what a server may see, and what fits the beginning of a word.

Of a common word's matches the newest thousand are ranked: to rank all of them would take a second. Comments are
weighed by their text (bot.query.weigh), as SQLite's own rank counts each word in the whole index first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from aiosqlite import Connection as Transaction

from bot.query import Term, fits, patterns_of, typed
from bot.store.standing import PLACE, Standing
from bot.store.stories import newest_titles
from bot.store.values import text, to_ms

MOST_RANKED = 600
# So many matches are looked through for those that a server may see and that fit its other wishes.
MOST_LOOKED_AT = 20_000
_FEW_STORIES = 500
_NO_END = "\U0010ffff"

# Whether a story may be seen, as bot.store.stories.visible says it; by an index that holds no texts.
_VISIBLE = """(:follows AND EXISTS (SELECT 1 FROM stories s INDEXED BY stories_public WHERE s.public AND s.id = {0})
    OR EXISTS (SELECT 1 FROM guild_stories g WHERE g.guild_id = :guild AND g.story_id = {0}))"""
_OF_SOURCE = "EXISTS (SELECT 1 FROM source_stories l WHERE l.source_id = :source AND l.story_id = {0})"
_SINCE = {
    "story_words": """EXISTS (SELECT 1 FROM stories s WHERE s.id = w.rowid
        AND coalesce(s.published_at, s.first_seen) >= :since)""",
    "comment_words": """EXISTS (SELECT 1 FROM comments c JOIN stories s ON s.id = c.story_id
        WHERE c.id = w.rowid & 4294967295 AND coalesce(c.posted_at, s.published_at, s.first_seen) >= :since)""",
}
# The newest stories that a server may see, and the numbers of all that an index has of one.
_STORIES = """SELECT story_id AS id FROM guild_stories WHERE guild_id = :guild
    UNION SELECT id FROM stories INDEXED BY stories_public WHERE public AND :follows"""
_RANGE = {"story_words": "v.id AND v.id", "comment_words": "v.id << 32 AND v.id << 32 | 4294967295"}
_STORY_OF = {"story_words": "w.rowid", "comment_words": "(w.rowid >> 32)"}
# A word in a title tells more of a story than one in its text.
_STORY_RANK = "bm25(story_words, 10, 3, 4, 1)"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is searched for: ``terms`` that all occur, in what a server may see, within the limits that are set."""

    guild_id: int
    terms: tuple[Term, ...]
    source_id: int | None = None
    author: tuple[Term, ...] = ()
    since: datetime | None = None


class Candidate(NamedTuple):
    """A comment that fits, with what it is weighed by; a story has no ``comment_id``, and stands in its order."""

    story_id: int
    comment_id: int | None = None
    author: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What fits of what was looked through, stories the best first, comments the newest; ``more``: there is more."""

    fitting: tuple[Candidate, ...]
    more: bool


async def stories(tx: Transaction, wish: Wish) -> Found:
    """Return the stories that fit, the best first."""
    found, more = await _newest(tx, "story_words", wish, f"w.rowid, {_STORY_RANK} AS score")
    best = sorted(found, key=lambda row: (row["score"], -row["rowid"]))
    return Found(tuple(Candidate(row["rowid"]) for row in best), more)


async def comments(tx: Transaction, wish: Wish) -> Found:
    """Return the newest comments that fit, those of the newest stories first; deleted ones are not in the index."""
    found, more = await _newest(tx, "comment_words", wish, "w.rowid")
    sql = """SELECT story_id, id, author, body FROM comments
        WHERE id IN (SELECT value & 4294967295 FROM json_each(?)) ORDER BY story_id DESC, id DESC"""
    rows = await tx.execute_fetchall(sql, (json.dumps([row["rowid"] for row in found]),))
    return Found(tuple(Candidate(*row) for row in rows), more)


async def follows(tx: Transaction, guild_id: int) -> bool:
    """Tell whether a server follows anything, and so sees what all may see."""
    sql = "SELECT EXISTS (SELECT 1 FROM subscriptions WHERE guild_id = ?)"
    return bool(next(iter(await tx.execute_fetchall(sql, (guild_id,))))[0])


async def standing(tx: Transaction, guild_id: int, items: Iterable[Candidate]) -> list[tuple[int, Standing]]:
    """Return where stories and comments stand in a server, each with its story's id."""
    sql = f"""SELECT d.story_id, d.channel_id, d.comment_id, d.message_id, {PLACE} AS place
        FROM json_each(:items) i CROSS JOIN deliveries d INDEXED BY deliveries_story
            ON d.story_id = json_extract(i.value, '$[0]') AND d.comment_id IS json_extract(i.value, '$[1]')
        JOIN deliveries card ON card.story_id = d.story_id AND card.channel_id = d.channel_id
            AND card.comment_id IS NULL
        WHERE d.guild_id = :guild AND d.part = 0 AND d.state IN ('live', 'held') AND d.message_id IS NOT NULL
        ORDER BY d.id"""
    wanted = json.dumps([(item.story_id, item.comment_id) for item in items])
    rows = await tx.execute_fetchall(sql, {"items": wanted, "guild": guild_id})
    return [(row[0], Standing(row[1], row[2], row[3], row["place"])) for row in rows if row["place"] is not None]


async def titles(tx: Transaction, guild_id: int, words: Sequence[Term], limit: int) -> list[tuple[int, str]]:
    """Return number and title of the newest visible stories, where something is typed of those with these words."""
    if not words:
        return await newest_titles(tx, guild_id, limit)
    sees_all = await follows(tx, guild_id)
    if not sees_all:  # it sees the few that its members fetched: the index would be walked through for them
        patterns = patterns_of(words)
        few = await newest_titles(tx, guild_id, _FEW_STORIES)
        return [(number, title) for number, title in few if fits(title, patterns)][:limit]
    sql = f"""SELECT s.id, s.title FROM (SELECT w.rowid FROM story_words w WHERE story_words MATCH :match
            AND {_VISIBLE.format("w.rowid")} ORDER BY w.rowid DESC LIMIT :limit) f JOIN stories s ON s.id = f.rowid
        ORDER BY s.id DESC"""
    values = {"guild": guild_id, "follows": sees_all, "limit": limit}
    return [(row[0], row[1]) for row in await tx.execute_fetchall(sql, values | {"match": _match(words, "title")})]


async def authors(tx: Transaction, guild_id: int, beginning: str, limit: int) -> list[str]:
    """Return names of those who wrote visible stories or comments, by how the names begin, in their order."""
    sql = f"""WITH RECURSIVE names (author, tries) AS (
            SELECT (SELECT min(author COLLATE NOCASE) FROM comments INDEXED BY comments_author
                WHERE NOT deleted AND author COLLATE NOCASE >= :from AND author COLLATE NOCASE < :to), 1
            UNION ALL SELECT (SELECT min(c.author COLLATE NOCASE) FROM comments c INDEXED BY comments_author
                WHERE NOT c.deleted AND c.author COLLATE NOCASE > names.author COLLATE NOCASE
                    AND c.author COLLATE NOCASE < :to), tries + 1
            FROM names WHERE names.author IS NOT NULL AND tries < :most)
        SELECT author FROM names WHERE author IS NOT NULL AND EXISTS (SELECT 1 FROM (
            SELECT c.story_id FROM comments c INDEXED BY comments_author WHERE NOT c.deleted
                AND c.author COLLATE NOCASE = names.author ORDER BY c.story_id DESC LIMIT 200) o
            WHERE {_VISIBLE.format("o.story_id")}) LIMIT :limit"""
    start = text(beginning) or ""
    values = {"guild": guild_id, "follows": await follows(tx, guild_id), "limit": limit, "most": 4 * limit}
    said = await tx.execute_fetchall(sql, values | {"from": start, "to": start + _NO_END})
    told = await _story_authors(tx, values, typed(beginning))
    return list(dict.fromkeys([row[0] for row in said] + told))[:limit]


async def _story_authors(tx: Transaction, values: Mapping[str, object], beginning: Sequence[Term]) -> list[str]:
    if not beginning:
        return []
    sql = f"""SELECT DISTINCT s.author FROM (SELECT w.rowid FROM story_words w WHERE story_words MATCH :match
        AND {_VISIBLE.format("w.rowid")} ORDER BY w.rowid DESC LIMIT 100) f JOIN stories s ON s.id = f.rowid"""
    rows = await tx.execute_fetchall(sql, {**values, "match": _match(beginning, "author")})
    return [row[0] for row in rows if row[0]]


async def _newest(tx: Transaction, table: str, wish: Wish, columns: str) -> tuple[list[sqlite3.Row], bool]:
    """Return the newest matches that a wish allows, and whether there are more than were looked through."""
    filters = [_VISIBLE] + ([_OF_SOURCE] if wish.source_id is not None else [])
    wanted = [one.format(_STORY_OF[table]) for one in filters] + ([_SINCE[table]] if wish.since else [])
    values = await _values(tx, wish)
    values["floor"] = floor = await _floor(tx, table, values) if len(wanted) > 1 or not values["follows"] else 0
    sql = f"""SELECT {columns} FROM {table} w WHERE {table} MATCH :match AND w.rowid >= :floor
        AND {" AND ".join(wanted)} ORDER BY w.rowid DESC LIMIT {MOST_RANKED}"""
    found = list(await tx.execute_fetchall(sql, values))
    # Not for the beginning of a word: FTS5 would gather all that begins so for each story, 10 ms a story of 100,000.
    begun = any(term.prefix for term in (*wish.terms, *wish.author))
    is_narrow = (wish.source_id is not None or not values["follows"]) and not begun
    if floor and is_narrow and len(found) < MOST_RANKED:
        # A common word, of whose newest matches few are allowed: now each of the stories that are is asked for it.
        # They are not ranked, as SQLite would count the word anew for each.
        sql = f"""SELECT w.rowid, 0.0 AS score FROM (SELECT id FROM ({_STORIES}) v WHERE {filters[-1].format("v.id")}
                ORDER BY id DESC LIMIT {_FEW_STORIES}) v
            CROSS JOIN {table} w ON {table} MATCH :match AND w.rowid BETWEEN {_RANGE[table]}
            WHERE {wanted[-1]} LIMIT {MOST_RANKED}"""
        found = max(found, list(await tx.execute_fetchall(sql, values)), key=len)
    return found, floor > 0 or len(found) >= MOST_RANKED


async def _floor(tx: Transaction, table: str, values: dict[str, object]) -> int:
    """Return the number that only so many matches of a common word are above of, 0 where there are no more."""
    sql = f"""SELECT w.rowid FROM {table} w WHERE {table} MATCH :match ORDER BY w.rowid DESC
        LIMIT 1 OFFSET {MOST_LOOKED_AT}"""
    rows = list(await tx.execute_fetchall(sql, {"match": values["match"]}))
    return int(rows[0][0]) if rows else 0


async def _values(tx: Transaction, wish: Wish) -> dict[str, object]:
    return {
        "match": _match(wish.terms, author=wish.author),
        "guild": wish.guild_id,
        "follows": await follows(tx, wish.guild_id),
        "source": wish.source_id,
        "since": to_ms(wish.since),
    }


def _match(terms: Sequence[Term], column: str = "", author: Sequence[Term] = ()) -> str:
    """Return terms in FTS5's own language; everything typed stands between quotes there."""
    of_column = f"{column} : " if column else ""
    wanted = [of_column + _quoted(term) for term in terms]
    return " AND ".join(wanted + [f"author : {_quoted(term)}" for term in author])


def _quoted(term: Term) -> str:
    words = text(" ".join(term.words)) or ""
    return f'"{words.replace(chr(34), " ")}"{" *" if term.prefix else ""}'
