"""A feed's entries as stories, in Markdown and with their threads; comments where the feed holds those. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace

from bot.markdown import ARTICLE_LIMIT, excerpt, from_html, from_text, plain
from bot.model import Comment, Story, StoryPage
from bot.sources.base import Fetched, Item, Thread
from bot.sources.feed_comments import comments, is_discussion, items
from bot.sources.feed_data import IMAGE, MAX_ENTRIES, PIXEL, SMILEY, Channel, Entry, Text, absolute, host
from bot.sources.page_text import SUMMARY_LIMIT, TITLE_LIMIT
from bot.urls import canonical

_FIRST_WORDS = 80
_TAIL = 1200
_EMPTY_LINK = re.compile(r"<a\b[^<>]{0,4000}>\s*</a>", re.IGNORECASE)
_SUMMARY_SOURCE = 10_000
_ADDRESS = re.compile(r"\s*\(?https?://[^\s()]+\)?", re.IGNORECASE)
# What WordPress adds below every entry of its feeds.
_APPEARED = re.compile(r"\s*The post [^\n]{1,600} (?:appeared first on|first appeared on) [^\n]{1,300}\.\s*$")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a feed's document holds; ``comments`` only where it was read as a thread.

    ``next_url`` leads to older entries, ``total`` is how many there are by the feed's own word; ``whole`` is False
    where entries may have been left out.
    """

    fetched: Fetched
    comments: tuple[Comment, ...] = ()
    next_url: str | None = None
    total: int | None = None
    whole: bool = True


def parsed(channel: Channel, url: str | None, *, thread: bool = False) -> Parsed:
    """Return a feed's stories; with ``thread`` all its entries as comments, whatever they look like."""
    discussion = thread or is_discussion(channel)
    found = () if thread else items(channel, url) if discussion else stories(channel, url)
    notes = ("This feed ends in the middle: only the entries before that were read.",) if channel.cut else ()
    return Parsed(
        fetched=Fetched(found, hints=channel.hints, name=channel.title[:100] or None, notes=notes),
        comments=comments(channel, url) if thread else (),
        next_url=absolute(url, channel.next_url),
        total=channel.total,
        whole=not channel.cut and len(channel.entries) < MAX_ENTRIES,
    )


def stories(channel: Channel, url: str | None) -> tuple[Item, ...]:
    """Return the entries that say anything; of entries with one id the first counts."""
    home = absolute(url, channel.link)
    origin = host(url or home)
    found: dict[str, Item] = {}
    for entry in channel.entries:
        story = _story(entry, url)
        if story is not None and story.native_id and story.native_id not in found:
            named = replace(story, origin=origin, site=channel.title[:100] or None)
            found[story.native_id] = Item(StoryPage(named, complete=False), _threads(entry, url))
    return _shared(tuple(found.values()), home)


def _story(entry: Entry, url: str | None) -> Story | None:
    link = absolute(url, entry.link) or absolute(None, entry.id)
    body = _markdown(entry.content if entry.content.value else entry.summary, link or url)
    teaser = entry.summary if entry.summary.value.strip() else entry.content
    summary = excerpt(_markdown(_without_pictures(teaser), link or url) or body, SUMMARY_LIMIT)
    title = entry.title.line[:TITLE_LIMIT].strip() or _first_words(body) or _last_words(link)
    if not (title or entry.id):
        return None
    published = entry.published or entry.updated
    return Story(
        title=title or "Untitled",
        url=link,
        native_id=(entry.id or link or _made_id(title, entry))[:2048],
        author=entry.author.line[:200] or None,
        summary=summary,
        body=body,
        image_url=absolute(link or url, entry.image),
        published_at=published,
        updated_at=entry.updated if published and entry.updated and entry.updated > published else None,
        tags=entry.tags,
    )


def _markdown(text: Text, base: str | None) -> str:
    if not text.is_html:
        return from_text(text.value[:ARTICLE_LIMIT])
    value = IMAGE.sub(lambda match: "" if PIXEL.search(match[0]) else match[0], text.value)
    body = from_html(value, absolute(base, text.base or "") or base, limit=ARTICLE_LIMIT)
    return body[:-_TAIL] + _APPEARED.sub("", body[-_TAIL:])


def _without_pictures(text: Text) -> Text:
    """Return the start of a text for a summary: a card has its picture, and in words one is only a long address."""
    if not text.is_html:
        return text
    start = text.value[:_SUMMARY_SOURCE]
    words = IMAGE.sub(lambda match: match[0] if SMILEY.search(match[0]) else "", start)
    return replace(text, value=_EMPTY_LINK.sub("", words))


def _first_words(body: str) -> str:
    text = plain(body[:4000])
    words = " ".join((_ADDRESS.sub("", text).strip() or text).split())
    if len(words) <= _FIRST_WORDS:
        return words
    return words[: _FIRST_WORDS + 1].rpartition(" ")[0][:_FIRST_WORDS].rstrip(" ,;:-") + "…" if words else ""


def _last_words(link: str | None) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", link or "").rstrip("/")[:TITLE_LIMIT]


def _made_id(title: str, entry: Entry) -> str:
    date = entry.published or entry.updated
    stamp = f"{title}\n{date.isoformat() if date else ''}"
    return "made:" + hashlib.blake2b(stamp.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _threads(entry: Entry, url: str | None) -> tuple[Thread, ...]:
    addresses = (absolute(url, address) for address in entry.replies)
    return tuple(Thread("feed", address, entry.replies_signal) for address in dict.fromkeys(addresses) if address)


def _shared(found: tuple[Item, ...], home: str | None) -> tuple[Item, ...]:
    """Mark the stories whose address is another's too, or the front page's: it tells them not apart."""
    keys = [canonical(item.page.story.url) if item.page.story.url else None for item in found]
    counts = Counter(keys)
    front = canonical(home) if home else None
    return tuple(
        replace(item, page=replace(item.page, story=replace(item.page.story, shared_url=True)))
        if name is not None and (counts[name] > 1 or name == front)
        else item
        for item, name in zip(found, keys, strict=True)
    )
