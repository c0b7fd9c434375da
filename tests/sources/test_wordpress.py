"""WordPress sites: documents, finding the site, the newest posts, and the way around a closed API."""

import json
from datetime import UTC, datetime

import pytest

from bot.errors import FetchError
from bot.model import Story, StoryPage
from bot.sources.base import Document, Fetched, Item, NotThisKind, Thread
from bot.sources.wordpress import WordPress
from bot.sources.wordpress_address import base_of, place_of, root_of, thread_address
from tests.sources.wordpress_web import FakeFeed, FakeWeb, Given

SITE = "https://news.example/"
API = f"{SITE}wp-json/"
POSTS, COMMENTS = f"{API}wp/v2/posts", f"{API}wp/v2/comments"


def post(number=7, **fields):
    made = {
        "id": number,
        "link": f"{SITE}2026/11/launch-{number}/",
        "title": {"rendered": "Tom &amp; Jerry&#8217;s <em>launch</em>"},
        "content": {"rendered": "<p>The rocket <strong>flew</strong>.</p>", "protected": False},
        "excerpt": {"rendered": "<p>A hand-made summary.</p>"},
        "status": "publish",
        "date_gmt": "2026-11-20T10:00:00",
        "modified_gmt": "2026-11-21T11:30:00",
    }
    return made | fields


def comment(number, parent=0, of=7, **fields):
    made = {
        "id": number,
        "post": of,
        "parent": parent,
        "author_name": "Ann &amp; Bob",
        "author_url": "https://ann.example/",
        "date_gmt": "2026-11-20T12:00:00",
        "content": {"rendered": f"<p>Words of {number}</p>"},
        "link": f"{SITE}2026/11/launch-7/comment-page-1/#comment-{number}",
        "status": "approved",
        "type": "comment",
    }
    return made | fields


async def parsed(data):
    return (await WordPress(FakeFeed()).parse(Document(json.dumps(data).encode(), None, "application/json"))).items


@pytest.mark.asyncio
async def test_a_post_is_a_story_with_a_thread():
    embedded = {
        "author": [{"name": "Will &amp; Co"}],
        "wp:featuredmedia": [{"source_url": f"{SITE}a.jpg", "media_type": "image"}],
        "wp:term": [[{"name": "Moon &amp; Mars"}, {"name": "Uncategorized"}], [{"name": "SLS"}]],
    }
    (item,) = await parsed([post(_embedded=embedded, _links={"self": [{"href": f"{POSTS}/7"}]})])
    story = item.page.story
    assert story.title == "Tom & Jerry’s launch"
    assert (story.native_id, story.origin, story.author) == ("7", "news.example", "Will & Co")
    assert (story.body, story.summary) == ("The rocket **flew**.", "A hand-made summary.")
    assert story.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert story.updated_at == datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    assert (story.image_url, story.tags) == (f"{SITE}a.jpg", ("Moon & Mars", "SLS"))
    assert item.threads == (Thread("wordpress", f"{COMMENTS}?post=7#{SITE}2026/11/launch-7/"),)
    assert not item.page.complete


@pytest.mark.asyncio
async def test_a_summary_that_was_cut_by_machine_is_made_of_the_text():
    (item,) = await parsed([post(excerpt={"rendered": "<p>The rocket [&hellip;]</p>"})])
    assert item.page.story.summary == "The rocket **flew**."


@pytest.mark.asyncio
async def test_what_is_not_published_or_comes_twice_is_left_out():
    items = await parsed([post(1), post(2, status="draft"), post(1, title={"rendered": "Again"})])
    assert [item.page.story.native_id for item in items] == ["1"]


@pytest.mark.asyncio
async def test_a_post_that_nobody_can_answer_leaves_its_thread_to_its_page():
    (item,) = await parsed([post(comment_status="closed")])
    assert item.threads == ()


@pytest.mark.asyncio
async def test_comments_alone_are_grouped_by_post():
    items = await parsed([comment(11), comment(12, parent=11), comment(13, of=8, link="javascript:alert(1)")])
    first, second = items
    assert (first.page.story.title, first.page.story.url) == ("Launch 7", f"{SITE}2026/11/launch-7/")
    assert [(c.key, c.parent) for c in first.page.comments] == [("wp-11", None), ("wp-12", "wp-11")]
    assert first.page.comments[0].author == "Ann & Bob"
    assert first.page.comments[0].posted_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert (second.page.story.title, second.page.story.native_id, second.threads) == ("Post 8", "8", ())
    assert second.page.comments[0].url is None


@pytest.mark.asyncio
async def test_orphans_keep_their_parent_and_what_is_no_comment_stays_out():
    entries = [comment(5, parent=4), comment(6, status="hold"), comment(8, type="pingback"), comment(5)]
    (item,) = await parsed(entries)
    assert [(c.key, c.parent) for c in item.page.comments] == [("wp-5", "wp-4")]


@pytest.mark.asyncio
async def test_s42_ids_of_any_type_are_text():
    ids = [9007199254740993, 12.0, "13", 2**63, -4, 1.5, True, None, {"a": 1}, "x", 0]
    (item,) = await parsed([comment(number) for number in ids])
    assert [c.key for c in item.page.comments] == ["wp-9007199254740993", "wp-12", "wp-13"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'[{"id": ' + b"9" * 5000 + b', "title": {"rendered": "x"}, "link": "https://a.b/"}]',
        b'[{"id": 1e999, "post": 1, "content": {"rendered": "x"}}]',
        b"[]",
        b"{}",
        b'{"id": 1}',
        b'[1, null, "x", [], {"id": {"rendered": 1}}]',
        b'[{"id": 7, "title": "a topic of another forum", "link": "https://a.b/"}]',
        b"<html>",
        b"",
    ],
)
async def test_s41_hostile_json_is_refused(data):
    with pytest.raises(NotThisKind):
        await WordPress(FakeFeed()).parse(Document(data))


@pytest.mark.asyncio
async def test_s41_of_doubled_names_the_last_counts():
    data = json.dumps([comment(3)])[:-2].encode() + b', "id": 4}]'
    (item,) = (await WordPress(FakeFeed()).parse(Document(data))).items
    assert [c.key for c in item.page.comments] == ["wp-4"]


@pytest.mark.asyncio
async def test_absurd_fields_do_no_harm():
    odd = post(
        title={"rendered": "\ud800<b>"}, content=[], excerpt=3, date_gmt="0000-00-00T00:00:00",
        modified_gmt="9999-01-01", link="https://news.example/\udc00",
        _embedded={"author": [None], "wp:term": [1, [2]], "wp:featuredmedia": {}},
    )  # fmt: skip
    (item,) = await parsed([odd])
    story = item.page.story
    assert (story.url, story.origin, story.published_at, story.updated_at) == (None, None, None, None)
    assert (story.author, story.tags, story.image_url, item.threads) == (None, (), None, ())


@pytest.mark.asyncio
async def test_the_shapes_of_wordpress_com():
    posts = {"posts": [{"ID": 5, "title": "One &amp; two", "URL": f"{SITE}five/", "date": "2026-11-01T10:00:00-05:00",
                        "content": "<p>Text</p>", "discussion": {"comment_count": 3}, "site_name": "The News",
                        "tags": {"Moon": {}}}]}  # fmt: skip
    (item,) = await parsed(posts)
    assert (item.page.story.title, item.page.story.site, item.page.story.tags) == ("One & two", "The News", ("Moon",))
    assert item.page.story.published_at == datetime(2026, 11, 1, 15, tzinfo=UTC)
    assert item.threads == (Thread("wordpress", f"{SITE}five/", "3"),)
    answer = {"ID": 9, "post": {"ID": 5, "title": "One"}, "author": {"name": "Ann"}, "content": "<p>Hi</p>",
              "URL": f"{SITE}five/#comment-9", "status": "approved", "type": "comment"}  # fmt: skip
    both = [answer | {"parent": False}, answer | {"ID": 10, "parent": {"ID": 9}}]
    (item,) = await parsed({"found": 2, "comments": both})
    assert [(c.key, c.parent) for c in item.page.comments] == [("wp-9", None), ("wp-10", "wp-9")]
    assert (item.page.story.title, item.page.story.url) == ("One", f"{SITE}five/")


@pytest.mark.asyncio
async def test_the_192_comments_of_a_real_site(samples):
    data = (samples / "wordpress_json" / "DERIVED_whizzy_comments_192.json").read_bytes()
    items = (await WordPress(FakeFeed()).parse(Document(data))).items
    found = {c.key: c.parent for item in items for c in item.page.comments}
    expected = {f"wp-{e['id']}": f"wp-{e['parent']}" if e["parent"] else None for e in json.loads(data)}
    assert found == expected
    assert len(found) == 192 and sum(parent is not None for parent in found.values()) == 40


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "stories", "comments", "parents"),
    [
        ("DERIVED_whizzy_posts_50", 50, 0, 0),
        ("comments-v2-view-context-success", 1, 2, 2),
        ("comments-v2-edit-context-success", 1, 2, 2),
        ("realfirmware_comments", 1, 1, 0),
        ("reader-posts-success", 10, 0, 0),
        ("reader-post-related-posts-success", 2, 0, 0),
        ("site-comment-success", 1, 1, 0),
        ("site-comments-success", 1, 1, 0),
    ],
)
async def test_real_documents(samples, name, stories, comments, parents):
    data = (samples / "wordpress_json" / f"{name}.json").read_bytes()
    items = (await WordPress(FakeFeed()).parse(Document(data))).items
    found = [c for item in items for c in item.page.comments]
    assert (len(items), len(found), sum(c.parent is not None for c in found)) == (stories, comments, parents)
    assert all(item.page.story.title and "&#" not in item.page.story.title for item in items)
    assert all(c.author and c.body for c in found)


def page(head, body="<p>A page.</p>"):
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("url", "head", "api", "root"),
    [
        (f"{SITE}2026/a/", '<link rel="https://api.w.org/" href="/wp-json/" />', POSTS, SITE),
        (f"{SITE}blog/a", f"<link href='{SITE}blog/wp-json/' rel='https://api.w.org/'>",
         f"{SITE}blog/wp-json/wp/v2/posts", f"{SITE}blog/"),
        (SITE, f'<link rel="https://api.w.org/" href="{SITE}index.php?rest_route=/">', f"{SITE}index.php", SITE),
        (f"{SITE}b/x", f'<link rel="stylesheet" href="{SITE}b/wp-content/themes/a.css">',
         f"{SITE}b/wp-json/wp/v2/posts", f"{SITE}b/"),
    ],
)  # fmt: skip
async def test_a_site_is_found_by_its_pages(url, head, api, root):
    web = FakeWeb({api: Given([post()])})
    assert await WordPress(FakeFeed()).find(web, Document(page(head), url, "text/html")) == root
    assert len(web.asked) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("head", "answer"),
    [
        ("<title>A page of something else</title>", Given([post()])),
        ('<link rel="https://api.w.org/" href="https://other.example/wp-json/">', Given([post()])),
        ('<link rel="https://api.w.org/" href="/wp-json/">', Given({"code": "rest_forbidden"}, 401)),
        ('<link rel="https://api.w.org/" href="/wp-json/">', Given(b"<html>front page</html>")),
        ('<link rel="https://api.w.org/" href="/wp-json/">', Given([])),
        ('<link rel="https://api.w.org/" href="/wp-json/">', FetchError("no")),
    ],
)
async def test_a_closed_site_is_left_to_the_feed(head, answer):
    web = FakeWeb({POSTS: answer, "https://other.example/wp-json/wp/v2/posts": Given([post()])})
    assert await WordPress(FakeFeed()).find(web, Document(page(head), SITE, "text/html")) is None


@pytest.mark.asyncio
@pytest.mark.parametrize(("path", "root"), [("feed/", SITE), ("category/moon/feed/", None), ("comments/feed/", None)])
async def test_the_sites_feed_means_the_site_and_another_feed_itself(path, root):
    rss = f'<?xml version="1.0"?><rss><channel><title>A</title><x u="{SITE}wp-content/a.jpg"/></channel></rss>'.encode()
    web = FakeWeb({POSTS: Given([post()])})
    assert await WordPress(FakeFeed()).find(web, Document(rss, f"{SITE}{path}", "application/rss+xml")) == root


@pytest.mark.asyncio
async def test_an_address_of_the_api_means_the_site():
    web = FakeWeb({POSTS: Given([post()])})
    assert await WordPress(FakeFeed()).find(web, Document(b"[]", f"{POSTS}/7", "application/json")) == SITE


@pytest.mark.asyncio
async def test_reading_asks_for_the_newest_and_then_for_what_changed():
    changed = {"modified_after": "2026-11-21T11:20:00Z", "orderby": "modified"}
    web = FakeWeb({
        POSTS: [(changed, Given([post(3), post(7)])), ({}, Given([post(7), post(6)]))],
        COMMENTS: Given([{"id": 90, "post": 7}, {"id": 95, "post": 7}, {"id": 94, "post": 1}]),
        API: Given({"name": "The &amp; News"}),
    })  # fmt: skip
    kind = WordPress(FakeFeed())
    first = await kind.read(web, SITE, {})
    assert [item.page.story.native_id for item in first.items] == ["7", "6"]
    assert [item.threads[0].signal for item in first.items] == ["95", None]
    assert (first.name, first.items[0].page.story.site) == ("The & News", "The & News")
    web.asked.clear()
    second = await kind.read(web, SITE, first.cursor)
    assert [item.page.story.native_id for item in second.items] == ["7", "6", "3"]
    assert len(web.asked) == 3 and not any("_fields=name" in url for url in web.asked)
    assert second.cursor == first.cursor


@pytest.mark.asyncio
async def test_a_site_without_rewritten_addresses_is_read_too():
    def answer(query):
        return Given([post(4)]) if query.get("rest_route") == "/wp/v2/posts" else Given([])

    web = FakeWeb({SITE: answer})
    found = await WordPress(FakeFeed()).read(web, SITE, {})
    assert found.items[0].threads[0].address.startswith(f"{SITE}?rest_route=/wp/v2/comments&post=4#")
    assert found.cursor["base"] == f"{SITE}?rest_route=/"


@pytest.mark.asyncio
async def test_a_site_that_moved_for_good_says_so():
    new = "https://new.example/blog/"
    web = FakeWeb({POSTS: Given([post()], moved_to=f"{new}wp-json/wp/v2/posts?per_page=20"), COMMENTS: Given([])})
    assert (await WordPress(FakeFeed()).read(web, SITE, {})).moved_to == new


@pytest.mark.asyncio
async def test_a_closed_api_is_replaced_by_the_feed_and_asked_again_later():
    story = Story("A launch", url=f"{SITE}2026/a/", native_id=f"{SITE}?p=882")
    told = Item(StoryPage(story, complete=False), (Thread("feed", f"{SITE}2026/a/feed/", "4"),))
    feed = FakeFeed({f"{SITE}feed/": Fetched((told,), cursor={"etag": "x"}, moved_to="https://new.example/feed/")})
    kind, web = WordPress(feed), FakeWeb({POSTS: Given({}, 401)})
    found = await kind.read(web, SITE, {})
    assert found.items[0].threads == (Thread("wordpress", f"{COMMENTS}?post=882#{SITE}2026/a/", "4"),)
    assert (found.items[0].page.story.native_id, found.items[0].page.story.origin) == ("882", "news.example")
    assert (found.moved_to, len(found.notes)) == ("https://new.example/", 1)
    asked = len(web.asked)
    for _ in range(23):
        found = await kind.read(web, SITE, found.cursor)
    assert len(web.asked) == asked and feed.asked[-1] == (f"{SITE}feed/", {"etag": "x"})
    await kind.read(web, SITE, found.cursor)
    assert len(web.asked) > asked


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("guid", "number"),
    [("https://www.news.example/?p=5", "5"), ("/?p=5", "5"), ("https://other.example/?p=5", None), ("urn:5", None)],
)
async def test_a_feed_tells_a_posts_number_by_the_sites_own_guid_alone(guid, number):
    told = Item(StoryPage(Story("A launch", url=f"{SITE}a/", native_id=guid), complete=False))
    found = await WordPress(FakeFeed({f"{SITE}feed/": Fetched((told,))})).read(FakeWeb({}), SITE, {})
    (item,) = found.items
    expected = f"{COMMENTS}?post={number}#{SITE}a/" if number else f"{SITE}a/"
    assert item.threads == (Thread("wordpress", expected),)
    assert item.page.story.native_id == (number or guid)


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [Given(b"", 500), FetchError("wait", retry_after=90.0)])
async def test_a_failing_site_is_an_error_not_a_closed_api(answer):
    with pytest.raises(FetchError) as caught:
        await WordPress(FakeFeed()).read(FakeWeb({POSTS: answer}), SITE, {})
    assert caught.value.status == 500 or caught.value.retry_after == 90.0


@pytest.mark.parametrize(
    ("base", "number", "link"),
    [
        (API, "7", f"{SITE}2026/a/"),
        (f"{SITE}?rest_route=/", "7", f"{SITE}?p=7"),
        (f"{SITE}index.php?rest_route=/", "7", None),
        (None, None, f"{SITE}2026/a/"),
    ],
)
def test_a_threads_address_says_all(base, number, link):
    place = place_of(thread_address(base, number, link))
    assert (place.base, place.post, place.link) == (base, number, link)


def test_the_ways_to_a_thread_without_the_api():
    assert place_of(f"{SITE}2026/a/").feed == f"{SITE}2026/a/feed/atom/"
    assert place_of(f"{COMMENTS}?post=7").feed == f"{SITE}?p=7&feed=atom"
    assert thread_address(API, None, None) is None
    assert root_of(base_of(f"{SITE}blog/wp-json") or "") == f"{SITE}blog/"
    assert base_of("https://a.example/about") is None
