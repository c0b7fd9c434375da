"""A page's HTML as an lxml tree, and small questions about its elements. Pure; the tree is ours to change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from bot.errors import NotAStory
from bot.markdown import clean_line

Element = etree._Element

MOST_TAGS = 80_000  # counted before anything is built; the largest page that we met has 2,200
MOST_ELEMENTS = 30_000  # and that one 1,000: about 1,200 comments fit
TOO_MANY = f"This page has more than {MOST_ELEMENTS:,} elements (a link or picture counts as 6), which no story has."
# The address of a link takes as long as five elements without one.
_TOO_MANY = etree.XPath(f"count(descendant::*) + 5 * count(descendant::*[self::a or self::img]) > {MOST_ELEMENTS}")


def tree(html: str) -> Element:
    """Parse a page; raise NotAStory where nothing is left of it, or so much that looking at it would take seconds.

    Comments and instructions are left out.
    """
    refuse_many_tags(html)
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
    if _TOO_MANY(root):
        raise NotAStory(TOO_MANY)
    return root


def refuse_many_tags(html: str) -> None:
    """Raise ``NotAStory`` for a page that would have too many elements, told by counting alone."""
    if html.count("<") > MOST_TAGS:
        raise NotAStory(TOO_MANY)


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
    left = limit * 4
    parts = []
    for part in element.itertext():
        parts.append(str(part))
        left -= len(part)
        if left <= 0:
            break
    return clean_line("".join(parts)[: limit * 4])[:limit].strip()


def find(element: Element, path: str, **values: str) -> list[Element]:
    """Return the elements of an XPath expression in document order; a ``$name`` in it stands for one of the values."""
    found = _compiled(path)(element, **values)
    return [item for item in found if isinstance(item, etree._Element)] if isinstance(found, list) else []


def with_class(element: Element, *names: str) -> Iterator[Element]:
    """Yield what has one of the classes, the first name's elements first."""
    found: dict[str, list[Element]] = {name: [] for name in names}
    for item in find(element, ".//*[@class]"):
        for name in found.keys() & set(str(item.get("class")).split()):
            found[name].append(item)
    for items in found.values():
        yield from items


def remove(element: Element) -> None:
    """Take an element out of its tree but leave the text that follows it, behind an empty ``span``.

    To join that text to the one before would copy a long text once for every element that is taken out of it.
    """
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        tail = element.tail
        element.clear()
        element.tag, element.tail = "span", tail
    else:
        parent.remove(element)


def html_of(element: Element) -> str:
    """Return an element as HTML, without what follows it."""
    return etree.tostring(element, method="html", encoding="unicode", with_tail=False)


@lru_cache(maxsize=64)
def _compiled(path: str) -> etree.XPath:
    # libxml2 builds a set of every node for ".//", and none for the axis.
    return etree.XPath(path.replace(".//", "descendant::"))
