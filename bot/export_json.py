"""A discussion as JSON whose keys stay; docs/export.md says what they mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.discussion import message_link
from bot.discussion_tree import Conversation, Node, Said, arrange
from bot.markdown import plain
from bot.model import MemberReply, StoredStory
from bot.render import comment_link
from bot.urls import safe_link

FORMAT, VERSION = "rendezvous-discussion", 1


def json_text(found: Conversation, now: datetime) -> str:
    """Return a discussion, the oldest first, every comment after the one that it answers."""
    links = dict(found.links)
    value = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _time(now),
        "story": _story(found.story, links.get(None)),
        "comments": [_node(found, links, node) for node in arrange(found)],
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _story(stored: StoredStory, message: str | None) -> dict[str, Any]:  # JSON
    story = stored.story
    return {
        "number": stored.id,
        "title": story.title,
        "url": safe_link(story.url),
        "author": story.author,
        "site": story.site,
        "published_at": _time(story.published_at),
        "updated_at": _time(story.updated_at),
        "summary": plain(story.summary),
        "tags": list(story.tags),
        "message": message,
    }


def _node(found: Conversation, links: dict[int | None, str], node: Node) -> dict[str, Any]:  # JSON
    said, gone = node.said, node.deleted
    place = {"id": _id(said), "parent_id": _id(node.parent) if node.parent else None, "depth": node.depth}
    if isinstance(said, MemberReply):
        return {
            **place,
            "on_server": True,
            "deleted": gone,
            "author": None if gone else said.author,
            "author_url": None,
            "url": None,
            "message": None if gone else message_link(said),
            "posted_at": _time(said.posted_at),
            "edited_at": _time(said.edited_at),
            "likes": None,
            "text": None if gone else plain(said.body),
            "markdown": None if gone else said.body,
        }
    comment = said.comment
    return {
        **place,
        "on_server": False,
        "deleted": gone,
        "author": None if gone else comment.author,
        "author_url": None if gone else safe_link(comment.author_url),
        "url": comment_link(found.story.story, comment),
        "message": links.get(said.id),
        "posted_at": _time(comment.posted_at),
        "edited_at": _time(comment.edited_at),
        "likes": comment.likes,
        "text": None if gone else plain(comment.body),
        "markdown": None if gone else comment.body,
    }


def _id(said: Said) -> str:
    """Return a name that is unique in the file; no source's key begins with "here:"."""
    return f"here:{said.message_id}" if isinstance(said, MemberReply) else said.comment.key


def _time(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if time else None
