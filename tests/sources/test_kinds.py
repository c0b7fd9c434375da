"""The table of kinds: whom an address or a document belongs to, what is read first, and what is said when none fits."""

from __future__ import annotations

import json

import pytest

from bot.errors import FetchError, NotAStory, SourceError
from bot.model import Story, StoryPage
from bot.sources.base import Document, Fetched, Item, NotThisKind
from bot.sources.kinds import BROKEN_JSON, EXACT, KINDS, NO_JSON, NOTHING_FITS, Kinds, typed
from tests.sources.json_sites import OFFLINE, FakeWeb

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Orbit</title>
<item><title>An airlock</title><link>https://site.example/airlock</link><guid>1</guid></item></channel></rss>"""
FRONT = b"""<!doctype html><html><head><title>Orbit</title>
<link rel="alternate" type="application/rss+xml" href="/feed"></head><body><p>News.</p></body></html>"""
WORDPRESS = FRONT.replace(b"</head>", b'<link rel="https://api.w.org/" href="https://site.example/wp-json/"></head>')
POST = {"id": 7, "link": "https://site.example/airlock", "title": {"rendered": "An airlock"},
        "date_gmt": "2026-03-01T12:00:00", "modified_gmt": "2026-03-01T12:00:00", "content": {"rendered": "<p>x</p>"},
        "excerpt": {"rendered": ""}, "type": "post", "status": "publish", "slug": "airlock"}  # fmt: skip
STORY = b"""<!doctype html><html><head><title>An airlock</title></head><body class="postid-7">
<article><p>%s</p></article>
<div id="disqus_thread"></div><script>var disqus_shortname = 'orbit';</script></body></html>""" % (b"Two agree. " * 20)
DISCOURSE = b'<!doctype html><head><meta name="generator" content="Discourse 3.2"><title>Forum</title></head><p>x</p>'
TOPIC = {"id": 5, "title": "Docking", "slug": "docking", "posts_count": 2, "post_stream": {"posts": [
    {"id": 50, "post_number": 1, "username": "ann", "cooked": "<p>a</p>", "created_at": "2026-03-01T12:00:00Z"},
    {"id": 51, "post_number": 2, "username": "bob", "cooked": "<p>b</p>", "created_at": "2026-03-01T12:01:00Z"},
], "stream": [50, 51]}}  # fmt: skip


class Fake:
    """A kind that claims what it is told to, and reads it or not."""

    def __init__(self, name, address=None, error=None):
        self.name = self.label = name
        self.address, self.error = address, error

    async def parse(self, document):
        raise NotThisKind("This is not mine.")

    async def find(self, web, document):
        if isinstance(self.address, Exception):
            raise self.address
        return self.address

    async def read(self, web, address, cursor):
        if self.error:
            raise self.error
        return Fetched((Item(StoryPage(Story(f"by {self.name}"))),))


@pytest.mark.asyncio
async def test_the_table_names_every_kind_as_it_names_itself():
    async with Kinds.open() as kinds:
        assert list(kinds) == list(KINDS)
        assert [kind.name for kind in kinds.values()] == list(KINDS)
        assert len({kind.label for kind in kinds.values()}) == len(kinds)
    assert list(KINDS)[-1] == "page", "it takes anything, so it is asked last"
    assert set(EXACT) < set(KINDS)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" https://a.example/x ", "https://a.example/x"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("a.example/x", "https://a.example/x"),
        ("a.example:8080", "https://a.example:8080"),
        ("feed://a.example/rss", "https://a.example/rss"),
        ("feed:https://a.example/rss", "https://a.example/rss"),
        ("FEED:HTTP://a.example/rss", "HTTP://a.example/rss"),
        ("ftp://a.example/x", "ftp://a.example/x"),
    ],
)
def test_what_people_paste_becomes_an_address(text, address):
    assert typed(text) == address


@pytest.mark.parametrize(
    ("pasted", "answers", "kind", "address"),
    [
        ("site.example", {"https://site.example": FRONT, "https://site.example/feed": FEED}, "feed", "/feed"),
        ("https://site.example/feed", {"https://site.example/feed": FEED}, "feed", "/feed"),
        ("https://forum.example/t/docking/5", {
            "https://forum.example/t/docking/5": DISCOURSE, "https://forum.example/t/5.json": TOPIC,
            "https://forum.example/site/basic-info.json": {"title": "Forum"}}, "discourse", "/t/docking/5"),
        ("news.ycombinator.com/item?id=1", {
            "https://news.ycombinator.com/item?id=1": b"<title>HN</title><p>x</p>",
            "https://hacker-news.firebaseio.com/v0/item/1.json": {"id": 1, "type": "story", "title": "T", "time": 1},
        }, "hackernews", "/item?id=1"),
        ("https://api.spaceflightnewsapi.net/v4/articles/", {
            "https://api.spaceflightnewsapi.net/v4/articles/": {"count": 0, "next": None, "previous": None,
                                                                "results": []}}, "newsapi", "/v4/articles/"),
    ],
)  # fmt: skip
@pytest.mark.asyncio
async def test_an_address_is_followed_by_the_kind_that_knows_it(pasted, answers, kind, address):
    def answer(url):
        return next((answers[known] for known in answers if url.split("?limit")[0] == known), 404)

    web = FakeWeb({}, other=answer)
    async with Kinds.open() as kinds:
        found = await kinds.detect(web, pasted)
    assert found.kind == kind
    assert found.address.endswith(address)
    assert found.fetched.items or kind == "newsapi"


@pytest.mark.asyncio
async def test_a_wordpress_site_goes_before_its_feed_but_a_pasted_feed_is_that_feed():
    def answer(url):
        if "/wp-json/wp/v2/posts" in url:
            return [POST]
        return {"https://site.example/": WORDPRESS, "https://site.example/feed": FEED}.get(url, 404)

    async with Kinds.open() as kinds:
        site = await kinds.detect(FakeWeb({}, other=answer), "https://site.example/")
        feed = await kinds.detect(FakeWeb({}, other=answer), "https://site.example/feed")
    assert (site.kind, site.address) == ("wordpress", "https://site.example/")
    assert [item.page.story.title for item in site.fetched.items] == ["An airlock"]
    assert (feed.kind, feed.address) == ("feed", "https://site.example/feed")


@pytest.mark.asyncio
async def test_the_first_kind_that_can_read_what_it_claims_wins():
    web = FakeWeb({"https://a.example": b"<p>x</p>"})
    silent, asks = Fake("silent"), Fake("asks", OFFLINE)
    closed, open_, late = Fake("closed", "x", SourceError("No.")), Fake("open", "y"), Fake("late", "z")
    kinds = Kinds({kind.name: kind for kind in (silent, asks, closed, open_, late)})
    assert (await kinds.detect(web, "a.example")).kind == "open"
    with pytest.raises(SourceError, match=r"^No\.$"):
        await Kinds({"asks": asks, "closed": closed}).detect(web, "a.example")
    with pytest.raises(SourceError) as caught:
        await Kinds({"silent": silent, "asks": asks}).detect(web, "a.example")
    assert str(caught.value) == NOTHING_FITS
    assert NOTHING_FITS.endswith(".") and "paste" in NOTHING_FITS


@pytest.mark.asyncio
async def test_an_address_that_does_not_answer_is_refused_before_any_kind_is_asked():
    asked = Fake("asked", "x")
    for answer in (404, OFFLINE):
        with pytest.raises(FetchError):
            await Kinds({"asked": asked}).detect(FakeWeb({}, other=answer), "https://a.example/")


@pytest.mark.parametrize(
    ("data", "error", "sentence"),
    [
        (b'{"a": [1]}', NotThisKind, NO_JSON),
        (b'[{"a": 1}]', NotThisKind, NO_JSON),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [{', NotThisKind, BROKEN_JSON),
        (b"[" * 100_000, NotThisKind, BROKEN_JSON),
        (b"", NotAStory, "This page is empty."),
        (b"%PDF-1.7", NotAStory, "This looks like a PDF document, not like the page of a story."),
        (b"<?xml version='1.0'?><opml><body/></opml>", SourceError, None),
    ],
)
@pytest.mark.asyncio
async def test_what_nobody_knows_is_refused_in_one_sentence_that_says_what_it_is(data, error, sentence):
    async with Kinds.open() as kinds:
        with pytest.raises(error) as caught:
            await kinds.parse(Document(data))
    assert str(caught.value) == sentence or sentence is None
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.asyncio
async def test_a_named_kind_alone_is_asked():
    async with Kinds.open() as kinds:
        assert (await kinds.parse(Document(json.dumps(TOPIC).encode())))[0] == "discourse"
        with pytest.raises(NotThisKind):
            await kinds.parse(Document(json.dumps(TOPIC).encode()), "lemmy")
        assert (await kinds.parse(Document(b"[Update] A title\n\nAnd a text.")))[0] == "page"


@pytest.mark.asyncio
async def test_probing_a_story_gives_its_page_and_the_threads_that_a_kind_can_read():
    web = FakeWeb({"https://site.example/airlock": STORY, "https://site.example/empty": b"<html></html>"})
    async with Kinds.open() as kinds:
        page, threads = await kinds.probe(web, "https://site.example/airlock")
        assert page is not None
        assert page.story.title == "An airlock"
        assert [thread.kind for thread in threads] == ["disqus", "wordpress"]
        assert await kinds.probe(web, "https://site.example/empty") == (None, ())
        with pytest.raises(FetchError):
            await kinds.probe(web, "https://site.example/gone")
        without = Kinds({name: kind for name, kind in kinds.items() if name != "disqus"})
        assert [thread.kind for thread in (await without.probe(web, "https://site.example/airlock"))[1]] == [
            "wordpress"
        ]
