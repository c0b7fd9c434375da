"""The comments of a text dump: bulleted author lines with indented text below. Pure; the rule is in the facts, D."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.markdown import clean_line, from_text
from bot.model import Comment
from bot.urls import safe_link

_AUTHOR = re.compile(r"( *)[•·‣◦*-] +(?:(https?://\S+) +)?(\S(?:.{0,58}\S)?) *")
_ENDS_LIKE_A_SENTENCE = (".", "!", "?", ":", ";")
_CLOSED = (".", "!", "?", "…", ")", '"', "'", "”", "’", "`", ">", "]")
_LONG = 200


@dataclass(frozen=True, slots=True)
class _Author:
    """An author line: where it stands, its bullet's column, and who wrote."""

    line: int
    column: int
    name: str
    website: str | None


def find_comments(lines: Sequence[str]) -> tuple[list[str], tuple[Comment, ...], bool]:
    """Split a dump into the article's lines and its comments; the last value says whether it ends as a whole.

    A text without comments is whole; one whose long last comment breaks off is not.
    """
    authors = _last_run(lines, _authors(lines))
    if not authors:
        return list(lines), (), True
    ends = [author.line for author in authors[1:]] + [_section_end(lines, authors[-1].line)]
    bodies = [_body(lines[author.line + 1 : end], author.column) for author, end in zip(authors, ends, strict=True)]
    comments = tuple(
        Comment(key="", author=author.name, body=from_text(body), author_url=author.website)
        for author, body in zip(authors, bodies, strict=True)
    )
    whole = len(bodies[-1]) < _LONG or bodies[-1].endswith(_CLOSED)
    return list(lines[: authors[0].line]), comments, whole


def _authors(lines: Sequence[str]) -> list[_Author]:
    return [author for number in range(len(lines)) if (author := _author(lines, number))]


def _author(lines: Sequence[str], number: int) -> _Author | None:
    """Read an author line: a short bullet, then an empty line, then text at least 2 deeper than the bullet."""
    match = _AUTHOR.fullmatch(lines[number])
    if match is None or match[3].endswith(_ENDS_LIKE_A_SENTENCE):
        return None
    if number + 2 >= len(lines) or lines[number + 1].strip():
        return None
    # A file that begins with its first comment has lost the blanks before the bullet.
    column = 2 if not any(line.strip() for line in lines[:number]) else len(match[1])
    text = next((line for line in lines[number + 1 :] if line.strip()), "")
    if _indent(text) < column + 2 or not text:
        return None
    return _Author(number, column, clean_line(match[3]), safe_link(match[2]))


def _last_run(lines: Sequence[str], authors: list[_Author]) -> list[_Author]:
    """Keep the last author lines that have nothing at column 0 between them, all at the outermost column."""
    run: list[_Author] = []
    for author in reversed(authors):
        if run and any(_at_margin(line) for line in lines[author.line + 1 : run[-1].line]):
            break
        run.append(author)
    outermost = min((author.column for author in run), default=0)
    return [author for author in reversed(run) if author.column == outermost]


def _section_end(lines: Sequence[str], start: int) -> int:
    return next((number for number in range(start + 1, len(lines)) if _at_margin(lines[number])), len(lines))


def _at_margin(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(" ")


def _body(lines: Sequence[str], column: int) -> str:
    """Return a comment's text without its indent; a line as far left as the bullet is the stump of a next author."""
    kept: list[str] = []
    for line in lines:
        if line.strip() and _indent(line) < column + 2:
            break
        kept.append(line)
    margin = min((_indent(line) for line in kept if line.strip()), default=0)
    return "\n".join(line[margin:].rstrip() for line in kept).strip("\n")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
