# ruff: noqa: SIM905 - a table of words reads best as words
"""What the elements of HTML mean to us, as tables, and small questions about them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin

from bot.markdown_line import Style
from bot.urls import safe_link

DROPPED = frozenset(
    "script style iframe svg math object embed noscript template head title form select textarea button audio video"
    " canvas map frame frameset".split()
)
PARAGRAPHS = frozenset("p ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6 hr figure details".split())
BLOCKS = PARAGRAPHS | frozenset(
    "div li tr dd dt section article header footer main nav aside address center figcaption summary caption"
    " tbody thead tfoot fieldset legend".split()
)
STYLES = {
    **dict.fromkeys(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th", "summary", "dt"), Style.BOLD),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), Style.ITALIC),
    **dict.fromkeys(("s", "strike", "del"), Style.STRIKE),
    **dict.fromkeys(("u", "ins"), Style.UNDERLINE),
    "spoiler": Style.SPOILER,
}
SPOILERS = frozenset(("spoiler", "spoiled", "md-spoiler-text", "inline-spoiler", "bbcode_spoiler"))
_LANGUAGE = re.compile(r"(?:^|[\s:])(?:language|lang|brush:?)[-\s]*([a-z0-9+#-]{1,20})", re.IGNORECASE)
EMOJI = re.compile(r":([\w+-]{1,40}):")


def code_language(attrib: Mapping[str, str]) -> str:
    """Return the programming language that an element names, else ""."""
    match = _LANGUAGE.search(attrib.get("class") or "")
    return match[1] if match else ""


def is_same_address(words: str, url: str) -> bool:
    """Say whether the words of a link are its address, whole or shortened."""
    short = re.sub(r"(?i)^https?://(?:www\.)?", "", words).rstrip("/")
    full = re.sub(r"(?i)^https?://(?:www\.)?", "", url).rstrip("/")
    cut = re.sub(r"(?:\.\.\.|…)$", "", short)
    whole = safe_link(f"https://{short}")
    return short == full or (cut != short and len(cut) > 3 and full.startswith(cut)) or whole == f"https://{full}"


def absolute(address: str | None, base: str | None) -> str | None:
    """Return the address of a link or picture, joined to its page's and safe to show, else None."""
    if not address or len(address) > 4096:
        return None
    try:
        return safe_link(urljoin(base, address.strip()) if base else address)
    except ValueError:
        return None
