"""What feedparser found, in our neutral form. Pure: it reads plain mappings and knows no library."""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sources.base import Hints
from bot.sources.feed_data import IMAGE, MAX_ENTRIES, PIXEL, SMILEY, Channel, Entry, Text, sane
from bot.sources.json_document import as_int, as_list, as_map, as_text

Fields = Mapping[str, Any]  # feedparser's answers: of strings, lists and mappings, and of whatever else it made up

_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = timedelta(days=1)
_SKIP = re.compile(r"<skip(hours|days)\b[^>]*>([^\0]{0,2000}?)</skip\1>", re.IGNORECASE)
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_MAIL = re.compile(r"[^\s()<>]{1,64}@[^\s()<>]{1,255}")
_SRC = re.compile(r"\bsrc\s*=\s*[\"']([^\"'<>\s]+)", re.IGNORECASE)


def channel(feed: Fields, entries: list[Fields], text: str, *, cut: bool) -> Channel:
    """Return a parsed feed; ``text`` is the document, for what feedparser keeps but the last of."""
    found = tuple(_entry(item) for item in entries[:MAX_ENTRIES])
    return Channel(
        entries=found,
        title=_text(feed, "title").line,
        link=_get(feed, "link"),
        hints=_hints(feed, text[:65_536]),
        next_url=next((_get(link, "href") for link in _links(feed, "next")), ""),
        total=as_int(_get(feed, "opensearch_totalresults")),
        cut=cut,
    )


def _entry(item: Fields) -> Entry:
    summary, content = _text(item, "summary"), _content(item)
    parent = _suffixed(item, "in-reply-to")
    return Entry(
        id=_get(item, "id"),
        link=_get(item, "feedburner_origlink") or _link(item),
        title=_text(item, "title"),
        author=Text(_author(item), is_html=True),
        author_url=_get(as_map(item.get("author_detail")), "href"),
        published=_date(item, "published_parsed") or _date(item, "created_parsed"),
        updated=_date(item, "updated_parsed"),
        summary=summary,
        content=content,
        image=_image(item, content.value or summary.value),
        tags=_tags(item),
        replies=tuple(_replies(item)),
        replies_signal=_signal(item),
        parent=_get(parent, "ref") or None,
        parent_url=_get(parent, "href"),
    )


def _get(fields: Fields, name: str) -> str:
    # Not through feedparser's own look-up: it warns of old names and invents values for absent ones.
    return as_text(dict.get(fields, name)).strip() if isinstance(fields, dict) else ""


def _links(fields: Fields, rel: str) -> Iterator[Fields]:
    for link in as_list(fields.get("links")):
        if isinstance(link, Mapping) and _get(link, "rel") == rel and _get(link, "href"):
            yield link


def _link(item: Fields) -> str:
    """Return where the entry leads: its page, else whatever it calls itself."""
    for rel in ("alternate", "self"):
        for link in _links(item, rel):
            if rel == "self" or _get(link, "type") in ("", *_HTML_TYPES):
                return _get(link, "href")
    address = _get(item, "link")
    # A guid counts as the link where there is none, though many a guid is but a number.
    return address if address != _get(item, "id") or "://" in address or address.startswith("/") else ""


def _text(fields: Fields, name: str) -> Text:
    value = _get(fields, name)
    detail = as_map(fields.get(f"{name}_detail"))
    return Text(value, _is_html(_get(detail, "type"), value), _get(detail, "base") or None)


def _content(item: Fields) -> Text:
    """Return the fullest text that is no picture or sound."""
    best = Text()
    for part in as_list(item.get("content")):
        kind, value = _get(as_map(part), "type"), _get(as_map(part), "value")
        if kind.startswith(("text/", "application/xhtml")) and len(value) > len(best.value):
            best = Text(value, _is_html(kind, value), _get(part, "base") or None)
    return best


def _is_html(kind: str, value: str) -> bool:
    # Many a feed calls its text plain and writes mark-up; a tag that is closed again is no accident.
    return kind in _HTML_TYPES or (not kind and re.search(r"</\w|<br|&#?\w+;", value) is not None)


def _author(item: Fields) -> str:
    """Return the writers' names; of ``mail (Name)`` and ``Name <mail>`` the name, of an address its beginning."""
    people = [as_map(person) for person in as_list(item.get("authors"))]
    whole = _get(item, "author")
    if len(people) < 2 and "@" in whole:  # feedparser takes these apart wrongly where the last label is long
        name = _MAIL.sub(" ", whole[:500]).strip(" ()<>")
        return name or whole.partition("@")[0].strip(" (<")
    names = [_get(person, "name") for person in people[:10]]
    return ", ".join(dict.fromkeys(name for name in names if name)) or whole


def _date(item: Fields, name: str) -> datetime | None:
    parts = dict.get(item, name) if isinstance(item, dict) else None
    try:
        return sane(datetime.fromtimestamp(calendar.timegm(parts), UTC)) if parts else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _image(item: Fields, content: str) -> str:
    for name in ("media_thumbnail", "media_content"):
        for media in map(as_map, as_list(item.get(name))):
            if name == "media_thumbnail" or "image" in (_get(media, "medium"), _get(media, "type").partition("/")[0]):
                return _get(media, "url")
    for link in _links(item, "enclosure"):
        if _get(link, "type").startswith("image/"):
            return _get(link, "href")
    return _get(as_map(item.get("image")), "href") or _first_image(content)


def _first_image(content: str) -> str:
    for match in IMAGE.finditer(content[:50_000]):
        source = _SRC.search(match[0])
        if source and not PIXEL.search(match[0]) and not SMILEY.search(match[0]):
            return html.unescape(source[1])
    return ""


def _tags(item: Fields) -> tuple[str, ...]:
    named = (as_map(tag) for tag in as_list(item.get("tags")))
    found = (Text(_get(tag, "label") or _get(tag, "term"), is_html=True).line[:100] for tag in named)
    # Blogger and YouTube put an address of the kind of entry among them.
    return tuple(dict.fromkeys(tag for tag in found if tag and "://" not in tag))[:30]


def _replies(item: Fields) -> Iterator[str]:
    for link in _links(item, "replies"):
        if "atom" in _get(link, "type") or "rss" in _get(link, "type"):
            yield _get(link, "href")
    if address := _get(item, "wfw_commentrss"):
        yield address


def _signal(item: Fields) -> str | None:
    """Return how many comments the feed says there are, with when the last one came where it says that."""
    for link in _links(item, "replies"):
        count = _get(link, "thr:count") or _get(link, "count")
        when = _get(link, "thr:updated") or _get(link, "updated")
        if count or when:
            return f"{count} {when}".strip()[:100]
    total = next((value for name, value in _with_suffix(item, "_total") if name != "opensearch_total"), None)
    return (_get(item, "slash_comments") or as_text(total).strip())[:100] or None


def _suffixed(item: Fields, suffix: str) -> Fields:
    return as_map(next((value for _, value in _with_suffix(item, suffix)), None))


def _with_suffix(item: Fields, suffix: str) -> Iterator[tuple[str, object]]:
    """Yield the fields of a name space under whatever prefix the feed gave it."""
    for name in item:
        if name.endswith(suffix):
            yield name, dict.get(item, name) if isinstance(item, dict) else None


def _hints(feed: Fields, head: str) -> Hints:
    skipped: dict[str, str] = {match[1].lower(): match[2] for match in _SKIP.finditer(head)}
    hours = (as_int(part) for part in re.findall(r">\s*(\d{1,2})\s*<", skipped.get("hours", "")))
    days = re.findall(r">\s*([a-z]{6,9})\s*<", skipped.get("days", "").lower())
    return Hints(
        interval=_interval(feed),
        skip_hours=frozenset(hour % 24 for hour in hours if hour is not None and hour <= 24),
        skip_days=frozenset(_DAYS.index(day) for day in days if day in _DAYS),
    )


def _interval(feed: Fields) -> timedelta | None:
    wishes: list[timedelta] = []
    if minutes := as_int(_get(feed, "ttl")):
        wishes.append(timedelta(minutes=min(max(minutes, 0), 1440)))
    period = _get(feed, "sy_updateperiod").lower()
    often = max(as_int(_get(feed, "sy_updatefrequency")) or 1, 1)
    # WordPress says "hourly" in every feed that nobody configured: it means nothing.
    if period in _PERIODS and not ("wordpress" in _get(feed, "generator").lower() and (period, often) == ("hourly", 1)):
        wishes.append(min(timedelta(hours=_PERIODS[period]) / often, _LONGEST))
    return max((wish for wish in wishes if wish), default=None)
