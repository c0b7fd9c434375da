"""WordPress's JSON as stories and comments: wp/v2, and the plain fields of WordPress.com's v1.1. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bot.markdown import ARTICLE_LIMIT, clean_line, excerpt, from_html
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Item, NotThisKind, Thread, key
from bot.sources.json_document import Json, as_int, as_list, as_map, as_text
from bot.sources.page_dates import iso_date
from bot.sources.page_text import SUMMARY_LIMIT, TITLE_LIMIT, title_from_name
from bot.sources.wordpress_address import base_of, thread_address
from bot.urls import safe_link

_NAME_LIMIT = 200
_MOST_TAGS = 20
_TAG = re.compile(r"<[^<>]*>")
_COMMENT_PAGE = re.compile(r"comment-page-\d+/?$")
_CUT = re.compile(r"(?:\\?\[?(?:…|\.\.\.)\\?\]?|\b(?:continue reading|read more)\b[^\n]{0,100})\s*$", re.IGNORECASE)
_NO_TOPIC = frozenset(("uncategorized", ""))
_YEARS = range(1980, 2101)


@dataclass(frozen=True, slots=True)
class Found:
    """A comment with what it says of the post that it belongs to; ``post`` is "" where only its page is known."""

    post: str
    comment: Comment
    title: str = ""
    link: str | None = None
    base: str | None = None


def items_of(data: object) -> tuple[Item, ...]:
    """Return the stories of posts, or of comments alone one story for each post; raises ``NotThisKind``."""
    entries = [as_map(entry) for entry in (_entries(data) or [])]
    posts = [item for entry in entries if (item := post_item(entry)) is not None]
    if posts:
        return tuple(_first_of_each(posts))
    comments = list(comments_of(entries))
    if not comments:
        raise NotThisKind("This JSON holds neither posts nor comments of WordPress.")
    return tuple(_grouped(comments))


def post_item(
    post: Json, *, base: str | None = None, site: str | None = None, signal: str | None = None
) -> Item | None:
    """Return one post as a story with its thread; None for anything else and for what is not published.

    ``base`` is the REST root that gave it, where known; ``signal`` what changes when its comments do.
    """
    if not _is_post(post) or as_text(post.get("status")) not in ("", "publish"):
        return None
    is_old = "URL" in post
    number = id_of(post.get("ID" if is_old else "id"))
    link = safe_link(as_text(post.get("URL" if is_old else "link")))
    base = base or _base(post)
    story = _old_story(post, number, link) if is_old else _story(post, number, link, site)
    if is_old:
        count = as_int(as_map(post.get("discussion")).get("comment_count"))
        signal = None if count is None else str(count)
    where = thread_address(None if is_old else base, number, link)
    # Where nobody can answer the story may be discussed by other means, which its page tells.
    is_mute = as_text(post.get("comment_status")) == "closed" and signal is None
    threads = (Thread("wordpress", where, signal),) if where and not is_mute else ()
    return Item(StoryPage(story, complete=False), threads)


def comments_of(entries: Iterable[object]) -> Iterator[Found]:
    """Yield the approved comments in their order, each id once; pingbacks and what is no comment are left out."""
    seen = set()
    for entry in map(as_map, entries):
        found = _comment(entry)
        if found is not None and found.comment.key not in seen:
            seen.add(found.comment.key)
            yield found


def id_of(value: object) -> str:
    """Return a numeric id as text, "" where it is none; 0 means none to WordPress."""
    number = as_int(value)
    return str(number) if number is not None and number > 0 else ""


def line_of(markup: object, limit: int = TITLE_LIMIT) -> str:
    """Return the text of a title or name, in which WordPress keeps entities and now and then a tag."""
    return clean_line(html.unescape(_TAG.sub("", as_text(markup)[: limit * 8])))[:limit].strip()


def when(*values: object) -> datetime | None:
    """Return the first plain date, in UTC; None where there is none or its year is absurd."""
    dates = (iso_date(as_text(value)) for value in values)
    return next((date for date in dates if date is not None and date.year in _YEARS), None)


def _entries(data: object) -> list[object] | None:
    """Return the posts or comments of a list, of v1.1's envelopes, or of a single one."""
    if isinstance(data, list):
        return data
    whole = as_map(data)
    for name in ("posts", "comments"):
        if isinstance(whole.get(name), list):
            return list(as_list(whole[name]))
    return [whole] if _is_post(whole) or _is_comment(whole) else None


def _is_post(entry: Json) -> bool:
    if id_of(entry.get("ID")):  # v1.1
        return isinstance(entry.get("title"), str) and isinstance(entry.get("URL"), str) and "post" not in entry
    has_title = isinstance(as_map(entry.get("title")).get("rendered"), str)
    return bool(id_of(entry.get("id"))) and has_title and isinstance(entry.get("link"), str)


def _is_comment(entry: Json) -> bool:
    if id_of(entry.get("ID")):  # v1.1
        return bool(id_of(as_map(entry.get("post")).get("ID"))) and isinstance(entry.get("content"), str)
    has_text = isinstance(as_map(entry.get("content")).get("rendered"), str)
    return bool(id_of(entry.get("id"))) and as_int(entry.get("post")) is not None and has_text


def _story(post: Json, number: str, link: str | None, site: str | None) -> Story:
    body = from_html(_rendered(post.get("content")), link, limit=ARTICLE_LIMIT)
    embedded = as_map(post.get("_embedded"))
    author = as_map(next(iter(as_list(embedded.get("author"))), None))
    return Story(
        title=line_of(_rendered(post.get("title"))) or _slug_title(link, number),
        url=link,
        native_id=number,
        author=line_of(author.get("name"), _NAME_LIMIT) or None,
        site=site,
        summary=_summary(from_html(_rendered(post.get("excerpt")), link), body),
        body=body,
        image_url=_image(post, embedded),
        published_at=when(post.get("date_gmt"), post.get("date")),
        updated_at=when(post.get("modified_gmt"), post.get("modified")),
        tags=_tags(term for terms in as_list(embedded.get("wp:term")) for term in as_list(terms)),
        origin=host_of(link),
    )


def _old_story(post: Json, number: str, link: str | None) -> Story:
    """Return a post of v1.1, whose dates have zones and whose texts are plain strings."""
    body = from_html(as_text(post.get("content")), link, limit=ARTICLE_LIMIT)
    terms = (as_map(post.get(name)) for name in ("categories", "tags"))
    return Story(
        title=line_of(post.get("title")) or _slug_title(link, number),
        url=link,
        native_id=number,
        author=line_of(as_map(post.get("author")).get("name"), _NAME_LIMIT) or None,
        site=line_of(post.get("site_name"), 100) or None,
        summary=_summary(from_html(as_text(post.get("excerpt")), link), body),
        body=body,
        image_url=safe_link(as_text(post.get("featured_image"))),
        published_at=when(post.get("date")),
        updated_at=when(post.get("modified")),
        tags=_tags({"name": name} for group in terms for name in group),
        origin=host_of(link),
    )


def _comment(entry: Json) -> Found | None:
    if not _is_comment(entry) or as_text(entry.get("status")) not in ("", "approved"):
        return None
    if as_text(entry.get("type")) not in ("", "comment"):
        return None
    return _old_comment(entry) if "ID" in entry else _new_comment(entry)


def _new_comment(entry: Json) -> Found:
    url = safe_link(as_text(entry.get("link")))
    parent = id_of(entry.get("parent"))
    comment = Comment(
        key=key("wp", id_of(entry.get("id"))),
        author=line_of(entry.get("author_name"), _NAME_LIMIT),
        body=from_html(_rendered(entry.get("content")), url),
        parent=key("wp", parent) if parent else None,
        url=url,
        author_url=safe_link(as_text(entry.get("author_url"))),
        posted_at=when(entry.get("date_gmt"), entry.get("date")),
    )
    return Found(id_of(entry.get("post")), comment, link=_post_link(url), base=_base(entry))


def _old_comment(entry: Json) -> Found:
    """Return a comment of v1.1: its parent is false, or an object with an ID."""
    post, author, url = as_map(entry.get("post")), as_map(entry.get("author")), safe_link(as_text(entry.get("URL")))
    above = entry.get("parent")
    parent = id_of(as_map(above).get("ID") if isinstance(above, dict) else above)
    link = safe_link(as_text(post.get("link")))
    comment = Comment(
        key=key("wp", id_of(entry.get("ID"))),
        author=line_of(author.get("name"), _NAME_LIMIT),
        body=from_html(as_text(entry.get("content")), url),
        parent=key("wp", parent) if parent else None,
        url=url,
        author_url=safe_link(as_text(author.get("URL"))),
        posted_at=when(entry.get("date")),
    )
    # The post's own link is one of the API; its page is known from the comment's address alone.
    return Found(id_of(post.get("ID")), comment, line_of(post.get("title")), _post_link(url) or link)


def _grouped(comments: Iterable[Found]) -> Iterator[Item]:
    groups: dict[str, list[Found]] = {}
    for found in comments:
        groups.setdefault(found.post or found.link or "", []).append(found)
    for members in groups.values():
        first = members[0]
        post = first.post or None
        title = first.title or _slug_title(first.link, first.post or "of unknown number")
        story = Story(title=title, url=first.link, native_id=post, origin=host_of(first.link))
        page = StoryPage(story, tuple(found.comment for found in members), complete=False)
        where = thread_address(first.base, post, first.link)
        yield Item(page, (Thread("wordpress", where),) if where else ())


def _first_of_each(items: Iterable[Item]) -> Iterator[Item]:
    seen = set()
    for item in items:
        story = item.page.story
        if (story.origin, story.native_id) not in seen:
            seen.add((story.origin, story.native_id))
            yield item


def _post_link(url: str | None) -> str | None:
    return _COMMENT_PAGE.sub("", url.partition("#")[0]) if url else None


def _slug_title(link: str | None, number: str) -> str:
    """Return a title made of the address's last words, else of the number."""
    slug = urlsplit(link).path.rstrip("/").rpartition("/")[2] if link else ""
    return title_from_name(slug) if re.search(r"[a-z]{2}", slug, re.IGNORECASE) else f"Post {number}"


def host_of(link: str | None) -> str | None:
    """Return the host of a safe link."""
    return urlsplit(link).hostname if link else None


def _base(entry: Json) -> str | None:
    """Return the REST root that an entry names for itself."""
    own = as_map(next(iter(as_list(as_map(entry.get("_links")).get("self"))), None))
    return base_of(safe_link(as_text(own.get("href"))) or "")


def _rendered(field: object) -> str:
    return as_text(as_map(field).get("rendered"))


def _summary(own: str, body: str) -> str:
    """Return the excerpt that somebody wrote; one that was cut by machine is made anew from the text."""
    return excerpt(body if body and (not own or _CUT.search(own)) else own, SUMMARY_LIMIT)


def _image(post: Json, embedded: Json) -> str | None:
    media = as_map(next(iter(as_list(embedded.get("wp:featuredmedia"))), None))
    named = as_text(media.get("source_url")) if as_text(media.get("media_type")) in ("", "image") else ""
    return safe_link(named or as_text(post.get("jetpack_featured_media_url")))


def _tags(terms: Iterable[object]) -> tuple[str, ...]:
    names = (line_of(as_map(term).get("name"), 100) for term in terms)
    return tuple(dict.fromkeys(name for name in names if name.lower() not in _NO_TOPIC))[:_MOST_TAGS]


def newest_by_post(entries: Iterable[object]) -> Mapping[str, str]:
    """Return for each post the highest number of its comments: it changes whenever somebody answers."""
    newest: dict[str, int] = {}
    for entry in map(as_map, entries):
        post, number = id_of(entry.get("post")), as_int(entry.get("id"))
        if post and number is not None:
            newest[post] = max(number, newest.get(post, 0))
    return {post: str(number) for post, number in newest.items()}
