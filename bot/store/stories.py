"""Stories in SQLite: found by their aliases, revised without losing what they said before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from aiosqlite import Connection as Transaction

from bot.errors import NotFound
from bot.model import StoredStory, Story
from bot.store import words
from bot.store.values import digest, from_ms, is_id, text, to_ms
from bot.urls import canonical
from bot.words import say

_COLUMNS = """s.*, (SELECT count(*) FROM comments c WHERE c.story_id = s.id AND NOT c.deleted) AS comment_count"""
# A guild sees what came by a source once it follows anything, and what its own members fetched.
_VISIBLE = """(s.public AND EXISTS (SELECT 1 FROM subscriptions b WHERE b.guild_id = :guild)
    OR EXISTS (SELECT 1 FROM guild_stories g WHERE g.guild_id = :guild AND g.story_id = s.id))"""

# Not by _VISIBLE: a guild that follows nothing would have every story looked through.
_NEWEST = """SELECT * FROM (SELECT id FROM stories INDEXED BY stories_public WHERE public ORDER BY id DESC
        LIMIT :limit * EXISTS (SELECT 1 FROM subscriptions WHERE guild_id = :guild))
    UNION SELECT * FROM (SELECT story_id FROM guild_stories WHERE guild_id = :guild
        ORDER BY story_id DESC LIMIT :limit)"""


async def find(tx: Transaction, story: Story) -> StoredStory | None:
    """Return the story that an incoming one is, by the first alias that matches."""
    for kind, value in aliases(story):
        sql = f"SELECT {_COLUMNS} FROM story_aliases a JOIN stories s ON s.id = a.story_id WHERE kind = ? AND value = ?"
        for row in await tx.execute_fetchall(sql, (kind, value)):
            return _stored(row)
    return None


def aliases(story: Story) -> Iterator[tuple[str, str]]:
    """Yield the names by which a story is known again: native id, address, else its title on its site."""
    if story.native_id and (story.origin or story.site):  # an id means nothing without the site that gave it
        yield "native", text(f"{story.origin or story.site}\x1f{story.native_id}") or ""
    if story.url and story.shared_url:  # ids may change on every read: the address with the title then tells
        yield "title", text(f"{canonical(story.url)}\x1f{' '.join(story.title.split()).casefold()}") or ""
    elif story.url:
        yield "url", text(canonical(story.url)) or ""
    else:
        yield "title", text(f"{story.site or ''}\x1f{' '.join(story.title.split()).casefold()}") or ""


async def insert(tx: Transaction, story: Story, now: datetime, *, public: bool) -> int:
    """Store a new story and return its id."""
    cursor = await tx.execute(
        """INSERT INTO stories (title, url, native_id, author, site, summary, body, image_url, published_at, updated_at,
            tags, origin, shared_url, digest, revision, first_seen, public)
        VALUES (:title, :url, :native_id, :author, :site, :summary, :body, :image_url, :published_at, :updated_at,
            :tags, :origin, :shared_url, :digest, 1, :now, :public)""",
        {**_values(story), "now": to_ms(now), "public": public},
    )
    story_id = cursor.lastrowid
    assert story_id is not None, "an INSERT has a row id"
    await words.add_story(tx, story_id)
    await add_aliases(tx, story_id, story)
    return story_id


async def add_aliases(tx: Transaction, story_id: int, story: Story) -> None:
    """Remember every name of a story; a name that belongs to another story stays there."""
    rows = [(kind, value, story_id) for kind, value in aliases(story)]
    await tx.executemany("INSERT OR IGNORE INTO story_aliases (kind, value, story_id) VALUES (?, ?, ?)", rows)


async def update(tx: Transaction, stored: StoredStory, story: Story, now: datetime) -> int:
    """Replace a story's content, keep the old one as a revision, and return the new revision's number."""
    await tx.execute(
        """INSERT INTO story_revisions (story_id, revision, title, summary, body, replaced_at)
        SELECT id, revision, title, summary, body, :now FROM stories WHERE id = :id""",
        {"id": stored.id, "now": to_ms(now)},
    )
    await words.take_story(tx, stored.id)
    await tx.execute(
        """UPDATE stories SET title = :title, url = coalesce(:url, url), native_id = coalesce(:native_id, native_id),
            author = :author, site = :site, summary = :summary, body = :body, image_url = :image_url,
            published_at = :published_at, updated_at = :updated_at, tags = :tags,
            origin = coalesce(:origin, origin), shared_url = :shared_url, digest = :digest,
            revision = revision + 1 WHERE id = :id""",
        {**_values(story), "id": stored.id},
    )
    await words.add_story(tx, stored.id)
    await add_aliases(tx, stored.id, story)
    return stored.revision + 1


async def make_public(tx: Transaction, story_id: int) -> bool:
    """Say that the story came by a source; tell whether that is news."""
    cursor = await tx.execute("UPDATE stories SET public = 1 WHERE id = ? AND NOT public", (story_id,))
    return cursor.rowcount > 0


async def is_public(tx: Transaction, story_id: int) -> bool:
    """Tell whether the story came by a source, and not only by a member's wish."""
    return bool(list(await tx.execute_fetchall("SELECT 1 FROM stories WHERE id = ? AND public", (story_id,))))


async def get(tx: Transaction, story_id: int) -> StoredStory:
    """Return a story; raises ``NotFound``."""
    for row in await tx.execute_fetchall(f"SELECT {_COLUMNS} FROM stories s WHERE s.id = ?", (story_id,)):
        return _stored(row)
    raise NotFound(say("stories.unknown"))


async def visible(tx: Transaction, guild_id: int, story_id: int) -> StoredStory:
    """Return a story that a guild may see; raises ``NotFound``, the same for absent and for foreign ones."""
    sql = f"SELECT {_COLUMNS} FROM stories s WHERE s.id = :id AND {_VISIBLE}"
    values = {"id": story_id if is_id(story_id) else 0, "guild": guild_id}
    for row in await tx.execute_fetchall(sql, values):
        return _stored(row)
    raise NotFound(say("stories.unknown"))


async def some(tx: Transaction, guild_id: int, ids: Iterable[int]) -> dict[int, StoredStory]:
    """Return those of the stories that a guild may see, by their ids."""
    sql = f"SELECT {_COLUMNS} FROM stories s WHERE s.id IN (SELECT value FROM json_each(:ids)) AND {_VISIBLE}"
    rows = await tx.execute_fetchall(sql, {"ids": json.dumps(list(ids)), "guild": guild_id})
    return {row["id"]: _stored(row) for row in rows}


async def latest(tx: Transaction, guild_id: int, limit: int) -> list[StoredStory]:
    """Return the newest stories that a guild may see."""
    sql = f"SELECT {_COLUMNS} FROM stories s WHERE s.id IN ({_NEWEST}) ORDER BY s.id DESC LIMIT :limit"
    return [_stored(row) for row in await tx.execute_fetchall(sql, {"guild": guild_id, "limit": limit})]


async def newest_titles(tx: Transaction, guild_id: int, limit: int) -> list[tuple[int, str]]:
    """Return number and title of the newest stories that a guild may see."""
    sql = f"SELECT s.id, s.title FROM stories s WHERE s.id IN ({_NEWEST}) ORDER BY s.id DESC LIMIT :limit"
    return [(row[0], row[1]) for row in await tx.execute_fetchall(sql, {"guild": guild_id, "limit": limit})]


async def title(tx: Transaction, guild_id: int, story_id: int) -> str | None:
    """Return the title of a story that a guild may see, else None."""
    sql = f"SELECT s.title FROM stories s WHERE s.id = :id AND {_VISIBLE}"
    rows = await tx.execute_fetchall(sql, {"id": story_id if is_id(story_id) else 0, "guild": guild_id})
    return next((row[0] for row in rows), None)


async def latest_of_source(tx: Transaction, guild_id: int, source_id: int, limit: int) -> list[StoredStory]:
    """Return the newest stories that a guild may see and that a source told of, out of its newest 1,000."""
    sql = f"""SELECT {_COLUMNS} FROM (SELECT story_id FROM source_stories WHERE source_id = :source
            ORDER BY story_id DESC LIMIT 1000) l CROSS JOIN stories s ON s.id = l.story_id
        WHERE {_VISIBLE} ORDER BY s.id DESC LIMIT :limit"""
    values = {"guild": guild_id, "source": source_id, "limit": limit}
    return [_stored(row) for row in await tx.execute_fetchall(sql, values)]


async def latest_news(tx: Transaction, guild_id: int, limit: int) -> list[StoredStory]:
    """Return the newest stories that came by a source of everyone's or of the guild's own."""
    sql = f"""SELECT {_COLUMNS} FROM stories s WHERE s.id IN (
        SELECT * FROM (SELECT id FROM stories INDEXED BY stories_public WHERE public ORDER BY id DESC LIMIT :limit)
        UNION SELECT * FROM (SELECT l.story_id FROM guild_sources g JOIN source_stories l ON l.source_id = g.source_id
            WHERE g.guild_id = :guild ORDER BY l.story_id DESC LIMIT :limit)) ORDER BY s.id DESC LIMIT :limit"""
    return [_stored(row) for row in await tx.execute_fetchall(sql, {"guild": guild_id, "limit": limit})]


async def fetched(tx: Transaction, guild_id: int, story_id: int, user_id: int, now: datetime) -> None:
    """Make a story visible to the guild whose member fetched it."""
    await tx.execute(
        "INSERT OR IGNORE INTO guild_stories (guild_id, story_id, fetched_by, fetched_at) VALUES (?, ?, ?, ?)",
        (guild_id, story_id, user_id, to_ms(now)),
    )


def story_digest(story: Story) -> str:
    """Return the hash of what makes a story's content; dates are left out, as feeds bump them."""
    return digest(story.title, story.url, story.author, story.site, story.summary, story.body, story.image_url)


def _values(story: Story) -> dict[str, Any]:  # SQLite's values
    names = ("title", "url", "native_id", "author", "site", "summary", "body", "image_url", "origin")
    values: dict[str, Any] = {name: text(getattr(story, name)) for name in names}
    times = {"published_at": to_ms(story.published_at), "updated_at": to_ms(story.updated_at)}
    tags = text(json.dumps(story.tags, ensure_ascii=False))
    return {**values, **times, "tags": tags, "shared_url": story.shared_url, "digest": story_digest(story)}


def _stored(row: sqlite3.Row) -> StoredStory:
    story = Story(
        title=row["title"],
        url=row["url"],
        native_id=row["native_id"],
        author=row["author"],
        site=row["site"],
        summary=row["summary"],
        body=row["body"],
        image_url=row["image_url"],
        published_at=from_ms(row["published_at"]),
        updated_at=from_ms(row["updated_at"]),
        tags=tuple(json.loads(row["tags"])),
        origin=row["origin"],
        shared_url=bool(row["shared_url"]),
    )
    first_seen = from_ms(row["first_seen"])
    assert first_seen is not None, "the column is NOT NULL"
    return StoredStory(row["id"], story, row["revision"], first_seen, row["comment_count"])
