"""Which threads a story's page leads to: embeds of Disqus and Discourse, and WordPress's own comments. Pure.

All patterns are bounded and stop at quotes or line ends, so that 8 MiB of anything take linear time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin

from bot.sources.base import Thread
from bot.sources.disqus_address import FORUM, Place
from bot.sources.wordpress_address import thread_address
from bot.sources.wordpress_links import Tags, tags_of
from bot.urls import safe_link

_FORUM = FORUM.pattern
_SOON = r"[\"']?\s{0,20}[=:]\s{0,20}"
_TEXT = r"(?:\"((?:[^\"\\\n]|\\.){1,1000})\"|'((?:[^'\\\n]|\\.){1,1000})')"
_EVIDENCE = re.compile(
    r"id\s{0,5}=\s{0,5}[\"']?disqus_thread\b|\.disqus\.com/embed\.js|\bembedVars\b|\bdata-disqus-identifier\b",
    re.IGNORECASE,
)
_NAMES = (
    re.compile(rf"\bdisqus_?shortname{_SOON}[\"']({_FORUM})[\"']", re.IGNORECASE),
    re.compile(rf"\bdata-disqus-shortname\s{{0,5}}=\s{{0,5}}[\"']({_FORUM})[\"']", re.IGNORECASE),
    re.compile(rf"//({_FORUM})\.disqus\.com/embed\.js", re.IGNORECASE),
    re.compile(rf"[\"']({_FORUM})[\"']\s{{0,5}}\+\s{{0,5}}[\"']\.disqus\.com/embed\.js", re.IGNORECASE),
    re.compile(rf"//({_FORUM})\.disqus\.com/count\.js", re.IGNORECASE),
)
_IDENTS = (
    re.compile(rf"\bdisqus_?identifier{_SOON}{_TEXT}", re.IGNORECASE),
    re.compile(rf"\bpage\.identifier\s{{0,20}}=\s{{0,20}}{_TEXT}"),
    re.compile(rf"\bdata-disqus-identifier\s{{0,5}}=\s{{0,5}}{_TEXT}", re.IGNORECASE),
)
_LINKS = (
    re.compile(rf"\bdisqus_?url{_SOON}{_TEXT}", re.IGNORECASE),
    re.compile(rf"\bpage\.url\s{{0,20}}=\s{{0,20}}{_TEXT}"),
    re.compile(rf"\bdata-disqus-url\s{{0,5}}=\s{{0,5}}{_TEXT}", re.IGNORECASE),
)
_DISCOURSE = re.compile(r"\bDiscourseEmbed\b[^{};]{0,50}\{([^{}]{1,3000})\}")
_DISCOURSE_SITE = re.compile(rf"\bdiscourseUrl{_SOON}{_TEXT}")
_DISCOURSE_TOPIC = re.compile(rf"\btopicId{_SOON}[\"']?(\d{{1,15}})\b")
_DISCOURSE_PAGE = re.compile(rf"\bdiscourseEmbedUrl{_SOON}{_TEXT}")
_MOST_TRIES = 100
_EMBED_VARS = 8000


def threads_in(html: str, url: str) -> tuple[Thread, ...]:
    """Return where the comments of the story at ``url`` may live, the likeliest first; empty where nothing tells.

    An embed goes before WordPress's own comments, which are then closed or a copy.
    """
    tags = tags_of(html, url)
    page = tags.canonical or safe_link(url)
    found = (_disqus(html, url, page), _discourse(html, url, page), _wordpress(tags, page))
    return tuple(thread for thread in found if thread is not None)


def _disqus(html: str, url: str, page: str | None) -> Thread | None:
    if _EVIDENCE.search(html) is None:
        return None
    start = html.find("embedVars = ")  # the WordPress plugin's own data, which others on the page may contradict
    own = html[start : start + _EMBED_VARS] if start >= 0 else ""
    forum = _value(_NAMES, own) or _value(_NAMES, html)
    if forum is None:
        return None
    link = _value(_LINKS, own) or _value(_LINKS, html)
    ident = _value(_IDENTS, own) or _value(_IDENTS, html)
    return Thread("disqus", Place(forum.lower(), None, ident, _absolute(link, url) or page).address)


def _discourse(html: str, url: str, page: str | None) -> Thread | None:
    for match in _DISCOURSE.finditer(html):
        site = _absolute(_value((_DISCOURSE_SITE,), match[1]), url)
        if site is None or _is_off(html, match.start()):
            continue
        topic = _DISCOURSE_TOPIC.search(match[1])
        if topic:
            return Thread("discourse", f"{site.rstrip('/')}/t/{topic[1]}")
        story = _absolute(_value((_DISCOURSE_PAGE,), match[1]), url) or page
        if story:
            return Thread("discourse", f"{site.rstrip('/')}/embed/comments?embed_url={quote(story, safe='')}")
    return None


def _wordpress(tags: Tags, page: str | None) -> Thread | None:
    if tags.post is None and not tags.has_comment_feed:
        return None
    where = thread_address(tags.base, tags.post, page)
    return Thread("wordpress", where) if where else None


def _value(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    """Return the first value that is written out, not computed, and not commented out."""
    return next((value for pattern in patterns for value in _values(pattern, text)), None)


def _values(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for count, match in enumerate(pattern.finditer(text)):
        if count >= _MOST_TRIES:
            return
        value = _unescaped(next(group for group in match.groups() if group is not None))
        if value.strip() and "{{" not in value and not _is_off(text, match.start()):
            yield value


def _unescaped(value: str) -> str:
    r"""Return a script's string as text: ``\/``, ``\"`` and ``\u2013`` are what the plugin's JSON writes."""
    if "\\" not in value:
        return value
    try:
        return str(json.loads(f'"{value}"'))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", value)


def _is_off(text: str, start: int) -> bool:
    """Tell whether a place is commented out, by ``//`` on its line or by ``/* */`` or ``<!-- -->`` around it."""
    line = text[max(0, text.rfind("\n", 0, start) + 1, start - 500) : start]
    if re.search(r"(?<![:\"'])//", line):
        return True
    before = text[max(0, start - 2000) : start]
    return before.rfind("/*") > before.rfind("*/") or before.rfind("<!--") > before.rfind("-->")


def _absolute(address: str | None, url: str) -> str | None:
    try:
        return safe_link(urljoin(url, address.strip())) if address else None
    except ValueError:
        return None
