"""The example site as machines read it: the JSON that a Discourse forum gives, as far as a reader of news needs it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import datetime

from sandbox.example_site import NAME, ExampleSite, Post, Story
from sandbox.model import Json

NEWEST = 50
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,:;!?)]")


def cooked(text: str) -> str:
    """Return a text as HTML: paragraphs, line breaks and links; whatever else somebody wrote stays text."""
    parts = (html.escape(part) for part in re.split(r"\n{2,}", text))
    return "".join(f"<p>{_linked(part)}</p>".replace("\n", "<br>") for part in parts)


def _linked(escaped: str) -> str:
    return _ADDRESS.sub(lambda match: f'<a href="{match[0]}" rel="nofollow">{match[0]}</a>', escaped)


def basic_info() -> Json:
    """Return what the site calls itself (``/site/basic-info.json``)."""
    return {"title": NAME, "description": "The example site of the sandbox"}


def latest(site: ExampleSite) -> Json:
    """Return the list of stories, that with the newest post first (``/latest.json``)."""
    stories = sorted(site.stories.values(), key=lambda story: story.bumped_at, reverse=True)
    return {"topic_list": {"topics": [_head(story) for story in stories]}}


def newest_posts(site: ExampleSite) -> Json:
    """Return the newest posts of all stories (``/posts.json``)."""
    posts = sorted(site.posts(), key=lambda pair: pair[1].id, reverse=True)[:NEWEST]
    return {"latest_posts": [_post(story, post) for story, post in posts]}


def topic(story: Story, only: Iterable[int] | None = None) -> Json:
    """Return a story with its posts (``/t/{id}.json``), or only some of the posts (``/t/{id}/posts.json``)."""
    wanted = None if only is None else set(only)
    posts = [_post(story, post) for post in story.posts if wanted is None or post.id in wanted]
    stream: Json = {"posts": posts}
    if wanted is None:
        stream["stream"] = [post.id for post in story.posts]
    return _head(story) | {"post_stream": stream}


def _head(story: Story) -> Json:
    return {
        "id": story.id, "title": story.title, "slug": slug(story), "posts_count": len(story.posts),
        "created_at": moment(story.posts[0].created_at), "bumped_at": moment(story.bumped_at),
        "last_posted_at": moment(story.bumped_at), "visible": True, "closed": False, "archived": False,
        "pinned": False, "tags": [],
    }  # fmt: skip


def _post(story: Story, post: Post) -> Json:
    return {
        "id": post.id, "topic_id": story.id, "topic_slug": slug(story), "post_number": post.number, "post_type": 1,
        "username": post.author, "name": post.author, "cooked": cooked(post.shown), "version": post.version,
        "created_at": moment(post.created_at), "updated_at": moment(post.updated_at),
        "reply_to_post_number": post.answers, "user_deleted": post.deleted, "hidden": False,
    }  # fmt: skip


def slug(story: Story) -> str:
    """Return a story's name in addresses; it stays when the headline changes, as its first version made it."""
    return f"story-{story.id}"


def moment(time: datetime) -> str:
    """Return a time as Discourse writes it, in milliseconds."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
