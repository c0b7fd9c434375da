"""Comments in the HTML of a page: WordPress's own, and the list that its Disqus plugin leaves for machines. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin

from lxml import etree

from bot.markdown import from_html
from bot.model import Comment
from bot.sources.page_dates import iso_date, word_date
from bot.sources.page_tree import Element, find, html_of, remove, text_of, tokens, with_class
from bot.urls import safe_link

_DISQUS = re.compile(r"dsq-comment-(\d{1,20})")
_WORDPRESS = re.compile(r"(?:li-|div-)?comment-(\d{1,20})")
MOST_COMMENTS = 2000
_MOST_AREAS = 20
_DELETED = frozenset(("deleted", "comment-deleted", "is-deleted"))
_NOT_OURS = frozenset(("pingback", "trackback"))
_FURNITURE = (
    "fn", "comment-author", "comment-meta", "comment-metadata", "commentmetadata", "comment-header", "reply",
    "comment-reply-link", "comment-edit-link", "edit-link", "says", "children", "comment-awaiting-moderation",
    "comment-respond", "dsq-comment-header", "avatar", "comment-footer", "comment-actions",
)  # fmt: skip
_BODIES = ("comment-content", "comment-text", "comment_content", "comment-body", "comment-entry")


@dataclass(frozen=True, slots=True)
class _Found:
    """A comment's element with its number, before its parent is known."""

    number: str
    element: Element
    depth: int
    ours: bool


def comments_of(root: Element, url: str | None) -> tuple[tuple[Comment, ...], bool]:
    """Return the page's first 2,000 comments in document order, and whether they are all that there are."""
    own = copy.deepcopy(root)  # once: the comments are taken out of it one by one
    found = _find(own, _DISQUS)
    if found:
        return _build(found[:MOST_COMMENTS], "dsq-", url), len(found) <= MOST_COMMENTS
    found = _find(own, _WORDPRESS)
    return _build(found[:MOST_COMMENTS], "wp-", url), len(found) <= MOST_COMMENTS and not _more_pages(root)


def comment_areas(root: Element) -> list[Element]:
    """Return the parts of a page that hold its comments, to be left out of the story."""
    path = ".//*[@id='comments' or @id='disqus_thread' or @id='respond' or @id='dsq-comments']"
    return [*find(root, path), *with_class(root, "comments-area", "comment-list", "commentlist", "comment-respond")]


def _find(root: Element, pattern: re.Pattern[str]) -> list[_Found]:
    """Find each comment's outermost element; by its id, as broken themes nest comments in any way."""
    found: dict[str, _Found] = {}
    around: dict[Element, tuple[str, int]] = {}  # each comment's number, and how many comments it lies in with itself
    for element in find(root, ".//*[contains(@id, 'comment-')]"):
        match = pattern.fullmatch(str(element.get("id")))
        if not match:
            continue
        number, count = _above(element, around)
        around[element] = (match[1], count + (number != match[1]))
        if match[1] not in found:
            names = tokens(element)
            depth = _depth(element, names, count)
            found[match[1]] = _Found(match[1], element, depth, not names & _NOT_OURS)
    return list(found.values())


def _depth(element: Element, names: Iterable[str], around: int) -> int:
    """Return the depth that the theme states, else the number of comments around this one."""
    for name in names:
        if match := re.fullmatch(r"depth-(\d{1,4})", name):
            return int(match[1])
    parent = element.getparent()
    stated = re.search(r"\bdepth-(\d{1,4})\b", " ".join(tokens(parent))) if parent is not None else None
    if stated:
        return int(stated[1])
    return around + 1


def _above(element: Element, around: Mapping[Element, tuple[str, int]]) -> tuple[str, int]:
    """Return what is known of the innermost comment around an element."""
    parent: list[Element] = [element]
    while parent := find(parent[0], "ancestor::*[contains(@id, 'comment-')][1]"):
        if parent[0] in around:
            return around[parent[0]]
    return "", 0


def _build(found: Iterable[_Found], prefix: str, url: str | None) -> tuple[Comment, ...]:
    """Read the comments from the last to the first: what stands inside one is then gone when it is read itself."""
    placed = list(_placed(found, prefix))
    read = (_comment(item, key, parent, url, disqus=prefix == "dsq-") for item, key, parent in reversed(placed))
    return tuple(comment for comment, (item, _, _) in zip(read, reversed(placed), strict=True) if item.ours)[::-1]


def _placed(found: Iterable[_Found], prefix: str) -> Iterator[tuple[_Found, str, str | None]]:
    """Yield each comment's element with its key and its parent's."""
    above: list[tuple[int, str | None]] = []  # the branch that leads to the present comment
    for item in found:
        while above and above[-1][0] >= item.depth:
            above.pop()
        parent = next((key for _, key in reversed(above) if key), None)
        key = f"{prefix}{item.number}"
        above.append((item.depth, key if item.ours else None))
        yield item, key, parent


def _comment(item: _Found, key: str, parent: str | None, url: str | None, *, disqus: bool) -> Comment:
    own = _own_region(item.element, _DISQUS if disqus else _WORDPRESS)
    who = _first(
        find(own, ".//*[@id=$id]", id=f"dsq-author-user-{item.number}"), with_class(own, "fn", "comment-author")
    )
    link = _first(
        [who] if who is not None and who.tag == "a" else [], find(who, ".//a[@href]") if who is not None else []
    )
    deleted = bool(tokens(item.element) & _DELETED)
    posted = _posted(own)  # before the body, which takes the element apart
    anchor = f"dsq-comment-{item.number}" if disqus else f"comment-{item.number}"
    return Comment(
        key=key,
        author=text_of(who, 200).removesuffix(" says:").strip(),
        body="" if deleted else _body(own, item.number, url),
        parent=parent,
        url=safe_link(f"{url.partition('#')[0]}#{anchor}") if url else None,
        author_url=_absolute(link, url),
        posted_at=posted,
        deleted=deleted,
    )


def _own_region(element: Element, pattern: re.Pattern[str]) -> Element:
    """Return a comment's element, taken out of its tree, without the comments that stand inside it."""
    own = _cut_out(element)
    number = pattern.fullmatch(str(element.get("id")))
    for inner in find(own, ".//*[contains(@id, 'comment-')]"):
        match = pattern.fullmatch(str(inner.get("id")))
        if match and number and match[1] != number[1]:
            remove(inner)
    return own


def _cut_out(element: Element) -> Element:
    parent = element.getparent()
    if parent is not None:
        left = etree.SubElement(parent, "span")
        left.tail, element.tail = element.tail, None
        parent.replace(element, left)
    return element


def _body(own: Element, number: str, url: str | None) -> str:
    content = _first(find(own, ".//*[@id=$id]", id=f"dsq-comment-message-{number}"), with_class(own, *_BODIES))
    content = own if content is None else content
    for part in list(with_class(content, *_FURNITURE)):
        if part is not content:
            remove(part)
    return from_html(html_of(content), url)


def _posted(own: Element) -> datetime | None:
    for element in find(own, ".//time[@datetime]"):
        if found := iso_date(element.get("datetime")):
            return found
    return next(
        (found for area in islice(with_class(own, *_FURNITURE[1:6]), 20) if (found := word_date(text_of(area)))), None
    )


def _more_pages(root: Element) -> bool:
    """Say whether the page leads to further pages of comments."""
    areas = [area for area in comment_areas(root)[:_MOST_AREAS] if area.get("id") in ("comments", None)]
    areas += islice(with_class(root, "comment-navigation", "comments-pagination", "comment-pagination"), _MOST_AREAS)
    links = ".//*[contains(@class, 'nav-previous') or contains(@class, 'nav-next')]//a[@href]"
    paged = ".//a[@rel='next' or @rel='prev' or contains(@class, 'page-numbers')][contains(@href, 'comment-page-')]"
    rel = ".//a[@rel='next']"
    return any(find(area, links) or find(area, paged) or find(area, rel) for area in areas)


def _absolute(link: Element | None, base: str | None) -> str | None:
    if link is None:
        return None
    try:
        return safe_link(urljoin(base or "", str(link.get("href") or "")))
    except ValueError:
        return None


def _first(*groups: Iterable[Element]) -> Element | None:
    return next((element for group in groups for element in group), None)
