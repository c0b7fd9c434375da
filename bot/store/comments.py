"""Comments in SQLite: a tree by keys, in the order of the page, with every earlier text kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from aiosqlite import Connection as Transaction

from bot.errors import NotFound
from bot.model import Comment, StoredComment
from bot.store import words
from bot.store.values import digest, from_ms, text, to_ms


async def of_story(tx: Transaction, story_id: int) -> list[StoredComment]:
    """Return a story's comments in the order of its page."""
    sql = "SELECT * FROM comments WHERE story_id = ? ORDER BY position, id"
    return [_stored(row) for row in await tx.execute_fetchall(sql, (story_id,))]


async def get(tx: Transaction, comment_id: int) -> StoredComment:
    """Return a comment; raises ``NotFound``."""
    for row in await tx.execute_fetchall("SELECT * FROM comments WHERE id = ?", (comment_id,)):
        return _stored(row)
    raise NotFound("I know no such comment.")


async def some(tx: Transaction, ids: Iterable[int]) -> dict[int, StoredComment]:
    """Return those of the comments that there are, by their ids."""
    sql = "SELECT * FROM comments WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: _stored(row) for row in await tx.execute_fetchall(sql, (json.dumps(list(ids)),))}


async def insert(
    tx: Transaction, story_id: int, added: Sequence[tuple[int, Comment]], thread_id: int | None = None
) -> None:
    """Store new comments with their positions, and the thread that gave them."""
    ((last,),) = await tx.execute_fetchall("SELECT coalesce(max(id), 0) FROM comments")
    await tx.executemany(
        """INSERT INTO comments (id, story_id, key, parent_key, author, body, url, author_url, posted_at, edited_at,
            deleted, digest, revision, position, thread_id, likes)
        VALUES (:id, :story_id, :key, :parent_key, :author, :body, :url, :author_url, :posted_at, :edited_at,
            :deleted, :digest, 1, :position, :thread, :likes)""",
        [
            {**_values(comment), "id": id_, "story_id": story_id, "position": position, "thread": thread_id}
            for id_, (position, comment) in enumerate(added, last + 1)
        ],
    )
    await words.add_comments(tx, range(last + 1, last + 1 + len(added)))


async def update(tx: Transaction, changed: Sequence[tuple[StoredComment, Comment]], now: datetime) -> None:
    """Replace comments' content and keep the old one as a revision."""
    ids = [stored.id for stored, _ in changed]
    await _keep_revision(tx, ids, now)
    await words.take_comments(tx, ids)
    await tx.executemany(
        """UPDATE comments SET author = :author, body = :body, url = :url, author_url = :author_url,
            posted_at = :posted_at, edited_at = :edited_at, deleted = :deleted, digest = :digest,
            likes = coalesce(:likes, likes), revision = revision + 1, missing_reads = 0, missing_since = NULL,
            kept = 0 WHERE id = :id""",
        [{**_values(comment), "id": stored.id} for stored, comment in changed],
    )
    await words.add_comments(tx, ids)


async def delete(tx: Transaction, gone: Sequence[StoredComment], now: datetime) -> None:
    """Mark comments as deleted at their source: a revision like any other; the text stays in the archive's past."""
    ids = [stored.id for stored in gone]
    await _keep_revision(tx, ids, now)
    await words.take_comments(tx, ids)
    sql = "UPDATE comments SET deleted = 1, body = '', digest = '', revision = revision + 1 WHERE id = ?"
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


def comment_digest(comment: Comment) -> str:
    """Return the hash of what makes a comment's content; its place in the tree is not part of it."""
    return digest(comment.author, comment.body, comment.deleted)


async def _keep_revision(tx: Transaction, ids: Iterable[int], now: datetime) -> None:
    sql = """INSERT INTO comment_revisions (comment_id, revision, author, body, replaced_at)
        SELECT id, revision, author, body, :now FROM comments WHERE id = :id"""
    await tx.executemany(sql, [{"id": id_, "now": to_ms(now)} for id_ in ids])


def _values(comment: Comment) -> dict[str, Any]:  # SQLite's values
    return {
        "key": text(comment.key),
        "parent_key": text(comment.parent),
        "author": text(comment.author),
        "body": text(comment.body),
        "url": text(comment.url),
        "author_url": text(comment.author_url),
        "posted_at": to_ms(comment.posted_at),
        "edited_at": to_ms(comment.edited_at),
        "deleted": comment.deleted,
        "digest": comment_digest(comment),
        "likes": comment.likes,
    }


def _stored(row: sqlite3.Row) -> StoredComment:
    comment = Comment(
        key=row["key"],
        author=row["author"],
        body=row["body"],
        parent=row["parent_key"],
        url=row["url"],
        author_url=row["author_url"],
        posted_at=from_ms(row["posted_at"]),
        edited_at=from_ms(row["edited_at"]),
        deleted=bool(row["deleted"]),
        likes=row["likes"],
    )
    return StoredComment(
        id=row["id"],
        story_id=row["story_id"],
        comment=comment,
        revision=row["revision"],
        position=row["position"],
        missing_reads=row["missing_reads"],
        missing_since=from_ms(row["missing_since"]),
        thread_id=row["thread_id"],
        kept=bool(row["kept"]),
    )
