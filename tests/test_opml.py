"""OPML: what feed readers export is read, what is hostile or no OPML is refused with a sentence."""

from __future__ import annotations

import time

import pytest

from bot.errors import SourceError
from bot.opml import MAX_BYTES, MOST, parse_opml

NESTED = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <outline text="Space">
    <outline type="rss" text="Orbit &amp; Dock" title="Orbit and Dock" xmlUrl="https://orbit.example/feed?a=1&amp;b=2"/>
    <outline text="Agencies"><outline text=" Agency\nof two " xmlURL=" https://agency.example/rss "/></outline>
  </outline>
  <outline text="A folder without feeds"/>
  <outline type="rss" xmlUrl="https://nameless.example/feed"/>
  <outline type="rss" text="Twice" xmlUrl="https://nameless.example/feed"/>
</body></opml>"""


def opml(outlines, head=b""):
    return head + b"<opml version='1.0'><body>" + outlines + b"</body></opml>"


def test_nested_outlines_are_read_in_their_order_each_address_once():
    assert parse_opml(NESTED) == [
        ("Orbit and Dock", "https://orbit.example/feed?a=1&b=2"),
        ("Agency of two", "https://agency.example/rss"),
        ("", "https://nameless.example/feed"),
    ]


def test_other_encodings_and_a_bare_ampersand_are_read():
    text = '<?xml version="1.0" encoding="utf-16"?><opml><outline text="Ä" xmlUrl="https://a.example/"/></opml>'
    assert parse_opml(text.encode("utf-16")) == [("Ä", "https://a.example/")]
    bare = opml(b"<outline text='a' xmlUrl='https://a.example/?x=1&y=2&amp;z=3'/>")
    assert parse_opml(bare) == [("a", "https://a.example/?x=1&y=2&z=3")]


BOMB = b"""<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no OPML"),
        (b"\x00\xff\xfe\x00", "no OPML"),
        (b"just words", "no OPML"),
        (b"<html><body><outline xmlUrl='https://a.example/'/></body></html>", "no OPML"),
        (b"<rss><channel/></rss>", "no OPML"),
        (opml(b""), "names no feed"),
        (opml(b"<outline text='x' xmlUrl='  '/>"), "names no feed"),
        (opml(b"<outline text='&b;' xmlUrl='https://a.example/'/>", BOMB), "DTD"),
        (opml(b"<outline/>", b"<!doctype opml SYSTEM 'file:///etc/passwd'>"), "DTD"),
        (BOMB.decode().encode("utf-16"), "DTD"),
        (b"<opml>" + b" " * MAX_BYTES + b"</opml>", "256 kB"),
    ],
    ids=range(11),
)
def test_a21_what_is_no_list_too_large_or_brings_a_dtd_is_refused(data, says):
    with pytest.raises(SourceError, match=says):
        parse_opml(data)


def test_a21_a_list_of_too_many_feeds_is_refused():
    many = b"".join(b"<outline xmlUrl='https://%d.example/'/>" % number for number in range(MOST + 1))
    with pytest.raises(SourceError, match="import it in parts"):
        parse_opml(opml(many))


def test_a_list_nested_beyond_all_reason_ends_soon():
    deep = b"<outline xmlUrl='https://a.example/'>" * 6000
    started = time.perf_counter()
    assert parse_opml(opml(deep)) == [("", "https://a.example/")]
    assert time.perf_counter() - started < 2
