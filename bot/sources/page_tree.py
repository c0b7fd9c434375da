"""A page's HTML as an lxml tree, and small questions about its elements. Pure; the tree is ours to change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from bot.errors import NotAStory
from bot.markdown import clean_line

Element = etree._Element


def tree(html: str) -> Element:
    """Parse a page; raise NotAStory where nothing is left of it. Comments and instructions are left out."""
    # huge_tree lifts the depth from 256 to 2,048; the size is bounded before. Nothing is loaded from anywhere.
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True, recover=True
    )
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        root = None
    if root is None:
        raise NotAStory("This page has no text that could be a story.")
    return root


def tokens(element: Element) -> frozenset[str]:
    """Return the classes of an element, and the names of its valueless attributes.

    A theme that writes ``<liclass even depth-1>`` turns its classes into attributes.
    """
    names = (str(name).lower() for name, value in element.attrib.items() if not value)
    return frozenset(str(element.get("class") or "").lower().split()) | frozenset(names)


def text_of(element: Element | None, limit: int = 1000) -> str:
    """Return the cleaned text of an element on one line, "" for None."""
    if element is None:
        return ""
    return clean_line("".join(str(part) for part in element.itertext())[: limit * 4])[:limit].strip()


def find(element: Element, path: str) -> list[Element]:
    """Return the elements of an XPath expression in document order."""
    found = element.xpath(path)
    return [item for item in found if isinstance(item, etree._Element)] if isinstance(found, list) else []


def with_class(element: Element, *names: str) -> Iterator[Element]:
    """Yield what has one of the classes, the first name's elements first."""
    for name in names:
        if re.fullmatch(r"[\w-]+", name):
            yield from find(element, f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]")


def remove(element: Element) -> None:
    """Take an element out of its tree but leave the text that follows it."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def html_of(element: Element) -> str:
    """Return an element as HTML, without what follows it."""
    return etree.tostring(element, method="html", encoding="unicode", with_tail=False)
