"""A stored discussion as pages of text: the tree by indentation, in reading order."""

from __future__ import annotations

from collections.abc import Iterable

from bot import markdown
from bot.model import StoredComment, StoredStory
from bot.render import comment_link, title_line

PAGE_LIMIT = 1900
BODY_LIMIT = 700
DEEPEST = 6
INDENT = "\u2003"  # an em space: Discord trims ordinary blanks at the start of a line
EMPTY = "There are no comments on this story yet."


def pages(stored: StoredStory, tree: Iterable[tuple[int, StoredComment]]) -> list[str]:
    """Return the discussion in pages of at most 2,000 characters; always at least one."""
    head = title_line(stored.story) + "\n"
    result, page = [], head
    for depth, comment in tree:
        block = _block(stored, depth, comment)
        if len(page) + len(block) > PAGE_LIMIT and page != head:
            result.append(page)
            page = head
        page += block
    return [*result, page] if page != head or result else [head + EMPTY]


def _block(stored: StoredStory, depth: int, stored_comment: StoredComment) -> str:
    comment = stored_comment.comment
    indent = INDENT * min(depth, DEEPEST)
    if comment.deleted:
        return f"{indent}*deleted at its source*\n"
    link = comment_link(stored.story, comment)
    time = f"<t:{int(comment.posted_at.timestamp())}:R>" if comment.posted_at else "comment"
    arrow = "↳ " if depth else ""
    where = f" · [{time}](<{link}>)" if link else (f" · {time}" if comment.posted_at else "")
    body = markdown.excerpt(comment.body, BODY_LIMIT) or "*(no text)*"
    lines = [f"{arrow}**{markdown.escape(comment.author)[:100].rstrip(chr(92))}**{where}", *body.splitlines()]
    return "".join(f"{indent}{line}\n" for line in lines if line.strip())
