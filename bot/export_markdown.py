"""A discussion as a Markdown file: a nested list that any viewer shows, with nothing in it that acts as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.discussion import message_link
from bot.discussion_tree import Conversation, Node, arrange
from bot.markdown import escape
from bot.model import MemberReply
from bot.render import comment_link, member_name, title_line
from bot.words import say

DEEPEST = 12
_SMALL = re.compile(r"^((?:> ?)*)-# ")
_FENCE = "```"


def markdown_text(found: Conversation, now: datetime) -> str:
    """Return a discussion, the oldest first."""
    story, links = found.story.story, dict(found.links)
    about = [escape(text) for text in (story.site, story.author) if text]
    about += [f"{time:%Y-%m-%d %H:%M} UTC" for time in [story.published_at] if time]
    about += [f"[{say('export.message')}](<{link}>)" for link in [links.get(None)] if link]
    lines = [f"# {title_line(story)[2:-2]}", "", " · ".join(about), "", *_lines(story.summary), "", "---", ""]
    for node in arrange(found):
        indent = "  " * min(node.depth, DEEPEST)
        lines += [f"{indent}- {_head(found, links, node)}", ""]
        lines += [f"{indent}  {line}" if line else "" for line in _body(node)]
        lines.append("")
    lines += ["---", "", say("export.made", time=f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC")]
    return "\n".join(lines) + "\n"


def _head(found: Conversation, links: dict[int | None, str], node: Node) -> str:
    said = node.said
    posted: datetime | None
    link: str | None
    here: str | None
    if isinstance(said, MemberReply):
        words = ["" if node.deleted else f"**{member_name(said.author)}**", say("discussion.here")]
        posted, edited, likes, link = said.posted_at, said.edited_at, None, None
        here = None if node.deleted else message_link(said)
    else:
        comment = said.comment
        words = ["" if node.deleted else f"**{member_name(comment.author)}**"]
        posted, edited, likes = comment.posted_at, comment.edited_at, comment.likes
        link, here = comment_link(found.story.story, comment), links.get(said.id)
    words += [f"{posted.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if posted else ""]
    words += [say("discussion.edited") if edited else "", f"👍 {likes}" if likes else ""]
    words += [f"[{say('export.original')}](<{link}>)" if link else ""]
    words += [f"[{say('export.message')}](<{here}>)" if here else ""]
    return " · ".join(filter(None, words)) or say("discussion.comment")


def _body(node: Node) -> list[str]:
    if node.deleted:
        return [f"*{say('discussion.gone_here' if isinstance(node.said, MemberReply) else 'discussion.gone')}*"]
    body = node.said.body if isinstance(node.said, MemberReply) else node.said.comment.body
    return list(_lines(body)) or [f"*{say('discussion.no_text')}*"]


def _lines(markdown: str) -> Iterator[str]:
    """Yield the lines of Discord's Markdown as a file's: line breaks are kept by two blanks, small print is none."""
    fenced = False
    lines = markdown.split("\n")
    for line, after in zip(lines, [*lines[1:], ""], strict=True) if markdown else ():
        if line.startswith(_FENCE):
            fenced = not fenced
            yield line
        elif fenced:
            yield line
        else:
            breaks = line.strip() and after.strip() and not after.startswith(_FENCE)
            yield _SMALL.sub(r"\1", line) + ("  " if breaks else "")
