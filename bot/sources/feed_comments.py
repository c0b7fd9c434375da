"""A feed's entries as comments: whose they are, whom they answer, which story they belong to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from bot.markdown import from_html, from_text
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Item, key
from bot.sources.feed_data import Channel, Entry, Text, absolute, host
from bot.sources.page_text import TITLE_LIMIT, title_from_name

_NUMBER = re.compile(r"#comment-(\d{1,19})$")
# "In reply to" is written in the site's language; the link is what counts. A member's own link carries a rel.
_IN_REPLY = re.compile(
    r"\s*(?:<p>)?[^<>&]{0,80}(?:<|&lt;)a href=(?:\"|&quot;)([^\"<>&]{0,2000})#comment-(\d{1,19})(?:\"|&quot;)(?:>|&gt;)"
    r"[^<>]{0,300}?(?:</a>|&lt;/a&gt;)[^<>&\n]{0,40}(?:</p>|\n\n|$)\s*"
)
_HOST = re.compile(r"^(?:https?:)?//[^/?#]*", re.IGNORECASE)
_CHANNEL_TITLE = re.compile(r"Comments on:\s*(.+)", re.IGNORECASE | re.DOTALL)
_ENTRY_TITLE = re.compile(r"Comment on (.+)", re.IGNORECASE | re.DOTALL)


def is_discussion(channel: Channel) -> bool:
    """Say whether a feed's entries are comments: each replies to something, or leads to a comment's place."""
    return bool(channel.entries) and all(
        entry.parent is not None or _number(entry.id) or _number(entry.link) for entry in channel.entries
    )


def comments(channel: Channel, url: str | None) -> tuple[Comment, ...]:
    """Return all entries as comments, the oldest first; of entries with one key the first in the feed counts."""
    return tuple(comment for _, comment in _all(channel, url))


def items(channel: Channel, url: str | None) -> tuple[Item, ...]:
    """Return one item for each story that the entries comment on, in the feed's order."""
    threads: dict[str, list[tuple[Entry, Comment]]] = {}
    for entry, comment in _all(channel, url):
        threads.setdefault(_story_key(entry), []).append((entry, comment))
    one = len(threads) == 1
    pages = [
        StoryPage(_story(channel, found[0][0], url, one), tuple(comment for _, comment in found), complete=False)
        for found in threads.values()
    ]
    newest_first = [_story_key(entry) for entry in channel.entries]
    order = {name: place for place, name in reversed(list(enumerate(newest_first)))}
    return tuple(Item(page) for _, page in sorted(zip(threads, pages, strict=True), key=lambda pair: order[pair[0]]))


def _all(channel: Channel, url: str | None) -> list[tuple[Entry, Comment]]:
    mark = _mark(url)
    keys: dict[str, str] = {}
    kept: dict[str, Entry] = {}
    for entry in channel.entries:
        own = _key(entry, mark)
        if own and own not in kept:
            kept[own] = entry
            keys[entry.id] = own
    found = [(entry, _comment(own, entry, keys, mark, url)) for own, entry in kept.items()]
    return found[::-1] if _newest_first(kept.values()) else found


def _mark(url: str | None) -> str:
    # Disqus ends its links in #comment-N like WordPress, but N is a post of its own.
    return "dq" if (host(url) or "").endswith(".disqus.com") else "wp"


def _number(address: str) -> str | None:
    match = _NUMBER.search(address.strip())
    return match[1] if match else None


def _key(entry: Entry, mark: str) -> str:
    number = _number(entry.id) or _number(entry.link)
    if number:
        return key(mark, number)
    return key("fd", entry.id or entry.link) if entry.id or entry.link else ""


def _newest_first(entries: Iterable[Entry]) -> bool:
    dates = [date for entry in entries if (date := entry.published or entry.updated)]
    falls = sum(later < earlier for earlier, later in pairwise(dates))
    return falls > len(dates) - 1 - falls - sum(later == earlier for earlier, later in pairwise(dates))


def _comment(own: str, entry: Entry, keys: Mapping[str, str], mark: str, url: str | None) -> Comment:
    text = entry.content if entry.content.value else entry.summary
    parent = _threaded(entry, keys, mark)
    if _number(entry.id) or _number(entry.link):
        named, rest = _named_parent(text.value, entry)
        parent, text = parent or (key(mark, named) if named else None), Text(rest, text.is_html, text.base)
    link = absolute(url, entry.link)
    base = absolute(url, text.base or "") or link or url
    published, updated = entry.published or entry.updated, entry.updated
    return Comment(
        key=own,
        author=entry.author.line[:200],
        body=from_html(text.value, base) if text.is_html else from_text(text.value),
        parent=parent if parent != own else None,
        url=link,
        author_url=absolute(None, entry.author_url),
        posted_at=published,
        edited_at=updated if published and updated and updated > published else None,
    )


def _threaded(entry: Entry, keys: Mapping[str, str], mark: str) -> str | None:
    """Return the parent by Atom threading (RFC 4685): a known entry, or a comment's number; else it is the story."""
    if entry.parent is None:
        return None
    number = _number(entry.parent) or _number(entry.parent_url)
    return keys.get(entry.parent) or (key(mark, number) if number else None)


def _named_parent(text: str, entry: Entry) -> tuple[str | None, str]:
    """Return the comment that WordPress names in a first paragraph of its own, and the text without that paragraph."""
    match = _IN_REPLY.match(text[:4096])
    rest = text[match.end() :] if match else ""
    if match is None or not rest.strip() or _page(match[1]) != _page(entry.link):
        return None, text
    return match[2], rest


def _page(address: str) -> str:
    """Return what names a page on its site: the same page may be linked with a host and without."""
    return _HOST.sub("", _whole(address)).rstrip("/")


def _whole(address: str) -> str:
    """Return the address of a page of which this is a place."""
    return address.partition("#")[0]


def _story_key(entry: Entry) -> str:
    return _whole(entry.link) or (entry.parent or "")


def _story(channel: Channel, entry: Entry, url: str | None, is_only_one: bool) -> Story:
    address = absolute(url, _whole(entry.link))
    home = absolute(url, channel.link)
    post = entry.id.partition("#comment-")[0]
    named = _CHANNEL_TITLE.match(channel.title) if is_only_one else None
    title = named[1] if named else _title(entry)
    origin = host(url or home or address)
    return Story(
        title=(title or title_from_name(address or "") or channel.title or "Untitled")[:TITLE_LIMIT].strip(),
        url=address,
        native_id=post if "?p=" in post else None,
        origin=origin if "?p=" in post else None,
    )


def _title(entry: Entry) -> str:
    """Return the story's title out of "Comment on TITLE by NAME", "" where it says no such thing."""
    match = _ENTRY_TITLE.match(entry.title.line)
    return re.sub(rf"\s+by\s+{re.escape(entry.author.line)}$", "", match[1]).strip() if match else ""
