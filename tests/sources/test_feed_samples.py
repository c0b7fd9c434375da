"""Every recorded feed is read; what is counted here was counted in the files by other means than the reader's."""

import asyncio
import html
import io
import json
import re
from datetime import UTC, datetime
from functools import cache

import feedparser
import pytest

from bot.errors import SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.feed import FeedParser
from bot.sources.feed_entries import parsed
from bot.sources.feed_worker import read

URL = "http://feed.example/feed/"
# What each file gives: stories, comments, comments with a parent, threads.
EXPECTED = {
    "atom/4fsodonline.atom": (25, 0, 0, 25),
    "atom/OneFootTsunami.wordpress.atom": (25, 0, 0, 0),
    "atom/trafilatura_feed1.atom": (2, 0, 0, 0),
    "jsonfeed/authors.json": (4, 0, 0, 0),
    "jsonfeed/feed.json": (25, 0, 0, 0),
    "jsonfeed/inessential.json": (20, 0, 0, 0),
    "jsonfeed/jsonfeed-extension.json": (3, 0, 0, 0),
    "malformed/DERIVED_whizzy3_latin1_byte.xml": (3, 0, 0, 1),
    "malformed/DERIVED_whizzy3_php_warning_before.xml": (3, 0, 0, 1),
    "malformed/DERIVED_whizzy3_raw_ampersand.xml": (3, 0, 0, 1),
    "malformed/DERIVED_whizzy3_truncated.xml": (2, 0, 0, 1),  # the third is cut in its middle
    "malformed/DERIVED_whizzy3_undeclared_prefix.xml": (3, 0, 0, 1),
    "malformed/aaa_illformed.xml": (0, 0, 0, 0),
    "malformed/chardet_eucjp.xml": (1, 0, 0, 0),
    "rdf/bio.rdf": (30, 0, 0, 0),
    "reader_tests/10.json": (0, 0, 0, 0),
    "reader_tests/empty.atom": (1, 0, 0, 0),
    "reader_tests/empty.json": (1, 0, 0, 0),
    "reader_tests/empty.rss": (1, 0, 0, 0),
    "reader_tests/full.atom": (5, 0, 0, 0),
    "reader_tests/full.json": (2, 0, 0, 0),
    "reader_tests/full.rss": (5, 0, 0, 0),
    "reader_tests/invalid.json": (8, 0, 0, 0),
    "reader_tests/relative.atom": (1, 0, 0, 0),
    "reader_tests/relative.rss": (1, 0, 0, 0),
    "rss2/EMarley.rss": (10, 0, 0, 0),
    "rss2/aktuality.rss": (30, 0, 0, 0),
    "rss2/donthitsave.xml": (10, 0, 0, 0),
    "rss2/kc0011.rss": (20, 0, 0, 0),
    "rss2/livemint.xml": (25, 0, 0, 0),
    "rss2/phpxml.rss": (20, 0, 0, 0),
    "rss2/scriptingNews.rss": (48, 0, 0, 0),  # of 50, two come twice
    "rss2/trafilatura_feed2.rss": (1, 0, 0, 0),
    "rss_wordpress/manton.rss": (10, 0, 0, 10),
    "rss_wordpress/natasha.xml": (10, 0, 0, 10),
    "rss_wordpress/whizzy_comments_feed_50.xml": (10, 50, 13, 0),
    "rss_wordpress/whizzy_feed_50.xml": (50, 0, 0, 24),
    "rss_wordpress/whizzy_postcomments_cisco-7941-asterisk-and-sip.xml": (1, 38, 10, 0),
    "rss_wordpress/whizzy_postcomments_finally-moving-to-a-static-site.xml": (0, 0, 0, 0),
    "rss_wordpress/whizzy_postcomments_online-searches-in-the-dash-to-be-off-by-default.xml": (1, 33, 0, 0),
    "rss_wordpress/whizzy_postcomments_raspberry-pi-powered-heating-controller-part-1.xml": (1, 4, 0, 0),
}
REFUSED = {
    "jsonfeed/allthis-partial.json": "broken JSON",
    "malformed/rss_empty_document.xml": "not a feed",
    "reader_tests/unknown.json": "not a feed",
}
FOLDERS = ("atom", "jsonfeed", "malformed", "rdf", "reader_tests", "rss2", "rss_wordpress")
XML = [name for name in EXPECTED if not name.endswith(".json") and not name.startswith("malformed/")]
COMMENT_FEEDS = [name for name in EXPECTED if "comments" in name]


@cache
def load(samples, name, url=URL):
    return parsed(read(Document((samples / name).read_bytes(), url)), url).fetched


def comments_of(fetched):
    return [comment for item in fetched.items for comment in item.page.comments]


def test_no_sample_is_forgotten(samples):
    there = {f"{folder}/{path.name}" for folder in FOLDERS for path in (samples / folder).iterdir()}
    assert there == EXPECTED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gives_all_its_stories_and_comments(samples, name):
    fetched = load(samples, name)
    comments = comments_of(fetched)
    found = len(fetched.items), len(comments), sum(bool(comment.parent) for comment in comments)
    assert (*found, sum(len(item.threads) for item in fetched.items)) == EXPECTED[name]
    for item in fetched.items:
        assert item.page.story.title and item.page.story.url != ""
        assert item.page.comments or item.page.story.native_id


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_feed_is_refused(samples, name):
    with pytest.raises(NotThisKind, match=REFUSED[name]):
        load(samples, name)


@pytest.mark.parametrize("name", [name for name in XML if "comments" not in name])
def test_as_many_stories_as_the_file_has_entries(samples, name):
    text = (samples / name).read_text("latin-1")
    ids = re.findall(r"<(?:item|entry)[\s>]", text)
    again = 2 if "scriptingNews" in name else 0
    assert len(load(samples, name).items) == len(ids) - again


@pytest.mark.parametrize("name", [name for name in XML if "comments" not in name and "reader_tests" not in name])
def test_ids_titles_links_and_dates_are_what_the_library_says(samples, name):
    said = feedparser.parse(io.BytesIO((samples / name).read_bytes()), response_headers={"content-type": "text/xml"})
    entries = {entry.get("id") or entry.get("link"): entry for entry in reversed(said.entries)}
    for story in (item.page.story for item in load(samples, name, None).items):
        entry = entries[story.native_id]
        title = html.unescape(re.sub(r"<[^>]*>", "", entry.get("title", "")))
        assert not title.strip() or story.title == " ".join(title.replace("\ufeff", "").split())[:300]
        if story.url and entry.get("link", "").startswith("http"):
            assert story.url.rstrip("/") == entry.link.replace("*", "%2A").replace("__", "%5F%5F").rstrip("/")
        stamp = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
        assert story.published_at == (datetime(*stamp[:6], tzinfo=UTC) if stamp else None)


@pytest.mark.parametrize("name", COMMENT_FEEDS)
def test_comments_have_the_parents_authors_and_dates_of_the_real_thread(samples, name):
    truth = json.loads((samples / "wordpress_json/DERIVED_whizzy_comments_192.json").read_bytes())
    known = {f"wp-{comment['id']}": comment for comment in truth}
    found = comments_of(load(samples, name))
    for comment in found:
        real = known[comment.key]
        assert comment.parent == (f"wp-{real['parent']}" if real["parent"] else None)
        assert comment.author == " ".join(html.unescape(real["author_name"]).split())
        assert comment.posted_at == datetime.fromisoformat(real["date_gmt"]).replace(tzinfo=UTC)
        assert not comment.body.startswith("In reply to")
    places = {comment.key: place for place, comment in enumerate(found)}
    assert all(places.get(comment.parent, -1) < places[comment.key] for comment in found)
    texts = (samples / name).read_text("utf-8")
    assert {comment.key[3:] for comment in found} == set(re.findall(r"<guid[^>]*>[^<]*#comment-(\d+)</guid>", texts))


def test_a_thread_feed_and_the_site_s_comment_feed_agree_on_the_story(samples):
    site = {item.page.story.url: item.page.story for item in load(samples, COMMENT_FEEDS[0]).items}
    for name in COMMENT_FEEDS[1:]:
        for story in (item.page.story for item in load(samples, name).items):
            assert site.get(story.url, story) == story
    posts = {
        item.page.story.native_id: item.page.story for item in load(samples, "rss_wordpress/whizzy_feed_50.xml").items
    }
    told = [story for story in site.values() if story.native_id in posts]
    assert len(told) > 5
    assert all((posts[story.native_id].title, posts[story.native_id].url) == (story.title, story.url) for story in told)


@pytest.mark.asyncio
async def test_the_worker_gives_what_the_reader_gives(samples):
    async with FeedParser.open() as parser:

        async def one(name):
            document = Document((samples / name).read_bytes(), URL)
            try:
                return (await parser.parse(document)).fetched
            except SourceError as error:
                return type(error), str(error)

        found = dict(zip(EXPECTED, await asyncio.gather(*map(one, EXPECTED)), strict=True))
    assert found == {name: load(samples, name) for name in EXPECTED}
