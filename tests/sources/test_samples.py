"""Every recorded document is read without naming its kind: what is found is laid beside an independent count."""

from __future__ import annotations

import json
import re

import pytest
import pytest_asyncio

from bot.errors import SourceError
from bot.sources.kinds import Kinds
from bot.sources.page import load
from tests.conftest import SHARED

SAMPLES = SHARED / "samples"

# kind, stories, comments, comments that name a parent, of these parents that are in the document, deleted
FOUND = {
    "atom/4fsodonline.atom": ("feed", 25, 0, 0, 0, 0),
    "atom/OneFootTsunami.wordpress.atom": ("feed", 25, 0, 0, 0, 0),
    "atom/trafilatura_feed1.atom": ("feed", 2, 0, 0, 0, 0),
    "discourse/latest.json": ("discourse", 1, 0, 0, 0, 0),
    "discourse/posts_latest.json": ("discourse", 3, 1, 0, 0, 0),
    "discourse/replies.json": ("discourse", 1, 1, 0, 0, 0),
    "discourse/topic.json": ("discourse", 1, 3, 0, 0, 0),
    "discourse/topic_280_posts10-14.SLICE.json": ("discourse", 1, 5, 3, 3, 0),
    "discourse/topic_posts.json": ("discourse", 1, 1, 0, 0, 0),
    "disqus/DERIVED_posts_list.from_seancorfield_export.json": ("disqus", 8, 18, 10, 7, 2),
    "disqus/api_posts_list_one_item.raymondcamden.json": ("disqus", 1, 1, 0, 0, 0),
    "disqus/api_threads_details.docs_example.json": ("disqus", 1, 0, 0, 0, 0),
    "disqus/isso_disqus_export.xml": ("disqus", 3, 6, 2, 2, 1),
    "disqus/seancorfield_disqus_export.SLICE.xml": ("disqus", 10, 18, 10, 7, 2),
    "disqus/sven337_disqus_tree.SLICE.json": ("disqus", 2, 12, 8, 8, 0),
    "hn/item_121003.json": ("hackernews", 1, 0, 0, 0, 0),
    "hn/item_126809.json": ("hackernews", 1, 0, 0, 0, 0),
    "hn/item_192327.json": ("hackernews", 1, 0, 0, 0, 0),
    "hn/item_2921983.json": ("hackernews", 1, 1, 1, 0, 0),
    "hn/item_8863.json": ("hackernews", 1, 0, 0, 0, 0),
    "html_pages/dsq_thesocietea_afterthoughts.TAIL.html": ("page", 1, 7, 3, 3, 0),
    "html_pages/whizzy_cisco-7941-asterisk-and-sip.html": ("page", 1, 38, 10, 10, 0),
    "html_pages/whizzy_finally-moving-to-a-static-site.html": ("page", 1, 0, 0, 0, 0),
    "html_pages/whizzy_online-searches-in-the-dash-to-be-off-by-default.html": ("page", 1, 33, 0, 0, 0),
    "jsonfeed/authors.json": ("feed", 4, 0, 0, 0, 0),
    "jsonfeed/feed.json": ("feed", 25, 0, 0, 0, 0),
    "jsonfeed/inessential.json": ("feed", 20, 0, 0, 0, 0),
    "jsonfeed/jsonfeed-extension.json": ("feed", 3, 0, 0, 0, 0),
    "lemmy/comment_list.testfixture.json": ("lemmy", 1, 2, 1, 1, 0),
    "lemmy/comment_view.testfixture.json": ("lemmy", 1, 1, 0, 0, 0),
    "lemmy/isodata_comment.one.json": ("lemmy", 1, 1, 0, 0, 0),
    "malformed/DERIVED_whizzy3_latin1_byte.xml": ("feed", 3, 0, 0, 0, 0),
    "malformed/DERIVED_whizzy3_php_warning_before.xml": ("feed", 3, 0, 0, 0, 0),
    "malformed/DERIVED_whizzy3_raw_ampersand.xml": ("feed", 3, 0, 0, 0, 0),
    "malformed/DERIVED_whizzy3_truncated.xml": ("feed", 2, 0, 0, 0, 0),
    "malformed/DERIVED_whizzy3_undeclared_prefix.xml": ("feed", 3, 0, 0, 0, 0),
    "malformed/aaa_illformed.xml": ("feed", 0, 0, 0, 0, 0),
    "malformed/chardet_eucjp.xml": ("feed", 1, 0, 0, 0, 0),
    "parabolicarc/2009-07-15_winner.NOCOMMENTS.bullets-in-body.txt": ("page", 1, 0, 0, 0, 0),
    "parabolicarc/2016-01-08_team-elon-crushes-competitors.NEWTHEME.txt": ("page", 1, 0, 0, 0, 0),
    "parabolicarc/2017-08-04_russia-china-increase-space-cooperation.SEED.txt": ("page", 1, 3, 0, 0, 0),
    "parabolicarc/2017-08-28_video-dream-chaser-tow-test-nasa-armstrong.EXCERPT.txt": ("page", 1, 5, 0, 0, 0),
    "parabolicarc/2019-09-18_stratolaunch-is-back.NOCOMMENTS.txt": ("page", 1, 0, 0, 0, 0),
    "rdf/bio.rdf": ("feed", 30, 0, 0, 0, 0),
    "reader_tests/10.json": ("feed", 0, 0, 0, 0, 0),
    "reader_tests/empty.atom": ("feed", 1, 0, 0, 0, 0),
    "reader_tests/empty.json": ("feed", 1, 0, 0, 0, 0),
    "reader_tests/empty.rss": ("feed", 1, 0, 0, 0, 0),
    "reader_tests/full.atom": ("feed", 5, 0, 0, 0, 0),
    "reader_tests/full.json": ("feed", 2, 0, 0, 0, 0),
    "reader_tests/full.rss": ("feed", 5, 0, 0, 0, 0),
    "reader_tests/invalid.json": ("feed", 8, 0, 0, 0, 0),
    "reader_tests/relative.atom": ("feed", 1, 0, 0, 0, 0),
    "reader_tests/relative.rss": ("feed", 1, 0, 0, 0, 0),
    "rss2/EMarley.rss": ("feed", 10, 0, 0, 0, 0),
    "rss2/aktuality.rss": ("feed", 30, 0, 0, 0, 0),
    "rss2/donthitsave.xml": ("feed", 10, 0, 0, 0, 0),
    "rss2/kc0011.rss": ("feed", 20, 0, 0, 0, 0),
    "rss2/livemint.xml": ("feed", 25, 0, 0, 0, 0),
    "rss2/phpxml.rss": ("feed", 20, 0, 0, 0, 0),
    "rss2/scriptingNews.rss": ("feed", 48, 0, 0, 0, 0),
    "rss2/trafilatura_feed2.rss": ("feed", 1, 0, 0, 0, 0),
    "rss_wordpress/manton.rss": ("feed", 10, 0, 0, 0, 0),
    "rss_wordpress/natasha.xml": ("feed", 10, 0, 0, 0, 0),
    "rss_wordpress/whizzy_comments_feed_50.xml": ("feed", 10, 50, 13, 8, 0),
    "rss_wordpress/whizzy_feed_50.xml": ("feed", 50, 0, 0, 0, 0),
    "rss_wordpress/whizzy_postcomments_cisco-7941-asterisk-and-sip.xml": ("feed", 1, 38, 10, 10, 0),
    "rss_wordpress/whizzy_postcomments_finally-moving-to-a-static-site.xml": ("feed", 0, 0, 0, 0, 0),
    "rss_wordpress/whizzy_postcomments_online-searches-in-the-dash-to-be-off-by-default.xml": ("feed", 1, 33, 0, 0, 0),
    "rss_wordpress/whizzy_postcomments_raspberry-pi-powered-heating-controller-part-1.xml": ("feed", 1, 4, 0, 0, 0),
    "snapi/v4_articles_page1_2024-10.EXCERPT.json": ("newsapi", 2, 0, 0, 0, 0),
    "snapi/v4_articles_search_bin_2024-02.json": ("newsapi", 6, 0, 0, 0, 0),
    "wordpress_json/DERIVED_whizzy_comments_192.json": ("wordpress", 33, 192, 40, 40, 0),
    "wordpress_json/DERIVED_whizzy_posts_50.json": ("wordpress", 50, 0, 0, 0, 0),
    "wordpress_json/comments-v2-edit-context-success.json": ("wordpress", 1, 2, 2, 0, 0),
    "wordpress_json/comments-v2-view-context-success.json": ("wordpress", 1, 2, 2, 0, 0),
    "wordpress_json/reader-post-related-posts-success.json": ("wordpress", 2, 0, 0, 0, 0),
    "wordpress_json/reader-posts-success.json": ("wordpress", 10, 0, 0, 0, 0),
    "wordpress_json/realfirmware_comments.json": ("wordpress", 1, 1, 0, 0, 0),
    "wordpress_json/site-comment-success.json": ("wordpress", 1, 1, 0, 0, 0),
    "wordpress_json/site-comments-success.json": ("wordpress", 1, 1, 0, 0, 0),
}
FRAGMENT = "no title and text"  # the body of one comment, cut out of its page
UNKNOWN = "JSON, but it holds no stories"
LISTING = "list of several stories"
REFUSED = {
    "bodies/01_wp_comment_links.html": FRAGMENT,
    "bodies/02_wp_article_lists_code.html": FRAGMENT,
    "bodies/04_discourse_cooked.html": FRAGMENT,
    "bodies/05_disqus_message_shortlinks.html": FRAGMENT,
    "bodies/06_discourse_quote_onebox.html": FRAGMENT,
    "bodies/11_hn_pre.html": FRAGMENT,
    "bodies/12_COMPOSED_stress.html": FRAGMENT,
    "discourse/categories.json": UNKNOWN,
    "discourse/search.json": UNKNOWN,
    "disqus/api_cursor.docs_example.json": UNKNOWN,
    "hn/item_160705.json": UNKNOWN,  # an option of a poll
    "hn/updates.EXCERPT.json": UNKNOWN,
    "html_pages/furbo.html": LISTING,
    "html_pages/inessential.html": LISTING,
    "jsonfeed/allthis-partial.json": "broken JSON",  # cut short
    "malformed/rss_empty_document.xml": "looks like XML",
    "parabolicarc/tag_lynx.LISTING.EXCERPT.txt": LISTING,
    "reader_tests/unknown.json": UNKNOWN,  # JSON Feed of version 1234
}
# Where fewer stories are right than a count of entries gives: some have one id, one is cut in the middle.
FEWER = {"rss2/scriptingNews.rss": 2, "discourse/latest.json": 2, "malformed/DERIVED_whizzy3_truncated.xml": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kinds():
    async with Kinds.open() as opened:
        yield opened


def test_every_recorded_document_stands_in_one_of_the_tables(samples):
    here = {path.relative_to(samples).as_posix() for path in samples.rglob("*") if path.is_file()}
    assert here - {"ORIGIN.md"} == FOUND.keys() | REFUSED.keys()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", FOUND)
async def test_a_recorded_document_is_read(samples, kinds, name):
    kind, fetched = await kinds.parse(load(samples / name))
    pages = [item.page for item in fetched.items]
    keys = [{comment.key for comment in page.comments} for page in pages]
    parents = [(c.parent, own) for page, own in zip(pages, keys, strict=True) for c in page.comments if c.parent]
    assert (
        kind,
        len(pages),
        sum(len(page.comments) for page in pages),
        len(parents),
        sum(parent in own for parent, own in parents),
        sum(comment.deleted for page in pages for comment in page.comments),
    ) == FOUND[name]
    assert all(page.story.title for page in pages)
    assert all(comment.author for page in pages for comment in page.comments if not comment.deleted)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_story_is_refused_with_the_sentence_that_fits_best(samples, kinds, name):
    with pytest.raises(SourceError, match=REFUSED[name]):
        await kinds.parse(load(samples / name))


def entries(path):
    """Count what a document holds, without a parser for its kind; None where no simple count tells."""
    data = path.read_bytes()
    if path.suffix in (".xml", ".rss", ".atom", ".rdf"):
        return len(re.findall(rb"<(?:item|entry|post)[\s>]", data))
    if path.suffix == ".html":
        return len(set(re.findall(rb"""id=["'](?:dsq-)?comment-(\d+)["']""", data))) or 1
    if path.suffix == ".txt":
        return len(re.findall(r"^ *• ", data.decode(), re.MULTILINE)) or 1
    found = json.loads(data)
    if isinstance(found, list):
        return len(found)
    lists = [found.get(name) for name in ("items", "posts", "results", "comments", "latest_posts", "user_actions")]
    lists += [found.get("post_stream", {}).get("posts"), found.get("topic_list", {}).get("topics")]
    lists += [found.get("response") if isinstance(found.get("response"), list) else None]
    return next((len(entry) for entry in lists if entry is not None), None)


@pytest.mark.parametrize("name", FOUND)
def test_the_table_agrees_with_a_count_of_the_entries(samples, name):
    counted = entries(samples / name)
    _, stories, comments, *_ = FOUND[name]
    if name.startswith("discourse/") and "posts" in (samples / name).read_text():
        topics_shown_whole = {"discourse/topic.json": 1, "discourse/posts_latest.json": 3}
        comments += topics_shown_whole.get(name, 0)  # a topic's first post is the story
    assert counted is None or counted - FEWER.get(name, 0) == (comments or stories)


def test_what_has_no_simple_count_is_named():
    uncounted = {name for name in FOUND if name.endswith(".json") and entries(SAMPLES / name) is None}
    assert uncounted <= {
        *(name for name in FOUND if name.startswith("hn/")),
        "disqus/api_threads_details.docs_example.json",
        "disqus/sven337_disqus_tree.SLICE.json",
        "lemmy/comment_view.testfixture.json",
        "wordpress_json/site-comment-success.json",
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_the_192_comments_have_the_parents_of_the_site_and_its_feeds_agree(samples, kinds):
    told = json.loads((samples / "wordpress_json" / "DERIVED_whizzy_comments_192.json").read_bytes())
    parent_of = {f"wp-{entry['id']}": f"wp-{entry['parent']}" if entry["parent"] else None for entry in told}
    checked = 0
    for path in sorted((samples / "rss_wordpress").glob("whizzy_*comments*.xml")):
        _, fetched = await kinds.parse(load(path))
        for item in fetched.items:
            for comment in item.page.comments:
                assert comment.parent == parent_of[comment.key]
                checked += 1
    assert checked == 50 + 38 + 33 + 4
