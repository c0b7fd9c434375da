"""A WordPress thread without the REST API: the newest comments of its feed, and all that its page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.errors import FetchError, NotAStory, SourceError
from bot.model import Comment
from bot.sources import answers
from bot.sources.base import Answer, Discussion, Kind, Web, native_id
from bot.sources.page_comments import comments_of
from bot.sources.page_decode import decode, is_html
from bot.sources.page_thread import in_page_thread
from bot.sources.page_tree import Element, find, tokens, tree
from bot.sources.wordpress_address import Place

_MENTIONS = frozenset(("pingback", "trackback"))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: its comments, whether that is all by its own word, and the numbers of its pingbacks."""

    comments: tuple[Comment, ...] = ()
    complete: bool = False
    mentions: frozenset[str] = frozenset()


async def discuss(web: Web, feed: Kind, place: Place, cursor: Mapping[str, str]) -> Discussion:
    """Read a thread from its comment feed and its page; raises ``FetchError`` where neither answers.

    ``cursor`` is the feed's own. It is complete where the page says so and shows all that the feed tells of: a page
    that leaves its comments to a script shows none, and takes none away.
    """
    try:
        told: Discussion | None = await feed.discuss(web, place.feed, cursor)
    except FetchError as error:
        if error.retry_after is not None:
            raise
        told = None
    except SourceError:
        told = None
    if told is not None and told.unchanged:
        return told
    try:
        shown = await read(web, place.page, place.post)
    except SourceError:
        if told is None:
            raise
        shown = Shown()
    return merge(told, shown)


async def read(web: Web, url: str, post: str | None = None) -> Shown:
    """Return what the page at an address shows; raises ``FetchError``, or ``SourceError`` where it is no page."""
    return await in_page_thread(_shown, answers_checked(await web.get(url)), post)


def merge(told: Discussion | None, shown: Shown) -> Discussion:
    """Lay feed and page together: the page's words (older comments have no others), the feed's dates.

    Of a comment's two texts always the same one is taken, so that none looks edited when it leaves the feed.
    """
    feed = () if told is None else told.comments
    numbers = {native_id(comment.key) for comment in shown.comments}
    exact = {native_id(comment.key): comment for comment in feed}
    rest = [comment for comment in feed if native_id(comment.key) not in numbers | shown.mentions]
    both = [_dated(comment, exact.get(native_id(comment.key))) for comment in shown.comments]
    known = bool(shown.comments) or (told is not None and not feed)
    return Discussion(
        comments=(*both, *rest),
        complete=shown.complete and known and not rest,
        cursor={} if told is None else told.cursor,
    )


def _dated(comment: Comment, exact: Comment | None) -> Comment:
    """Give a page's comment the date and links of its twin in the feed: a page's date is often local or missing."""
    if exact is None:
        return comment
    return replace(
        comment,
        posted_at=exact.posted_at or comment.posted_at,
        author_url=comment.author_url or exact.author_url,
        url=comment.url or exact.url,
    )


def answers_checked(answer: Answer) -> tuple[bytes, str, str | None]:
    """Return body, address and type of a good answer; raises ``FetchError`` for others."""
    document = answers.document(answer)
    return document.data, answer.url, document.content_type


def _shown(page: tuple[bytes, str, str | None], post: str | None) -> Shown:
    data, url, content_type = page
    text = decode(data, content_type)
    if not is_html(text, content_type):
        raise NotAStory("This address does not answer with a page.")
    root = tree(text)
    if post and not _is_of(root, post):
        return Shown()
    comments, complete = comments_of(root, url)
    return Shown(comments, complete, frozenset(_mentions(root)))


def _is_of(root: Element, post: str) -> bool:
    """Tell whether a page may be of this post: a site may lead an old address to its front page."""
    names = {name for body in find(root, ".//body") for name in tokens(body) if name.startswith("postid-")}
    return not names or f"postid-{post}" in names


def _mentions(root: Element) -> Iterable[str]:
    for element in find(root, ".//*[starts-with(@id, 'comment-')]"):
        if tokens(element) & _MENTIONS:
            yield str(element.get("id")).removeprefix("comment-")
