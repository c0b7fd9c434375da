"""Our Markdown as HTML: tags of ours alone, every word escaped, every element closed. Linear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

from bot.markdown_escape import BREAK
from bot.markdown_tokens import Token, has_markup, tokens
from bot.urls import safe_link

_TAGS = {"**": "b", "*": "i", "__": "u", "~~": "s", "||": 'span class="spoiler" tabindex="0"'}
_FENCE = re.compile(r"```[\w+#-]*$")
_QUOTE = re.compile(r"(?:> ?)+")
_SIGN = re.compile(r"(-# |#{1,3} (?=\S))")


def html_of(markdown: str) -> str:
    """Return Markdown that ``bot.markdown`` made as HTML; "" for an empty text."""
    return "".join(_blocks(markdown.replace(BREAK, ""))).removesuffix("<br>\n")


def anchor(url: str, label: str) -> str:
    """Return a link with a label that is HTML already; the address must be one that ``safe_link`` gave."""
    return f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">{label}</a>'


def _blocks(markdown: str) -> Iterator[str]:
    fence: list[str] | None = None
    lines: list[str] = []
    for line in markdown.split("\n"):
        if _FENCE.match(line) and (fence is None or line == "```"):
            if fence is None:
                yield from _paragraphs(lines)
                lines, fence = [], []
            else:
                yield f"<pre>{escape(chr(10).join(fence))}</pre>\n"
                fence = None
        else:
            (lines if fence is None else fence).append(line)
    yield f"<pre>{escape(chr(10).join(fence))}</pre>\n" if fence else ""
    yield from _paragraphs(lines)


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Yield lines, those of one quote together; a mark that is open at the end of a run of lines is closed there."""
    for quoted, group in groupby(lines, key=lambda line: bool(_QUOTE.match(line))):
        said = [_QUOTE.sub("", line, count=1) if quoted else line for line in group]
        # Between blocks a blank line would part them twice.
        text = "<br>\n".join(_line(line) for line in "\n".join(said).strip("\n").split("\n"))
        yield f"<blockquote>{text}</blockquote>\n" if quoted else f"{text}<br>\n" if text else ""


def _line(line: str) -> str:
    sign = _SIGN.match(line)
    if sign is None:
        return _inline(line)
    tag = "small" if sign[0] == "-# " else "b"
    return f"<{tag}>{_inline(line[sign.end() :])}</{tag}>"


def _inline(text: str) -> str:
    if not has_markup(text):
        return escape(text)
    out: list[str] = []
    opened: list[str] = []
    for token in tokens(text):
        if token.kind != "mark":
            out.append(_shown(token))
        elif token.text in opened:
            while (mark := opened.pop()) != token.text:
                out.append(_close(mark))
            out.append(_close(mark))
        else:
            opened.append(token.text)
            out.append(f"<{_TAGS[token.text]}>")
    return "".join(out) + "".join(_close(mark) for mark in reversed(opened))


def _close(mark: str) -> str:
    return f"</{_TAGS[mark].partition(' ')[0]}>"


def _shown(token: Token) -> str:
    if token.kind == "code":
        return f"<code>{escape(token.shown)}</code>"
    if token.kind in ("link", "masked"):
        address = token.text[token.text.rindex("<") + 1 : token.text.rindex(">")]
        safe = safe_link(address)
        return anchor(safe, escape(token.shown)) if safe else escape(token.shown)
    return escape(token.shown)
