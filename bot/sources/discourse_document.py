"""Documents of a Discourse forum that lie at hand: lists of topics, topics, and posts without their topic. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.sources.base import Document, Fetched, Item, NotThisKind, Thread
from bot.sources.discourse_address import Place, place_of
from bot.sources.discourse_posts import page_of, posts_of, stamp_of
from bot.sources.json_document import Json, as_int, as_list, as_map, load
from bot.sources.page_text import title_from_name

_NO_TOPICS = "This is not a list of topics or posts of a Discourse forum."
_MAX_TOPICS = 200


def heads_of(listing: object) -> dict[int, Json]:
    """Return the topics of a list by their ids; the first of each id counts."""
    found: dict[int, Json] = {}
    for entry in as_list(as_map(as_map(listing).get("topic_list")).get("topics"))[:_MAX_TOPICS]:
        topic = as_map(entry)
        number = as_int(topic.get("id"))
        if number is not None and number > 0 and topic.get("visible", True) is not False:
            found.setdefault(number, topic)
    return found


def items_of(document: Document) -> Fetched:
    """Return what a document holds; raises ``NotThisKind``."""
    found = load(document)
    place = place_of(document.url)
    data = as_map(found)
    if isinstance(data.get("topic_list"), dict):
        return Fetched(tuple(_item(head, [], place) for head in heads_of(data).values()))
    if isinstance(data.get("post_stream"), dict):
        return Fetched((_topic(data, place, document.name),))
    for posts in (data.get("latest_posts"), data.get("user_actions"), found):
        if _are_posts(posts):
            return Fetched(tuple(_grouped(posts_of(posts), place)))
    raise NotThisKind(_NO_TOPICS)


def _are_posts(value: object) -> bool:
    entries = as_list(value)
    first = as_map(entries[0]) if entries else {}
    return {"topic_id", "post_number"} <= first.keys() and bool({"cooked", "excerpt"} & first.keys())


def _topic(data: Json, place: Place | None, name: str | None) -> Item:
    posts = posts_of(as_map(data.get("post_stream")).get("posts"))
    if not posts and not data.get("title"):
        raise NotThisKind(_NO_TOPICS)
    told = _told(data, posts)
    if not told.get("title") and not told.get("slug") and name:
        told["title"] = title_from_name(name)
    return _item(told, posts, place)


def _grouped(posts: Iterable[Json], place: Place | None) -> Iterable[Item]:
    groups: dict[int | None, list[Json]] = {}
    for post in posts:
        groups.setdefault(as_int(post.get("topic_id")), []).append(post)
    for group in groups.values():
        item = _item(_told({}, group), group, place)
        yield replace(item, page=replace(item.page, complete=False))


def _told(topic: Json, posts: list[Json]) -> dict[str, Any]:
    """Return a topic with what its posts tell of it where it does not itself."""
    post = posts[0] if posts else {}
    told = {
        "id": post.get("topic_id"),
        "title": post.get("topic_title") or post.get("title"),
        "slug": post.get("topic_slug") or post.get("slug"),
    }
    return {**told, **{name: value for name, value in topic.items() if value is not None}}


def _item(topic: Json, posts: list[Json], place: Place | None) -> Item:
    page = page_of(topic, posts, place, None)
    url = page.story.url
    signal = stamp_of(topic).signal if "posts_count" in topic else None
    return Item(page, (Thread("discourse", url, signal),) if url else ())
