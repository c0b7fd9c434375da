"""The full-text indexes in step with stories and comments: old words out before a change, new words in after it.

A comment is in the index exactly while it is not deleted. Statements for many rows do this, and no trigger: that is
some three times as fast. Rows go in by rising numbers, as SQLite would write its index anew with each step back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiosqlite import Connection as Transaction

from bot.model import StoredComment
from bot.store.values import text

_STORY = "rowid, title, author, summary, body) SELECT {} id, title, author, summary, body FROM story_texts WHERE id = ?"
_COMMENTS = """rowid, author, body) SELECT {} story_id << 32 | id, author, body FROM comments
    WHERE id IN (SELECT value FROM json_each(?)) AND NOT deleted ORDER BY story_id, id"""


async def add_story(tx: Transaction, story_id: int) -> None:
    """Put a story's words in, when it is new or was changed."""
    await tx.execute("INSERT INTO story_words (" + _STORY.format(""), (story_id,))


async def take_story(tx: Transaction, story_id: int) -> None:
    """Take a story's words out, before it is changed."""
    await tx.execute("INSERT INTO story_words (story_words, " + _STORY.format("'delete',"), (story_id,))


async def add_new_comments(tx: Transaction, found: Sequence[StoredComment]) -> None:
    """Put the words of comments in that were just stored."""
    rows = [
        (one.story_id << 32 | one.id, text(one.comment.author), text(one.comment.body))
        for one in found
        if not one.comment.deleted
    ]
    await tx.executemany("INSERT INTO comment_words (rowid, author, body) VALUES (?, ?, ?)", rows)


async def add_comments(tx: Transaction, ids: Sequence[int]) -> None:
    """Put comments' words in again, when they were changed."""
    if ids:
        await tx.execute("INSERT INTO comment_words (" + _COMMENTS.format(""), (json.dumps(list(ids)),))


async def take_comments(tx: Transaction, ids: Sequence[int]) -> None:
    """Take comments' words out, before they are changed or deleted."""
    if ids:
        sql = "INSERT INTO comment_words (comment_words, " + _COMMENTS.format("'delete',")
        await tx.execute(sql, (json.dumps(list(ids)),))
