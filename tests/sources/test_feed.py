"""Feeds as stories and comments: small feeds of our own, one thing shown at a time."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Comment, Story
from bot.sources.base import Document, Fetched, Hints, Item, Thread
from bot.sources.feed import FeedParser
from bot.sources.feed_data import Channel, Entry, Text
from bot.sources.feed_entries import Parsed, parsed
from bot.sources.feed_wire import decode, encode
from bot.sources.feed_worker import FRAME, read, serve

URL = "https://news.example/blog/feed/"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in {
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "media": "http://search.yahoo.com/mrss/",
        "slash": "http://purl.org/rss/1.0/modules/slash/",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "t": "http://purl.org/syndication/thread/1.0",
        "wfw": "http://wellformedweb.org/CommentAPI/",
        "openSearch": "http://a9.com/-/spec/opensearchrss/1.0/",
    }.items()
)


def rss(items, more=""):
    link = "<link>https://news.example/</link>"
    return f'<rss version="2.0" {NAMESPACES}><channel><title>News</title>{link}{more}{items}</channel></rss>'.encode()


def atom(entries, more=""):
    names = NAMESPACES.replace("xmlns:atom", "xmlns:a")
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {names}><title>News</title>{more}{entries}</feed>'.encode()


def parse(data, *, url=URL, thread=False):
    return parsed(read(Document(data, url)), url, thread=thread)


def item(fields):
    """Return the one item of a feed whose entry has these fields besides an id and a title."""
    (found,) = parse(rss(f"<item><guid>1</guid><title>T</title>{fields}</item>")).fetched.items
    return found


def story(fields):
    return item(fields).page.story


def test_a_full_rss_item():
    found = parse(
        rss("""<item><title>Ares &amp;amp; &lt;i&gt;Luna&lt;/i&gt;</title><link>/2024/ares/</link>
        <guid isPermaLink="false">https://news.example/?p=7</guid><dc:creator>Ana &amp;amp; Bo</dc:creator>
        <pubDate>Mon, 01 Jan 2024 10:00:00 +0200</pubDate><category>Space</category><category>Moon</category>
        <description>In &lt;b&gt;short&lt;/b&gt;. [&amp;#8230;]</description>
        <content:encoded><![CDATA[<p>At <a href="../more">length</a>.</p>
        <p>The post <a href="https://news.example/2024/ares/">Ares</a> appeared first on
        <a href="https://news.example">News</a>.</p>]]></content:encoded>
        <media:thumbnail url="/ares.png"/><wfw:commentRss>/2024/ares/feed/</wfw:commentRss>
        <slash:comments>3</slash:comments></item>""")
    ).fetched
    assert found.name == "News"
    assert found.items == (
        Item(
            page=found.items[0].page,
            threads=(Thread("feed", "https://news.example/2024/ares/feed/", "3"),),
        ),
    )
    assert found.items[0].page.story == Story(
        title="Ares & Luna",
        url="https://news.example/2024/ares/",
        native_id="https://news.example/?p=7",
        author="Ana & Bo",
        site="News",
        summary="In **short**. \\[…\\]",
        body="At length (<https://news.example/2024/more>).",
        image_url="https://news.example/ares.png",
        published_at=datetime(2024, 1, 1, 8, tzinfo=UTC),
        tags=("Space", "Moon"),
        origin="news.example",
    )
    assert not found.items[0].page.complete


def test_a_full_atom_entry():
    (found,) = parse(
        atom("""<entry xml:base="https://news.example/a/"><id>tag:news.example,2024:1</id>
        <title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Ares <b>flies</b></div></title>
        <link rel="alternate" type="text/html" href="b"/><link rel="replies" type="text/html" href="b#comments"/>
        <link rel="replies" type="application/atom+xml" href="b/comments" t:count="4" t:updated="2024-01-03T00:00:00Z"/>
        <author><name>Ana</name></author><author><name>Bo</name></author><category term="moon" label="The Moon"/>
        <published>2024-01-01T00:00:00Z</published><updated>2024-01-02T00:00:00Z</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>See <a href="c">c</a></p></div></content>
        </entry>""")
    ).fetched.items
    assert found.threads == (Thread("feed", "https://news.example/a/b/comments", "4 2024-01-03T00:00:00Z"),)
    assert found.page.story == Story(
        title="Ares flies",
        url="https://news.example/a/b",
        native_id="tag:news.example,2024:1",
        author="Ana, Bo",
        site="News",
        summary="See c (<https://news.example/a/c>)",
        body="See c (<https://news.example/a/c>)",
        published_at=datetime(2024, 1, 1, tzinfo=UTC),
        updated_at=datetime(2024, 1, 2, tzinfo=UTC),
        tags=("The Moon",),
        origin="news.example",
    )


def test_a_full_json_item():
    data = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "News", "home_page_url": "https://news.example",
        "feed_url": "https://news.example/feed.json", "authors": [{"name": "Site"}], "items": [{"id": 5, "url": "/5",
        "title": "A < B", "content_html": "<p>Long <img src='/i.png'></p>", "content_text": "no", "summary": "*Short*",
        "image": "/i.png", "date_published": "2024-01-01T01:00:00+01:00", "date_modified": "2024-01-02T00:00:00Z",
        "tags": ["a", "a", 3, {}]}]}"""
    (found,) = parse(data).fetched.items
    assert found.page.story == Story(
        title="A < B",
        url="https://news.example/5",
        native_id="5",
        author="Site",
        site="News",
        summary="\\*Short\\*",
        body="Long <https://news.example/i.png>",
        image_url="https://news.example/i.png",
        published_at=datetime(2024, 1, 1, tzinfo=UTC),
        updated_at=datetime(2024, 1, 2, tzinfo=UTC),
        tags=("a", "3"),
        origin="news.example",
    )


def test_an_old_rdf_and_an_old_atom_are_read():
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>A</title></channel>
        <item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link>
        <dc:date>2024-01-01T00:00:00Z</dc:date></item></rdf:RDF>"""
    (one,) = (found.page.story for found in parse(rdf).fetched.items)
    assert (one.native_id, one.title, one.published_at) == (
        "https://a.example/1",
        "One",
        datetime(2024, 1, 1, tzinfo=UTC),
    )
    old = b"""<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>B</title><entry><id>x</id><title>Two</title>
        <issued>2024-01-01T00:00:00Z</issued><content mode="escaped" type="text/html">&lt;b&gt;Yes&lt;/b&gt;</content>
        </entry></feed>"""
    (two,) = (found.page.story for found in parse(old).fetched.items)
    assert (two.title, two.body, two.published_at) == ("Two", "**Yes**", datetime(2024, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ("<author>ana@news.example (Ana Bo)</author>", "Ana Bo"),
        ("<author>Ana Bo &lt;ana@news.example&gt;</author>", "Ana Bo"),
        ("<author>ana@news.example</author>", "ana"),
        ("<author>Ana</author>", "Ana"),
        ("<dc:creator>A &amp;#124; B</dc:creator>", "A | B"),
        ("<author></author>", None),
        ("", None),
    ],
)
def test_authors(fields, name):
    assert story(fields).author == name


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ("<link>https://news.example/x</link>", "https://news.example/x"),
        ("<link>x</link>", "https://news.example/blog/feed/x"),
        ("<feedburner:origLink>https://n.example/a</feedburner:origLink><link>b</link>", "https://n.example/a"),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>https://[</link>", None),
        ('<atom:link rel="self" href="https://news.example/self"/>', "https://news.example/self"),
    ],
)
def test_links(fields, url):
    assert story(fields).url == url


def test_a_guid_that_is_an_address_is_the_link_and_a_number_stays_a_number():
    found = [
        found.page.story
        for found in parse(
            rss(
                "<item><guid>https://news.example/7</guid><title>A</title></item><item><guid>12</guid><title>B</title></item>"
            )
        ).fetched.items
    ]
    assert [(story.url, story.native_id) for story in found] == [
        ("https://news.example/7", "https://news.example/7"),
        (None, "12"),
    ]


@pytest.mark.parametrize(
    ("fields", "image"),
    [
        ('<media:content url="/a.png" medium="image"/>', "/a.png"),
        (
            '<media:content url="/a.mp4" type="video/mp4"/><enclosure url="/b.jpg" type="image/jpeg" length="1"/>',
            "/b.jpg",
        ),
        ("<description>&lt;p&gt;&lt;img src='/c.png?a=1&amp;amp;b'&gt;&lt;/p&gt;</description>", "/c.png?a=1&b"),
        ("<description>&lt;img src='/p.gif' width='1' height='1'/&gt;</description>", None),
        ("<description>&lt;img src='javascript:x'&gt;</description>", None),
        ('<enclosure url="/a.mp3" type="audio/mpeg" length="1"/>', None),
    ],
)
def test_images(fields, image):
    assert story(fields).image_url == (image and f"https://news.example{image}")


def test_pictures_are_no_words_of_a_summary_and_pixels_none_of_a_text():
    text = "<img src='/a.png'><p>Words</p><img src='/count' width=1 height=1>"
    found = story(f"<description><![CDATA[{text}]]></description>")
    assert found.summary == "Words" and found.body.endswith("Words") and "/a.png" in found.body


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ("<description>Ares &lt;a href='/x'&gt;flies&lt;/a&gt; today</description>", "Ares flies today"),
        (f"<description>{'word ' * 40}</description>", "word " * 15 + "word…"),
        ("<link>https://www.news.example/2024/ares/</link>", "news.example/2024/ares"),
        ("<guid>1</guid>", "Untitled"),
    ],
)
def test_a_story_without_title_takes_its_first_words(fields, title):
    (found,) = parse(rss(f"<item>{fields}</item>")).fetched.items
    assert found.page.story.title == title


def test_an_address_that_several_stories_share_is_told():
    links = (
        "https://news.example/day#a",
        "https://news.example/day#b",
        "https://news.example/",
        "https://news.example/own",
    )
    items = "".join(f"<item><guid>{n}</guid><title>T</title><link>{link}</link></item>" for n, link in enumerate(links))
    assert [found.page.story.shared_url for found in parse(rss(items)).fetched.items] == [True, True, True, False]


@pytest.mark.parametrize(
    ("fields", "threads"),
    [
        ("<wfw:commentRss></wfw:commentRss><slash:comments>2</slash:comments>", ()),
        ("<wfw:commentRss>https://news.example/c</wfw:commentRss>", (Thread("feed", "https://news.example/c"),)),
        ("<wfw:commentRss>file:///etc/passwd</wfw:commentRss>", ()),
        ("<comments>https://news.example/x#comments</comments>", ()),
        (
            '<atom:link rel="replies" type="application/atom+xml" href="/c"/><t:total>9</t:total>',
            (Thread("feed", "https://news.example/c", "9"),),
        ),
    ],
)
def test_threads(fields, threads):
    assert item(fields).threads == threads


def every(period, times):
    return f"<sy:updatePeriod>{period}</sy:updatePeriod><sy:updateFrequency>{times}</sy:updateFrequency>"


@pytest.mark.parametrize(
    ("more", "hints"),
    [
        ("", Hints()),
        ("<ttl>30</ttl>", Hints(timedelta(minutes=30))),
        ("<ttl>999999999999</ttl>", Hints(timedelta(days=1))),
        (f"<ttl>-5</ttl>{every('daily', 4)}", Hints(timedelta(hours=6))),
        (every("hourly", 1), Hints(timedelta(hours=1))),
        (f"<ttl>600</ttl>{every('hourly', 1)}", Hints(timedelta(hours=10))),
        ("<generator>https://wordpress.org/?v=6</generator><sy:updatePeriod>hourly</sy:updatePeriod>", Hints()),
        ("<skipHours><hour>0</hour><hour>13</hour> <hour>24</hour></skipHours>", Hints(None, frozenset({0, 13}))),
        ("<skipDays><day>Monday</day><day>sunday</day><day>Never</day></skipDays>", Hints(skip_days=frozenset({0, 6}))),
    ],
)
def test_hints(more, hints):
    assert parse(rss("", more)).fetched.hints == hints


# -- comments --


def wordpress_comment(number, text, *, date="2024-01-01", post="ares", guid="https://news.example/?p=7"):
    return f"""<item><title>Comment on Ares by Ana by Bo</title><dc:creator>Bo</dc:creator>
        <link>https://news.example/{post}/#comment-{number}</link>
        <guid isPermaLink="false">{guid}#comment-{number}</guid>
        <pubDate>{date}T00:00:00Z</pubDate><content:encoded><![CDATA[{text}]]></content:encoded></item>"""


def test_a_comment_feed_gives_the_stories_with_their_comments_oldest_first():
    newest = wordpress_comment(12, "<p>Late</p>", date="2024-01-03", post="luna", guid="https://news.example/?p=8")
    reply = wordpress_comment(
        11,
        '<p>En réponse à <a href="https://news.example/ares/#comment-10">Ana</a>.</p>\n<p>No.</p>',
        date="2024-01-02",
    )
    found = parse(rss(newest + reply + wordpress_comment(10, "<p>Yes?</p>"))).fetched
    luna, ares = (part.page for part in found.items)
    assert (ares.story.title, ares.story.url) == ("Ares by Ana", "https://news.example/ares/")
    assert (ares.story.native_id, ares.story.origin) == ("https://news.example/?p=7", "news.example")
    assert luna.story.native_id == "https://news.example/?p=8"
    assert ares.comments == (
        Comment(
            "wp-10",
            "Bo",
            "Yes?",
            None,
            "https://news.example/ares/#comment-10",
            posted_at=datetime(2024, 1, 1, tzinfo=UTC),
        ),
        Comment(
            "wp-11",
            "Bo",
            "No.",
            "wp-10",
            "https://news.example/ares/#comment-11",
            posted_at=datetime(2024, 1, 2, tzinfo=UTC),
        ),
    )
    assert not ares.complete


@pytest.mark.parametrize(
    "text",
    [
        '<p>See <a href="https://news.example/ares/#comment-10" rel="nofollow ugc">Ana</a>.</p><p>No.</p>',
        '<p>See <a href="https://news.example/other/#comment-10">that</a>.</p><p>No.</p>',
        '<p>As I said in <a href="https://news.example/ares/#comment-10">Ana</a>, it is wrong and here is why.</p>',
        '<p>No.</p><p>In reply to <a href="https://news.example/ares/#comment-10">Ana</a>.</p>',
    ],
)
def test_a_member_s_own_link_to_a_comment_makes_no_parent(text):
    (found,) = parse(rss(wordpress_comment(11, text))).fetched.items
    assert found.page.comments[0].parent is None and "#comment-10" in found.page.comments[0].body


def test_the_parent_is_named_in_a_plain_description_too():
    text = (
        'In reply to &lt;a href="https://news.example/ares/#comment-10"&gt;Ana&lt;/a&gt;.\n\nNo &lt;b&gt;way&lt;/b&gt;'
    )
    comment = wordpress_comment(11, "").replace(
        "<content:encoded><![CDATA[]]></content:encoded>", f"<description>{text}</description>"
    )
    (found,) = parse(rss(comment)).fetched.items
    assert (found.page.comments[0].parent, found.page.comments[0].body) == ("wp-10", "No **way**")


def atom_comment(id_, ref, *, number=None, more=""):
    link = f"https://news.example/ares/#comment-{number}" if number else f"https://news.example/ares/?c={id_}"
    return f"""<entry><id>{id_}</id><title>By Bo</title><link rel="alternate" type="text/html" href="{link}"/>
        <author><name>Bo</name><uri>https://bo.example/</uri></author><published>2024-01-01T00:00:00Z</published>
        <updated>2024-01-01T00:00:00Z</updated><content type="html">Text</content>
        <t:in-reply-to ref="{ref}" href="https://news.example/ares/" type="text/html"/>{more}</entry>"""


def test_atom_threading_gives_the_parents():
    post = "https://news.example/?p=7"
    feed = (
        atom_comment(f"{post}#comment-12", f"{post}#comment-11", number=12)
        + atom_comment(f"{post}#comment-11", post, number=11)
        + atom_comment(f"{post}#comment-14", "https://news.example/?p=7#comment-2", number=14)
    )
    (found,) = parse(atom(feed)).fetched.items
    assert {comment.key: comment.parent for comment in found.page.comments} == {
        "wp-11": None,
        "wp-12": "wp-11",
        "wp-14": "wp-2",
    }
    assert {comment.author_url for comment in found.page.comments} == {"https://bo.example/"}


def test_comments_with_ids_of_another_make_keys_of_their_own():
    found = parse(atom(atom_comment("tag:c2", "tag:c1") + atom_comment("tag:c1", "tag:post")), thread=True)
    assert {comment.key: comment.parent for comment in found.comments} == {"fd-tag:c1": None, "fd-tag:c2": "fd-tag:c1"}
    assert found.fetched.items == ()


def test_a_comment_never_answers_itself_and_of_two_with_one_id_the_first_counts():
    found = parse(atom(atom_comment("a", "a") + atom_comment("a", "b")), thread=True)
    assert [(comment.key, comment.parent) for comment in found.comments] == [("fd-a", None)]


def test_an_edited_comment_says_when():
    edited = atom_comment("a", "b").replace("<updated>2024-01-01", "<updated>2024-01-05")
    (found,) = parse(atom(edited), thread=True).comments
    assert found.edited_at == datetime(2024, 1, 5, tzinfo=UTC)


def test_any_feed_can_be_read_as_a_thread():
    found = parse(rss("<item><guid>9</guid><title>Re: Ares</title><description>Hm</description></item>"), thread=True)
    assert [(comment.key, comment.body) for comment in found.comments] == [("fd-9", "Hm")]


def test_disqus_numbers_are_not_wordpress_numbers():
    item_ = wordpress_comment(11, "Hm")
    (found,) = parse(rss(item_), url="https://forum.disqus.com/ares/latest.rss", thread=True).comments
    assert found.key == "dq-11"


def test_a_feed_with_one_story_among_comments_is_a_feed_of_stories():
    found = parse(rss(wordpress_comment(11, "Hm") + "<item><guid>1</guid><title>Ares</title></item>")).fetched
    assert [part.page.comments for part in found.items] == [(), ()]


def test_a_thread_says_how_many_there_are_and_where_it_goes_on():
    more = (
        '<openSearch:totalResults>7</openSearch:totalResults><link rel="next" type="application/atom+xml" href="?p=2"/>'
    )
    found = parse(atom(atom_comment("a", "b"), more), thread=True)
    assert (found.total, found.next_url, found.whole) == (7, "https://news.example/blog/feed/?p=2", True)


@pytest.mark.parametrize(
    "link", ["http://[", "https://a]b#comment-3", "//[::1", "https://[v9.x]/#comment-3", "#comment-3"]
)
def test_addresses_that_are_none_do_no_harm(link):
    entry = wordpress_comment(11, f'<p>In reply to <a href="{link}#comment-3">A</a>.</p><p>x</p>')
    entry = entry.replace("https://news.example/ares/", link)
    for thread in (True, False):
        found = parse(rss(entry, f"<link>{link}</link>"), url=link, thread=thread)
        assert found.comments or found.fetched.items


# -- the way between the processes --


def test_what_is_sent_is_what_arrives():
    date = datetime(2024, 1, 1, 12, 30, 1, 5, tzinfo=UTC)
    page = parse(rss(wordpress_comment(11, "Hm"))).fetched.items[0].page
    full = Channel(
        entries=(Entry(id="1", title=Text("T \ud800"), published=date, tags=("a",), replies=("https://a.example/",)),),
        hints=Hints(timedelta(minutes=5), frozenset({1}), frozenset({2})),
        cut=True,
    )
    for sent in (
        parsed(full, None),
        parsed(full, None, thread=True),
        Parsed(Fetched(items=(Item(page),), name="x"), page.comments, "https://a.example/", 3, whole=False),
    ):
        assert decode(encode(sent)) == decode(encode(decode(encode(sent))))
    assert decode(encode(parsed(full, None, thread=True))) == parsed(full, None, thread=True)
    assert decode(encode(Parsed(Fetched(items=(Item(page),))))).fetched.items == (Item(page),)


def test_the_worker_answers_until_its_input_ends_even_in_the_middle():
    head = b'{"id": 4, "url": null, "content_type": null, "name": null, "thread": false}'
    request = FRAME.pack(len(head), 5) + head + b"hello"
    answers = io.BytesIO()
    serve(io.BytesIO(request + request[:-1]), answers)
    size, rest = FRAME.unpack(answers.getvalue()[:8])
    assert (len(answers.getvalue()), rest) == (8 + size, 0) and b'"id": 4' in answers.getvalue()


@pytest.mark.asyncio
async def test_a_feed_in_an_unnamed_character_set_is_read_and_the_worker_complains_of_nothing(capfd):
    words = "月探査機が軌道に入った。日本と欧州の共同計画である。"
    data = f"<rss><channel><item><title>{words}</title><guid>1</guid></item></channel></rss>".encode("euc_jp")
    async with FeedParser.open(workers=1) as parser:
        (item,) = (await parser.parse(Document(data))).fetched.items
    assert item.page.story.title == words
    assert capfd.readouterr().err == ""
