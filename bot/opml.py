"""OPML, the list of feeds that every feed reader exports: bytes in, names and addresses out."""

from __future__ import annotations

import re

from lxml import etree

from bot.errors import SourceError
from bot.markdown import clean_line

MAX_BYTES = 256 * 1024
MOST = 1000
NAME_LIMIT = 100

_BARE_AMPERSAND = re.compile(rb"&(?!#?[a-zA-Z0-9]{1,31};)")


def parse_opml(data: bytes) -> list[tuple[str, str]]:
    """Return (name, address) of every feed in an OPML 1.0 to 2.0 document, in its order, each address once.

    The addresses are as they stand there; whoever fetches them checks them. Raises ``SourceError`` for what is no OPML,
    is larger than 256 kB, lists more than 1,000 feeds, or brings a DTD, which no honest list does. The format:
    http://opml.org/spec2.opml
    """
    if len(data) > MAX_BYTES:
        raise SourceError("The list is larger than 256 kB: export fewer feeds at a time.")
    found: dict[str, str] = {}
    for outline in _root(data).iter("outline", "{*}outline"):
        values = {str(name).casefold(): str(value) for name, value in outline.attrib.items()}
        address = values.get("xmlurl", "").strip()
        if address:
            found.setdefault(address, clean_line(values.get("title") or values.get("text") or "")[:NAME_LIMIT])
    if not found:
        raise SourceError("The list names no feed: there is no outline with an xmlUrl in it.")
    if len(found) > MOST:
        raise SourceError(f"The list names more than {MOST} feeds: import it in parts.")
    return [(name, address) for address, name in found.items()]


def _root(data: bytes) -> etree._Element:
    """Return the document's root; what is slightly wrong (a bare &) is read all the same."""
    # Before anything is parsed: a DTD's entities can blow up what stands after them. NULs, as it may be UTF-16.
    if b"<!doctype" in data.replace(b"\0", b"").lower():
        raise _dtd()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        # Many exporters forget to escape the & of an address; the parser's recovery would lose the character.
        root = etree.fromstring(_BARE_AMPERSAND.sub(b"&amp;", data) if b"\0" not in data else data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _not_opml() from error
    if root is None or etree.QName(root).localname.casefold() != "opml":
        raise _not_opml()
    if root.getroottree().docinfo.internalDTD is not None:  # hidden in an encoding that we did not think of
        raise _dtd()
    return root


def _not_opml() -> SourceError:
    return SourceError("That is no OPML: choose the file that a feed reader exports, mostly named *.opml.")


def _dtd() -> SourceError:
    return SourceError("The list brings a DTD (<!DOCTYPE …>), which is refused: remove that part and try again.")
