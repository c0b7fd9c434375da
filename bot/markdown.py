"""Discord Markdown: made from HTML and plain text, always escaped; read back as plain text; cut to size. Pure."""

from __future__ import annotations

import re

from bot.markdown_cut import excerpt, split
from bot.markdown_escape import break_calls, clean, clean_line, escape, escape_inline, escape_start, units
from bot.markdown_html import ARTICLE_LIMIT, COMMENT_LIMIT, from_html
from bot.markdown_tokens import plain

__all__ = [
    "ARTICLE_LIMIT",
    "COMMENT_LIMIT",
    "clean_line",
    "escape",
    "excerpt",
    "from_html",
    "from_text",
    "plain",
    "split",
    "units",
]


def from_text(text: str) -> str:
    """Return plain text as Markdown that shows it: an empty line parts paragraphs, a single line break stays."""
    lines = [escape_start(escape_inline(" ".join(line.split()))) for line in clean(text).split("\n")]
    return break_calls(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n"))
