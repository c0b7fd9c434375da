"""The feed kind at work: reading with a cursor, following a thread's pages, finding a site's feed."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.errors import FetchError, SourceError
from bot.sources.base import Discussion, Document, Fetched, Hints, NotThisKind
from bot.sources.feed import Feed, FeedParser
from bot.sources.feed_find import announced

SITE = "https://news.example"
ADDRESS = f"{SITE}/feed/"


def rss(*ids, more=""):
    items = "".join(f"<item><guid>{id_}</guid><title>Story {id_}</title></item>" for id_ in ids)
    return f'<rss version="2.0"><channel><title>News</title>{more}{items}</channel></rss>'.encode()


def comments(*ids, more=""):
    entries = "".join(
        f"<entry><id>c{id_}</id><published>2024-01-{id_:02}T00:00:00Z</published><content>Hm {id_}</content></entry>"
        for id_ in ids
    )
    names = 'xmlns="http://www.w3.org/2005/Atom" xmlns:openSearch="http://a9.com/-/spec/opensearchrss/1.0/"'
    return f"<feed {names}><title>Comments</title>{more}{entries}</feed>".encode()


def next_page(address, total=""):
    count = f"<openSearch:totalResults>{total}</openSearch:totalResults>" if total else ""
    return f'{count}<link rel="next" type="application/atom+xml" href="{address}"/>'


@dataclass
class Page:
    """One canned answer."""

    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)
    moved_to: str | None = None
    content_type: str | None = "text/xml"
    url: str = ""

    @property
    def validators(self):
        return {name: value for name, value in self.headers.items() if name in ("etag", "last-modified")}


class FakeWeb:
    """Answers from a dictionary and remembers what was asked; an exception is raised, an unknown address is a 404."""

    def __init__(self, pages):
        self.pages, self.asked, self.sent = pages, [], []

    async def get(self, url, *, validators=None, accept=None):
        self.asked.append(url)
        self.sent.append(dict(validators or {}))
        page = self.pages.get(url, Page(b"<html>", 404))
        if isinstance(page, Exception):
            raise page
        if validators and page.validators and dict(validators) == page.validators:
            return Page(status=304, headers=page.headers, moved_to=page.moved_to, url=url)
        page.url = page.url or url
        return page


class Counting(FeedParser):
    """Counts what was really parsed."""

    def __init__(self, **options):
        super().__init__(**options)
        self.parsed = 0

    async def parse(self, document, *, thread=False):
        self.parsed += 1
        return await super().parse(document, thread=thread)


def titles(fetched):
    return [item.page.story.title for item in fetched.items]


@pytest.mark.asyncio
async def test_an_unchanged_feed_is_neither_sent_nor_parsed_again():
    async with Counting.open() as parser:
        feed = Feed(parser)
        web = FakeWeb({ADDRESS: Page(rss(1, 2), headers={"etag": '"a"', "cache-control": "max-age=600"})})
        first = await feed.read(web, ADDRESS, {})
        assert titles(first) == ["Story 1", "Story 2"] and (first.name, first.unchanged) == ("News", False)
        assert first.hints == Hints(timedelta(minutes=10)) and set(first.cursor) == {"etag", "hash"}
        same = await feed.read(web, ADDRESS, first.cursor)
        assert same == Fetched(cursor=first.cursor, hints=Hints(timedelta(minutes=10)), unchanged=True)
        assert web.sent == [{}, {"etag": '"a"'}] and parser.parsed == 1
        web.pages[ADDRESS].headers = {"etag": '"b"'}  # a new mark on the same bytes
        same = await feed.read(web, ADDRESS, first.cursor)
        assert same.unchanged and same.items == () and same.cursor == {**first.cursor, "etag": '"b"'}
        assert parser.parsed == 1
        web.pages[ADDRESS].body = rss(3)
        changed = await feed.read(web, ADDRESS, {"hash": same.cursor["hash"]})
        assert titles(changed) == ["Story 3"] and parser.parsed == 2


@pytest.mark.asyncio
async def test_a_feed_says_where_it_moved_and_asks_for_the_longest_pause():
    async with FeedParser.open() as parser:
        page = Page(rss(1, more="<ttl>90</ttl>"), headers={"cache-control": "max-age=60"}, moved_to=f"{SITE}/new")
        found = await Feed(parser).read(FakeWeb({ADDRESS: page}), ADDRESS, {})
    assert (found.moved_to, found.hints.interval) == (f"{SITE}/new", timedelta(minutes=90))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("page", "error"),
    [
        (Page(b"gone", 410), FetchError),
        (Page(b"<!doctype html><title>Log in</title>"), NotThisKind),
        (Page(b""), NotThisKind),
        (FetchError("no"), FetchError),
    ],
)
async def test_s28_a_read_that_fails_says_why(page, error):
    async with FeedParser.open() as parser:
        feed = Feed(parser)
        for ask in (feed.read, feed.discuss):
            with pytest.raises(error) as raised:
                await ask(FakeWeb({ADDRESS: page}), ADDRESS, {"hash": "x"})
            assert getattr(raised.value, "status", None) == (410 if getattr(page, "status", 0) == 410 else None)


@pytest.mark.asyncio
async def test_a_thread_is_read_through_its_pages_and_complete_when_all_were_seen():
    web = FakeWeb({
        ADDRESS: Page(comments(5, 4, more=next_page("?p=2", 5)), headers={"etag": "x"}),
        f"{ADDRESS}?p=2": Page(comments(4, 3, 2, more=next_page("?p=3"))),
        f"{ADDRESS}?p=3": Page(comments(1)),
    })  # fmt: skip
    async with FeedParser.open() as parser:
        feed = Feed(parser)
        found = await feed.discuss(web, ADDRESS, {})
        assert [comment.key for comment in found.comments] == [f"fd-c{id_}" for id_ in (1, 2, 3, 4, 5)]
        assert found.complete
        again = await feed.discuss(web, ADDRESS, found.cursor)
        assert again == Discussion(cursor=found.cursor, unchanged=True)
        web.pages[ADDRESS].headers = {}
        assert (await feed.discuss(web, ADDRESS, found.cursor)).unchanged


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "second", [Page(b"", 500), FetchError("no"), Page(b"<p>"), Page(comments(more=next_page("?p=9")))]
)
async def test_s37_a_thread_with_an_unreadable_page_is_incomplete(second):
    web = FakeWeb({ADDRESS: Page(comments(2, more=next_page("?p=2", 2))), f"{ADDRESS}?p=2": second})
    async with FeedParser.open() as parser:
        found = await Feed(parser).discuss(web, ADDRESS, {})
    assert len(found.comments) == 1 and not found.complete and len(web.asked) == 2


@pytest.mark.asyncio
async def test_a_thread_without_a_count_is_never_complete():
    async with FeedParser.open() as parser:
        found = await Feed(parser).discuss(FakeWeb({ADDRESS: Page(comments(2, 1))}), ADDRESS, {})
    assert len(found.comments) == 2 and not found.complete


@pytest.mark.asyncio
async def test_a_thread_that_ends_in_the_middle_is_incomplete():
    body = comments(2, 1, more=next_page("?p=2", 1)).rpartition(b"<entry>")[0] + b"<entry><id>"
    async with FeedParser.open() as parser:
        found = await Feed(parser).discuss(FakeWeb({ADDRESS: Page(body)}), ADDRESS, {})
    assert len(found.comments) == 1 and not found.complete


@pytest.mark.asyncio
async def test_s40_pages_without_end_end():
    round_ = FakeWeb(
        {
            ADDRESS: Page(comments(1, more=next_page("?p=2", 9))),
            f"{ADDRESS}?p=2": Page(comments(2, more=next_page(ADDRESS))),
        }
    )
    endless = {f"{ADDRESS}?p={n}": Page(comments(1 + n % 28, more=next_page(f"?p={n + 1}"))) for n in range(10_000)}
    long = FakeWeb({ADDRESS: Page(comments(1, more=next_page("?p=0", 28))), **endless})
    async with FeedParser.open() as parser:
        found = await Feed(parser).discuss(round_, ADDRESS, {})
        assert round_.asked == [ADDRESS, f"{ADDRESS}?p=2"] and len(found.comments) == 2
        found = await Feed(parser).discuss(long, ADDRESS, {})
        assert len(long.asked) == 50 and len(found.comments) == 28


# -- finding --

FRONT = """<!doctype html><html><head><title>News</title>
<link rel="alternate" type="application/rss+xml" title="News &raquo; Comments Feed" href="/comments/feed/">
<link rel="alternate" type="application/json" href="/wp-json/">
<link rel=alternate type=application/rss+xml title="Ares" href="/2024/ares/feed/">
<link rel="alternate" type="application/atom+xml" href="https://mirror.example/atom">
<link rel="alternate" type="application/rss+xml" title="News" href="feed/">
</head><body><link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"></body></html>"""


def page(html, url=f"{SITE}/"):
    return Document(html.encode(), url, "text/html")


def test_a_page_s_feeds_come_with_the_likeliest_first():
    assert announced(page(FRONT)) == (
        f"{SITE}/2024/ares/feed/", f"{SITE}/feed/", "https://mirror.example/atom", f"{SITE}/comments/feed/",
    )  # fmt: skip
    assert announced(page(FRONT, f"{SITE}/2024/ares/"))[0] == "https://mirror.example/atom"
    based = FRONT.replace("<title>", '<base href="/"><title>')
    assert announced(page(based, f"{SITE}/2024/ares/"))[:2] == (f"{SITE}/feed/", "https://mirror.example/atom")
    assert announced(Document(b"", SITE)) == ()
    assert announced(Document(b"\x00\xff" * 999, SITE)) == ()


@pytest.mark.asyncio
async def test_a_feed_is_found_where_it_is_announced_and_only_when_it_is_one():
    web = FakeWeb({
        f"{SITE}/2024/ares/feed/": Page(b"<!doctype html><p>Gone"),
        f"{SITE}/feed/": Page(rss(1), moved_to=f"{SITE}/feed"),
    })  # fmt: skip
    async with FeedParser.open() as parser:
        assert await Feed(parser).find(web, page(FRONT)) == f"{SITE}/feed"
    assert web.asked == [f"{SITE}/2024/ares/feed/", f"{SITE}/feed/"]


@pytest.mark.asyncio
async def test_a_feed_is_its_own_address():
    web = FakeWeb({})
    async with FeedParser.open() as parser:
        feed = Feed(parser)
        assert await feed.find(web, Document(rss(1), ADDRESS)) == ADDRESS
        assert await feed.find(web, Document(rss(1))) is None
    assert web.asked == []


@pytest.mark.asyncio
async def test_unannounced_feeds_are_looked_for_in_usual_places_a_few_times():
    async with FeedParser.open() as parser:
        web = FakeWeb({f"{SITE}/atom.xml": Page(comments(1))})
        assert await Feed(parser).find(web, page("<p>x", f"{SITE}/a/b")) == f"{SITE}/atom.xml"
        web = FakeWeb({})
        assert await Feed(parser).find(web, page(FRONT)) is None
        assert len(web.asked) == len(set(web.asked)) == 6
        web = FakeWeb({f"{SITE}/feed/": FetchError("wait", status=429, retry_after=60)})
        assert await Feed(parser).find(web, page("<p>x")) is None
        assert len(web.asked) == 1


@pytest.mark.asyncio
async def test_parse_gives_stories_or_a_sentence():
    async with FeedParser.open() as parser:
        feed = Feed(parser)
        assert titles(await feed.parse(Document(rss(1)))) == ["Story 1"]
        with pytest.raises(SourceError, match="not a feed"):
            await feed.parse(Document(b"<p>"))
    assert (feed.name, feed.label) == ("feed", "Feed")
