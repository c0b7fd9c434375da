"""Lemmy communities: a post is a story, its comments come flat with the path of their ancestors.

Fields are those of the API of version 3 (lemmy-js-client 0.19.9); only this file and ``lemmy_views`` know them.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from bot.errors import FetchError, SourceError
from bot.sources.base import Cursor, Discussion, Document, Fetched, Web
from bot.sources.json_document import Json, as_int, as_list, as_map, as_text
from bot.sources.json_web import MAX_PAGES, get_json, line
from bot.sources.lemmy_views import comment_id, comment_of, is_gone, item_of, items_of, post_id
from bot.urls import safe_link

PER_PAGE = 50  # the most that Lemmy gives
POST_PAGES = 5
_PATH = re.compile(r"/(c|post)/([^/]{1,200})/?")


class Lemmy:
    """A community (/c/name or /c/name@host, as the instance in the address sees it) or a single post (/post/ID)."""

    name = "lemmy"
    label = "Lemmy community"

    async def parse(self, document: Document) -> Fetched:
        """Return the posts of a list, or comments under their posts."""
        return await asyncio.to_thread(items_of, document)

    async def find(self, web: Web, document: Document) -> str | None:
        """Return the community or post that an address names, if its site answers as a Lemmy instance."""
        place = _place_of(document.url)
        if place is None:
            return None
        try:
            site = as_map(await get_json(web, f"{place.instance}/api/v3/site"))
        except FetchError as error:
            if error.status is None:
                raise
            return None
        return place.address if "site" in as_map(site.get("site_view")) else None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return the newest posts, down to where the last read began."""
        place = _place(address)
        if place.post is not None:
            view = await _post(web, place, place.post)
            return Fetched((await asyncio.to_thread(item_of, view, place.instance),), name=place.instance)
        newest = as_int(cursor.get("newest"))
        views = await _posts(web, place, newest)
        items = [await asyncio.to_thread(item_of, view, place.instance) for view in views if not is_gone(view)]
        ids = [number for view in views if (number := post_id(view)) is not None]
        top = max([*ids, *([newest] if newest is not None else [])], default=None)
        return Fetched(tuple(items), {"newest": str(top)} if top is not None else {}, name=_name(views, place))

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Return all comments of a post; complete when as many came as the instance counts."""
        place = _place(address)
        if place.post is None:
            raise SourceError("This is not the address of a post on a Lemmy instance.")
        total = as_int(as_map((await _post(web, place, place.post)).get("counts")).get("comments"))
        views, ended = await _comments(web, place, place.post)
        found = await asyncio.to_thread(lambda: [comment_of(views[number], place.instance) for number in sorted(views)])
        live = sum(not comment.deleted for comment in found)
        return Discussion(tuple(found), complete=ended and total is not None and live >= total)


@dataclass(frozen=True, slots=True)
class _Place:
    instance: str
    community: str = ""
    post: int | None = None

    @property
    def address(self) -> str:
        path = f"post/{self.post}" if self.post is not None else f"c/{quote(self.community, safe='@')}"
        return f"{self.instance}/{path}"


def _place_of(url: str | None) -> _Place | None:
    safe = safe_link(url)
    parts = urlsplit(safe or "")
    match = _PATH.match(parts.path)
    if not safe or match is None:
        return None
    instance = f"{parts.scheme}://{parts.netloc}"
    if match[1] == "c":
        name = unquote(match[2]).lstrip("!")
        return _Place(instance, name) if re.fullmatch(r"\w{1,60}(?:@[\w.:-]{1,120})?", name) else None
    number = as_int(match[2])
    return _Place(instance, post=number) if number is not None and number >= 0 else None


def _place(address: str) -> _Place:
    place = _place_of(address)
    if place is None:
        raise SourceError("This is not the address of a Lemmy community; it looks like https://instance/c/name.")
    return place


def _name(views: list[Json], place: _Place) -> str:
    return (line(as_map(views[0].get("community")).get("title"), 100) if views else "") or place.community


async def _posts(web: Web, place: _Place, newest: int | None) -> list[Json]:
    """Return the newest posts, page by page until one is not newer than the newest of the last read."""
    community = quote(place.community, safe="")
    base = f"{place.instance}/api/v3/post/list?community_name={community}&type_=All&sort=New&limit={PER_PAGE}"
    found: dict[int, Json] = {}
    url, cursors = base, set[str]()
    for _ in range(1 if newest is None else POST_PAGES):
        page = as_map(await get_json(web, url))
        if not isinstance(page.get("posts"), list):
            raise SourceError("This address answers, but not as a Lemmy instance does.")
        views = {number: view for view in map(as_map, page["posts"][: 2 * PER_PAGE])
                 if (number := post_id(view)) is not None}  # fmt: skip
        fresh = [number for number in views if number not in found]
        found = {**views, **found}
        following = as_text(page.get("next_page"))[:200]
        # Posts that are featured stand on every first page, however old they are.
        moved = any(number > (newest or 0) for number in fresh if not _featured(views[number]))
        if not moved or not following or following in cursors:
            break
        cursors.add(following)
        url = f"{base}&page_cursor={quote(following, safe='')}"
    return [found[number] for number in sorted(found, reverse=True)]


def _featured(view: Json) -> bool:
    post = as_map(view.get("post"))
    return bool(post.get("featured_community") or post.get("featured_local"))


async def _post(web: Web, place: _Place, number: int) -> Json:
    view = as_map(as_map(await get_json(web, f"{place.instance}/api/v3/post?id={number}")).get("post_view"))
    if post_id(view) is None:
        raise SourceError("This address answers, but not as a Lemmy instance does.")
    return view


async def _comments(web: Web, place: _Place, number: int) -> tuple[dict[int, Json], bool]:
    """Return a post's comments by id, and whether the list came to its end.

    It is asked without max_depth, with which only the first 300 would come (LemmyNet/lemmy#3585), and newest first,
    so that a comment written meanwhile repeats one rather than hides one.
    """
    base = f"{place.instance}/api/v3/comment/list?post_id={number}&type_=All&sort=New&limit={PER_PAGE}"
    found: dict[int, Json] = {}
    for page in range(1, MAX_PAGES + 1):
        try:
            entries = as_list(as_map(await get_json(web, f"{base}&page={page}")).get("comments"))
        except SourceError:
            if not found:
                raise
            return found, False
        views = {own: view for view in map(as_map, entries[: 2 * PER_PAGE]) if (own := comment_id(view)) is not None}
        if not views:
            return found, True
        if views.keys() <= found.keys():
            return found, False  # the same page again: this list never ends
        found |= views
        if len(entries) < PER_PAGE:
            return found, True
    return found, False
