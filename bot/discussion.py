"""A stored discussion as pages of text: the tree by indentation, in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot import markdown
from bot.model import StoredComment, StoredStory
from bot.render import comment_link, name, title_line

PAGE_LIMIT = 1900
BODY_LIMIT = 900
DEEPEST = 6
INDENT = "\u2003"  # an em space: Discord trims ordinary blanks at the start of a line
EMPTY = "There are no comments on this story yet."


def pages(stored: StoredStory, tree: Iterable[tuple[int, StoredComment]]) -> list[str]:
    """Return the discussion in pages of at most 2,000 characters; always at least one."""
    head = title_line(stored.story) + "\n"
    result, page = [], head
    for depth, comment in tree:
        for block in _blocks(stored, depth, comment):
            if len(page) + len(block) > PAGE_LIMIT and page != head:
                result.append(page)
                page = head
            page += block
    return [*result, page] if page != head or result else [head + EMPTY]


def _blocks(stored: StoredStory, depth: int, stored_comment: StoredComment) -> Iterator[str]:
    """Yield a comment in pieces that each fit a page; nothing of it is left out."""
    indent = INDENT * min(depth, DEEPEST)
    if stored_comment.comment.deleted:
        yield f"{indent}*deleted at its source*\n"
        return
    head = _head(stored, depth, stored_comment)
    for number, part in enumerate(markdown.split(stored_comment.comment.body, BODY_LIMIT) or ["*(no text)*"]):
        lines = [line for line in part.splitlines() if line.strip()]
        first = head if number == 0 else "-# continued"
        # So many lines that their indents alone would burst a page are left at the margin.
        margin = indent if len(lines) * len(indent) < BODY_LIMIT // 2 else ""
        yield _indented(first, margin) + "".join(_indented(line, margin) for line in lines)


def _head(stored: StoredStory, depth: int, stored_comment: StoredComment) -> str:
    comment = stored_comment.comment
    link = comment_link(stored.story, comment)
    time = f"<t:{int(comment.posted_at.timestamp())}:R>" if comment.posted_at else None
    where = f" · [{time or 'comment'}](<{link}>)" if link else (f" · {time}" if time else "")
    return f"{'↳ ' if depth else ''}**{name(comment)}**{where}"


def _indented(line: str, indent: str) -> str:
    """Return the line with its indent after the mark that only works at a line's start."""
    mark = next((mark for mark in ("> ", "-# ") if line.startswith(mark)), "")
    return f"{mark}{indent}{line.removeprefix(mark)}\n"
