"""What people do with sources, on a real database and a small fake of the web's answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot import library, previews, sourcing
from bot.backfill import backfill
from bot.errors import Conflict, FetchError, NotFound
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.previews import Desk, Preview
from bot.sources.base import Fetched, Item
from bot.sources.kinds import KINDS, Detected
from bot.starter import STARTERS
from bot.store import deliveries, links, sources, stories
from bot.store.database import Database
from bot.urls import UNREADABLE, check_fetchable
from bot.words import say
from tests.store.files import due as due_rows

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME, ELSEWHERE = 100, 200
ADA, MAX = 1, 2
FEED = "https://orbit.example/feed"


def story(number, **more):
    published_at = NOW - timedelta(days=number) if number else None
    return Story(f"Story {number}", f"https://orbit.example/{number}", published_at=published_at, **more)


@dataclass
class Site:
    """Stands for web and kinds: one readable address, everything else is unreadable."""

    stories: list[Story] = field(default_factory=lambda: [story(number) for number in (3, 1, 0, 7, 2, 4)])
    asked: list[str] = field(default_factory=list)

    async def detect(self, web, text):
        self.asked.append(text)
        check_fetchable(text)
        if text != "https://orbit.example":
            raise FetchError(UNREADABLE, detail="no route to 10.0.0.1")
        items = tuple(Item(StoryPage(story)) for story in self.stories)
        return Detected("feed", FEED, Fetched(items, name="Orbit & Dock"))

    def __getitem__(self, name):
        return self

    label = "Feed"


@pytest_asyncio.fixture
async def database(tmp_path):
    async with Database.open(tmp_path / "bot.sqlite3") as opened:
        yield opened


async def look(database, desk, text="https://orbit.example", *, site=None, guild=HOME, user=ADA, now=NOW):
    site = site or Site()
    return await sourcing.look(database, None, site, desk, text, guild_id=guild, user_id=user, now=now)


async def added(database, *, guild=HOME, address=FEED, now=NOW):
    """Add a source as an admin does and return its id."""
    chosen = Preview("feed", "Feed", address, "Orbit", (), 0)
    await sourcing.add(database, Desk(), chosen, guild_id=guild, user_id=ADA, now=now)
    (found,) = [s for s in (await sourcing.listing(database, guild)).own if s.address == address]
    return found.id


async def test_a_preview_shows_the_newest_five_those_without_a_date_last_and_stores_nothing(database):
    found = (await look(database, Desk())).preview
    assert [story.title for story in found.stories] == ["Story 1", "Story 2", "Story 3", "Story 4", "Story 7"]
    assert (found.kind, found.label, found.address, found.name, found.count) == (
        "feed",
        "Feed",
        FEED,
        "Orbit & Dock",
        6,
    )
    assert await sourcing.listing(database, HOME) == sourcing.Listing([], [], [])


async def test_a_preview_says_which_channels_want_each_story_once_any_has_topics(database):
    await library.follow(database, HOME, 11, ADA, NOW)
    assert (await look(database, Desk())).wanted == ()
    site = Site([story(1), replace(story(2), title="ESA and JAXA sign an agreement on lunar cooperation")])
    await library.follow(database, HOME, 12, ADA, NOW, topics="space-cooperation")
    found = await look(database, Desk(), site=site)
    assert found.wanted == ((11,), (11, 12))


async def test_a14_every_unreadable_address_gets_the_same_sentence_and_ten_a_minute(database):
    desk, site = Desk(), Site()
    said = set()
    addresses = [
        "https://nobody.example",
        "http://10.0.0.1",
        "http://[::1]/",
        "file:///etc/passwd",
        "http://a.example:22",
    ]
    for number, text in enumerate(addresses * 2):
        with pytest.raises(FetchError) as error:
            await look(database, desk, text, site=site, now=NOW + timedelta(seconds=number))
        said.add(str(error.value))
    assert said == {UNREADABLE}
    with pytest.raises(Conflict, match=r"10 addresses within a minute.*wait 50 seconds"):
        await look(database, desk, site=site, now=NOW + timedelta(seconds=10))
    assert len(site.asked) == 10
    assert (await look(database, desk, site=site, guild=ELSEWHERE)).preview
    assert (await look(database, desk, site=site, now=NOW + timedelta(minutes=2))).preview


async def test_a19_an_offer_is_for_who_asked_where_they_asked_and_for_ten_minutes(database):
    desk = Desk()
    found = await look(database, desk)
    assert desk.accepted(found.token, HOME, ADA, NOW) == replace(found.preview, stories=())
    late = NOW + previews.KEPT
    for token, guild, user, now in (
        (found.token, HOME, MAX, NOW),
        (found.token, ELSEWHERE, ADA, NOW),
        ("x" * 22, HOME, ADA, NOW),
        (found.token, HOME, ADA, late),
    ):
        with pytest.raises(NotFound) as error:
            desk.accepted(token, guild, user, now)
        assert str(error.value) == say("sources.too_old")


async def test_an_added_source_is_due_at_once_and_a_second_yes_says_that_it_is_there(database):
    desk = Desk()
    preview = (await look(database, desk)).preview
    await library.follow(database, HOME, 11, ADA, NOW)
    (channel,) = await sourcing.add(database, desk, preview, guild_id=HOME, user_id=ADA, now=NOW)
    assert channel.channel_id == 11
    with pytest.raises(Conflict, match="has that source already: it is #1"):
        await sourcing.add(database, desk, preview, guild_id=HOME, user_id=ADA, now=NOW)
    with pytest.raises(Conflict, match="has that source already"):
        await look(database, desk)
    async with database.read() as tx:
        (source,) = await sources.due(tx, NOW, 5)
    assert (source.kind, source.address, source.name, source.everyone) == ("feed", FEED, "Orbit & Dock", False)


async def test_what_the_operator_reads_for_all_needs_no_adding(database):
    assert await sourcing.add_everyone(database, "feed", FEED, "Orbit", NOW)
    assert not await sourcing.add_everyone(database, "feed", FEED, "Orbit", NOW)
    with pytest.raises(Conflict, match="My operator reads that source"):
        await look(database, Desk())
    found = await sourcing.listing(database, HOME)
    assert ([s.address for s in found.own], [s.address for s in found.everyone]) == ([], [FEED])
    assert (await sourcing.checkable(database, Desk(), HOME, 1, NOW)).id == 1
    with pytest.raises(NotFound):
        await sourcing.remove(database, HOME, 1)


async def test_a09_five_additions_a_minute_and_25_sources_a_server(database):
    desk = Desk()

    def chosen(number):
        return Preview("feed", "Feed", f"https://{number}.example/", "x", (), 0)

    for number in range(5):
        await sourcing.add(database, desk, chosen(number), guild_id=HOME, user_id=ADA, now=NOW)
    with pytest.raises(Conflict, match="added 5 sources within a minute"):
        await sourcing.add(database, desk, chosen(5), guild_id=HOME, user_id=ADA, now=NOW)
    for number in range(5, 25):
        await sourcing.add(database, Desk(), chosen(number), guild_id=HOME, user_id=ADA, now=NOW)
    site = Site()
    with pytest.raises(Conflict, match="25 sources already"):
        await look(database, desk, site=site)
    assert site.asked == []
    with pytest.raises(Conflict, match="25 sources"):
        await sourcing.add(database, Desk(), chosen(25), guild_id=HOME, user_id=ADA, now=NOW)
    assert len((await sourcing.listing(database, HOME)).own) == 25
    assert len(await sourcing.suggest(database, HOME, "")) == 25


async def test_a03_a_foreign_source_reads_like_one_that_does_not_exist(database):
    source = await added(database, guild=ELSEWHERE)
    said = set()
    for number in (source, 999, -1, 2**70):
        for work in (
            sourcing.remove(database, HOME, number),
            sourcing.restart(database, HOME, number, NOW),
            sourcing.checkable(database, Desk(), HOME, number, NOW),
            backfill(database, HOME, number, 5, NOW),
        ):
            with pytest.raises(NotFound) as error:
                await work
            said.add(str(error.value))
    assert said == {say("sources.unknown")}
    assert await sourcing.suggest(database, HOME, "orbit", everyone=True) == []
    assert [s.id for s in (await sourcing.listing(database, ELSEWHERE)).own] == [source]


async def test_removing_takes_a_source_from_this_server_alone(database):
    source = await added(database)
    assert await added(database, guild=ELSEWHERE) == source
    assert (await sourcing.remove(database, HOME, source)).address == FEED
    assert (await sourcing.listing(database, HOME)).own == []
    assert [s.id for s in (await sourcing.listing(database, ELSEWHERE)).own] == [source]


async def test_a_stopped_source_starts_again_and_a_running_one_does_not_need_to(database):
    source = await added(database)
    with pytest.raises(Conflict, match="being read already"):
        await sourcing.restart(database, HOME, source, NOW)
    async with database.write() as tx:
        stored = await sources.get(tx, source)
        await sources.save(tx, replace(stored, stopped_reason="it is gone", next_at=None, fails=9))
    await sourcing.restart(database, HOME, source, NOW)
    async with database.read() as tx:
        again = await sources.get(tx, source)
    assert (again.stopped_reason, again.fails, again.next_at) == (None, 0, NOW)


async def test_the_starter_list_comes_in_one_go_without_what_is_there(database):
    await sourcing.add_everyone(database, STARTERS[0].kind, STARTERS[0].address, "x", NOW)
    names, channels = await sourcing.add_starters(database, Desk(), guild_id=HOME, user_id=ADA, now=NOW)
    assert names == [starter.name for starter in STARTERS[1:]]
    assert channels == []
    with pytest.raises(Conflict, match="has all sources of the starter list"):
        await sourcing.add_starters(database, Desk(), guild_id=HOME, user_id=ADA, now=NOW)


async def test_the_starter_list_adds_nothing_where_there_is_no_room_for_all(database):
    for number in range(20):
        await added(database, address=f"https://{number}.example/")
    with pytest.raises(Conflict, match="25 sources"):
        await sourcing.add_starters(database, Desk(), guild_id=HOME, user_id=ADA, now=NOW)
    assert len((await sourcing.listing(database, HOME)).own) == 20


async def test_suggestions_fit_name_address_or_number(database):
    first = await added(database)
    second = await added(database, address="https://agency.example/rss")
    await sourcing.add_everyone(database, "newsapi", "https://api.example/", "News", NOW)
    assert [s.id for s in await sourcing.suggest(database, HOME, "AGENCY")] == [second]
    assert [s.id for s in await sourcing.suggest(database, HOME, f"#{first}")] == [first]
    assert [s.name for s in await sourcing.suggest(database, HOME, "news", everyone=True)] == ["News"]
    assert await sourcing.suggest(database, HOME, "news") == []
    assert await sourcing.suggest(database, HOME, "%_'; DROP TABLE sources" * 50) == []


async def told(database, source, *numbers):
    """Let a source have told of stories, as its first read does: nothing is posted."""
    for number in numbers:
        page = StoryPage(story(number), (Comment(f"wp-{number}", "Ines", "Yes."),))
        report = await ingest(database, page, NOW, deliver=False)
        async with database.write() as tx:
            await links.link(tx, source, report.story_id, NOW)


async def promised(database, channel):
    async with database.read() as tx:
        due = [d for d in await due_rows(tx, NOW) if d.comment_id is None and d.channel_id == channel]
        return [(await stories.get(tx, delivery.story_id)).story.title for delivery in due]


async def every_card(database, channel):
    found = set()
    async with database.read() as tx:
        for stored in await links.stories_of(tx, 1, 50):
            if await deliveries.card(tx, channel, stored.id):
                found.add(stored.story.title)
    return found


async def test_backfill_promises_the_newest_that_lack_and_goes_further_back_when_asked_again(database):
    source = await added(database)
    await told(database, source, 5, 4, 3, 2, 1)
    assert await backfill(database, HOME, source, 2, NOW) == (0, [])
    for channel in (11, 12):
        await library.follow(database, HOME, channel, ADA, NOW)
    await library.follow(database, ELSEWHERE, 21, ADA, NOW)
    count, channels = await backfill(database, HOME, source, 2, NOW)
    assert (count, [channel.channel_id for channel in channels]) == (2, [11, 12])
    for channel in (11, 12):
        assert await every_card(database, channel) == {"Story 1", "Story 2"}
    assert await every_card(database, 21) == set()
    assert (await backfill(database, HOME, source, 2, NOW))[0] == 2
    assert await every_card(database, 11) == {"Story 1", "Story 2", "Story 3", "Story 4"}
    assert (await backfill(database, HOME, source, 20, NOW))[0] == 1
    assert (await backfill(database, HOME, source, 20, NOW))[0] == 0


async def test_backfill_posts_the_oldest_first_with_its_comments(database):
    source = await added(database)
    await told(database, source, 3, 2, 1)
    await library.follow(database, HOME, 11, ADA, NOW)
    await backfill(database, HOME, source, 3, NOW)
    assert (await promised(database, 11))[0] == "Story 3"
    async with database.read() as tx:
        assert await deliveries.unsettled(tx) == 6


async def test_backfill_keeps_to_the_topics_of_a_channel_and_to_twenty(database):
    source = await added(database)
    await told(database, source, *range(30, 0, -1))
    await library.follow(database, HOME, 11, ADA, NOW, topics="space-cooperation")
    assert (await backfill(database, HOME, source, 5, NOW))[0] == 0
    await library.follow(database, HOME, 12, ADA, NOW)
    assert (await backfill(database, HOME, source, 10_000, NOW))[0] == 20
    assert await every_card(database, 11) == set()


async def test_the_starter_list_names_known_kinds_and_public_addresses_and_leaves_room_for_more():
    for starter in STARTERS:
        assert starter.kind in KINDS
        assert starter.address.startswith("https://")
        check_fetchable(starter.address)
    assert len({starter.address for starter in STARTERS}) == len(STARTERS) <= sources.LIMIT // 2


async def test_an_offer_keeps_no_stories_and_a_name_of_one_short_line(database):
    desk, site = Desk(), Site([story(1, body="x" * 100_000)])
    found = await look(database, desk, site=site)
    assert desk.accepted(found.token, HOME, ADA, NOW).stories == ()
    named = previews._preview(site, Detected("feed", FEED, Fetched(name="two\nlines " + "n" * 500)))
    assert named.name.startswith("two lines nnn")
    assert len(named.name) == previews.NAME_LIMIT
