"""What Lemmy's post and comment views say, as stories and comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from bot.markdown import excerpt
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Document, Fetched, Item, NotThisKind, Thread, key
from bot.sources.json_document import Json, as_int, as_likes, as_list, as_map, as_text, load
from bot.sources.json_web import line, when
from bot.sources.lemmy_markdown import from_markdown
from bot.sources.page_text import SUMMARY_LIMIT, title_from_name
from bot.urls import safe_link

_MAX_VIEWS = 2000
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)


def post_id(view: Json) -> int | None:
    """Return the id that the instance gave to the post of a view."""
    return as_int(as_map(view.get("post")).get("id"))


def comment_id(view: Json) -> int | None:
    """Return the id that the instance gave to the comment of a view."""
    return as_int(as_map(view.get("comment")).get("id"))


def is_gone(view: Json) -> bool:
    """Tell whether the post of a view was deleted by its author or removed by a moderator."""
    post = as_map(view.get("post"))
    return bool(post.get("deleted") or post.get("removed"))


def items_of(document: Document) -> Fetched:
    """Return what a document of the API holds; raises ``NotThisKind``."""
    data = as_map(load(document))
    instance = _origin(document.url)
    posts = [as_map(entry) for entry in as_list(data.get("posts"))[:_MAX_VIEWS]] or [as_map(data.get("post_view"))]
    posts = [view for view in posts if as_map(view.get("post")).get("ap_id")]
    if posts:
        return Fetched(tuple(item_of(view, instance) for view in posts if not is_gone(view)))
    views = [as_map(entry) for entry in as_list(data.get("comments"))[:_MAX_VIEWS]] or [
        as_map(data.get("comment_view"))
    ]
    views = [view for view in views if comment_id(view) is not None and "path" in as_map(view.get("comment"))]
    if not views:
        raise NotThisKind("This is not a list of posts or comments of a Lemmy instance.")
    return Fetched(tuple(_grouped(views, instance, document.name)))


def item_of(view: Json, instance: str | None) -> Item:
    """Return a post as a story whose comments are still to be read at the instance that showed it."""
    number = post_id(view)
    counts = as_map(view.get("counts"))
    total = as_text(counts.get("comments"))
    signal = total if total == "0" else f"{total}-{line(counts.get('newest_comment_time'), 40)}"
    address = f"{instance}/post/{number}" if instance and number is not None else None
    threads = (Thread("lemmy", address, signal),) if address else ()
    return Item(StoryPage(_story(view, instance, ""), complete=False), threads)


def comment_of(view: Json, instance: str | None) -> Comment:
    """Return a comment. Keys are the instance's own ids: its paths name the parents by them, seen or not."""
    comment, creator = as_map(view.get("comment")), as_map(view.get("creator"))
    number = comment_id(view)
    gone = bool(comment.get("deleted") or comment.get("removed"))
    url = safe_link(as_text(comment.get("ap_id")))
    return Comment(
        key=key("lm", str(number)),
        author=line(creator.get("display_name"), 100) or line(creator.get("name"), 100),
        body="" if gone else from_markdown(as_text(comment.get("content")), url),
        parent=_parent(comment, number),
        url=url or (f"{instance}/comment/{number}" if instance else None),
        author_url=safe_link(as_text(creator.get("actor_id"))),
        posted_at=when(as_text(comment.get("published"))),
        deleted=gone,
        edited_at=when(as_text(comment.get("updated"))),
        likes=as_likes(as_map(view.get("counts")).get("score")),
    )


def _parent(comment: Json, number: int | None) -> str | None:
    """Return the last but one of a path like 0.11.12, where 0 is the post itself."""
    path = as_text(comment.get("path"))[-100:].split(".")
    parent = as_int(path[-2]) if len(path) > 1 else None
    return key("lm", str(parent)) if parent and parent != number else None


def _grouped(views: Iterable[Json], instance: str | None, name: str | None) -> Iterable[Item]:
    groups: dict[str, list[Json]] = {}
    for view in views:
        post = as_map(view.get("post"))
        names = (post.get("ap_id"), post.get("id"), as_map(view.get("comment")).get("post_id"))
        groups.setdefault(next(filter(None, map(as_text, names)), ""), []).append(view)
    for group in groups.values():
        comments = tuple(comment_of(view, instance) for view in group)
        yield Item(StoryPage(_story(group[0], instance, title_from_name(name or "")), comments, complete=False))


def _story(view: Json, instance: str | None, fallback: str) -> Story:
    post, community = as_map(view.get("post")), as_map(view.get("community"))
    number = as_text(post.get("id")) or as_text(as_map(view.get("comment")).get("post_id"))
    page, link = safe_link(as_text(post.get("ap_id"))), safe_link(as_text(post.get("url")))
    picture = link if link and _PICTURE.search(urlsplit(link).path) else None
    page = page or (f"{instance}/post/{number}" if instance and number else None)
    body = from_markdown(as_text(post.get("body")), page)
    creator = {} if "comment" in view else as_map(view.get("creator"))  # a comment's creator did not write the post
    return Story(
        title=line(post.get("name")) or fallback or (f"Post {number}" if number else "A post on Lemmy"),
        url=page if picture or not link else link,
        native_id=number or None,
        origin=urlsplit(instance).netloc if instance else None,
        author=line(creator.get("display_name"), 100) or line(creator.get("name"), 100) or None,
        site=line(community.get("title"), 100) or line(community.get("name"), 100) or "Lemmy",
        summary=excerpt(body, SUMMARY_LIMIT),
        body=body,
        image_url=picture or safe_link(as_text(post.get("thumbnail_url"))),
        published_at=when(as_text(post.get("published"))),
        updated_at=when(as_text(post.get("updated"))),
        tags=("NSFW",) if post.get("nsfw") else (),
    )


def _origin(url: str | None) -> str | None:
    parts = urlsplit(safe_link(url) or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
