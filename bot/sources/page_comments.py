"""Comments in the HTML of a page: WordPress's own, and the list that its Disqus plugin leaves for machines. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from bot.markdown import from_html
from bot.model import Comment
from bot.sources.page_dates import iso_date, word_date
from bot.sources.page_tree import Element, find, html_of, remove, text_of, tokens, with_class
from bot.urls import safe_link

_DISQUS = re.compile(r"dsq-comment-(\d{1,20})")
_WORDPRESS = re.compile(r"(?:li-|div-)?comment-(\d{1,20})")
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
    """Return the page's comments in document order, and whether they are all the comments that there are."""
    found = _find(root, _DISQUS)
    if found:
        return tuple(_build(found, "dsq-", url)), True
    return tuple(_build(_find(root, _WORDPRESS), "wp-", url)), not _more_pages(root)


def comment_areas(root: Element) -> list[Element]:
    """Return the parts of a page that hold its comments, to be left out of the story."""
    path = ".//*[@id='comments' or @id='disqus_thread' or @id='respond' or @id='dsq-comments']"
    return [*find(root, path), *with_class(root, "comments-area", "comment-list", "commentlist", "comment-respond")]


def _find(root: Element, pattern: re.Pattern[str]) -> list[_Found]:
    """Find each comment's outermost element; by its id, as broken themes nest comments in any way."""
    found: dict[str, _Found] = {}
    for element in find(root, ".//*[@id]"):
        match = pattern.fullmatch(str(element.get("id")))
        if match and match[1] not in found:
            names = tokens(element)
            depth = _depth(element, names, pattern)
            found[match[1]] = _Found(match[1], element, depth, not names & _NOT_OURS)
    return list(found.values())


def _depth(element: Element, names: Iterable[str], pattern: re.Pattern[str]) -> int:
    """Return the depth that the theme states, else the number of comments around this one."""
    for name in names:
        if match := re.fullmatch(r"depth-(\d{1,4})", name):
            return int(match[1])
    parent = element.getparent()
    stated = re.search(r"\bdepth-(\d{1,4})\b", " ".join(tokens(parent))) if parent is not None else None
    if stated:
        return int(stated[1])
    around = {match[1] for above in element.iterancestors() if (match := pattern.fullmatch(str(above.get("id"))))}
    return len(around) + 1


def _build(found: Iterable[_Found], prefix: str, url: str | None) -> Iterable[Comment]:
    above: list[tuple[int, str | None]] = []  # the branch that leads to the present comment
    for item in found:
        while above and above[-1][0] >= item.depth:
            above.pop()
        parent = next((key for _, key in reversed(above) if key), None)
        key = f"{prefix}{item.number}"
        above.append((item.depth, key if item.ours else None))
        if item.ours:
            yield _comment(item, key, parent, url, disqus=prefix == "dsq-")


def _comment(item: _Found, key: str, parent: str | None, url: str | None, *, disqus: bool) -> Comment:
    own = _own_region(item.element, _DISQUS if disqus else _WORDPRESS)
    who = _first(find(own, f".//*[@id='dsq-author-user-{item.number}']"), with_class(own, "fn", "comment-author"))
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
    """Return a copy of a comment's element without the comments that stand inside it."""
    own = copy.deepcopy(element)
    own.tail = None
    number = pattern.fullmatch(str(element.get("id")))
    for inner in find(own, ".//*[@id]"):
        match = pattern.fullmatch(str(inner.get("id")))
        if match and number and match[1] != number[1]:
            remove(inner)
    return own


def _body(own: Element, number: str, url: str | None) -> str:
    content = _first(find(own, f".//*[@id='dsq-comment-message-{number}']"), with_class(own, *_BODIES))
    content = own if content is None else content
    for part in list(with_class(content, *_FURNITURE)):
        if part is not content:
            remove(part)
    return from_html(html_of(content), url)


def _posted(own: Element) -> datetime | None:
    for element in find(own, ".//time[@datetime]"):
        if found := iso_date(element.get("datetime")):
            return found
    return next((found for area in with_class(own, *_FURNITURE[1:6]) if (found := word_date(text_of(area)))), None)


def _more_pages(root: Element) -> bool:
    """Say whether the page leads to further pages of comments."""
    areas = [area for area in comment_areas(root) if area.get("id") in ("comments", None)]
    areas += with_class(root, "comment-navigation", "comments-pagination", "comment-pagination")
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
