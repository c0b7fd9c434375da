"""Addresses: keys, what may be shown, what may be fetched."""

import pytest

from bot.addresses import is_public
from bot.errors import FetchError
from bot.urls import canonical, check_fetchable, host_and_path, is_http, require_address, safe_link


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a/b/",
        "https://EXAMPLE.org:443/a/b?utm_source=x&fbclid=1#top",
        "https://example.org/a/b/amp/",
        "https://amp.example.org/a/b",
        "https://www.google.com/amp/s/example.org/a/b",
    ],
)
def test_one_page_has_one_key(other):
    assert canonical(other) == "https://example.org/a/b"


def test_key_keeps_what_names_the_page():
    assert canonical("https://example.org/?p=7&utm_medium=x") == "https://example.org/?p=7"
    assert canonical("https://example.org:8443/x") != canonical("https://example.org/x")


@pytest.mark.parametrize(
    ("url", "logged"),
    [
        ("https://me:secret@site.example:8443/a/feed?token=x#y", "site.example:8443/a/feed"),
        ("folder:/srv/pages", "/srv/pages"),
        ("https://[broken", "(no address)"),
        ("", ""),
    ],
)
def test_a_log_gets_host_and_path_alone(url, logged):
    assert host_and_path(url) == logged


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "about:blank",
        "https://user@example.org/", "https://a:b@example.org/", "https://example.org/" + "x" * 5000,
        "https://exa\u202emple.org/", "https://example.org/\nx", "https://", "https://good.org\\@evil.org/", "",
    ],
)  # fmt: skip
def test_H08_H09_unsafe_addresses_are_not_shown(url):
    assert safe_link(url) is None
    assert not is_http(url)


def test_H09_a_foreign_alphabet_is_shown_in_punycode():
    assert safe_link("https://b\u00fccher.example/a b") == "https://xn--bcher-kva.example/a%20b"
    assert not is_http("https://b\u00fccher.example/")


def test_H14_marks_inside_an_address_are_encoded():
    shown = safe_link("https://example.org/a_(b)__c__**x**||`[y]<z>") or ""
    assert not set("()*|`[]<>") & set(shown) and "__" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://0/",
        "http://[2002:7f00:1::]/", "http://[::127.0.0.1]/", "http://0x7f.1/", "http://2130706433/", "http://127.1/",
        "http://localhost/", "http://printer.local/", "http://169.254.169.254/", "http://10.0.0.1/", "ftp://example.org/",
        "http://example.org:22/", "http://a@example.org/", "http://\uff11\uff12\uff17.0.0.1/", "http://224.0.0.1/",
        "http://[fec0::1]/", "http://intranet/", "http://100.64.0.1/",
    ],
)  # fmt: skip
def test_A12_S09_addresses_that_are_not_public_are_refused(url):
    with pytest.raises(FetchError):
        check_fetchable(url)


@pytest.mark.parametrize(
    "text", ["hello", "", " ", "two words", "https://example.org/a b", "a.example\nb.example", "/x"]
)
def test_what_is_no_address_is_told_from_one_that_cannot_be_read(text):
    with pytest.raises(FetchError, match="no address"):
        require_address(text)


@pytest.mark.parametrize(
    "text", ["https://hello", " <example.org> ", "http://10.0.0.1/", "localhost:80", "javascript:x"]
)
def test_what_may_be_an_address_is_tried(text):
    require_address(text)


def test_public_addresses_pass():
    check_fetchable("https://example.org/a")
    check_fetchable("http://93.184.216.34/")
    check_fetchable("http://127.0.0.1:8080/", loopback_ports=frozenset((8080,)))
    assert is_public("2606:2800:220:1::1") and not is_public("nonsense")


@pytest.mark.parametrize(
    "other",
    [
        "http://www.site.example/news/caf%c3%a9",
        "https://m.site.example//news/café/",
        "https://site.example/amp/news/café",
        "https://site.example/news/café?outputType=amp",
        "https://site.example/news/café?output=amp&utm_source=x",
        "https://site.example/%6Eews/caf%C3%A9#top",
    ],
)
def test_a_page_by_its_other_addresses_is_one_page(other):
    assert canonical(other) == canonical("https://site.example/news/caf%C3%A9")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.example/a", "https://example/a"),
        ("https://site.example/a%2Fb", "https://site.example/a/b"),
        ("https://site.example/amp", "https://site.example/amplifier"),
        ("https://site.example/?output=rss", "https://site.example/"),
        ("https://news.site.example/a", "https://site.example/a"),
    ],
)
def test_pages_that_may_differ_stay_apart(one, other):
    assert canonical(one) != canonical(other)
