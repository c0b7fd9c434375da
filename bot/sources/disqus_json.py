"""Disqus's posts and threads as comments and stories. Pure."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from bot.markdown import clean_line, from_html
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Item, NotThisKind, Thread, key
from bot.sources.disqus_address import FORUM, Place
from bot.sources.json_document import Json, as_int, as_likes, as_list, as_map, as_text
from bot.sources.page_dates import iso_date
from bot.sources.page_text import TITLE_LIMIT, title_from_name
from bot.urls import safe_link

ORIGIN = "disqus.com"  # numbers of threads and posts mean the same in every forum

_NAME_LIMIT = 200
_YEARS = range(2005, 2101)
_MOST_PICTURES = 10
_DEEPEST = 200
# Links in messages lead through disq.us, which adds a mark behind the address.
_WRAPPED = re.compile(r"(href=[\"'])https?://disq\.us/url\?url=([^\"'&\s]{1,2000})[^\"'\s]{0,200}", re.IGNORECASE)
_MARK = re.compile(r":[\w-]{27}$")


@dataclass(frozen=True, slots=True)
class Found:
    """A comment, and the thread that it belongs to."""

    thread: str
    comment: Comment
    about: Json


def items_of(data: object) -> tuple[Item, ...]:
    """Return the stories in answers of posts/list or threads/list and /details; raises ``NotThisKind``."""
    answer = as_map(data).get("response", data) if isinstance(data, dict) else data
    entries = [as_map(entry) for entry in as_list(answer)] or [as_map(answer)]
    found = list(comments_of(entries))
    if found:
        return tuple(grouped(found))
    threads = [item for entry in entries if (item := thread_item(entry)) is not None]
    if not threads and _is_tree(data):
        threads = list(_trees(as_map(data)))
    if not threads:
        raise NotThisKind("This JSON holds neither posts nor threads of Disqus.")
    return tuple(threads)


def comments_of(entries: Iterable[Json]) -> Iterator[Found]:
    """Yield posts in their order, each id once: spam and what awaits approval left out, the deleted without text."""
    seen = set()
    for entry in entries:
        number = id_of(entry.get("id"))
        if number and number not in seen and _is_post(entry) and not _is_hidden(entry):
            seen.add(number)
            yield _found(entry, number)


def thread_item(entry: Json) -> Item | None:
    """Return a thread as a story with its thread's address; None for anything else and for deleted ones."""
    number, forum = id_of(entry.get("id")), as_text(entry.get("forum"))
    is_thread = bool(number) and "message" in entry and "title" in entry and FORUM.fullmatch(forum)
    if not is_thread or entry.get("isDeleted") is True or "parent" in entry:
        return None
    return Item(StoryPage(_story(number, entry), complete=False), (_thread(number, entry),))


def id_of(value: object) -> str:
    """Return a number as text, "" where it is none: Disqus gives ids as text and parents as numbers."""
    number = as_int(value)
    return str(number) if number is not None and number > 0 else ""


def when(text: object) -> datetime | None:
    """Return a date in UTC, which Disqus writes without a Z; None where it is none or absurd."""
    date = iso_date(as_text(text))
    return date if date is not None and date.year in _YEARS else None


def body_of(message: str, pictures: Iterable[str] = ()) -> str:
    """Return a message as Markdown, with links that lead where they say, and its pictures as links."""
    plain = _WRAPPED.sub(lambda match: match[1] + html.escape(_MARK.sub("", unquote(match[2]))), message)
    more = [url for item in pictures if (url := safe_link(item)) and item not in message]
    shown = "".join(f'<p><a href="{html.escape(url)}">{html.escape(url)}</a></p>' for url in more[:_MOST_PICTURES])
    return from_html(plain + shown)


def line_of(text: object, limit: int = _NAME_LIMIT) -> str:
    """Return a name or title on one line; titles hold entities, blanks and line breaks."""
    return clean_line(html.unescape(as_text(text)[: limit * 8]))[:limit].strip()


def _is_post(entry: Json) -> bool:
    is_of = isinstance(entry.get("thread"), dict) or bool(id_of(entry.get("thread")))
    return is_of and isinstance(entry.get("message"), str) and "parent" in entry


def _is_hidden(entry: Json) -> bool:
    return entry.get("isSpam") is True or (entry.get("isApproved") is False and not _is_deleted(entry))


def _is_deleted(entry: Json) -> bool:
    return entry.get("isDeleted") is True or entry.get("isDeletedByAuthor") is True


def _found(entry: Json, number: str) -> Found:
    about, author = as_map(entry.get("thread")), as_map(entry.get("author"))
    thread = id_of(about.get("id") or entry.get("thread"))
    parent, deleted = id_of(entry.get("parent")), _is_deleted(entry)
    link = as_text(entry.get("url")) or (f"{as_text(about.get('link'))}#comment-{number}" if about.get("link") else "")
    comment = Comment(
        key=key("dq", number),
        author=line_of(author.get("name")),
        body="" if deleted else body_of(as_text(entry.get("message")), _pictures(entry)),
        parent=key("dq", parent) if parent else None,
        url=safe_link(link),
        author_url=safe_link(as_text(author.get("url"))) or safe_link(as_text(author.get("profileUrl"))),
        posted_at=when(entry.get("createdAt")),
        deleted=deleted,
        likes=as_likes(entry.get("likes")),
    )
    return Found(thread, comment, about or {"forum": entry.get("forum")})


def _pictures(entry: Json) -> Iterator[str]:
    for item in map(as_map, as_list(entry.get("media"))):
        url = as_text(item.get("url"))
        yield f"https:{url}" if url.startswith("//") else url


def _story(number: str, about: Json) -> Story:
    link = safe_link(as_text(about.get("link")))
    title = line_of(about.get("clean_title"), TITLE_LIMIT) or line_of(about.get("title"), TITLE_LIMIT)
    return Story(
        title=title or f"Thread {number}",
        url=link,
        native_id=number,
        published_at=when(about.get("createdAt")),
        origin=ORIGIN,
    )


def _thread(number: str, about: Json) -> Thread:
    idents = [text for item in as_list(about.get("identifiers")) if (text := as_text(item))]
    slug, count = as_text(about.get("slug")), as_int(about.get("posts"))
    where = Place(
        as_text(about.get("forum")).lower(),
        number,
        idents[0] if idents else None,
        safe_link(as_text(about.get("link"))),
        slug if re.fullmatch(r"[\w.~-]{1,300}", slug) else None,
    )
    return Thread("disqus", where.address, None if count is None else str(count))


def grouped(comments: Iterable[Found]) -> Iterator[Item]:
    """Yield one story for each thread that comments belong to."""
    groups: dict[str, list[Found]] = {}
    for found in comments:
        groups.setdefault(found.thread, []).append(found)
    for thread, members in groups.items():
        about = members[0].about
        page = StoryPage(_story(thread, about), tuple(found.comment for found in members), complete=False)
        yield Item(page, (_thread(thread, about),) if FORUM.fullmatch(as_text(about.get("forum"))) else ())


def _is_tree(data: object) -> bool:
    """Tell whether this is a copy of threads as nested lists: {slug: [{created, name, message, children}]}."""
    lists = list(as_map(data).values())
    heads = [as_map(entry) for entries in lists for entry in as_list(entries)[:1]]
    return bool(heads) and all({"created", "name", "message", "children"} <= set(head) for head in heads)


def _trees(data: Json) -> Iterator[Item]:
    for slug, entries in data.items():
        story = Story(title=title_from_name(slug) or "Untitled", native_id=slug[:200])
        yield Item(StoryPage(story, tuple(_nested(as_list(entries))), complete=False))


def _nested(entries: Iterable[object]) -> Iterator[Comment]:
    """Yield the comments of a tree, parents first; they have no ids, so author and time make one."""
    waiting: list[tuple[Json, str | None, int]] = []
    waiting += [(as_map(entry), None, 0) for entry in entries][::-1]
    seen: dict[str, int] = {}
    while waiting:
        entry, parent, depth = waiting.pop()
        author, date = line_of(entry.get("name")), as_text(entry.get("created"))
        digest = hashlib.sha256(f"{author}\0{date}".encode("utf-8", "replace")).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        own = key("dq", f"{digest}-{seen[digest]}")
        yield Comment(own, author, body_of(as_text(entry.get("message"))), parent, posted_at=when(date))
        if depth < _DEEPEST:
            waiting += [(as_map(child), own, depth + 1) for child in as_list(entry.get("children"))][::-1]
