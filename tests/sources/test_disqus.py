"""Disqus: threads by the API, pages that lie, a key that never shows, and what there is without one."""

import logging
import traceback

import pytest

from bot.errors import FetchError, SourceError
from bot.model import Comment
from bot.sources.base import Discussion, Document, Thread
from bot.sources.disqus import Disqus
from bot.sources.disqus_address import Place, forum_of, place_of
from tests.sources.wordpress_web import FakeFeed, FakeWeb, Given

KEY = "sEcReT-0123456789"
API = "https://disqus.com/api/3.0/"
POSTS, DETAILS, THREADS = f"{API}posts/list.json", f"{API}threads/details.json", f"{API}threads/list.json"
LINK = "https://news.example/2026/a/"
ADDRESS = Place("thenews", "77").address


def post(number, parent=None, **fields):
    made = {
        "id": str(number),
        "parent": parent,
        "thread": "77",
        "forum": "thenews",
        "createdAt": "2026-11-20T12:00:00",
        "message": f"<p>Words of {number}</p>",
        "author": {"name": "Ann", "profileUrl": "https://disqus.com/by/ann/", "isAnonymous": False},
        "isDeleted": False,
        "isSpam": False,
        "isApproved": True,
        "media": [],
    }
    return made | fields


def listing(*posts, more=False, cursor="1:0:0"):
    return Given({"cursor": {"hasNext": more, "next": cursor, "total": None}, "code": 0, "response": list(posts)})


def error(code, status=400, **headers):
    return Given({"code": code, "response": f"no: api_secret={KEY}"}, status, headers)


def kind(feed=None, key=KEY):
    return Disqus(key, feed or FakeFeed(), spacing=0)


async def discussed(posts, cursor=None, address=ADDRESS, **answers):
    web = FakeWeb({POSTS: posts, DETAILS: answers.get("details", error(2))})
    return await kind().discuss(web, address, cursor or {}), web


@pytest.mark.asyncio
async def test_a_thread_is_read_page_by_page():
    answers = [
        ({"cursor": "1:0:0"}, listing(post(3, 1), cursor="2:0:0")),
        ({}, listing(post(1), post(2, 1), more=True)),
    ]
    found, web = await discussed(answers)
    assert [(c.key, c.parent) for c in found.comments] == [("dq-1", None), ("dq-2", "dq-1"), ("dq-3", "dq-1")]
    assert found.complete and found.cursor == {"thread": "77"}
    assert len(web.asked) == 2
    assert all("limit=100" in url and "order=asc" in url and f"api_secret={KEY}" in url for url in web.asked)


@pytest.mark.asyncio
async def test_what_a_post_says():
    wrapped = "http://disq.us/url?url=https%3A%2F%2Fgood.example%2Fa%3Fb%3D1%3AGTwU4dcq96lIEIpJc8INii4ptuY&amp;cuid=1"
    message = f'<p>See <a href="{wrapped}" rel="nofollow">https://good.exa...</a></p>'
    about = {"id": "77", "link": LINK, "forum": "thenews"}
    author = {"name": "A &amp; B", "isAnonymous": True, "url": "javascript:alert(1)"}
    media = [{"url": "//uploads.disquscdn.com/images/a.png"}, {"url": "file:///etc"}, 3]
    found, _ = await discussed(
        listing(post(1, message=message, thread=about, author=author, media=media, isEdited=True))
    )
    (comment,) = found.comments
    assert (comment.author, comment.author_url, comment.url) == ("A & B", None, f"{LINK}#comment-1")
    assert "https://good.example/a?b=1" in comment.body and "disq.us" not in comment.body and "GTwU" not in comment.body
    assert "https://uploads.disquscdn.com/images/a.png" in comment.body and "file:" not in comment.body
    assert comment.posted_at.isoformat() == "2026-11-20T12:00:00+00:00" and comment.edited_at is None


@pytest.mark.asyncio
async def test_spam_stays_out_and_the_deleted_have_no_text():
    posts = [post(1, isDeleted=True), post(2, isSpam=True), post(3, isApproved=False), post(4, isDeletedByAuthor=True)]
    found, _ = await discussed(listing(*posts))
    assert [(c.key, c.body, c.deleted) for c in found.comments] == [("dq-1", "", True), ("dq-4", "", True)]
    assert found.complete


@pytest.mark.asyncio
async def test_s42_ids_of_any_type_are_text():
    posts = [post(1), post(2.0), post(3, parent="1"), post(4, parent=2**63), post("5", parent=1.0)]
    found, _ = await discussed(listing(*(p | {"id": n} for p, n in zip(posts, [1, 2.0, "3", "4", 5], strict=True))))
    parents = [("dq-1", None), ("dq-2", None), ("dq-3", "dq-1"), ("dq-4", None), ("dq-5", "dq-1")]
    assert [(c.key, c.parent) for c in found.comments] == parents


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("posts", "details", "count"),
    [
        pytest.param(listing(), Given({"code": 0, "response": {"id": "77", "posts": 70}}), 0, id="empty, 70 counted"),
        pytest.param([({"cursor": "1:0:0"}, Given(b"", 500)), ({}, listing(post(1), more=True))], error(2), 1,
                     id="page 2 fails"),
        pytest.param(listing(post(1), post(2) | {"thread": "78"}), error(2), 1, id="posts of another thread"),
        pytest.param(listing(post(1), {"no": "id"}), error(2), 1, id="a post without an id"),
        pytest.param(Given({"code": 0, "response": [post(1)]}), error(2), 1, id="no cursor"),
    ],
)  # fmt: skip
async def test_s37_a_doubtful_list_is_incomplete(posts, details, count):
    found, _ = await discussed(posts, details=details)
    assert (len(found.comments), found.complete) == (count, False)


@pytest.mark.asyncio
async def test_an_empty_thread_is_complete_where_its_count_says_so():
    found, _ = await discussed(listing(), details=Given({"code": 0, "response": {"id": "77", "posts": 0}}))
    assert found.complete


@pytest.mark.asyncio
async def test_s40_a_cursor_that_comes_again_ends_the_reading():
    found, web = await discussed(listing(post(1), more=True))
    assert (len(found.comments), found.complete, len(web.asked)) == (1, False, 2)


@pytest.mark.asyncio
async def test_s40_cursors_without_end_are_followed_50_times():
    def answer(query):
        number = int(query.get("cursor", "0")) + 1
        return listing(post(number), more=True, cursor=str(number))

    found, web = await discussed(answer)
    assert (len(found.comments), found.complete, len(web.asked)) == (50, False, 50)


@pytest.mark.asyncio
async def test_s39_a_moved_post_is_still_the_same_post():
    before, _ = await discussed(listing(post(1), post(2), post(3, 1)))
    after, _ = await discussed(listing(post(1), post(2), post(3, 2)))
    assert [c.key for c in before.comments] == [c.key for c in after.comments]
    assert (before.comments[2].parent, after.comments[2].parent) == ("dq-1", "dq-2")
    assert before.comments[2].body == after.comments[2].body


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"code": ' + b"9" * 5000 + b"}", b"<html>", b"", b'{"code": 1e999}']
)
async def test_s41_hostile_answers_are_errors(body):
    with pytest.raises(FetchError):
        await discussed(Given(body))


def details_by(**known):
    """Answer threads/details for one way of asking alone."""
    ((name, value),) = known.items()

    def answer(query):
        asked = {"ident": query.get("thread:ident"), "link": query.get("thread:link")}
        good = asked[name] == value and query["forum"] == "thenews"
        return Given({"code": 0, "response": {"id": "77", "forum": "thenews", "posts": 1}}) if good else error(2)

    return answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("known", "questions"),
    [
        ({"ident": "988 https://news.example/?p=988"}, 1),
        ({"link": LINK}, 2),
        ({"link": LINK.replace("https", "http")}, 3),
    ],
)
async def test_a_thread_is_found_by_identifier_then_link_then_the_other_scheme(known, questions):
    address = Place("thenews", ident="988 https://news.example/?p=988", link=LINK).address
    found, web = await discussed(listing(post(1)), address=address, details=details_by(**known))
    assert len(found.comments) == 1 and found.cursor == {"thread": "77"}
    assert sum(url.startswith(DETAILS) for url in web.asked) == questions
    again, web = await discussed(listing(post(1)), found.cursor, address)
    assert again.complete and len(web.asked) == 1


@pytest.mark.asyncio
async def test_a_thread_that_nobody_opened_yet_has_no_comments_and_says_nothing_of_old_ones():
    found, web = await discussed(listing(), address=Place("thenews", link=LINK).address)
    assert found == Discussion() and len(web.asked) == 2


def assert_hidden(caught, caplog):
    error_ = caught.value
    shown = "".join(traceback.format_exception(error_)) + repr(vars(error_)) + caplog.text
    assert KEY not in shown


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [5, 11, 12])
async def test_a_refused_key_is_told_to_the_operator_and_not_shown(code, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SourceError, match="DISQUS_API_KEY") as caught:
        await discussed(error(code, 401))
    assert_hidden(caught, caplog)


@pytest.mark.asyncio
async def test_errors_of_the_web_lose_the_address(caplog):
    caplog.set_level(logging.DEBUG)
    broken = FetchError(f"could not read {API}?api_secret={KEY}", status=502, detail=f"api_secret={KEY}")
    broken.__cause__ = OSError(KEY)
    with pytest.raises(FetchError) as caught:
        await discussed(broken)
    assert caught.value.status == 502
    assert_hidden(caught, caplog)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (error(13), 900),
        (error(14, 400, **{"retry-after": "120"}), 120),
        (error(13, 429, **{"retry-after": "-5"}), 60),
        (error(13, 400, **{"x-ratelimit-reset": "99999999999"}), 3600),
        (Given(b"slow down", 429), 900),
    ],
)
async def test_a_reached_limit_is_obeyed_without_asking_again(answer, seconds):
    web, disqus = FakeWeb({POSTS: answer}), kind()
    for _ in range(2):
        with pytest.raises(FetchError) as caught:
            await disqus.discuss(web, ADDRESS, {})
        assert seconds - 5 <= caught.value.retry_after <= seconds
    assert len(web.asked) == 1


@pytest.mark.asyncio
async def test_the_last_allowed_question_is_noticed():
    answer = listing(post(1))
    answer.headers = {"x-ratelimit-remaining": "0", "retry-after": "300"}
    web, disqus = FakeWeb({POSTS: answer}), kind()
    assert (await disqus.discuss(web, ADDRESS, {})).complete
    with pytest.raises(FetchError):
        await disqus.discuss(web, ADDRESS, {})
    assert len(web.asked) == 1


@pytest.mark.asyncio
async def test_a_forums_threads_are_its_stories():
    thread = {"id": "77", "forum": "thenews", "title": "\n  One &amp; two\n", "message": "", "link": LINK, "posts": 4}
    thread |= {"identifiers": ["988 x"], "slug": "one_two", "createdAt": "2026-11-20T10:00:00", "isDeleted": False}
    web = FakeWeb({THREADS: Given({"code": 0, "response": [thread, thread | {"id": "78", "isDeleted": True}, None]})})
    found = await kind().read(web, "https://thenews.disqus.com/", {})
    (item,) = found.items
    assert (item.page.story.title, item.page.story.url, item.page.story.native_id) == ("One & two", LINK, "77")
    where = Place("thenews", "77", "988 x", LINK, "one_two")
    assert item.threads == (Thread("disqus", where.address, "4"),)
    assert place_of(where.address) == where


@pytest.mark.asyncio
async def test_without_a_key_a_forum_cannot_be_read():
    with pytest.raises(SourceError, match="set DISQUS_API_KEY"):
        await kind(key=None).read(FakeWeb({}), "https://thenews.disqus.com/", {})
    with pytest.raises(SourceError, match="set DISQUS_API_KEY"):
        await kind(key=None).discuss(FakeWeb({}), ADDRESS, {})


@pytest.mark.asyncio
async def test_without_a_key_a_threads_feed_is_read_and_never_complete():
    rss = "https://thenews.disqus.com/one_two/latest.rss"
    feed = FakeFeed(threads={rss: Discussion((Comment("dq-5", "Ann", "Hi"),), complete=True, cursor={"etag": "x"})})
    found = await kind(feed, None).discuss(FakeWeb({}), Place("thenews", slug="one_two").address, {"etag": "w"})
    assert [c.key for c in found.comments] == ["dq-5"] and not found.complete
    assert feed.asked == [(rss, {"etag": "w"})] and found.cursor == {"etag": "x"}


STATIC = """<!DOCTYPE html><html><body><p>Story</p><div id="disqus_thread"><ul id="dsq-comments">
<li class="comment depth-1" id="dsq-comment-115"><cite><span id="dsq-author-user-115">Ann</span></cite>
<div id="dsq-comment-message-115" class="dsq-comment-message"><p>First</p></div>
<ul class="children"><li class="comment depth-2" id="dsq-comment-117"><cite><span id="dsq-author-user-117">Bob</span>
</cite><div id="dsq-comment-message-117" class="dsq-comment-message"><p>Second</p></div></li></ul></li></ul></div>
</body></html>"""


@pytest.mark.asyncio
async def test_without_key_and_feed_the_static_list_of_the_page_is_read():
    address = Place("thenews", link=LINK, slug="gone").address
    found = await kind(key=None).discuss(FakeWeb({LINK: Given(STATIC.encode())}), address, {})
    assert [(c.key, c.parent, c.body) for c in found.comments] == [
        ("dsq-115", None, "First"),
        ("dsq-117", "dsq-115", "Second"),
    ]
    assert found.complete
    empty = FakeWeb({LINK: Given(b"<html><body><div id='disqus_thread'></div></body></html>")})
    assert await kind(key=None).discuss(empty, address, {}) == Discussion()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://thenews.disqus.com/", "https://thenews.disqus.com/"),
        ("https://TheNews.disqus.com/some_thread/", "https://thenews.disqus.com/"),
        ("https://disqus.com/home/forum/thenews/", "https://thenews.disqus.com/"),
        ("https://www.disqus.com/", None),
        ("https://help.disqus.com/a", None),
        ("https://disqus.com.evil.example/", None),
        ("https://evil.example/?thenews.disqus.com", None),
        ("https://a.b.disqus.com/", None),
    ],
)
async def test_forums_are_found_by_their_addresses(url, address):
    assert await kind().find(FakeWeb({}), Document(b"", url)) == address


@pytest.mark.parametrize(
    "address", ["", "x", "https://thenews.disqus.com/?thread=x&ident", "https://a.disqus.com/?" + "&" * 50]
)
def test_odd_addresses_do_no_harm(address):
    place = place_of(address)
    assert place is None or place.thread is None
    assert forum_of(address) in (None, "thenews", "a")


@pytest.mark.asyncio
async def test_an_address_of_another_kind_is_refused():
    for method in (kind().read, kind().discuss):
        with pytest.raises(SourceError, match="not the address"):
            await method(FakeWeb({}), "https://news.example/", {})
