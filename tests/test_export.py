"""A discussion as a file: whole, with stable keys, and with nothing in it that acts."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Conflict
from bot.export import Format, file_of
from bot.export_html_text import html_of
from bot.markdown import from_html, from_text
from bot.model import Story
from tests.test_discussion import NOW, STORED, reply, said, talk

WIDE = 10 * 2**20
LINK = "https://discord.com/channels/1/22/5"
FOUND = talk(
    said(1, minute=0, body=from_html("<p>The dish is <b>larger</b> &lt;script&gt;.</p>"), likes=4),
    said(2, 1, minute=1, body="", deleted=True, author="Nobody Knows"),
    said(3, 2, minute=2, body=from_text("so > that"), edited_at=NOW),
    replies=[reply(1001, minute=3, comment=1, body=from_text("me *too*")), reply(1002, deleted=True, answers=1001)],
    links=((None, LINK), (1, LINK + "1")),
)
VOID = {"meta", "br"}


class Page(HTMLParser):
    """A page's tags, checked to be closed in order, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.words = [], [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += "" if self.open[-1:] == ["style"] else data


def text(kind, found=FOUND):
    return file_of(found, kind, NOW, WIDE).data.decode()


def test_json_has_the_documented_keys():
    value = json.loads(text(Format.JSON))
    assert (value["format"], value["version"], value["exported_at"]) == (
        "rendezvous-discussion", 1, "2026-03-01T12:00:00Z"
    )  # fmt: skip
    assert list(value["story"]) == [
        "number", "title", "url", "author", "site", "published_at", "updated_at", "summary", "tags", "message",
    ]  # fmt: skip
    assert all(
        list(comment) == [
            "id", "parent_id", "depth", "on_server", "deleted", "author", "author_url", "url", "message", "posted_at",
            "edited_at", "likes", "text", "markdown",
        ] for comment in value["comments"]
    )  # fmt: skip
    places = [(one["id"], one["parent_id"], one["depth"]) for one in value["comments"]]
    assert places == [
        ("k1", None, 0), ("k2", "k1", 1), ("k3", "k2", 2), ("here:1001", "k1", 1), ("here:1002", "here:1001", 2),
    ]  # fmt: skip
    first = value["comments"][0]
    assert (first["text"], first["likes"], first["message"]) == ("The dish is larger <script>.", 4, LINK + "1")
    assert first["markdown"] == "The dish is **larger** \\<script\\>."


@pytest.mark.parametrize("kind", Format)
def test_deleted_comments_are_there_without_text_and_author(kind):
    written = text(kind)
    assert "Nobody Knows" not in written
    if kind is Format.JSON:
        gone = [one for one in json.loads(written)["comments"] if one["deleted"]]
        assert [(one["author"], one["text"], one["markdown"]) for one in gone] == [(None, None, None)] * 2
    else:
        assert "deleted at its source" in written and "deleted on this server" in written
        assert "edited" in written and "on this server" in written


def test_markdown_is_a_nested_list():
    written = text(Format.MARKDOWN)
    assert written.startswith("# [Two agencies share a dish](<https://example.org/dish>)\n")
    heads = re.findall(r"^( *)- (.*)$", written, re.MULTILINE)
    assert [len(indent) // 2 for indent, _ in heads] == [0, 1, 2, 1, 2]
    assert "\n  The dish is **larger** \\<script\\>.\n" in written
    assert "\n    me \\*too\\*\n" in written


def test_the_page_needs_nothing_else_and_runs_nothing():
    written = text(Format.HTML)
    page = Page(written)
    assert not {"script", "img", "link", "iframe", "form", "base", "object"} & set(page.tags)
    assert not [found for found in page.attributes if found[1].startswith("on") or found[1] in ("style", "src")]
    policy = next(
        value for tag, name, value in page.attributes if tag == "meta" and name == "content" and "src" in value
    )
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'", policy)
    assert "<script>" in page.words and "in reply to A1" in page.words and "👍 4" in page.words
    targets = {value for _, name, value in page.attributes if name == "id"}
    jumps = {value[1:] for _, name, value in page.attributes if name == "href" and value.startswith("#")}
    assert jumps <= targets and jumps


@given(
    title=st.text(max_size=60), author=st.text(max_size=40), words=st.text(max_size=200),
    address=st.sampled_from(["javascript:alert(1)", "https://e.example/\"'<>", "data:text/html,x", "//x", "", "\x00"]),
)  # fmt: skip
def test_whatever_strangers_write_is_text(title, author, words, address):
    stored = type(STORED)(7, Story(title, url=address, site=author, summary=from_html(words)), 1, NOW, 1)
    comment = said(1, body=from_html(words), author=author, url=address, author_url=address)
    page = Page(text(Format.HTML, talk(comment, replies=[reply(9, body=from_text(words), comment=1)], story=stored)))
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "div", "main", "article", "b", "i", "u",
        "s", "span", "small", "code", "pre", "blockquote", "br", "a", "time", "footer",
    }  # fmt: skip
    links = [value for tag, name, value in page.attributes if name == "href"]
    assert all(value.startswith(("https://", "http://", "#")) for value in links)
    json.loads(text(Format.JSON, talk(comment, story=stored)))


@given(st.text(alphabet="*_~|`<>\\[]()# -\nab.:/htps@0", max_size=120))
def test_any_markdown_becomes_closed_elements(written):
    Page(html_of(written))


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("**a *b* c** ~~d~~ __e__", "<b>a <i>b</i> c</b> <s>d</s> <u>e</u>"),
        ("||x||", '<span class="spoiler" tabindex="0">x</span>'),
        ("`a<b` \\*", "<code>a&lt;b</code> *"),
        ("> one\n> two\n\nthree", "<blockquote>one<br>\ntwo</blockquote>\nthree"),
        ("```\na <b\n```\nc", "<pre>a &lt;b</pre>\nc"),
        ("-# small\n# Large", "<small>small</small><br>\n<b>Large</b>"),
        ("<t:0:f>", "1970-01-01 00:00 UTC"),
        (
            "[label **b**](<https://e.example/?a=1&b=2>)",
            '<a href="https://e.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">label b</a>',
        ),
        ("", ""),
    ],
)
def test_markdown_as_html(written, html):
    assert html_of(written) == html


def test_a_file_that_is_too_large_is_packed_and_one_that_stays_so_is_refused():
    found = talk(*(said(number, body="the same words " * 30) for number in range(1, 200)))
    whole = file_of(found, Format.HTML, NOW, WIDE)
    packed = file_of(found, Format.HTML, NOW, len(whole.data) - 1)
    assert packed.name == whole.name + ".zip" and len(packed.data) < len(whole.data)
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        assert archive.read(whole.name) == whole.data
    with pytest.raises(Conflict, match=r"too large for a file here: 0\.\d MiB, and Discord takes 0\.0 MiB"):
        file_of(found, Format.HTML, NOW, 50)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Two agencies share a dish", "discussion-7-two-agencies-share-a-dish.md"),
        ("../../etc/passwd\0", "discussion-7-etc-passwd.md"),
        ("Где-то \u202e..", "discussion-7.md"),
        ("Ünïcode" * 40, "discussion-7-" + ("unicode" * 40)[:60] + ".md"),
    ],
)
def test_a_files_name_holds_plain_letters_alone(title, name):
    stored = type(STORED)(7, Story(title), 1, datetime(2026, 1, 1, tzinfo=UTC), 1)
    assert file_of(talk(story=stored), Format.MARKDOWN, NOW, WIDE).name == name
