"""HTML and text as Markdown, and Markdown cut to size."""

import pytest

from bot import markdown


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p><p>b<br>c</p>", "a\n\nb\nc"),
        ("a<p>b<p>c", "a\n\nb\n\nc"),
        ("<b>x</b> <i>y</i> <s>z</s> <u>w</u>", "**x** *y* ~~z~~ __w__"),
        ("<b> x </b>y", "**x** y"),
        ("<p>p</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "p\n\n- a\n  - b\n- c"),
        ("<ol start=3><li>x<li>y</ol>", "3. x\n4. y"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n> \n> b\n\nc"),
        ('<pre><code class="language-python">a = 1\n  b</code></pre>', "```python\na = 1\n  b\n```"),
        ('<span class="md-spoiler-text">x</span>', "||x||"),
        ('<a href="https://e.org/x">https://e.org/x</a>', "<https://e.org/x>"),
        ('<a href="https://e.org/x">text</a>', "text (<https://e.org/x>)"),
        ('<a href="https://e.org/long/path" title="https://e.org/long/path">https://e.org/lo...</a>',
         "<https://e.org/long/path>"),
        ('<a href="/x">t</a>', "t (<https://base.org/x>)"),
        ('<img class="emoji" alt=":rocket:" src="https://e.org/r.png">', ":rocket:"),
        ('<img alt="A dish" src="https://e.org/r.png">', "A dish (<https://e.org/r.png>)"),
        ("<h2>Head</h2>text", "**Head**\n\ntext"),
        ("x<script>1</script><style>2</style><iframe>3</iframe><svg><text>4</text></svg>y", "xy"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("", ""),
    ],
)  # fmt: skip
def test_html(html, expected):
    assert markdown.from_html(html, "https://base.org/") == expected


def test_text_keeps_lines_and_paragraphs():
    assert markdown.from_text("a\nb\n\n\n\nc # x\n# y") == "a\nb\n\nc # x\n\\# y"


def test_a_discourse_quote_names_who_is_quoted():
    html = '<aside class="quote"><div class="title">pat said:</div><blockquote><p>hi</p></blockquote></aside>yes'
    assert markdown.from_html(html) == "> **pat said:**\n> \n> hi\n\nyes"


def test_H24_H25_nesting_loses_no_text():
    assert markdown.from_html("<b>x" * 5000, limit=10**6).count("x") == 5000
    assert markdown.from_html("<blockquote>q " * 2000).count("q") == 2000


def test_H08_dangerous_links_keep_their_text():
    assert markdown.from_html('<a href="javascript:x">t</a>') == "t"


def test_plain_is_what_a_reader_sees():
    source = markdown.from_html(
        "<p><b>a_b</b> <code>c*</code> <a href='https://e.org/'>t</a></p><blockquote>q</blockquote>"
    )
    assert markdown.plain(source) == "a_b c* t (https://e.org/)\n\nq"
    assert markdown.plain(markdown.escape("@everyone *x* [y](z)")) == "@everyone *x* [y](z)"


def test_excerpt_ends_at_a_sentence():
    text = "One two three four five. Six seven eight nine ten eleven twelve. " + "And more words follow here " * 9
    assert markdown.excerpt(text, 100) == "One two three four five. Six seven eight nine ten eleven twelve. …"
    assert markdown.excerpt("short", 100) == "short"


def test_a_split_fence_is_closed_and_opened_again():
    parts = markdown.split("```py\n" + "line of code\n" * 30 + "```", 120)
    assert all(part.startswith("```py\n") and part.endswith("\n```") and len(part) <= 120 for part in parts)


def test_a_split_quote_keeps_its_sign_and_marks():
    parts = markdown.split("> **" + "word " * 60 + "end**", 100)
    assert all(part.startswith("> **") and part.endswith("**") for part in parts)


def test_H20_units_are_utf16():
    parts = markdown.split("\U0001f600" * 2000, 2000)
    assert [markdown.units(part) for part in parts] == [2000, 2000]


@pytest.mark.parametrize("text", ["", " \n ", "\u200b"])
def test_H21_H22_nothing_gives_no_part(text):
    assert markdown.split(markdown.from_text(text), 2000) == []
