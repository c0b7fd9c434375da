"""What Discourse's JSON says of topics and posts, as stories and comments. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.markdown import ARTICLE_LIMIT, excerpt, from_html
from bot.markdown_tags import absolute
from bot.model import Comment, Story, StoryPage
from bot.sources.base import key
from bot.sources.discourse_address import Place
from bot.sources.json_document import Json, as_int, as_likes, as_list, as_map, as_text
from bot.sources.json_web import line, when
from bot.sources.page_text import SUMMARY_LIMIT, title_from_name

_SHOWN = (1, 2)  # regular posts and a moderator's; 3 is "closed this topic" and the like, 4 a whisper
_LIKE = 2  # PostActionType.types[:like]
_MAX_ACTIONS = 50
_MAX_TAGS = 20
_MAX_POSTS = 2000


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a topic changed: its number of posts, and when it was last written in, in milliseconds."""

    posts: int = 0
    changed: int = 0

    def __str__(self) -> str:
        return f"{self.posts}-{self.changed}"

    @property
    def signal(self) -> str:
        """What a thread's signal is: "0" where nobody wrote anything below the first post."""
        return "0" if self.posts == 1 else str(self)

    @classmethod
    def of(cls, text: str) -> Stamp:
        """Read what ``str`` wrote."""
        posts, _, changed = text.partition("-")
        return cls(as_int(posts) or 0, as_int(changed) or 0)


def posts_of(value: object) -> list[Json]:
    """Return the posts of an array that have an id, each once."""
    found: dict[int, Json] = {}
    for entry in as_list(value)[:_MAX_POSTS]:
        post = as_map(entry)
        number = as_int(post.get("id", post.get("post_id")))
        if number is not None:
            found.setdefault(number, post)
    return list(found.values())


def post_id(post: Json) -> int:
    """Return the id of a post that ``posts_of`` gave; a list of someone's replies calls it otherwise."""
    return as_int(post.get("id", post.get("post_id"))) or 0


def stream_of(topic: Json) -> list[int]:
    """Return the ids of all posts of a topic, as its stream names them."""
    stream = as_list(as_map(topic.get("post_stream")).get("stream"))
    return list(dict.fromkeys(number for entry in stream if (number := as_int(entry)) is not None))


def stamp_of(topic: Json) -> Stamp:
    """Return the stamp of an entry of a list of topics."""
    moment = max(filter(None, (when(topic.get("bumped_at")), when(topic.get("last_posted_at")))), default=None)
    return Stamp(max(as_int(topic.get("posts_count")) or 0, 0), _ms(moment))


def changed_at(post: Json) -> int:
    """Return when a post was last written, in milliseconds: an unedited one's updated_at moves without reason."""
    return _ms(when(post.get("updated_at" if _is_edited(post) else "created_at")))


def page_of(topic: Json, posts: Iterable[Json], place: Place | None, site: str | None) -> StoryPage:
    """Return a topic and those of its posts that are given; complete where its stream names no others."""
    posts = list(posts)
    number = as_int(topic.get("id"))
    url = _topic_url(topic, number, place)
    story = _story(topic, posts, url, place, site)
    stream = set(stream_of(topic))
    whole = bool(stream) and stream <= {post_id(post) for post in posts} and (
        len(stream) >= (as_int(topic.get("posts_count")) or 0)
    )  # fmt: skip
    return StoryPage(story, comments_of(posts, url), complete=whole)


def comments_of(posts: Iterable[Json], topic_url: str | None) -> tuple[Comment, ...]:
    """Return the comments among a topic's posts in their order; what replies to an unknown post is at the top."""
    shown = sorted((post for post in posts if _is_comment(post)), key=lambda post: (_number(post), post_id(post)))
    keys = {_number(post): key("dc", str(post_id(post))) for post in shown if _number(post)}
    return tuple(_comment(post, keys, topic_url) for post in shown)


def _is_comment(post: Json) -> bool:
    return _number(post) != 1 and (as_int(post.get("post_type")) or 1) in _SHOWN


def _comment(post: Json, keys: Mapping[int, str], topic_url: str | None) -> Comment:
    own = key("dc", str(post_id(post)))
    parent = keys.get(as_int(post.get("reply_to_post_number")) or 0)
    name = line(post.get("username") or post.get("name"), 100)
    # A hidden post waits for a moderator: its text is not for us, whatever the interface shows.
    gone = any(bool(post.get(mark)) for mark in ("deleted_at", "deleted", "user_deleted", "hidden"))
    return Comment(
        key=own,
        author=name,
        body="" if gone else from_html(as_text(post.get("cooked") or post.get("excerpt")), topic_url),
        parent=parent if parent != own else None,
        url=f"{topic_url}/{_number(post)}" if topic_url and _number(post) else None,
        author_url=_author_url(name, topic_url),
        posted_at=when(post.get("created_at")),
        deleted=gone,
        edited_at=when(post.get("updated_at")) if _is_edited(post) else None,
        likes=_likes(post),
    )


def _likes(post: Json) -> int | None:
    """Return the likes among a post's actions: one that nobody did is left out, so that a list without them says 0."""
    actions = post.get("actions_summary")
    if not isinstance(actions, list):
        return None
    found = (action.get("count") for action in map(as_map, actions[:_MAX_ACTIONS]) if action.get("id") == _LIKE)
    return as_likes(next(found, 0)) or 0


def _author_url(name: str, topic_url: str | None) -> str | None:
    root = topic_url.partition("/t/")[0] if topic_url else None
    return f"{root}/u/{quote(name, safe='')}" if root and name else None


def _story(topic: Json, posts: Iterable[Json], url: str | None, place: Place | None, site: str | None) -> Story:
    first = next((post for post in posts if _number(post) == 1), {})
    hidden = bool(first.get("hidden"))
    html = as_text(first.get("cooked")) if first and not hidden else ""
    body = from_html(html, url, limit=ARTICLE_LIMIT)
    summary = body or from_html(as_text(topic.get("excerpt")), url)
    title = line(topic.get("title")) or title_from_name(as_text(topic.get("slug"))[:200])
    number = as_int(topic.get("id"))
    return Story(
        title=title or (f"Topic {number}" if number is not None else "A topic"),
        url=url,
        native_id=str(number) if number is not None else None,
        origin=place.host if place else None,
        author=line(first.get("username") or first.get("name"), 100) or None,
        site=site or (place.host if place else None),
        summary=excerpt(summary, SUMMARY_LIMIT),
        body=body,
        image_url=absolute(as_text(topic.get("image_url")), url),
        published_at=when(topic.get("created_at")) or when(first.get("created_at")),
        updated_at=when(first.get("updated_at")) if _is_edited(first) else None,
        tags=_tags(topic.get("tags")),
    )


def _tags(value: object) -> tuple[str, ...]:
    """Return the names of tags, which newer forums give as objects."""
    names = (line(as_map(tag).get("name") if isinstance(tag, dict) else tag, 80) for tag in as_list(value)[:_MAX_TAGS])
    return tuple(dict.fromkeys(name for name in names if name))


def _topic_url(topic: Json, number: int | None, place: Place | None) -> str | None:
    return place.topic_url(number, as_text(topic.get("slug"))[:300]) if place and number is not None else None


def _number(post: Json) -> int:
    return as_int(post.get("post_number")) or 0


def _is_edited(post: Json) -> bool:
    return (as_int(post.get("version")) or 1) > 1


def _ms(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1000) if moment else 0
