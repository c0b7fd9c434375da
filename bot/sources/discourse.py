"""Discourse forums: a topic is a story, its first post the text, the other posts the comments."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from bot.errors import FetchError, SourceError
from bot.sources import answers
from bot.sources.base import Cursor, Discussion, Document, Fetched, Item, NotThisKind, Thread, Web
from bot.sources.discourse_address import Place, place_of
from bot.sources.discourse_changes import NewestPosts, State
from bot.sources.discourse_document import heads_of, items_of
from bot.sources.discourse_posts import Stamp, page_of, post_id, posts_of, stamp_of, stream_of
from bot.sources.json_document import Json, as_map, load
from bot.sources.json_web import MAX_PAGES, get_json, line
from bot.urls import UNREADABLE

TOPICS_PER_READ = 10
LIST_PAGES = 5
_GONE = frozenset((401, 403, 404, 410))  # a topic in the list that answers so was deleted or closed meanwhile
CHUNK = 20  # how many posts Discourse gives at once (chunk_size)
_CLOSED = "This forum shows its topics only to members who have logged in, so I cannot read it."
_ABSENT = "This forum has no such list or topic, or shows it only to members who have logged in."
_GENERATOR = re.compile(rb"<meta\s[^>]{0,100}?content=[\"']Discourse\b", re.IGNORECASE)
_TOPIC_LINK = re.compile(rb"href=[\"'][^\"'<>]{0,300}?/t/(?:[^\"'/<>]{1,300}/)?([0-9]{1,15})\b")
_BASE_URI = re.compile(rb"data-base-uri=[\"'](/[\w./~-]{0,200})[\"']", re.IGNORECASE)


class Discourse:
    """A forum, a category (/c/…), a tag (/tag/…) or a single topic (/t/…)."""

    name = "discourse"
    label = "Discourse forum"

    async def parse(self, document: Document) -> Fetched:
        """Return the topics of a list, a topic with its posts, or posts under their topics."""
        return await asyncio.to_thread(items_of, document)

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the address of what a page of a forum shows: a topic, category or tag, else the whole forum."""
        base = _BASE_URI.search(document.data)
        place = place_of(document.url, base[1].decode("ascii") if base else "")
        if place is None:
            return None
        sure = _GENERATOR.search(document.data[:65_536]) is not None or _is_data(document)
        if not sure and b"discourse" in document.data[:65_536].lower():
            # A theme may hide the generator; a page that only speaks of Discourse has no such list.
            sure = bool(heads_of(await get_json(web, f"{place.root}/latest.json")))
        return place.address if sure else None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return the topics that are new or changed, each with its first post and the first comments.

        Forums list old topics again whenever somebody writes there: of those that the first read did not give, only
        topics that began later are stories. At most ten are loaded at once; the rest follows at the next reads.
        """
        place = _place(address)
        name = cursor.get("name") or await _name(web, place)
        if place.topic is not None:
            item = await _load(web, place, place.topic, None, name)
            return Fetched((item,), {"name": name}, name=name)
        posts = await _newest_posts(web, place) if "topics" in cursor else None
        if posts is not None and cursor.get("posts") == posts.digest:
            return Fetched(cursor=cursor, name=name, unchanged=True)
        state = State.of(cursor)
        wanted = state.wanted(await _heads(web, place, state), posts.changed if posts else {})
        items = await _load_all(web, place, wanted, state, name)
        rest = {"posts": posts.digest} if posts and state.done(wanted) else {}
        return Fetched(tuple(items), {"name": name, **state.cursor(), **rest}, name=name)

    def afresh(self, cursor: Cursor) -> Cursor:
        """Return a cursor that reads the newest topics again, and forgets neither the others nor what still waits."""
        return State.of(cursor).afresh().cursor() if "topics" in cursor else {}

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Return all posts of a topic but the first; of more than 1,000 the first 20 and the newest."""
        place = _place(address)
        if place.topic is None and "embed_url=" in address:
            place = await _embedded(web, place, address)
            if place.topic is None:
                return Discussion()
        if place.topic is None:
            raise SourceError("This is not the address of a topic in a Discourse forum.")
        topic = as_map(await _ask(web, place.topic_json(place.topic)))
        posts = posts_of(as_map(topic.get("post_stream")).get("posts"))
        posts += await _further(web, place, place.topic, topic, {post_id(post) for post in posts})
        page = await asyncio.to_thread(page_of, topic, posts, place, None)
        return Discussion(page.comments, page.complete)


async def _heads(web: Web, place: Place, state: State) -> dict[int, Stamp]:
    """Return the stamps of the topics in the list, down to where nothing changed any more."""
    if state.top is None:
        listing = await _ask(web, place.list_url("order=created"))
        if not heads_of(listing) and "topic_list" not in as_map(listing):
            raise SourceError("This address answers, but not as a Discourse forum does.")
        return {number: stamp_of(head) for number, head in heads_of(listing).items()}
    found: dict[int, Stamp] = {}
    for page in range(LIST_PAGES):
        heads = heads_of(await _ask(web, place.list_url(f"page={page}")))
        stamps = {number: stamp_of(head) for number, head in heads.items() if number not in found}
        found |= stamps
        # Pinned topics stand at the top whatever their age, so only the others tell how far back a page goes.
        moved = [n for n, stamp in stamps.items() if not heads[n].get("pinned") and state.is_news(n, stamp)]
        if not moved:
            break
    return found


async def _load_all(web: Web, place: Place, wanted: Mapping[int, Stamp], state: State, name: str) -> list[Item]:
    """Load topics and note them in the state; what fails for a while stays out of it, and so comes again."""
    items: list[Item] = []
    for number, stamp in list(wanted.items())[:TOPICS_PER_READ]:
        try:
            items.append(await _load(web, place, number, stamp, name))
        except FetchError as error:
            if error.status not in _GONE:
                if items:
                    break
                raise
        except SourceError:
            pass  # one odd topic must not keep the others from coming
        state.topics[number] = stamp
    return items


async def _load(web: Web, place: Place, number: int, stamp: Stamp | None, name: str) -> Item:
    topic = as_map(await _ask(web, place.topic_json(number)))
    posts = posts_of(as_map(topic.get("post_stream")).get("posts"))
    if not posts:
        raise SourceError("This forum gave a topic without any post.")
    page = await asyncio.to_thread(page_of, {**topic, "id": number}, posts, place, name)
    url = page.story.url or place.topic_url(number)
    return Item(page, (Thread("discourse", url, (stamp or stamp_of(topic)).signal),))


async def _embedded(web: Web, place: Place, address: str) -> Place:
    """Return the topic of a story's page, which the forum names in what it would embed there, once it has one."""
    page = answers.document(await web.get(address))
    topic = _TOPIC_LINK.search(page.data)
    return place_of(f"{place.root}/t/{int(topic[1])}") or place if topic else place


async def _further(web: Web, place: Place, number: int, topic: Json, seen: set[int]) -> list[Json]:
    """Return the posts that the topic's first answer left out; fewer where a chunk cannot be had."""
    missing = [post for post in stream_of(topic) if post not in seen][-CHUNK * (MAX_PAGES - 1) :]
    found: list[Json] = []
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        try:
            answer = as_map(await _ask(web, place.posts_json(number, chunk)))
        except SourceError:
            break  # what is here is worth keeping; the read counts as incomplete
        asked = set(chunk)
        posts = posts_of(as_map(answer.get("post_stream")).get("posts"))
        found += [post for post in posts if post_id(post) in asked and post_id(post) not in seen]
        seen |= asked
    return found


async def _newest_posts(web: Web, place: Place) -> NewestPosts | None:
    """Return what the newest posts of the whole forum tell; None where it shows no such list."""
    try:
        posts = posts_of(as_map(await _ask(web, f"{place.root}/posts.json")).get("latest_posts"))
    except FetchError as error:
        if error.status in (401, 403, 404):
            return None
        raise
    return NewestPosts.of(posts) if posts else None


async def _name(web: Web, place: Place) -> str:
    try:
        told = as_map(await _ask(web, f"{place.root}/site/basic-info.json"))
    except FetchError as error:
        if error.status != 404:  # a name that comes and goes would be an edit of every story
            raise
        told = {}
    return line(told.get("title"), 100) or place.host


def _place(address: str) -> Place:
    place = place_of(address)
    if place is None:
        raise SourceError("This is not the address of a Discourse forum.")
    return place


async def _ask(web: Web, url: str) -> Any:  # whatever JSON can say
    """Return the forum's JSON; raises ``FetchError`` with a sentence that says why it is closed."""
    try:
        return await get_json(web, url)
    except FetchError as error:
        closed = {401: _CLOSED, 403: _CLOSED, 404: _ABSENT, 410: _ABSENT}
        message = closed.get(error.status or 0, UNREADABLE)
        raise FetchError(message, status=error.status, retry_after=error.retry_after, detail=error.detail) from error


def _is_data(document: Document) -> bool:
    try:
        found = load(document)
    except NotThisKind:
        return False
    return bool(heads_of(found)) or "post_stream" in as_map(found) or "latest_posts" in as_map(found)
