"""The Spaceflight News API: recorded pages, paging, and what its cursor asks for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings

from bot.errors import FetchError, SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.newsapi import HOST, NewsApi
from tests.sources.json_sites import HOSTILE, OFFLINE, FakeWeb, as_document, hostile, survives

API = NewsApi()
ADDRESS = f"https://{HOST}/v4/articles/"
FIRST = f"{ADDRESS}?limit=100&ordering=-published_at"
LATER = f"{FIRST}&updated_at_gt=2026-11-01T10%3A00%3A00.123456Z"
CURSOR = {"updated": "2026-11-01T10:00:00.123456Z"}


def article(number, **more):
    return {
        "id": number, "title": f"Article {number}", "url": f"https://news.example/{number}", "image_url": "",
        "news_site": "News", "summary": f"What {number} says.", "published_at": "2026-11-01T09:00:00Z",
        "updated_at": f"2026-11-01T10:00:{number % 60:02}.123456Z",
        "authors": [{"name": "Ann", "socials": None}], **more,
    }  # fmt: skip


def results(*entries, following=None):
    return {"count": len(entries), "next": following, "previous": None, "results": list(entries)}


@pytest.mark.parametrize(
    ("name", "count"),
    [("v4_articles_page1_2024-10.EXCERPT", 2), ("v4_articles_search_bin_2024-02", 6)],
)
@pytest.mark.asyncio
async def test_recorded_pages(samples, name, count):
    found = await API.parse(Document((samples / "snapi" / f"{name}.json").read_bytes()))
    stories = [item.page.story for item in found.items]
    assert len(stories) == count
    for story in stories:
        assert (
            story.url and story.native_id and story.site and story.published_at and story.updated_at and story.image_url
        )
        assert story.origin == f"{HOST}/articles"
        assert "appeared first on" not in story.summary


@pytest.mark.asyncio
async def test_the_fields_of_an_article():
    entry = article(
        7,
        summary="It&#8217;s <up>. […]\nThe post Up! It’s up appeared first on News.",
        image_url="https://i.example/a.png",
    )
    item = (await API.parse(as_document(entry, f"https://{HOST}/v4/blogs/7/"))).items[0]
    story = item.page.story
    assert (story.title, story.url, story.native_id) == ("Article 7", "https://news.example/7", "7")
    assert (story.origin, story.site, story.author) == (f"{HOST}/blogs", "News", "Ann")
    assert story.summary == "It’s \\<up\\>. \\[…\\]"
    assert (story.image_url, item.threads, item.page.complete) == ("https://i.example/a.png", (), False)
    assert story.published_at == datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert story.updated_at == datetime(2026, 11, 1, 10, 0, 7, 123456, tzinfo=UTC)


@pytest.mark.asyncio
async def test_a_summary_that_repeats_the_title_says_nothing():
    story = (await API.parse(as_document(results(article(1, summary=" article 1"))))).items[0].page.story
    assert (story.summary, story.body) == ("", "")


@pytest.mark.asyncio
async def test_the_first_read_takes_one_page_and_later_ones_what_changed():
    web = FakeWeb({FIRST: results(article(1), article(0), following=f"{ADDRESS}?offset=100"), LATER: results()})
    first = await API.read(web, ADDRESS, {})
    assert [item.page.story.native_id for item in first.items] == ["1", "0"]
    assert first.cursor == {"updated": "2026-11-01T10:00:01.123456Z"}
    assert web.asked == [FIRST]

    quiet = await API.read(web, ADDRESS, CURSOR)
    assert (quiet.unchanged, quiet.cursor) == (True, CURSOR)


@pytest.mark.asyncio
async def test_all_pages_of_changes_are_read():
    second = f"{ADDRESS}?limit=100&offset=100"
    web = FakeWeb({LATER: results(article(3), following=second.replace("https", "http")), second: results(article(2))})
    found = await API.read(web, ADDRESS, CURSOR)
    assert [item.page.story.native_id for item in found.items] == ["3", "2"]
    assert found.cursor == {"updated": "2026-11-01T10:00:03.123456Z"}


@pytest.mark.parametrize(
    "following",
    [LATER, "https://evil.example/v4/articles/?offset=1", f"https://{HOST}/v4/info/", "http://[", "file:///etc/passwd"],
)
@pytest.mark.asyncio
async def test_S40_a_next_page_that_leads_astray_is_not_followed(following):
    web = FakeWeb({LATER: results(article(3), following=following)})
    found = await API.read(web, ADDRESS, CURSOR)
    assert (len(found.items), web.asked, found.cursor) == (1, [LATER], CURSOR)


@pytest.mark.asyncio
async def test_S40_a_list_without_end_is_left_after_ten_pages():
    def endless(url):
        offset = int(parse_qs(urlsplit(url).query).get("offset", ["0"])[0])
        return results(article(offset), following=f"{ADDRESS}?offset={offset + 1}")

    web = FakeWeb({}, other=endless)
    found = await API.read(web, ADDRESS, CURSOR)
    assert (len(found.items), len(web.asked)) == (10, 10)
    assert found.cursor == {"updated": "2026-11-01T10:00:09.123456Z"}


@pytest.mark.parametrize("broken", [OFFLINE, 500, b"<html>", {"detail": "throttled"}])
@pytest.mark.asyncio
async def test_S37_when_page_two_fails_the_first_counts_and_the_rest_is_asked_for_again(broken):
    second = f"{ADDRESS}?offset=100"
    web = FakeWeb({LATER: results(article(3), following=second), second: broken})
    found = await API.read(web, ADDRESS, CURSOR)
    assert (len(found.items), found.cursor) == (1, CURSOR)
    assert found.notes
    with pytest.raises(SourceError):
        await API.read(FakeWeb({FIRST: broken}), ADDRESS, {})


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        (f"https://{HOST}/v4/articles/", ADDRESS),
        (f"https://{HOST}/v4/blogs/12/", f"https://{HOST}/v4/blogs/"),
        (f"http://{HOST}/v4/reports?limit=3&offset=9&news_site=NASA", f"https://{HOST}/v4/reports/?news_site=NASA"),
        (f"https://{HOST}/v4/docs/", ADDRESS),
        ("https://www.spaceflightnewsapi.net/", ADDRESS),
        (f"https://{HOST}.evil.example/v4/articles/", None),
        ("https://news.example/articles/", None),
        (None, None),
    ],
)
@pytest.mark.asyncio
async def test_the_api_is_known_by_its_host(pasted, address):
    web = FakeWeb({})
    assert await API.find(web, Document(b"", pasted)) == address
    assert web.asked == []


@pytest.mark.asyncio
async def test_filters_are_kept():
    address = f"https://{HOST}/v4/articles/?news_site=NASA&search=moon+base"
    web = FakeWeb({f"{address}&limit=100&ordering=-published_at": results(article(1))})
    assert len((await API.read(web, address, {})).items) == 1


@pytest.mark.asyncio
async def test_what_is_no_answer_of_the_api():
    for other in (
        {"results": []},
        {"count": 1, "next": None, "previous": None, "results": [{"id": 1}]},
        [1],
        {"id": 1},
    ):
        with pytest.raises(NotThisKind):
            await API.parse(as_document(other))
    with pytest.raises(SourceError, match="no comments"):
        await API.discuss(FakeWeb({}), ADDRESS, {})
    with pytest.raises(SourceError, match="not an address"):
        await API.read(FakeWeb({}), "https://news.example/", {})
    with pytest.raises(FetchError):
        await API.read(FakeWeb({}), ADDRESS, {})


@pytest.mark.asyncio
async def test_S31_S34_S42_doubled_ids_odd_dates_and_ids_of_any_type():
    odd = [
        article(1), article(1, title="Again"), {**article(2), "id": "2", "published_at": "99999-01-01"},
        {**article(3), "id": 2**63, "updated_at": 1e20}, {**article(4), "id": -4, "url": "javascript:alert(1)"},
        {**article(5), "id": None}, {**article(6), "title": ""}, {**article(7), "id": 7.0},
    ]  # fmt: skip
    stories = [item.page.story for item in (await API.parse(as_document(results(*odd)))).items]
    assert [story.native_id for story in stories] == ["1", "2", str(2**63), "-4", None, "7"]
    assert (stories[0].title, stories[1].published_at, stories[2].updated_at, stories[3].url) == (
        "Article 1",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio
async def test_S41_broken_json_is_refused(name):
    await survives(API.parse(as_document(HOSTILE[name])))
    with pytest.raises(SourceError):
        await API.read(FakeWeb({}, other=HOSTILE[name]), ADDRESS, {})


WORDS = ("id", "title", "url", "news_site", "summary", "published_at", "updated_at", "authors", "name", "image_url",
         "results", "next", "previous", "count")  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(hostile(*WORDS), hostile(*WORDS), hostile(*WORDS))
def test_hostile_answers_raise_nothing_else(data, more, last):
    pages = {LATER: results(data, more, following=last), FIRST: results(more, {**article(1), "summary": data})}

    async def run():
        await survives(API.parse(as_document(data)))
        await survives(API.parse(as_document(results({**article(1), "authors": data, "id": more, "updated_at": last}))))
        await survives(API.read(FakeWeb(pages, other=data), ADDRESS, {}))
        await survives(API.read(FakeWeb(pages, other=data), ADDRESS, CURSOR))

    asyncio.run(run())
