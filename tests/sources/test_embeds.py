"""Threads found in a story's page."""

import time

import pytest

from bot.sources.base import Thread
from bot.sources.disqus_address import Place
from bot.sources.embeds import threads_in

URL = "https://news.example/2026/a/?utm_source=x"
PAGE = "https://news.example/2026/a/"
CANONICAL = f'<link rel="canonical" href="{PAGE}">'
THREAD_DIV = '<div id="disqus_thread"></div>'


def disqus(ident=None, link=PAGE, forum="thenews"):
    return Thread("disqus", Place(forum, None, ident, link).address)


def page(*parts):
    return f"<!DOCTYPE html><html><head>{CANONICAL}</head><body>{''.join(parts)}</body></html>"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(
            (THREAD_DIV, "<script>var disqus_shortname = 'TheNews'; var disqus_identifier = '988 https://news.example/?p=988';"
             "var disqus_url = 'http://news.example/2026/a/';</script>"),
            disqus("988 https://news.example/?p=988", "http://news.example/2026/a/"), id="the old variables"),
        pytest.param(
            (THREAD_DIV, "<script>var disqus_config = function () { this.page.url = PAGE_URL; "
             "this.page.identifier = \"x-1\"; }; s.src = 'https://thenews.disqus.com/embed.js';</script>"),
            disqus("x-1"), id="the universal code, with an address that is computed"),
        pytest.param(
            ('<script>var countVars = {"disqusShortname":"other"}; var embedVars = {"disqusConfig":{"integration":'
             '"wordpress 3.0.23"},"disqusIdentifier":"41 https:\\/\\/news.example\\/?p=41","disqusShortname":"thenews",'
             '"disqusTitle":"A \\u2013 \\"b\\"",'
             '"disqusUrl":"https:\\/\\/news.example\\/2026\\/a\\/","postId":"41"};</script>',),
            disqus("41 https://news.example/?p=41"), id="the WordPress plugin"),
        pytest.param(
            (THREAD_DIV, '<script>var d = document; s.src = "//" + "thenews" + ".disqus.com/embed.js";</script>'),
            disqus(), id="a name put together"),
        pytest.param(
            ('<div class="c" data-disqus-identifier="a&b" data-disqus-shortname="thenews"></div>',),
            disqus("a&b"), id="attributes"),
        pytest.param(
            (THREAD_DIV, "<script>// var disqus_identifier = 'unique_dynamic_id_1234';\n/* disqus_identifier = 'y' */\n"
             "var disqus_shortname = 'thenews';</script>"),
            disqus(), id="examples in comments"),
        pytest.param(
            (THREAD_DIV, "<script>this.page.identifier = '{{ page.id }}'; disqus_shortname = 'thenews'</script>"),
            disqus(), id="a template that nobody filled in"),
        pytest.param(
            (THREAD_DIV, "<script>var disqus_url = 'javascript:alert(1)'; disqus_shortname = 'thenews'</script>"),
            disqus(), id="an address that is none"),
        pytest.param(("<script src='//thenews.disqus.com/count.js'></script>",), None, id="counts alone"),
        pytest.param((THREAD_DIV,), None, id="no name"),
        pytest.param(("We left disqus_shortname = 'thenews' long ago.",), None, id="words about it"),
        pytest.param(
            ("<script>DiscourseEmbed = { discourseUrl: 'https://forum.example/', topicId: 202 };</script>",),
            Thread("discourse", "https://forum.example/t/202"), id="a Discourse topic"),
        pytest.param(
            ('<script>window.DiscourseEmbed = {\n discourseUrl: "https://forum.example/",\n discourseEmbedUrl: "'
             f'{PAGE}"\n}};</script>',),
            Thread("discourse", "https://forum.example/embed/comments?embed_url=https%3A%2F%2Fnews.example%2F2026%2Fa%2F"),
            id="a Discourse embed"),
        pytest.param(("<script>DiscourseEmbed = { discourseUrl: FORUM_URL, topicId: 3 };</script>",), None,
                     id="a Discourse that is computed"),
    ],
)  # fmt: skip
def test_embeds(parts, expected):
    assert threads_in(page(*parts), URL) == ((expected,) if expected else ())


API = '<link rel="https://api.w.org/" href="/wp-json/">'


def wordpress(address):
    return (Thread("wordpress", address),)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (page(API, '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/882">'),
         wordpress(f"https://news.example/wp-json/wp/v2/comments?post=882#{PAGE}")),
        (page(API, "<link rel='shortlink' href='https://news.example/?p=882'>"),
         wordpress(f"https://news.example/wp-json/wp/v2/comments?post=882#{PAGE}")),
        (page(API).replace("<body>", "<body class='single postid-882 x'>"),
         wordpress(f"https://news.example/wp-json/wp/v2/comments?post=882#{PAGE}")),
        (page('<form><input type="hidden" name="comment_post_ID" value="882" id="comment_post_ID"></form>'),
         wordpress(PAGE)),
        (page(f'<link rel="alternate" type="application/rss+xml" href="{PAGE}feed/">'), wordpress(PAGE)),
        (page('<link rel="alternate" type="application/rss+xml" href="https://news.example/feed/">'), ()),
        (page(API), ()),
        (page('<link rel="shortlink" href="https://short.example/x?p=3">'), ()),
        (page('<link rel="https://api.w.org/" href="https://evil.example/wp-json/">').replace(
            "<body>", '<body class="postid-3">'), wordpress(PAGE)),
        ("", ()),
        ("\x00<link rel=canonical href='http://[bad'>", ()),
    ],
)  # fmt: skip
def test_wordpress_comments(html, expected):
    assert threads_in(html, URL) == expected


def test_an_embed_goes_before_wordpress_own_comments():
    html = page(API, THREAD_DIV, "<script>disqus_shortname = 'thenews'</script>").replace(
        "<body>", '<body class="postid-3">'
    )
    assert [thread.kind for thread in threads_in(html, URL)] == ["disqus", "wordpress"]


def test_a_canonical_address_on_another_host_is_not_believed():
    html = page(API).replace("https://news.example/2026", "https://evil.example/2026").replace(
        "<body>", '<body class="postid-3">'
    )  # fmt: skip
    assert threads_in(html, PAGE) == wordpress(f"https://news.example/wp-json/wp/v2/comments?post=3#{PAGE}")


def test_a_lone_surrogate_does_no_harm():
    script = r"""<script>disqus_shortname="n1"; disqus_identifier="\ud800"</script>"""
    (thread,) = threads_in(page(THREAD_DIV, script), URL)
    assert thread.address.isascii()


@pytest.mark.parametrize(
    "hostile",
    [
        "<link " * 200_000,
        "<link " + "a " * 1_000_000,
        "<link " + "a" * 2_000_000,
        "<link rel=x href=/y >" * 100_000,
        "embedVars disqus_identifier='" * 70_000,
        "embedVars " + "//a" * 700_000,
        'embedVars disqus_url="' + "\\a" * 1_000_000,
        "embedVars //" + "disqus_url='a' " * 150_000,
        "embedVars " + '"' + "a" * 99 + '" ' * 20_000,
        "DiscourseEmbed{" * 150_000,
        '"https://' + "a/" * 1_000_000,
    ],
)
def test_megabytes_of_anything_take_linear_time(hostile):
    started = time.perf_counter()
    threads_in(hostile, URL)
    assert time.perf_counter() - started < 10  # about 0.2 s; a quadratic pattern would take hours


@pytest.mark.parametrize(
    ("name", "thread"),
    [
        ("whizzy_cisco-7941-asterisk-and-sip",
         Thread("wordpress", "https://whizzy.org/wp-json/wp/v2/comments?post=882"
                             "#https://whizzy.org/2017/02/23/cisco-7941-asterisk-and-sip/")),
        ("dsq_thesocietea_afterthoughts.TAIL",
         Thread("disqus", "https://thesocietea.disqus.com/?ident=988%20https://thesocietea.org/%3Fp%3D988&link="
                          "https://thesocietea.org/2015/12/building-a-json-api-with-rails-part-5-afterthoughts/")),
        ("furbo", None),
        ("inessential", None),
    ],
)  # fmt: skip
def test_real_pages(samples, name, thread):
    html = (samples / "html_pages" / f"{name}.html").read_text(encoding="utf-8", errors="replace")
    url = "https://whizzy.org/somewhere/" if "whizzy" in name else "https://news.example/somewhere/"
    assert threads_in(html, url) == ((thread,) if thread else ())
