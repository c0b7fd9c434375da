"""Disqus's documents: answers of the API, exports, and copies of threads as trees."""

import json
import time

import pytest

from bot.errors import SourceError
from bot.sources.base import Document, NotThisKind, Thread
from bot.sources.disqus import Disqus
from bot.sources.disqus_address import Place
from tests.sources.wordpress_web import FakeFeed

HEAD = '<?xml version="1.0"?>\n<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">'
EXPORT = f"""{HEAD}
<thread dsq:id="2"><id>the-id</id><forum>thenews</forum><link>https://news.example/a/</link>
<title>One &amp;amp; two</title>
<message/><createdAt>2012-12-12T12:12:12Z</createdAt><isDeleted>false</isDeleted></thread>
<thread dsq:id="3"><id/></thread>
<thread dsq:id="4"><id>quiet</id><forum>thenews</forum><link>https://news.example/b/</link><title>Quiet</title></thread>
<post dsq:id="10"><message><![CDATA[<p>Hi <b>all</b></p>]]></message><createdAt>2013-10-10T19:20:29Z</createdAt>
<isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>Ann</name><email>hidden@news.example</email></author>
<ipAddress>192.0.2.1</ipAddress><thread dsq:id="2"/></post>
<post dsq:id="11"><message>secret</message><isDeleted>true</isDeleted><isSpam>false</isSpam>
<author><name>Bob</name></author>
<thread dsq:id="2"/><parent dsq:id="10"/></post>
<post dsq:id="12"><message>buy</message><isDeleted>true</isDeleted><isSpam>true</isSpam><thread dsq:id="2"/></post>
<post dsq:id="13"><message>Lost</message><thread dsq:id="1337"/></post>
</disqus>""".encode()


async def parsed(data):
    return (await Disqus(None, FakeFeed()).parse(Document(data))).items


@pytest.mark.asyncio
async def test_an_export():
    first, quiet, lost = await parsed(EXPORT)
    assert (first.page.story.title, first.page.story.url) == ("One & two", "https://news.example/a/")
    assert first.threads == (Thread("disqus", Place("thenews", "2", "the-id", "https://news.example/a/").address),)
    comments = [(c.key, c.parent, c.body, c.deleted) for c in first.page.comments]
    assert comments == [("dq-10", None, "Hi **all**", False), ("dq-11", "dq-10", "", True)]
    assert (quiet.page.story.title, quiet.page.comments) == ("Quiet", ())
    assert (lost.page.story.title, [c.key for c in lost.page.comments]) == ("Thread 1337", ["dq-13"])
    assert "192.0.2.1" not in repr(first) and "hidden@" not in repr(first)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE disqus [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE disqus [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE disqus SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
async def test_an_export_with_a_document_type_is_none(head):
    with pytest.raises(NotThisKind):
        await parsed(EXPORT.replace(b"<disqus ", f"{head}<disqus ".encode(), 1))


@pytest.mark.asyncio
@pytest.mark.parametrize("data", [EXPORT[:-300], EXPORT.replace(b"<message/>", b"<message>&nothing;</message>")])
async def test_a_damaged_export_is_named_so(data):
    with pytest.raises(SourceError, match="damaged") as caught:
        await parsed(data)
    assert not isinstance(caught.value, NotThisKind)


@pytest.mark.asyncio
async def test_a_deep_export_is_refused_and_a_large_one_takes_linear_time():
    with pytest.raises(SourceError):
        await parsed(HEAD.encode() + b"<a>" * 100_000)
    one = b'<post dsq:id="%d"><message>x</message><thread dsq:id="2"/></post>'
    started = time.perf_counter()
    (item,) = await parsed(HEAD.encode() + b"".join(one % number for number in range(1, 5_001)) + b"</disqus>")
    assert len(item.page.comments) == 5_000 and time.perf_counter() - started < 20


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"{}",
        b"[]",
        b'{"code": 2, "response": "You are wrong"}',
        b'{"code": 0, "response": []}',
        b'{"response": {"id": "1", "title": "of something else"}}',
        b'[{"id": 1, "message": "x"}]',
        b'{"a": [{"created": 1}]}',
        b"<html>",
    ],
)
async def test_s41_what_is_not_of_disqus_is_refused(data):
    with pytest.raises(NotThisKind):
        await parsed(data)


@pytest.mark.asyncio
async def test_a_tree_of_comments_without_ids():
    def node(name, text, *children, created="2018-09-13T20:10:31Z"):
        return {"created": created, "name": name, "message": f"<p>{text}</p>", "children": list(children)}

    data = {
        "a-story": [
            node("Ann", "1", node("Bob", "2", node("Ann", "3", created="2019-01-01T00:00:00Z"))),
            node("Ann", "1"),
        ]
    }
    (item,) = await parsed(json.dumps(data).encode())
    found = {c.body: c for c in item.page.comments}
    assert item.page.story.title == "A story"
    assert [c.body for c in item.page.comments] == ["1", "2", "3", "1"]
    assert found["2"].parent == item.page.comments[0].key and found["3"].parent == found["2"].key
    assert len({c.key for c in item.page.comments}) == 4
    data["a-story"][0]["message"] = "<p>edited</p>"
    (edited,) = await parsed(json.dumps(data).encode())
    assert edited.page.comments[0].key == item.page.comments[0].key


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DERIVED_posts_list.from_seancorfield_export.json", (8, 18, 10, 2)),
        ("seancorfield_disqus_export.SLICE.xml", (10, 18, 10, 2)),
        ("api_posts_list_one_item.raymondcamden.json", (1, 1, 0, 0)),
        ("api_threads_details.docs_example.json", (1, 0, 0, 0)),
        ("isso_disqus_export.xml", (3, 6, 2, 1)),
        ("sven337_disqus_tree.SLICE.json", (2, 12, 8, 0)),
    ],
)
async def test_real_documents(samples, name, expected):
    items = await parsed((samples / "disqus" / name).read_bytes())
    found = [c for item in items for c in item.page.comments]
    counted = (len(found), sum(c.parent is not None for c in found), sum(c.deleted for c in found))
    assert (len(items), *counted) == expected
    assert all(bool(c.body) != c.deleted for c in found)
    assert not any("worldsin..." in c.body for c in found)


@pytest.mark.asyncio
async def test_an_export_and_the_api_tell_the_same_of_the_same_posts(samples):
    folder = samples / "disqus"
    export = await parsed((folder / "seancorfield_disqus_export.SLICE.xml").read_bytes())
    api = await parsed((folder / "DERIVED_posts_list.from_seancorfield_export.json").read_bytes())
    facts = [
        {c.key: (c.parent, c.author, c.body, c.posted_at, c.deleted) for item in items for c in item.page.comments}
        for items in (export, api)
    ]
    assert facts[0] == facts[1]


@pytest.mark.asyncio
async def test_a_page_of_cursors_alone_is_no_document_of_ours(samples):
    with pytest.raises(NotThisKind):
        await parsed((samples / "disqus" / "api_cursor.docs_example.json").read_bytes())
