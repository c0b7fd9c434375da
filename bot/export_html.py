"""A discussion as one page that needs nothing else: no script, no request, every stranger's word escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

from bot.discussion import message_link
from bot.discussion_tree import Conversation, Node, Said, arrange
from bot.export_html_text import anchor, html_of
from bot.markdown import clean_line
from bot.model import MemberReply, StoredComment
from bot.render import comment_link
from bot.urls import safe_link
from bot.words import say

Links = dict[int | None, str]

DEEPEST = 8
STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #57626e; --line: #ccd4dc; --page: #fff; --mark: #2a5d92; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ee; --soft: #9aa7b4; --line: #3a4550; --page: #14191f; --mark: #8fbfee; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--mark); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
header > p, footer, article > p, small { color: var(--soft); font-size: .875rem; }
header, footer { padding-block: .5rem; }
header { border-bottom: 1px solid var(--line); margin-bottom: 1rem; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; }
article { --deep: 0; margin: 0 0 1rem calc(var(--deep) * clamp(.5rem, 2.5vw, 1.5rem)); padding-left: .75rem;
  border-left: 2px solid var(--line); }
article:target { border-color: var(--mark); }
article > p { margin: 0; }
article > p > b { color: var(--ink); font-size: 1rem; }
.here { border-left-style: dashed; }
.text { margin-top: .25rem; }
blockquote { margin: .25rem 0; padding-left: .75rem; border-left: 3px solid var(--line); color: var(--soft); }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: .25rem; padding: .5rem; margin: .25rem 0; }
pre, code { font: .875rem/1.45 ui-monospace, monospace; }
.spoiler:not(:hover, :focus) { background: currentColor; border-radius: .2rem; }
"""
STYLE += "".join(f".d{depth} {{ --deep: {depth}; }}\n" for depth in range(1, DEEPEST + 1))
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def html_page(found: Conversation, now: datetime) -> str:
    """Return a discussion, the oldest first; the tree is flat beyond eight levels, so that a phone can show it."""
    title, links = escape(clean_line(found.story.story.title)) or "…", dict(found.links)
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            *_story(found, links, title),
            "<main>\n",
            *(_article(found, links, node) for node in arrange(found)),
            f"</main>\n<footer>{escape(say('export.made', time=_minute(now)))}</footer>\n</body>\n</html>\n",
        )
    )


def _story(found: Conversation, links: Links, title: str) -> Iterator[str]:
    story = found.story.story
    link = safe_link(story.url)
    about = [escape(clean_line(text)) for text in (story.site, story.author) if text]
    about += [_stamp(story.published_at)] if story.published_at else []
    about += [anchor(links[None], escape(say("export.message")))] if None in links else []
    yield f"<header>\n<h1>{anchor(link, title) if link else title}</h1>\n<p>{' · '.join(about)}</p>\n"
    yield f'<div class="text">{html_of(story.summary)}</div>\n</header>\n'


def _article(found: Conversation, links: Links, node: Node) -> str:
    here = isinstance(node.said, MemberReply)
    kind = f"d{min(node.depth, DEEPEST)}{' here' if here else ''}"
    if node.deleted:
        gone = say("discussion.gone_here" if here else "discussion.gone")
        return f'<article id="{_id(node.said)}" class="{kind}"><p><i>{escape(gone)}</i></p></article>\n'
    body = node.said.body if isinstance(node.said, MemberReply) else node.said.comment.body
    text = html_of(body) or f"<i>{escape(say('discussion.no_text'))}</i>"
    head = " · ".join(filter(None, _head(found, links, node)))
    opening = f'<article id="{_id(node.said)}" class="{kind}">'
    return f'{opening}\n<p>{head}</p>\n<div class="text">{text}</div>\n</article>\n'


def _head(found: Conversation, links: Links, node: Node) -> Iterator[str]:
    said = node.said
    if isinstance(said, MemberReply):
        yield f"<b>{_name(said.author)}</b>"
        yield escape(say("discussion.here"))
        yield _stamp(said.posted_at)
        yield escape(say("discussion.edited")) if said.edited_at else ""
        yield anchor(message_link(said), escape(say("export.message")))
    else:
        yield from _comment_head(found, links, said)
    if node.parent is not None:
        yield f'<a href="#{_id(node.parent)}">{escape(say("export.answers", name=_who(node.parent)))}</a>'


def _comment_head(found: Conversation, links: Links, stored: StoredComment) -> Iterator[str]:
    comment, name = stored.comment, _name(stored.comment.author)
    own = safe_link(comment.author_url)
    yield f"<b>{anchor(own, name) if own else name}</b>"
    yield _stamp(comment.posted_at) if comment.posted_at else ""
    yield escape(say("discussion.edited")) if comment.edited_at else ""
    yield f"👍 {comment.likes}" if comment.likes else ""
    link, message = comment_link(found.story.story, comment), links.get(stored.id)
    yield anchor(link, escape(say("export.original"))) if link else ""
    yield anchor(message, escape(say("export.message"))) if message else ""


def _who(said: Said) -> str:
    if isinstance(said, MemberReply):
        return clean_line(said.author) if not said.deleted else say("export.somebody")
    return clean_line(said.comment.author) if not said.comment.deleted else say("export.somebody")


def _name(text: str) -> str:
    return escape(clean_line(text)) or "…"


def _id(said: Said) -> str:
    return f"m{said.message_id}" if isinstance(said, MemberReply) else f"c{said.id}"


def _stamp(time: datetime) -> str:
    return f'<time datetime="{time.astimezone(UTC).isoformat(timespec="seconds")}">{_minute(time)}</time>'


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
