"""Generated hostile text: whatever comes in, what goes out is harmless, within the limit and whole."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import markdown

PIECES = [
    "@everyone", "@here", "<@123456>", "<@!1>", "<@&5>", "<#77>", "<t:1:R>", "<a:x:1>", "</cmd:1>", "<id:guide>",
    "[masked](https://evil.com)", "[https://bank.com](https://evil.com)", "](http://e)", "**", "*", "__", "_", "~~",
    "||", "`", "```", "\\", "\n", "\n\n", " ", "# ", "-# ", "- ", "1. ", "> ", ">>> ", "https://x.org/a_(b)_c",
    "http://discord.gg/abc", "discord.gg/abc", "https://u@v.com/", "\u200b", "\u202e", "\U000e0041", "a" + "\u0301" * 9,
    "\0", "\x1b[31m", "\ud800", "\U0001f600", "word", "foo bar baz. ", "x" * 300, "&lt;@1&gt;", "&#64;everyone",
]  # fmt: skip
TAGS = [
    "<b>", "</b>", "<i>", "</i>", "<p>", "<br>", "<a href='https://evil.com/)[x](http://z)'>", "</a>", "<blockquote>",
    "</blockquote>", "<pre>", "</pre>", "<code>", "</code>", "<ul>", "<li>", "</ul>", "<span class=spoiler>", "</span>",
    "<img src=https://e.com/i.png alt='@everyone [x](http://y)'>", "<script>x</script>", "<h2>", "</h2>", "<!-- c -->",
]  # fmt: skip

texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
pages = st.lists(st.sampled_from(PIECES + TAGS), max_size=30).map("".join)
lively = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def assert_harmless(text: str) -> None:
    assert not re.search(r"@(?:everyone|here)", text, re.IGNORECASE)
    assert not re.search(r"<(?:@[!&]?\d+|#\d+|t:-?\d+|a?:\w+:\d+|/\w+:\d+|id:\w+)>", text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u00ad\U000e0000-\U000e007f\0\x1b\ud800-\udfff]", text)
    assert not re.search("\u0301{4}", text)
    assert (len(text) - len(text.rstrip("\\"))) % 2 == 0
    seen = re.sub(r"(?m)^```[\w+#-]*\n(?:.*\n)*?(?:```$|\Z)", "", text)
    seen = re.sub(r"`[^`\n]+`", "", re.sub(r"\\[^0-9A-Za-z\s]", "", seen))
    assert "](" not in seen
    assert "discord.gg" not in seen
    assert not re.search("https?://", re.sub(r"<https?://[^\s<>]*>", "", seen))


def words(text: str) -> str:
    return re.sub(r"[\s>]+", "", text)


@given(pages)
@lively
def test_H01_to_H18_html_is_harmless(html):
    assert_harmless(markdown.from_html(html))


@given(texts)
@lively
def test_H01_to_H18_text_and_names_are_harmless(text):
    assert_harmless(markdown.from_text(text))
    name = markdown.escape(text)
    assert_harmless(name)
    assert "\n" not in name


@given(pages, st.sampled_from([60, 100, 300, 1900]), st.sampled_from([None, 50, 200]))
@lively
def test_H13_H19_H20_parts_fit_are_harmless_and_lose_no_word(html, limit, first):
    text = markdown.from_html(html)
    parts = markdown.split(text, limit, first)
    for number, part in enumerate(parts):
        assert part.strip()
        assert markdown.units(part) <= (first if first and not number else limit)
        assert_harmless(part)
    assert words(markdown.plain(text)) == words("".join(map(markdown.plain, parts)))


@given(pages, st.sampled_from([5, 30, 60, 200]))
@lively
def test_H13_an_excerpt_fits_and_is_harmless(html, limit):
    short = markdown.excerpt(markdown.from_html(html), limit)
    assert markdown.units(short) <= limit
    assert_harmless(short)


@pytest.mark.parametrize("bomb", ["<", "&", "<a ", "<b>", "</", "<!--", "&#", "<div>", "[("])
def test_H25_bombs_are_read(bomb):
    assert isinstance(markdown.from_html(bomb * (64_000 // len(bomb))), str)
