"""Lemmy: recorded comments, a small community, and its Markdown."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import FetchError, SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.lemmy import Lemmy
from bot.sources.lemmy_markdown import from_markdown
from tests.sources.json_sites import HOSTILE, OFFLINE, FakeWeb, as_document, hostile, survives

HOME = "https://lemmy.example"
SPACE = f"{HOME}/c/space@other.example"
LIST = f"{HOME}/api/v3/post/list?community_name=space%40other.example&type_=All&sort=New&limit=50"
LEMMY = Lemmy()


def post(number, **more):
    return {
        "post": {
            "id": number, "name": f"Post {number}", "ap_id": f"https://other.example/post/{9000 + number}",
            "body": "Some **text**.", "published": "2026-11-01T10:00:00.123456", "updated": None,
            "removed": False, "deleted": False, **more,
        },
        "creator": {"name": "ann", "display_name": "Ann"},
        "community": {"name": "space", "title": "Space"},
        "counts": {"comments": 2, "newest_comment_time": "2026-11-02T10:00:00Z"},
    }  # fmt: skip


def comment(number, path=None, **more):
    return {
        "comment": {
            "id": number, "post_id": 5, "content": f"Comment *{number}*", "path": path or f"0.{number}",
            "ap_id": f"https://third.example/comment/{7000 + number}", "published": "2026-11-01T11:00:00Z", **more,
        },
        "creator": {"name": f"user{number}", "actor_id": f"https://third.example/u/user{number}"},
        "counts": {"child_count": 0},
    }  # fmt: skip


def thread(pages, total):
    """A post with comments: ``pages`` maps a page's number to comments or to an answer."""

    def answer(url):
        query = parse_qs(urlsplit(url).query)
        if "/post?" in url:
            return {"post_view": {**post(5), "counts": {"comments": total}}}
        assert query["post_id"] == ["5"]
        assert "max_depth" not in query
        found = pages.get(int(query["page"][0]), [])
        return {"comments": found} if isinstance(found, list) else found

    return FakeWeb({}, other=answer)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("comment_list.testfixture", [("lm-11", None), ("lm-12", "lm-11")]),
        ("comment_view.testfixture", [("lm-11", None)]),
        ("isodata_comment.one", [("lm-8755826", None)]),
    ],
)
@pytest.mark.asyncio
async def test_recorded_comments(samples, name, keys):
    found = await LEMMY.parse(Document((samples / "lemmy" / f"{name}.json").read_bytes(), name=name))
    page = found.items[0].page
    assert [(comment.key, comment.parent) for comment in page.comments] == keys
    assert all(comment.author and comment.body and comment.posted_at for comment in page.comments)
    assert all(comment.posted_at.tzinfo is UTC for comment in page.comments)
    assert not page.complete


@pytest.mark.asyncio
async def test_a_post_is_a_story_and_a_thread_on_the_instance_that_showed_it():
    web = FakeWeb({LIST: {"posts": [post(6, url="https://news.example/a"), post(5), post(4, deleted=True)]}})
    found = await LEMMY.read(web, SPACE, {})
    assert (found.name, len(found.items)) == ("Space", 2)
    linked, text = (item.page.story for item in found.items)
    assert (linked.url, text.url) == ("https://news.example/a", "https://other.example/post/9005")
    assert (text.title, text.author, text.site, text.body) == ("Post 5", "Ann", "Space", "Some **text**.")
    assert (text.native_id, text.origin) == ("5", "lemmy.example")
    assert text.published_at == datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC)
    where = found.items[1].threads[0]
    assert (where.kind, where.address, where.signal) == ("lemmy", f"{HOME}/post/5", "2-2026-11-02T10:00:00Z")
    assert not found.items[1].page.complete


@pytest.mark.asyncio
async def test_the_signal_of_a_post_without_comments():
    web = FakeWeb({LIST: {"posts": [{**post(5), "counts": {"comments": 0, "newest_comment_time": "2026-11-01"}}]}})
    assert (await LEMMY.read(web, SPACE, {})).items[0].threads[0].signal == "0"


@pytest.mark.asyncio
async def test_a_picture_is_shown_and_not_linked():
    web = FakeWeb({LIST: {"posts": [post(6, url="https://lemmy.example/pictrs/image/a.webp?x=1")]}})
    story = (await LEMMY.read(web, SPACE, {})).items[0].page.story
    assert (story.url, story.image_url) == (
        "https://other.example/post/9006", "https://lemmy.example/pictrs/image/a.webp?x=1",
    )  # fmt: skip


@pytest.mark.asyncio
async def test_later_reads_go_back_to_where_the_last_one_began():
    pages = {
        LIST: {"posts": [post(1, featured_community=True), post(9)], "next_page": "P2"},
        f"{LIST}&page_cursor=P2": {"posts": [post(8)], "next_page": "P3"},
        f"{LIST}&page_cursor=P3": {"posts": [post(7), post(6)], "next_page": "P4"},
    }
    web = FakeWeb(pages)
    first = await LEMMY.read(web, SPACE, {})
    assert (len(web.asked), first.cursor) == (1, {"newest": "9"})
    later = FakeWeb(pages)
    found = await LEMMY.read(later, SPACE, {"newest": "7"})
    assert [item.page.story.native_id for item in found.items] == ["9", "8", "7", "6", "1"]
    assert len(later.asked) == 3


@pytest.mark.asyncio
async def test_S40_a_list_of_posts_that_turns_in_a_circle():
    web = FakeWeb({}, other=lambda url: {"posts": [post(9)], "next_page": "again"})
    assert len((await LEMMY.read(web, SPACE, {"newest": "1"})).items) == 1
    assert len(web.asked) == 2


@pytest.mark.asyncio
async def test_comments_with_parents_edits_and_tombstones():
    entries = [
        comment(13, "0.11.12.13"), comment(12, "0.11.12", deleted=True, content=""), comment(11, updated="2026-11-03"),
        comment(14, "0.99.14"), comment(15, removed=True),
    ]  # fmt: skip
    found = await LEMMY.discuss(thread({1: entries}, 3), f"{HOME}/post/5", {})
    assert [(c.key, c.parent, c.deleted) for c in found.comments] == [
        ("lm-11", None, False), ("lm-12", "lm-11", True), ("lm-13", "lm-12", False), ("lm-14", "lm-99", False),
        ("lm-15", None, True),
    ]  # fmt: skip
    first = found.comments[0]
    assert (first.author, first.body, first.url) == ("user11", "Comment *11*", "https://third.example/comment/7011")
    assert first.edited_at == datetime(2026, 11, 3, tzinfo=UTC)
    assert found.comments[1].body == ""
    assert found.complete


@pytest.mark.asyncio
async def test_all_pages_of_comments_are_read():
    pages = {n: [comment(number) for number in range(50 * n, 50 * n + 50)] for n in (1, 2)} | {3: [comment(999)]}
    found = await LEMMY.discuss(thread(pages, 101), f"{HOME}/post/5", {})
    assert (len(found.comments), found.complete) == (101, True)


FULL = [comment(number) for number in range(1, 51)]


@pytest.mark.parametrize(
    ("pages", "total", "count"),
    [
        ({1: []}, 2, 0),
        ({1: FULL, 2: OFFLINE}, 60, 50),
        ({1: FULL, 2: b"<html>"}, 60, 50),
        ({1: FULL[:10]}, 11, 10),
        ({1: FULL}, None, 50),
        (dict.fromkeys(range(1, 99), FULL), 50, 50),
    ],
)
@pytest.mark.asyncio
async def test_S37_S40_a_read_that_lacks_something_is_incomplete(pages, total, count):
    web = thread(pages, total)
    raising = FakeWeb({}, other=lambda url: _raised(web, url))
    found = await LEMMY.discuss(raising, f"{HOME}/post/5", {})
    assert (len(found.comments), found.complete) == (count, False)
    assert len(raising.asked) <= 4


def _raised(web, url):
    found = web.other(url)
    if isinstance(found, Exception):
        raise found
    return found


@pytest.mark.asyncio
async def test_S40_at_most_fifty_pages_of_comments():
    pages = {n: [comment(number) for number in range(50 * n, 50 * n + 50)] for n in range(1, 200)}
    web = thread(pages, 9_950)
    found = await LEMMY.discuss(web, f"{HOME}/post/5", {})
    assert (len(found.comments), found.complete, len(web.asked)) == (2500, False, 51)


SITE = {f"{HOME}/api/v3/site": {"site_view": {"site": {"name": "Lemmy"}}, "version": "0.19.9"}}


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        (f"{HOME}/c/space@other.example", SPACE),
        (f"{HOME}/c/space?dataType=Post", f"{HOME}/c/space"),
        (f"{HOME}/post/5", f"{HOME}/post/5"),
        (f"{HOME}/post/abc", None),
        (f"{HOME}/c/../../x", None),
        (f"{HOME}/", None),
        (None, None),
    ],
)
@pytest.mark.asyncio
async def test_a_community_is_known_by_its_path_and_by_its_site(pasted, address):
    web = FakeWeb(SITE)
    assert await LEMMY.find(web, Document(b"<html>", pasted)) == address
    assert len(web.asked) == (address is not None)


@pytest.mark.asyncio
async def test_other_sites_with_such_paths_are_not_lemmy():
    assert await LEMMY.find(FakeWeb({}), Document(b"", f"{HOME}/c/space")) is None
    assert await LEMMY.find(FakeWeb({}, other={"site_view": []}), Document(b"", f"{HOME}/c/space")) is None
    with pytest.raises(FetchError):
        await LEMMY.find(FakeWeb({}, other=OFFLINE), Document(b"", f"{HOME}/c/space"))


@pytest.mark.asyncio
async def test_a_single_post_is_a_source():
    web = FakeWeb({f"{HOME}/api/v3/post?id=5": {"post_view": post(5)}})
    assert [item.page.story.title for item in (await LEMMY.read(web, f"{HOME}/post/5", {})).items] == ["Post 5"]


@pytest.mark.asyncio
async def test_refusals_are_sentences():
    with pytest.raises(SourceError, match="not the address of a Lemmy"):
        await LEMMY.read(FakeWeb({}), HOME, {})
    with pytest.raises(SourceError, match="not the address of a post"):
        await LEMMY.discuss(FakeWeb({}), SPACE, {})
    with pytest.raises(SourceError, match="not as a Lemmy"):
        await LEMMY.read(FakeWeb({}, other={"error": "couldnt_find_community"}), SPACE, {})
    with pytest.raises(SourceError, match="not as a Lemmy"):
        await LEMMY.discuss(FakeWeb({}, other={}), f"{HOME}/post/5", {})
    with pytest.raises(NotThisKind):
        await LEMMY.parse(as_document({"comments": [{"id": 1}], "posts": [{"id": 2}]}))


@pytest.mark.asyncio
async def test_lists_of_posts_are_documents_too():
    found = await LEMMY.parse(as_document({"posts": [post(5), post(6, removed=True)]}, f"{HOME}/api/v3/post/list"))
    assert [item.threads[0].address for item in found.items] == [f"{HOME}/post/5"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("**b** *i* _i_ ~~s~~ `c*d*`", "**b** *i i* ~~s~~ `c*d*`"),
        ("snake_case_name 2 * 3 * 4", "snake\\_case\\_name 2 \\* 3 \\* 4"),
        ("[label](https://e.example/a_(b))", "label (<https://e.example/a_%28b%29>)"),
        ("see https://e.example/a.", "see <https://e.example/a>."),
        ("![alt](https://e.example/i.png)", "alt (<https://e.example/i.png>)"),
        ("> quoted\n> *more*\n\nown", "> quoted\n> *more*\n\nown"),
        ("- one\n- two\n\n3. three", "- one\n- two\n\n3. three"),
        ("# Head\ntext", "**Head**\n\ntext"),
        ("```py\nx = '<b>'\n```", "```py\nx = '<b>'\n```"),
        ("::: spoiler Who\nHe\n:::\nafter", "Who\n\n||He||\n\nafter"),
        ("<b>no html</b> &amp;", "\\<b\\>no html\\</b\\> &amp;"),
        ("\\*plain\\*", "\\*plain\\*"),
    ],
)
def test_the_markdown_of_lemmy(text, shown):
    assert from_markdown(text) == shown


@pytest.mark.parametrize(
    "text",
    ["@everyone", "**@here**", "[x](javascript:alert(1))", "[https://bank.example](https://evil.example)",
     "<@1234>", "[a](https://discord.gg/abc)", "<script>x</script>"],
)  # fmt: skip
def test_nothing_in_it_acts(text):
    shown = from_markdown(text)
    assert "@everyone" not in shown and "@here" not in shown and "](" not in shown.replace("\\]\\(", "")
    assert "<@" not in shown.replace("\\<@", "") and "gg/abc" not in shown
    assert "<script" not in shown.replace("\\<script", "")


PIECES = ["@everyone", "@here", "*", "**", "_", "~~", "`", "```\n", "[", "](", ")", "!", "> ", "- ", "1. ", "# ", "\n",
          " ", "::: spoiler ", ":::\n", "\\", "|", "<", "a", "https://e.example/a"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_marks_in_any_order_call_nobody(pieces):
    shown = from_markdown("".join(pieces))
    assert not re.search("@(?:everyone|here)", shown)


@pytest.mark.parametrize(
    "text", ["*" * 60_000, "[" * 60_000, "**a" * 20_000, "> " * 30_000, "`" * 60_000, "- x\n" * 16_000]
)
def test_no_text_takes_long(text):
    assert isinstance(from_markdown(text), str)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio
async def test_S41_broken_json_is_refused(name):
    web = FakeWeb({}, other=HOSTILE[name])
    await survives(LEMMY.parse(as_document(HOSTILE[name], SPACE)))
    await survives(LEMMY.find(web, as_document(HOSTILE[name], SPACE)))
    await survives(LEMMY.read(web, SPACE, {}))
    with pytest.raises(SourceError):
        await LEMMY.discuss(web, f"{HOME}/post/5", {})


WORDS = ("posts", "post", "comments", "comment", "comment_view", "post_view", "creator", "community", "counts", "id",
         "name", "path", "content", "ap_id", "url", "published", "updated", "next_page", "deleted", "post_id", "title",
         "actor_id", "body", "thumbnail_url")  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(hostile(*WORDS), hostile(*WORDS), hostile(*WORDS))
def test_hostile_answers_raise_nothing_else(data, more, last):
    odd_post = {
        "post": {**post(1)["post"], "body": data, "url": more, "published": last},
        "creator": data,
        "counts": more,
    }
    odd_comment = {"comment": {"id": last, "path": data, "content": more}, "creator": data, "post": more}
    views = {"posts": [odd_post, data], "comments": [odd_comment, more], "next_page": last, "post_view": odd_post}

    async def run():
        for answer in (data, views, {"comments": [odd_comment, data, more]}):
            web = FakeWeb({}, other=answer)
            await survives(LEMMY.parse(as_document(answer, f"{HOME}/api")))
            await survives(LEMMY.read(web, SPACE, {}))
            await survives(LEMMY.read(web, SPACE, {"newest": "1"}))
            await survives(LEMMY.discuss(web, f"{HOME}/post/5", {}))

    asyncio.run(run())
