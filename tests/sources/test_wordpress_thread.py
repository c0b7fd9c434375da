"""Threads of WordPress: every page of the API's list or nothing is missing, and feed and page where it is closed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import FetchError, SourceError
from bot.model import Comment, StoredComment
from bot.plan import compare
from bot.sources.base import Discussion
from bot.sources.wordpress import WordPress
from bot.sources.wordpress_address import thread_address
from bot.sources.wordpress_page import Shown, merge
from tests.sources.wordpress_web import FakeFeed, FakeWeb, Given

SITE = "https://news.example/"
LINK, FEED = f"{SITE}2026/11/launch/", f"{SITE}2026/11/launch/feed/atom/"
COMMENTS = f"{SITE}wp-json/wp/v2/comments"
ADDRESS = thread_address(f"{SITE}wp-json/", "7", LINK)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def comment(number, parent=0, of=7):
    return {
        "id": number,
        "post": of,
        "parent": parent,
        "author_name": "Ann",
        "content": {"rendered": f"<p>Words of {number}</p>"},
        "date_gmt": "2026-11-20T12:00:00",
        "type": "comment",
    }


def pages(*numbers, total=None, size=100, **broken):
    """Return answers to the pages of a list; ``broken`` maps p2 to what page 2 answers instead."""
    chunks = [numbers[start : start + size] for start in range(0, len(numbers), size)] or [()]
    total = len(numbers) if total is None else total
    headers = {"x-wp-total": str(total), "x-wp-totalpages": str(len(chunks))}
    answers = []
    for index, chunk in enumerate(chunks, 1):
        given = broken.get(f"p{index}", Given([comment(number) for number in chunk], headers=headers))
        answers.append(({"page": str(index), "post": "7"}, given))
    return FakeWeb({COMMENTS: answers})


def fake_feed(*comments, **others):
    return FakeFeed(threads={FEED: Discussion(comments, cursor={"hash": "1"}, **others)})


def told(number, body="Words", parent=None):
    return Comment(f"wp-{number}", "Ann", body, parent, posted_at=datetime(2026, 11, 20, 12, 0, 7, tzinfo=UTC))


def page(*numbers, body_class="postid-7", extra=""):
    items = "".join(
        f'<li class="comment depth-1" id="comment-{number}"><b class="fn">Ann</b>'
        f'<div class="comment-content"><p>Words on the page</p></div></li>'
        for number in numbers
    )
    area = f'<div id="comments"><ol class="comment-list">{items}{extra}</ol></div>'
    return Given(f'<!DOCTYPE html><html><body class="{body_class}">{area}</body></html>'.encode())


async def discussed(web, feed=None, cursor=None, address=ADDRESS):
    return await WordPress(feed or FakeFeed()).discuss(web, address, cursor or {})


@pytest.mark.asyncio
async def test_all_pages_are_read_and_then_nothing_is_missing():
    web = pages(*range(1, 251))
    found = await discussed(web)
    assert [c.key for c in found.comments] == [f"wp-{number}" for number in range(1, 251)]
    assert found.complete and len(web.asked) == 3
    assert all("orderby=id" in url and "order=asc" in url and "per_page=100" in url for url in web.asked)


@pytest.mark.asyncio
async def test_a_thread_without_comments_is_complete_only_by_the_sites_own_count():
    assert (await discussed(pages())).complete
    assert not (await discussed(FakeWeb({COMMENTS: Given([])}))).complete


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("web", "count"),
    [
        pytest.param(pages(total=12), 0, id="empty while the total says otherwise"),
        pytest.param(pages(*range(1, 151), p2=Given(b"", 500)), 100, id="page 2 fails"),
        pytest.param(pages(*range(1, 151), p2=Given({"code": "rest_no"}, 403)), 100, id="page 2 is refused"),
        pytest.param(pages(*range(1, 151), p2=FetchError("no", retry_after=60.0)), 100, id="page 2 has to wait"),
        pytest.param(pages(*range(1, 151), p2=Given(b"<html>busy</html>")), 100, id="page 2 is no JSON"),
        pytest.param(pages(1, 2, 3, total=4), 3, id="the total disagrees"),
        pytest.param(
            pages(*range(1, 151), p2=Given([comment(200)], headers={"x-wp-total": "101", "x-wp-totalpages": "2"})), 101,
            id="the total changes between the pages",
        ),
        pytest.param(FakeWeb({COMMENTS: Given([comment(1), comment(2, of=9)], headers={"x-wp-total": "2"})}), 1,
                     id="comments of another post"),
    ],
)  # fmt: skip
async def test_s37_a_doubtful_list_deletes_nothing(web, count):
    found = await discussed(web)
    assert (len(found.comments), found.complete) == (count, False)
    known = [StoredComment(n, 1, told(n), 1, n * 1024, missing_reads=9, missing_since=datetime(2026, 1, 1, tzinfo=UTC))
             for n in (1, 500)]  # fmt: skip
    plan = compare(known, found.comments, complete=found.complete, now=NOW)
    assert plan.deleted == plan.vanished == ()


@pytest.mark.asyncio
async def test_s38_a_list_that_lost_most_of_its_comments_is_frozen():
    found = await discussed(pages(1, 2, 3))
    known = [StoredComment(n, 1, told(n), 1, n * 1024, missing_reads=1, missing_since=datetime(2026, 1, 1, tzinfo=UTC))
             for n in range(1, 21)]  # fmt: skip
    plan = compare(known, found.comments, complete=found.complete, now=NOW)
    assert found.complete and plan.frozen and plan.deleted == ()


@pytest.mark.asyncio
async def test_s39_a_comment_moved_to_another_parent_stays_the_same_comment():
    headers = {"x-wp-total": "3", "x-wp-totalpages": "1"}
    lists = [Given([comment(1), comment(2), comment(3, parent=above)], headers=headers) for above in (1, 2)]
    before, after = [(await discussed(FakeWeb({COMMENTS: given}))).comments for given in lists]
    assert (before[2].parent, after[2].parent) == ("wp-1", "wp-2")
    known = [StoredComment(n, 1, c, 1, n * 1024) for n, c in enumerate(before, 1)]
    plan = compare(known, after, complete=True, now=NOW)
    assert plan.added == plan.changed == plan.vanished == ()


@pytest.mark.asyncio
async def test_s40_a_site_that_repeats_a_page_is_asked_no_further():
    headers = {"x-wp-total": "10000", "x-wp-totalpages": "100"}
    web = FakeWeb({COMMENTS: Given([comment(number) for number in range(1, 101)], headers=headers)})
    found = await discussed(web)
    assert (len(found.comments), found.complete, len(web.asked)) == (100, False, 2)


@pytest.mark.asyncio
async def test_s40_ten_thousand_pages_are_read_up_to_the_50th():
    def answer(query):
        first = int(query["page"]) * 100
        headers = {"x-wp-total": "1000000", "x-wp-totalpages": "10000"}
        return Given([comment(number) for number in range(first, first + 100)], headers=headers)

    web = FakeWeb({COMMENTS: answer})
    found = await discussed(web)
    assert (len(found.comments), found.complete, len(web.asked)) == (5000, False, 50)


@pytest.mark.asyncio
async def test_a_site_that_fails_is_an_error():
    with pytest.raises(FetchError):
        await discussed(FakeWeb({COMMENTS: Given(b"", 500)}))
    with pytest.raises(FetchError):  # closed, and neither feed nor page answers
        await discussed(FakeWeb({}))


@pytest.mark.asyncio
async def test_a_closed_api_leaves_feed_and_page_and_is_asked_again_later():
    feed = fake_feed(told(2, "Words of the feed"))
    web = FakeWeb({COMMENTS: Given({}, 401), LINK: page(1, 2)})
    found = await discussed(web, feed)
    assert [(c.key, c.body) for c in found.comments] == [("wp-1", "Words on the page"), ("wp-2", "Words on the page")]
    assert found.comments[1].posted_at == datetime(2026, 11, 20, 12, 0, 7, tzinfo=UTC)
    assert found.complete
    for _ in range(23):
        found = await discussed(web, feed, found.cursor)
    assert sum(url.startswith(COMMENTS) for url in web.asked) == 1
    found = await discussed(web, feed, found.cursor)
    assert sum(url.startswith(COMMENTS) for url in web.asked) == 2


@pytest.mark.asyncio
async def test_after_a_change_a_thread_is_read_whole_some_times_more():
    feed, web, cursor, sent = fake_feed(told(1)), FakeWeb({LINK: page(1)}), {}, []
    for _ in range(6):
        cursor = (await discussed(web, feed, cursor, LINK)).cursor
        sent.append(feed.asked[-1][1])
    assert sent == [{}, {}, {}, {}, {"hash": "1"}, {"hash": "1"}]


@pytest.mark.asyncio
async def test_a_feed_that_did_not_change_spares_the_page():
    feed, web = fake_feed(unchanged=True), FakeWeb({LINK: page(1)})
    assert (await discussed(web, feed, {"feed.hash": "1"}, LINK)).unchanged
    assert web.asked == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("shown", "keys", "complete"),
    [
        pytest.param(page(1, 2), ["wp-1", "wp-2"], True, id="all"),
        pytest.param(page(), ["wp-2"], False, id="a page that leaves its comments to a script"),
        pytest.param(page(1), ["wp-1", "wp-2"], False, id="a page from a cache"),
        pytest.param(page(5, 6, body_class="postid-99"), ["wp-2"], False, id="the page of another post"),
        pytest.param(page(1, extra='<li class="pingback" id="comment-2"></li>'), ["wp-1"], True, id="a pingback"),
        pytest.param(page(1, 2, extra='<a rel="next" href="/comment-page-2/">more</a>'), ["wp-1", "wp-2"], False,
                     id="more pages"),
        pytest.param(Given(b"", 500), ["wp-2"], False, id="no page"),
        pytest.param(Given(b'{"a": 1}'), ["wp-2"], False, id="JSON"),
    ],
)  # fmt: skip
async def test_what_feed_and_page_tell_together(shown, keys, complete):
    found = await discussed(FakeWeb({LINK: shown}), fake_feed(told(2)))
    assert ([c.key for c in found.comments], found.complete) == (keys, complete)


@pytest.mark.asyncio
async def test_a_page_without_a_feed_is_enough_where_it_shows_comments():
    found = await discussed(FakeWeb({LINK: page(1)}), address=LINK)
    assert ([c.key for c in found.comments], found.complete) == (["wp-1"], True)
    assert not (await discussed(FakeWeb({LINK: page()}), address=LINK)).complete


@pytest.mark.asyncio
async def test_a_host_that_asks_for_quiet_gets_it():
    feed = FakeFeed(threads={FEED: FetchError("wait", retry_after=120.0)})
    web = FakeWeb({LINK: page(1)})
    with pytest.raises(FetchError) as caught:
        await discussed(web, feed, address=LINK)
    assert caught.value.retry_after == 120.0 and web.asked == []


@pytest.mark.asyncio
async def test_a_feed_that_cannot_be_parsed_leaves_the_page():
    feed = FakeFeed(threads={FEED: SourceError("This feed is damaged.")})
    assert (await discussed(FakeWeb({LINK: page(1)}), feed, address=LINK)).complete


def test_a_comment_looks_the_same_when_it_leaves_the_feed():
    shown = Shown((Comment("wp-1", "Ann", "On the page"),), complete=True)
    in_feed = merge(Discussion((told(1, "In the feed"),)), shown).comments
    later = merge(Discussion((told(2),)), replace(shown, comments=(*shown.comments, told(2)))).comments
    assert in_feed[0].body == later[0].body == "On the page"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "number", "count", "replies"),
    [
        ("cisco-7941-asterisk-and-sip", "882", 38, 10),
        ("online-searches-in-the-dash-to-be-off-by-default", "721", 33, 0),
    ],
)
async def test_real_pages_give_the_parents_of_the_real_list(samples, name, number, count, replies):
    listing = json.loads((samples / "wordpress_json" / "DERIVED_whizzy_comments_192.json").read_bytes())
    wanted = [entry for entry in listing if str(entry["post"]) == number]
    headers = {"x-wp-total": str(len(wanted)), "x-wp-totalpages": "1"}
    address = thread_address(f"{SITE}wp-json/", number, LINK)
    api = (await discussed(FakeWeb({COMMENTS: Given(wanted, headers=headers)}), address=address)).comments
    html = Given((samples / "html_pages" / f"whizzy_{name}.html").read_bytes())
    found = await discussed(FakeWeb({LINK: html}), address=address)
    assert (len(api), sum(c.parent is not None for c in api)) == (count, replies)
    assert {c.key: (c.parent, c.author, c.body) for c in found.comments} == {
        c.key: (c.parent, c.author, c.body) for c in api
    }
    assert found.complete
