"""A stored discussion as pages of text: the tree by indentation, whole or folded to its top level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot import markdown
from bot.discussion_tree import Conversation, Node, Sort, arrange, has_likes
from bot.model import MemberReply, StoredComment
from bot.render import comment_link, member_name, name, title_line
from bot.urls import jump_link
from bot.words import say

PAGE_LIMIT = 1900
BODY_LIMIT = 900
FOLDED_LIMIT = 300
LINK_LIMIT = 300  # so that a page has room for words whatever its links
DEEPEST = 6
INDENT = "\u2003"  # an em space: Discord trims ordinary blanks at the start of a line


def pages(conversation: Conversation, sort: Sort = Sort.OLDEST, *, folded: bool = False) -> list[str]:
    """Return the discussion in pages of at most 2,000 characters; always at least one.

    ``folded`` shows only the comments that answer no other, and how many answers each has.
    """
    nodes = arrange(conversation, sort)
    links = dict(conversation.links)
    result, page = [], _title(conversation) + _about(conversation, nodes, sort)
    head = f"**{member_name(conversation.story.story.title)}**\n"
    size = markdown.units(page)
    for node in nodes:
        if folded and node.depth:
            continue
        for block in _blocks(conversation, links, node, folded=folded):
            more = markdown.units(block)
            if size + more > PAGE_LIMIT:
                result.append(page)
                page, size = head, markdown.units(head)
            page, size = page + block, size + more
    return [*result, page]


def _title(conversation: Conversation) -> str:
    """Return the title, linked where its address is not too long for a page."""
    story = conversation.story.story
    return title_line(story if len(story.url or "") <= LINK_LIMIT else replace(story, url=None)) + "\n"


def _about(conversation: Conversation, nodes: list[Node], sort: Sort) -> str:
    """Say below the title how much there is, in which order, and where the story stands here."""
    if not nodes:
        return say("discussion.empty") + "\n"
    count = sum(not node.deleted for node in nodes)
    words = [say("discussion.count", count=count)]
    if sort is Sort.LIKES and not has_likes(conversation):
        words.append(say("discussion.no_likes"))
    else:
        words.append(sorted_by(sort))
    if card := dict(conversation.links).get(None):
        words.append(say("discussion.card", link=card))
    return f"-# {' · '.join(words)}\n"


def sorted_by(sort: Sort) -> str:
    """Return the name of an order."""
    if sort is Sort.OLDEST:
        return say("discussion.oldest")
    return say("discussion.newest" if sort is Sort.NEWEST else "discussion.likes")


def _blocks(conversation: Conversation, links: dict[int | None, str], node: Node, *, folded: bool) -> Iterator[str]:
    """Yield a comment in pieces that each fit a page; unless folded nothing of it is left out."""
    indent = INDENT * min(node.depth, DEEPEST)
    apart = "" if node.depth else "\n"  # a blank line before each that answers no other
    more = _indented(f"-# {say('discussion.below', count=node.below)}", indent) if folded and node.below else ""
    if node.deleted:
        yield f"{apart}{indent}{_arrow(node)}*{_gone(node)}*\n{more}"
        return
    head = _head(conversation, links, node)
    body = node.said.body if isinstance(node.said, MemberReply) else node.said.comment.body
    first_limit = max(FOLDED_LIMIT, BODY_LIMIT - markdown.units(head))
    if folded:
        parts = [markdown.excerpt(body, FOLDED_LIMIT)]
    else:
        fits = markdown.units(body) <= first_limit
        parts = [body] if fits else markdown.split(body, BODY_LIMIT, first_limit)
    parts = [part for part in parts if part.strip()] or [f"*{say('discussion.no_text')}*"]
    for number, part in enumerate(parts):
        lines = [line for line in part.splitlines() if line.strip()]
        first = head if number == 0 else f"-# {say('discussion.continued')}"
        # So many lines that their indents alone would burst a page are left at the margin.
        margin = indent if len(lines) * len(indent) < BODY_LIMIT // 2 else ""
        text = _indented(first, margin) + "".join(_indented(line, margin) for line in lines)
        yield ("" if number else apart) + text + (more if number == len(parts) - 1 else "")


def _gone(node: Node) -> str:
    return say("discussion.gone_here" if isinstance(node.said, MemberReply) else "discussion.gone")


def _arrow(node: Node) -> str:
    return "↳ " if node.depth else ""


def _head(conversation: Conversation, links: dict[int | None, str], node: Node) -> str:
    said = node.said
    arrow = _arrow(node)
    if isinstance(said, MemberReply):
        edited = f" · {say('discussion.edited')}" if said.edited_at else ""
        where = f"[{_ago(said.posted_at)}](<{message_link(said)}>)"
        return f"{arrow}**{member_name(said.author)}** · {say('discussion.here')} · {where}{edited}"
    return f"{arrow}**{name(said.comment)}**" + "".join(f" · {word}" for word in _details(conversation, links, said))


def _details(conversation: Conversation, links: dict[int | None, str], stored: StoredComment) -> Iterator[str]:
    """Yield when and where a comment was written, where it stands in this server, and how often it is liked."""
    comment = stored.comment
    link = comment_link(conversation.story.story, comment)
    link = link if link and len(link) <= LINK_LIMIT else None
    time = _ago(comment.posted_at) if comment.posted_at else None
    if link:
        yield f"[{time or say('discussion.comment')}](<{link}>)"
    elif time:
        yield time
    if here := links.get(stored.id):
        yield say("discussion.mirror", link=here)
    if comment.edited_at:
        yield say("discussion.edited")
    if comment.likes:
        yield f"{'👍' if comment.likes > 0 else '👎'} {abs(comment.likes)}"


def message_link(reply: MemberReply) -> str:
    """Return the address of a member's message."""
    return jump_link(reply.guild_id, reply.place_id, reply.message_id)


def _ago(time: datetime) -> str:
    return f"<t:{int(time.timestamp())}:R>"


def _indented(line: str, indent: str) -> str:
    """Return the line with its indent after the mark that only works at a line's start."""
    mark = next((mark for mark in ("> ", "-# ") if line.startswith(mark)), "")
    return f"{mark}{indent}{line.removeprefix(mark)}\n"
