"""Discourse: recorded documents, and a small forum that changes between reads."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings

from bot.errors import FetchError, SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.discourse import Discourse
from bot.sources.discourse_address import place_of
from tests.sources.json_sites import HOSTILE, OFFLINE, FakeWeb, Given, as_document, hostile, survives

ROOT = "https://forum.example"
FORUM = Discourse()


def post(number, *, id=None, reply=None, kind=1, topic=7, **more):
    return {
        "id": id or 100 * topic + number, "topic_id": topic, "post_number": number, "username": f"user{number}",
        "cooked": f"<p>Post {number} of <b>{topic}</b>.</p>", "version": 1, "post_type": kind,
        "created_at": f"2026-11-0{topic % 9 + 1}T10:{number % 60:02}:00.000Z",
        "updated_at": "2026-11-20T00:00:00.000Z", "reply_to_post_number": reply, **more,
    }  # fmt: skip


def topic(number, posts, *, stream=None, **more):
    return {
        "id": number, "title": f"Topic {number}", "slug": f"topic-{number}", "posts_count": len(posts),
        "created_at": f"2026-11-0{number % 9 + 1}T10:00:00.000Z", "tags": ["news", {"id": 1, "name": "space"}],
        "post_stream": {"posts": posts[:20], "stream": stream or [entry["id"] for entry in posts]}, **more,
    }  # fmt: skip


def head(number, count=1, bumped="2026-11-10T10:00:00.000Z", **more):
    return {
        "id": number,
        "title": f"Topic {number}",
        "slug": f"topic-{number}",
        "posts_count": count,
        "bumped_at": bumped,
        **more,
    }


def listing(*heads):
    return {"topic_list": {"topics": list(heads)}}


def thread(*posts, url=f"{ROOT}/t/topic-7/7", **more):
    web = FakeWeb({f"{ROOT}/t/7.json": topic(7, list(posts), **more)})
    return asyncio.run(FORUM.discuss(web, url, {}))


def site(heads, topics, newest=(), **more):
    first = f"{ROOT}/latest.json?order=created"
    return FakeWeb({
        f"{ROOT}/site/basic-info.json": {"title": "The Forum"}, first: listing(*heads),
        f"{ROOT}/latest.json?page=0": listing(*heads), f"{ROOT}/posts.json": {"latest_posts": list(newest)},
        **{f"{ROOT}/t/{number}.json": found for number, found in topics.items()}, **more,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("name", "counts", "complete"),
    [
        ("latest", (1, 0, 0), False),  # S31: the three topics of this file share one id
        ("topic", (1, 3, 0), True),
        ("topic_280_posts10-14.SLICE", (1, 5, 3), False),
        ("topic_posts", (1, 1, 0), False),
        ("posts_latest", (3, 1, 0), False),
        ("replies", (1, 1, 0), False),
    ],
)
@pytest.mark.asyncio
async def test_recorded_documents(samples, name, counts, complete):
    found = await FORUM.parse(Document((samples / "discourse" / f"{name}.json").read_bytes(), f"{ROOT}/{name}.json"))
    everybody = [comment for item in found.items for comment in item.page.comments]
    keys = {comment.key for comment in everybody}
    parents = sum(comment.parent in keys for comment in everybody)
    assert (len(found.items), len(everybody), parents) == counts
    assert all(item.page.complete is complete for item in found.items)
    assert all(item.page.story.title and item.page.story.origin == "forum.example" for item in found.items)


@pytest.mark.asyncio
async def test_replies_in_a_recorded_topic(samples):
    data = (samples / "discourse" / "topic_280_posts10-14.SLICE.json").read_bytes()
    page = (await FORUM.parse(Document(data, "https://meta.example/t/280.json"))).items[0].page
    assert [(comment.key, comment.parent) for comment in page.comments] == [
        ("dc-3667", None), ("dc-3673", "dc-3667"), ("dc-3675", "dc-3673"), ("dc-3690", None), ("dc-3925", "dc-3675"),
    ]  # fmt: skip
    assert page.comments[0].url == "https://meta.example/t/internationalization-localization/280/10"


@pytest.mark.asyncio
async def test_other_documents_of_a_forum_are_refused(samples):
    for name in ("categories", "search"):
        with pytest.raises(NotThisKind, match="not a list of topics"):
            await FORUM.parse(Document((samples / "discourse" / f"{name}.json").read_bytes()))


def test_the_first_post_is_the_story_and_the_others_are_comments():
    found = thread(post(1), post(2), post(3, reply=2), post(4, reply=1), post(5, reply=99), post(6, kind=3))
    assert [(comment.key, comment.parent) for comment in found.comments] == [
        ("dc-702", None), ("dc-703", "dc-702"), ("dc-704", None), ("dc-705", None),
    ]  # fmt: skip
    assert found.complete
    second = found.comments[1]
    assert (second.author, second.body, second.edited_at) == ("user3", "Post 3 of **7**.", None)
    assert second.url == f"{ROOT}/t/topic-7/7/3"
    assert second.author_url == f"{ROOT}/u/user3"


def test_S37_a_read_that_names_more_than_it_holds_is_incomplete():
    assert not thread(post(1), post(2), stream=[701, 702, 999]).complete  # a post that it should hold is missing
    assert not thread(post(1), post(2), posts_count=5).complete  # the total disagrees


def test_an_edit_is_told_by_the_version_alone():
    edited = thread(post(1), post(2, version=2)).comments[0]
    assert edited.edited_at.isoformat() == "2026-11-20T00:00:00+00:00"


@pytest.mark.parametrize("mark", [{"hidden": True}, {"user_deleted": True}, {"deleted_at": "2026-11-20T00:00:00Z"}])
def test_a_post_that_is_hidden_or_deleted_leaves_a_tombstone(mark):
    gone, reply = thread(post(1), post(2, **mark), post(3, reply=2)).comments
    assert (gone.deleted, gone.body, reply.parent) == (True, "", gone.key)


def long_topic(count):
    posts = [post(number) for number in range(1, count + 1)]
    by_id = {entry["id"]: entry for entry in posts}

    def some(url):
        wanted = [int(part.rpartition("=")[2]) for part in url.partition("?")[2].split("&")]
        assert len(wanted) <= 20
        return {"post_stream": {"posts": [by_id[number] for number in wanted]}}

    return FakeWeb({f"{ROOT}/t/7.json": topic(7, posts)}, other=some)


@pytest.mark.asyncio
async def test_all_posts_of_a_long_topic_are_read():
    web = long_topic(65)
    found = await FORUM.discuss(web, f"{ROOT}/t/x/7", {})
    assert (len(found.comments), found.complete, len(web.asked)) == (64, True, 4)


@pytest.mark.asyncio
async def test_S40_of_a_huge_topic_fifty_pages_are_read_and_the_newest_is_among_them():
    web = long_topic(1500)
    found = await FORUM.discuss(web, f"{ROOT}/t/x/7", {})
    assert (len(web.asked), found.complete, found.comments[-1].key) == (50, False, "dc-2200")


@pytest.mark.asyncio
async def test_S37_a_read_that_lacks_something_is_incomplete():
    posts = [post(number) for number in range(1, 31)]
    broken = FakeWeb({f"{ROOT}/t/7.json": topic(7, posts)}, other=OFFLINE)
    found = await FORUM.discuss(broken, f"{ROOT}/t/x/7", {})
    assert (len(found.comments), found.complete) == (19, False)
    empty = FakeWeb({f"{ROOT}/t/7.json": {"id": 7, "posts_count": 4, "post_stream": {"posts": [], "stream": []}}})
    assert not (await FORUM.discuss(empty, f"{ROOT}/t/x/7", {})).complete


@pytest.mark.asyncio
async def test_the_first_read_gives_the_newest_topics_with_their_text():
    topics = {n: topic(n, [post(1, topic=n), post(2, topic=n)]) for n in range(1, 31)}
    found = await FORUM.read(site([head(n, 2) for n in topics], topics), f"{ROOT}/", {})
    assert [item.page.story.native_id for item in found.items] == [str(n) for n in range(30, 20, -1)]
    newest = found.items[0].page.story
    assert (newest.title, newest.body, newest.author, newest.site) == (
        "Topic 30",
        "Post 1 of **30**.",
        "user1",
        "The Forum",
    )
    assert (newest.url, newest.origin, newest.tags) == (f"{ROOT}/t/topic-30/30", "forum.example", ("news", "space"))
    assert [thread.address for thread in found.items[0].threads] == [f"{ROOT}/t/topic-30/30"]
    assert [comment.key for comment in found.items[0].page.comments] == ["dc-3002"]
    assert found.name == "The Forum"


@pytest.mark.asyncio
async def test_later_reads_give_what_is_new_or_changed_and_no_old_topic_that_was_bumped():
    topics = {n: topic(n, [post(1, topic=n), post(2, topic=n)]) for n in (1, 2, 3)}
    first = await FORUM.read(site([head(2), head(3)], topics), f"{ROOT}/", {})
    assert [item.threads[0].signal for item in first.items] == ["0", "0"]

    bumped = head(1, 9, "2026-11-20T10:00:00Z")  # began before the first read, which did not give it
    pinned = head(3, pinned=True)
    changed, new = head(2, 2, "2026-11-21T10:00:00Z"), head(4, 1, "2026-11-22T10:00:00Z")
    topics[4] = topic(4, [post(1, topic=4)])
    newest = [post(1, topic=4), post(2, topic=2)]
    web = site([pinned, new, changed, bumped], topics, newest, **{f"{ROOT}/latest.json?page=1": listing()})
    second = await FORUM.read(web, f"{ROOT}/", first.cursor)
    assert [item.page.story.native_id for item in second.items] == ["4", "2"]
    assert second.items[1].threads[0].signal != first.items[1].threads[0].signal

    asked = len(web.asked)
    third = await FORUM.read(web, f"{ROOT}/", second.cursor)
    assert (third.unchanged, len(web.asked) - asked) == (True, 1)  # one question to a quiet forum

    newest[1] = {**newest[1], "version": 2, "updated_at": "2026-11-22T12:00:00Z"}  # an edit bumps nothing
    web.answers[f"{ROOT}/posts.json"] = {"latest_posts": newest}
    fourth = await FORUM.read(web, f"{ROOT}/", third.cursor)
    assert [item.page.story.native_id for item in fourth.items] == ["2"]
    assert fourth.items[0].threads[0].signal not in {second.items[1].threads[0].signal, None}


@pytest.mark.asyncio
async def test_a_burst_of_topics_comes_in_several_reads():
    first = await FORUM.read(site([head(1)], {1: topic(1, [post(1, topic=1)])}), f"{ROOT}/", {})
    topics = {n: topic(n, [post(1, topic=n)]) for n in range(1, 26)}
    web = site([head(n) for n in topics], topics, [post(1, topic=25)])
    cursor, numbers = first.cursor, []
    for _ in range(4):
        found = await FORUM.read(web, f"{ROOT}/", cursor)
        cursor = found.cursor
        numbers += [item.page.story.native_id for item in found.items]
    assert sorted(map(int, numbers)) == list(range(2, 26))
    assert found.unchanged


@pytest.mark.asyncio
async def test_a_look_at_all_anew_misses_no_topic_of_a_burst_and_forgets_none():
    topics = {n: topic(n, [post(1, topic=n)]) for n in range(1, 31)}
    first = await FORUM.read(site([head(n) for n in range(1, 6)], topics), f"{ROOT}/", {})
    web = site([head(n) for n in topics], topics, [post(1, topic=30)], **{f"{ROOT}/latest.json?page=1": listing()})
    cursor, numbers = FORUM.afresh(first.cursor), []
    for _ in range(4):
        found = await FORUM.read(web, f"{ROOT}/", cursor)
        cursor = found.cursor
        numbers += [int(item.page.story.native_id) for item in found.items]
    assert sorted(numbers) == list(range(1, 31))  # those that were given before too, as they may have been edited
    assert found.unchanged
    changed = [head(2, 9, "2026-11-21T10:00:00Z"), *(head(n) for n in topics if n != 2)]
    again = site(changed, topics, [post(9, topic=2)], **{f"{ROOT}/latest.json?page=1": listing()})
    found = await FORUM.read(again, f"{ROOT}/", FORUM.afresh(cursor))
    assert [int(item.page.story.native_id) for item in found.items] == [*range(30, 20, -1)]
    found = await FORUM.read(again, f"{ROOT}/", found.cursor)
    assert [item.page.story.native_id for item in found.items] == ["2"]
    assert FORUM.afresh({}) == FORUM.afresh({"name": "The Forum"}) == {}


@pytest.mark.asyncio
async def test_topics_that_cannot_be_read_hold_up_nothing():
    topics = {1: topic(1, [post(1, topic=1)]), 2: 404, 3: {"post_stream": {}}, 4: b"<html>"}
    found = await FORUM.read(site([head(n) for n in topics], topics), f"{ROOT}/", {})
    assert [item.page.story.native_id for item in found.items] == ["1"]
    with pytest.raises(FetchError):
        await FORUM.read(site([head(1)], {1: OFFLINE}), f"{ROOT}/", {})


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (f"{ROOT}/c/news/space/12", f"{ROOT}/c/news/space/12/l/latest.json?order=created"),
        (f"{ROOT}/tag/mars", f"{ROOT}/tag/mars/l/latest.json?order=created"),
        ("https://site.example/talk/", "https://site.example/talk/latest.json?order=created"),
    ],
)
@pytest.mark.asyncio
async def test_the_lists_of_categories_tags_and_folders(address, wanted):
    web = FakeWeb({wanted: listing()})
    root = place_of(address, "talk" if "talk" in address else "")
    if "talk" in address:  # an address without a word of Discourse's cannot tell its folder, find() can
        assert root.list_url("order=created") == wanted
    else:
        assert (await FORUM.read(web, address, {})).items == ()
        assert wanted in web.asked


@pytest.mark.asyncio
async def test_a_single_topic_is_a_source():
    web = site([], {7: topic(7, [post(1), post(2)])})
    found = await FORUM.read(web, f"{ROOT}/t/topic-7/7", {})
    assert [(item.page.story.title, len(item.page.comments), item.page.complete) for item in found.items] == [
        ("Topic 7", 1, True)
    ]


@pytest.mark.parametrize(("status", "words"), [(403, "logged in"), (404, "no such list"), (500, "did not answer")])
@pytest.mark.asyncio
async def test_a_closed_forum_is_named_so(status, words):
    with pytest.raises(FetchError, match=words) as caught:
        await FORUM.read(FakeWeb({}, other=status), f"{ROOT}/c/news/1", {"name": "x"})
    assert caught.value.status == status
    with pytest.raises(SourceError, match="log-in"):
        await FORUM.read(FakeWeb({}, other=b"<html>Log in"), f"{ROOT}/", {"name": "x"})


@pytest.mark.asyncio
async def test_the_wait_that_a_forum_asks_for_is_handed_on():
    class Busy(FakeWeb):
        async def get(self, url, *, validators=None, accept=None):
            return Given(b'{"errors": ["slow down"], "extras": {"wait_seconds": 17}}', url, 429)

    with pytest.raises(FetchError) as caught:
        await FORUM.discuss(Busy({}), f"{ROOT}/t/7", {})
    assert (caught.value.status, caught.value.retry_after) == (429, 17)


PAGE = b'<html><head><meta name="generator" content="Discourse 3.5.0 - https://github.com/discourse/discourse"></head>'


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        (f"{ROOT}/", f"{ROOT}/"),
        (f"{ROOT}/latest", f"{ROOT}/"),
        (f"{ROOT}/u/somebody/activity", f"{ROOT}/"),
        (f"{ROOT}/t/topic-7/7/12?u=me", f"{ROOT}/t/topic-7/7"),
        (f"{ROOT}/t/7", f"{ROOT}/t/7"),
        (f"{ROOT}/c/news/space/12/l/top", f"{ROOT}/c/news/space/12"),
        (f"{ROOT}/tag/mars", f"{ROOT}/tag/mars"),
        ("https://site.example/talk/t/x/9", "https://site.example/talk/t/x/9"),
    ],
)
@pytest.mark.asyncio
async def test_a_forum_is_known_by_its_generator(pasted, address):
    web = FakeWeb({})
    assert await FORUM.find(web, Document(PAGE, pasted)) == address
    assert web.asked == []


@pytest.mark.asyncio
async def test_a_forum_in_a_folder_and_one_that_hides_its_name():
    set_up = PAGE + b'<meta id="data-discourse-setup" data-base-uri="/talk">'
    assert await FORUM.find(FakeWeb({}), Document(set_up, "https://site.example/talk/")) == "https://site.example/talk/"
    web = FakeWeb({f"{ROOT}/latest.json": listing(head(1))})
    assert await FORUM.find(web, Document(b"<html>discourse-application", f"{ROOT}/")) == f"{ROOT}/"
    assert await FORUM.find(web, as_document(listing(head(1)), f"{ROOT}/latest.json")) == f"{ROOT}/"


@pytest.mark.asyncio
async def test_other_sites_are_not_asked():
    web = FakeWeb({})
    assert await FORUM.find(web, Document(b"<html><title>News</title>", "https://news.example/")) is None
    assert await FORUM.find(web, Document(PAGE)) is None
    assert web.asked == []


@pytest.mark.asyncio
async def test_a_thread_that_a_story_embeds_is_found_by_the_storys_address():
    embed = f"{ROOT}/embed/comments?embed_url=https%3A%2F%2Fnews.example%2Fstory"
    page = f'<html><a href="{ROOT}/t/topic-7/7">Continue</a>'.encode()
    web = FakeWeb({embed: page, f"{ROOT}/t/7.json": topic(7, [post(1), post(2)])})
    assert len((await FORUM.discuss(web, embed, {})).comments) == 1
    nothing = await FORUM.discuss(FakeWeb({embed: b"<html>loading"}), embed, {})
    assert (nothing.comments, nothing.complete) == ((), False)
    with pytest.raises(SourceError, match="not the address of a topic"):
        await FORUM.discuss(web, f"{ROOT}/c/news", {})


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio
async def test_S41_broken_json_is_refused(name):
    web = FakeWeb({}, other=HOSTILE[name])
    await survives(FORUM.parse(as_document(HOSTILE[name], f"{ROOT}/latest.json")))
    await survives(FORUM.read(web, f"{ROOT}/", {}))
    await survives(FORUM.discuss(web, f"{ROOT}/t/7", {}))
    await survives(FORUM.find(web, as_document(HOSTILE[name], f"{ROOT}/latest.json")))


def test_S42_ids_of_any_type_become_text():
    ids = [{**post(2), "id": "801"}, {**post(3), "id": 802.0}, {**post(4), "id": -5}, {**post(5), "id": 2**63}]
    found = thread(post(1), *ids, stream=[1])
    assert [comment.key for comment in found.comments] == ["dc-801", "dc-802", "dc--5"]


WORDS = (
    "id", "topic_list", "topics", "post_stream", "posts", "stream", "latest_posts", "post_number", "post_type",
    "cooked", "reply_to_post_number", "created_at", "updated_at", "version", "hidden", "topic_id", "title", "tags",
    "slug", "bumped_at", "posts_count", "username", "image_url", "user_actions", "excerpt", "name",
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(hostile(*WORDS), hostile(*WORDS), hostile(*WORDS))
def test_hostile_answers_raise_nothing_else(data, more, last):
    text = json.dumps(data).encode()
    answers = {
        f"{ROOT}/t/7.json": {"post_stream": data, "title": more},
        f"{ROOT}/posts.json": {"latest_posts": last},
        f"{ROOT}/latest.json?order=created": listing(data, more, head(7)),
    }
    web = FakeWeb(answers, other=data)

    async def run():
        await survives(FORUM.parse(as_document({"post_stream": data, "title": more, "id": last}, f"{ROOT}/t/1.json")))
        await survives(FORUM.parse(as_document(listing(data, more, last), f"{ROOT}/latest.json")))
        await survives(FORUM.parse(as_document(text, f"{ROOT}/latest.json")))
        found = await survives(FORUM.read(web, f"{ROOT}/", {}))
        await survives(FORUM.read(web, f"{ROOT}/", found.cursor if found else {"topics": "[", "top": "x"}))
        await survives(FORUM.discuss(web, f"{ROOT}/t/7", {}))

    asyncio.run(run())
