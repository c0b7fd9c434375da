"""Questions to WordPress's REST API, which many sites keep closed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import SourceError
from bot.model import Comment
from bot.sources import answers
from bot.sources.base import Answer, NotThisKind, Web
from bot.sources.json_document import Json, as_int, as_list, as_map, as_text, load
from bot.sources.wordpress_address import rest
from bot.sources.wordpress_json import comments_of, id_of

MOST_PAGES = 50
PER_PAGE = 100

_CLOSED = frozenset((401, 403, 404, 405, 406, 410, 501))
_POST_FIELDS = (
    "id,link,title,excerpt,content,status,comment_status,date_gmt,modified_gmt,jetpack_featured_media_url,_links.author,"
    "_links.wp:featuredmedia,_links.wp:term,_embedded"
)
_COMMENT_FIELDS = "id,post,parent,author_name,author_url,date_gmt,content,link,status,type"


class RestClosed(NotThisKind):
    """The site answers no REST questions (of this sort)."""


async def ask(web: Web, url: str) -> tuple[Answer, Any]:
    """Return an answer and its JSON; raises ``RestClosed`` where the site refuses, else ``FetchError``."""
    answer = await web.get(url, accept="application/json")
    if answer.status in _CLOSED:
        raise RestClosed("This site does not answer WordPress's REST API.")
    document = answers.document(answer)
    try:
        return answer, await asyncio.to_thread(load, document)
    except NotThisKind as error:  # a page for everything: a static copy, a bot check
        raise RestClosed("This site does not answer WordPress's REST API.") from error


async def posts(web: Web, base: str, *, count: int = 20, modified_after: str | None = None) -> tuple[Answer, list[Any]]:
    """Return the newest posts, or those that were changed after a time (ISO 8601, WordPress 5.7 and later)."""
    wanted: dict[str, str | int] = {"per_page": count, "_embed": "author,wp:featuredmedia,wp:term"}
    if modified_after:
        wanted |= {"orderby": "modified", "modified_after": modified_after}
    answer, data = await ask(web, rest(base, "wp/v2/posts", **wanted, _fields=_POST_FIELDS))
    return answer, _listing(data)


async def latest_comments(web: Web, base: str) -> Sequence[object]:
    """Return number and post of the site's newest comments; empty where that is not told."""
    try:
        _, data = await ask(web, rest(base, "wp/v2/comments", per_page=50, _fields="id,post"))
    except SourceError:
        return ()
    return as_list(data)


async def name(web: Web, base: str) -> str:
    """Return what the site calls itself, "" where it does not say."""
    try:
        _, data = await ask(web, rest(base, "", _fields="name"))
    except SourceError:
        return ""
    return as_text(as_map(data).get("name"))


async def comments(web: Web, base: str, post: str) -> tuple[tuple[Comment, ...], bool]:
    """Return a post's comments, oldest first, and whether they are surely all: each page read, and the totals agree.

    Raises ``RestClosed`` or ``FetchError`` where not even the first page comes.
    """
    reading = _Reading(post)
    for page in range(1, MOST_PAGES + 1):
        url = rest(
            base, "wp/v2/comments", post=post, order="asc", orderby="id", per_page=PER_PAGE, page=page,
            _fields=_COMMENT_FIELDS,
        )  # fmt: skip
        try:
            answer, data = await ask(web, url)
            batch = _listing(data)
        except SourceError:
            if page == 1:
                raise
            reading.broken = True
            break
        reading.take(batch, answer.headers)
        if reading.is_over(page, batch):
            break
    found = await asyncio.to_thread(lambda: tuple(each.comment for each in comments_of(reading.entries.values())))
    return found, reading.complete


@dataclass(slots=True)
class _Reading:
    """What was read of a list of comments so far."""

    post: str
    entries: dict[str, Json] = field(default_factory=dict)
    totals: set[int | None] = field(default_factory=set)
    pages: int | None = None
    broken: bool = False

    def take(self, batch: Sequence[object], headers: Mapping[str, str]) -> None:
        """Take a page; one that only repeats what is known, or tells of other posts, spoils the reading."""
        self.totals.add(as_int(headers.get("x-wp-total")))
        self.pages = as_int(headers.get("x-wp-totalpages"))
        before = len(self.entries)
        for entry in map(as_map, batch):
            number = id_of(entry.get("id"))
            if number and id_of(entry.get("post")) == self.post:
                self.entries.setdefault(number, entry)
        self.broken = self.broken or len(self.entries) - before != len(batch)

    def is_over(self, page: int, batch: Sequence[object]) -> bool:
        """Tell whether no page can follow, or none that would help."""
        last = page >= self.pages if self.pages is not None else len(batch) < PER_PAGE
        return last or not batch or self.broken

    @property
    def complete(self) -> bool:
        """Whether the site's own count, the same on every page, is the number of comments that came."""
        return not self.broken and self.totals == {len(self.entries)}


def _listing(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise RestClosed("This site's REST API does not answer with a list.")
    return data
