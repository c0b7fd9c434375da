"""Comments in SQLite: a tree by keys, in the order of the page, with every earlier text kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiosqlite import Connection as Transaction

from bot.errors import NotFound
from bot.model import Comment, StoredComment
from bot.store import words
from bot.store.values import from_ms, text, to_ms

_COLUMNS = """id, story_id, key, parent_key, author, body, url, author_url, posted_at, edited_at, deleted, likes,
    revision, position, missing_reads, missing_since, thread_id, kept"""


async def of_story(tx: Transaction, story_id: int) -> list[StoredComment]:
    """Return a story's comments in the order of its page."""
    sql = f"SELECT {_COLUMNS} FROM comments WHERE story_id = ? ORDER BY position, id"
    return [_stored(row) for row in await tx.execute_fetchall(sql, (story_id,))]


async def get(tx: Transaction, comment_id: int) -> StoredComment:
    """Return a comment; raises ``NotFound``."""
    for row in await tx.execute_fetchall(f"SELECT {_COLUMNS} FROM comments WHERE id = ?", (comment_id,)):
        return _stored(row)
    raise NotFound("I know no such comment.")


async def some(tx: Transaction, ids: Iterable[int]) -> dict[int, StoredComment]:
    """Return those of the comments that there are, by their ids."""
    sql = f"SELECT {_COLUMNS} FROM comments WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0]: _stored(row) for row in await tx.execute_fetchall(sql, (json.dumps(list(ids)),))}


async def says(tx: Transaction, story_id: int, fresh: Sequence[Comment], thread_id: int | None) -> bool:
    """Tell whether a story's comments are just these, in this order and of this thread, and nothing else is to be done.

    So most reads end, before anything is made of the rows: what is asked here is what ``bot.plan.compare`` looks at.
    """
    sql = """SELECT key, parent_key, author, body, deleted, thread_id, missing_reads + kept, likes FROM comments
        WHERE story_id = ? ORDER BY position, id"""
    rows = await tx.execute_fetchall(sql, (story_id,))
    given = [(c.key, c.parent, c.author, c.body, c.deleted, thread_id, 0) for c in fresh]
    if [row[:7] for row in rows] != given:
        return False
    likes = [row[7] for row in rows]
    return all(comment.likes in (None, known) for comment, known in zip(fresh, likes, strict=True))


async def insert(
    tx: Transaction, story_id: int, added: Sequence[tuple[int, Comment]], thread_id: int | None = None
) -> list[StoredComment]:
    """Store new comments with their positions and the thread that gave them, and return them as they are stored."""
    if not added:
        return []
    ((last,),) = await tx.execute_fetchall("SELECT coalesce(max(id), 0) FROM comments")
    stored = [
        StoredComment(id_, story_id, comment, 1, position, thread_id=thread_id)
        for id_, (position, comment) in enumerate(added, last + 1)
    ]
    await tx.executemany(
        """INSERT INTO comments (author, body, url, author_url, posted_at, edited_at, deleted, likes, id, story_id, key,
            parent_key, position, thread_id, revision, digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, '')""",  # what a comment says is compared itself
        [(*_content(one.comment), one.id, story_id, *_place(one), thread_id) for one in stored],
    )
    await words.add_new_comments(tx, stored)
    return stored


async def update(
    tx: Transaction, changed: Sequence[tuple[StoredComment, Comment]], now: datetime
) -> list[StoredComment]:
    """Replace comments' content, keep the old one as a revision, and return them as they are now."""
    ids = [stored.id for stored, _ in changed]
    await _keep_revision(tx, ids, now)
    await words.take_comments(tx, ids)
    await tx.executemany(
        """UPDATE comments SET author = ?, body = ?, url = ?, author_url = ?, posted_at = ?, edited_at = ?, deleted = ?,
            likes = coalesce(?, likes), revision = revision + 1, missing_reads = 0, missing_since = NULL, kept = 0
        WHERE id = ?""",
        [(*_content(comment), stored.id) for stored, comment in changed],
    )
    await words.add_comments(tx, ids)
    return [replace(stored, comment=comment, revision=stored.revision + 1) for stored, comment in changed]


async def delete(tx: Transaction, gone: Sequence[StoredComment], now: datetime) -> None:
    """Mark comments as deleted at their source: a revision like any other; the text stays in the archive's past."""
    ids = [stored.id for stored in gone]
    await _keep_revision(tx, ids, now)
    await words.take_comments(tx, ids)
    sql = "UPDATE comments SET deleted = 1, body = '', revision = revision + 1 WHERE id = ?"
    await tx.executemany(sql, [(id_,) for id_ in ids])


async def claim(tx: Transaction, thread_id: int, found: Iterable[StoredComment]) -> None:
    """Say that a thread gave these comments, so that its reads may take them away."""
    sql = "UPDATE comments SET thread_id = ? WHERE id = ?"
    await tx.executemany(sql, [(thread_id, comment.id) for comment in found])


async def missing(tx: Transaction, found: Iterable[StoredComment], now: datetime) -> None:
    """Count one more complete read that lacked these comments."""
    sql = """UPDATE comments SET missing_reads = missing_reads + 1, missing_since = coalesce(missing_since, :now)
        WHERE id = :id"""
    await tx.executemany(sql, [{"id": comment.id, "now": to_ms(now)} for comment in found])


async def present(tx: Transaction, found: Iterable[StoredComment]) -> None:
    """Forget that these comments were missing."""
    sql = "UPDATE comments SET missing_reads = 0, missing_since = NULL, kept = 0 WHERE id = ?"
    await tx.executemany(sql, [(comment.id,) for comment in found])


async def like(tx: Transaction, known: Iterable[StoredComment], fresh: Iterable[Comment]) -> None:
    """Remember how often comments are liked now, where a read tells and it changed; that is no revision."""
    told = {comment.key: comment.likes for comment in fresh if comment.key and comment.likes is not None}
    changed = [
        (told[stored.comment.key], stored.id)
        for stored in known
        if stored.comment.likes != told.get(stored.comment.key, stored.comment.likes)
    ]
    if changed:
        await tx.executemany("UPDATE comments SET likes = ? WHERE id = ?", changed)


async def move(tx: Transaction, positions: Iterable[tuple[StoredComment, int]]) -> None:
    """Give known comments their new places."""
    sql = "UPDATE comments SET position = ? WHERE id = ?"
    await tx.executemany(sql, [(position, comment.id) for comment, position in positions])


async def _keep_revision(tx: Transaction, ids: Iterable[int], now: datetime) -> None:
    sql = """INSERT INTO comment_revisions (comment_id, revision, author, body, replaced_at)
        SELECT id, revision, author, body, :now FROM comments WHERE id = :id"""
    await tx.executemany(sql, [{"id": id_, "now": to_ms(now)} for id_ in ids])


def _content(comment: Comment) -> tuple[Any, ...]:  # SQLite's values
    return (
        text(comment.author),
        text(comment.body),
        text(comment.url),
        text(comment.author_url),
        to_ms(comment.posted_at),
        to_ms(comment.edited_at),
        comment.deleted,
        comment.likes,
    )


def _place(stored: StoredComment) -> tuple[Any, ...]:  # SQLite's values
    return text(stored.comment.key), text(stored.comment.parent), stored.position


def _stored(row: sqlite3.Row) -> StoredComment:
    # By place, as looking up each name would take longer than all the rest.
    (id_, story_id, key, parent, author, body, url, author_url, posted, edited, deleted, likes, revision, position,
        missing_reads, missing_since, thread_id, kept) = row  # fmt: skip
    comment = Comment(
        key, author, body, parent, url, author_url, from_ms(posted), bool(deleted), from_ms(edited), likes
    )
    since = from_ms(missing_since)
    return StoredComment(id_, story_id, comment, revision, position, missing_reads, since, thread_id, bool(kept))
