"""Lemmy's Markdown as HTML of plain elements, so that one converter decides what is safe. Pure.

The common part of CommonMark alone: paragraphs, quotes, lists, headings, fences, Lemmy's spoilers, emphasis, code and
links. What it does not know stays as it was typed.
"""

from __future__ import annotations

import html
import re

from bot.markdown import COMMENT_LIMIT, from_html

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+#-]{0,20})[^`]{0,80}$")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(\S.*?)\s*#*$")
_ITEM = re.compile(r"\s{0,12}(?:[-*+]|(\d{1,9})[.)])\s{1,12}(?=\S)")
_QUOTE = re.compile(r"^\s{0,12}(?:>\s?){1,20}")
_SPOILER = re.compile(r"\s{0,3}:::\s*(?:spoiler\b\s*(.{0,200}))?$")
_RULE = re.compile(r" {0,3}(?:(?:- ?){3,}|(?:\* ?){3,}|(?:_ ?){3,})$")
_URL = r"https?://[^\s<>()]{1,2000}(?:\([^\s<>()]{0,200}\)[^\s<>()]{0,2000})?"
# Every piece is bounded, so that no text takes longer than its length asks.
_INLINE = re.compile(
    rf"""(?P<escape>\\[!-/:-@\[-`{{-~])
    |(?P<code>(?P<ticks>`{{1,3}})(?!`)(?P<inner>[^`\n]{{1,500}})(?P=ticks)(?!`))
    |(?P<image>!\[(?P<alt>[^\[\]\n]{{0,300}})\]\(<?(?P<src>{_URL})>?(?:\s+"[^"\n]{{0,200}}")?\))
    |(?P<link>\[(?P<label>[^\[\]\n]{{1,300}})\]\(<?(?P<href>{_URL})>?(?:\s+"[^"\n]{{0,200}}")?\))
    |<(?P<auto>{_URL})>
    |(?P<bare>{_URL})
    |\*\*(?P<bold>[^\s*](?:[^*\n]{{0,500}}[^\s*])?)\*\*
    |~~(?P<strike>[^\s~](?:[^~\n]{{0,500}}[^\s~])?)~~
    |\*(?P<italic>[^\s*](?:[^*\n]{{0,500}}[^\s*])?)\*(?![*\w])
    |(?<!\w)_(?P<under>[^\s_](?:[^_\n]{{0,500}}[^\s_])?)_(?!\w)""",
    re.VERBOSE,
)
_STYLES = (("bold", "b"), ("strike", "s"), ("italic", "i"), ("under", "i"))


def from_markdown(text: str, base_url: str | None = None) -> str:
    """Return Lemmy's Markdown as safe Discord Markdown; at most 65,536 characters of it are read."""
    lines = text[:COMMENT_LIMIT].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blocks = _Blocks()
    for line in lines:
        blocks.take(line)
    blocks.end()
    return from_html("".join(blocks.out), base_url, limit=6 * COMMENT_LIMIT)


class _Blocks:
    """Collects the HTML of lines, block by block; what stays open at the end is closed by the HTML parser."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.paragraph: list[str] = []
        self.fence = self.listed = ""
        self.quoted = self.hidden = False

    def take(self, line: str) -> None:
        """Add one line."""
        if self.fence:
            self._fenced(line)
            return
        quoted = line.lstrip()[:1] == ">"
        if quoted != self.quoted:
            self.end()
            self.out.append("<blockquote>" if quoted else "</blockquote>")
            self.quoted = quoted
        text = _QUOTE.sub("", line) if quoted else line
        if not text.strip():
            self._end_paragraph()
        elif not self._item(text) and not self._other(text):
            if not self.paragraph:
                self._end_list()
            self.paragraph.append(text.strip())

    def end(self) -> None:
        """End the paragraph and the list that are open."""
        self._end_paragraph()
        self._end_list()

    def _fenced(self, line: str) -> None:
        mark = line.strip()
        closed = mark.startswith(self.fence) and not mark.strip(self.fence[0])
        self.out.append("</code></pre>" if closed else html.escape(line) + "\n")
        self.fence = "" if closed else self.fence

    def _end_paragraph(self) -> None:
        if self.paragraph:
            self.out.append(f"<p>{'<br>'.join(map(_inline, self.paragraph))}</p>")
            self.paragraph.clear()

    def _end_list(self) -> None:
        if self.listed:
            self.out.append(f"</{self.listed}>")
            self.listed = ""

    def _item(self, line: str) -> bool:
        item = None if _RULE.match(line) else _ITEM.match(line)
        if item is None:
            return False
        tag = "ol" if item[1] else "ul"
        self._end_paragraph()
        if tag != self.listed:
            self._end_list()
            self.out.append(f'<ol start="{item[1]}">' if item[1] else "<ul>")
            self.listed = tag
        self.out.append(f"<li>{_inline(line[item.end() :].rstrip())}</li>")
        return True

    def _other(self, line: str) -> bool:
        """Add a line that is no part of a paragraph; tell whether it was one."""
        if opened := _FENCE.match(line):
            self._add(f'<pre><code class="language-{opened[2]}">')
            self.fence = opened[1]
        elif heading := _HEADING.match(line):
            self._add(f"<h4>{_inline(heading[1])}</h4>")
        elif spoiler := _SPOILER.match(line):
            self._add("</div>" if self.hidden else f'<p>{_inline(spoiler[1] or "")}</p><div class="spoiler">')
            self.hidden = not self.hidden
        elif _RULE.match(line):
            self._add("<hr>")
        else:
            return False
        return True

    def _add(self, element: str) -> None:
        self.end()
        self.out.append(element)


def _inline(text: str, depth: int = 0) -> str:
    """Return a line's marks as elements; the rest is escaped, so that HTML in it stays text."""
    result: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        result += (html.escape(text[end : match.start()]), _element(match, depth))
        end = match.end()
    return "".join(result) + html.escape(text[end:])


def _element(match: re.Match[str], depth: int) -> str:
    if match["escape"]:
        return html.escape(match["escape"][1])
    if match["code"]:
        return f"<code>{html.escape(match['inner'])}</code>"
    if match["image"]:
        return f'<img alt="{html.escape(match["alt"])}" src="{html.escape(match["src"])}">'
    if match["link"]:
        return f'<a href="{html.escape(match["href"])}">{html.escape(match["label"])}</a>'
    if address := match["auto"] or match["bare"]:
        whole = address.rstrip(".,:;!?'\"*_~")  # the end of a sentence is not part of its link
        return f'<a href="{html.escape(whole)}">{html.escape(whole)}</a>{html.escape(address[len(whole) :])}'
    name, tag = next((name, tag) for name, tag in _STYLES if match[name])
    return f"<{tag}>{_inline(match[name], depth + 1) if depth < 3 else html.escape(match[name])}</{tag}>"
