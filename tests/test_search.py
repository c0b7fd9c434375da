"""/stories search and latest as members meet them, through the sandbox; rows A04 to A06 and A16 to A18."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta

import discord
import pytest
import pytest_asyncio

from bot import library, search
from bot.chat import search_views
from bot.errors import NotFound
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.search import Kind, Search
from bot.store import links, sources
from tests.conftest import Start

pytestmark = pytest.mark.asyncio

OTHER_GUILD = 4711
ROVER = Story(
    "India and Japan sign an agreement on a joint lunar rover", url="https://site.example/rover",
    summary="The *agreement* was signed in Tokyo.", author="Sam Porter",
)  # fmt: skip
ENGINE = Story(
    "An engine is tested", url="https://site.example/engine", body="It burned for long. " * 50 + "Then hydrogen leaked."
)
SAID = (
    Comment("c1", "Ann Lee", "The rover will need **hydrogen** fuel cells.", url="https://site.example/rover#c1"),
    Comment("c2", "Bo", "I doubt that.", parent="c1"),
)


class Stage:
    """A bot that mirrors two stories, and Max, who searches."""

    def __init__(self, run):
        self.run, self.box, self.database = run, run.box, run.database
        world = run.box.world
        self.guild, self.news = world.guild.id, world.channel("space-news").id
        self.ada, self.max = world.user("Ada").id, world.user("Max").id

    async def ask(self, query, user=None, **options):
        return await self.box.command(user or self.max, self.news, "stories search", {"query": query, **options})

    async def found(self, query, **options):
        """Return what is said of the hits."""
        return (await self.ask(query, **options)).embeds[0]["description"]

    async def type(self, text, option="query", command="stories search", **options):
        given = {"query": "x", **options, option: text} if command == "stories search" else {**options, option: text}
        choices = await self.box.autocomplete(self.max, self.news, command, given, option)
        return [choice["name"] for choice in choices]

    async def take(self, story, *said, **more):
        return (
            await ingest(self.database, StoryPage(story, said), self.run.bot.clock.now(), deliver=True, **more)
        ).story_id

    async def settle(self):
        self.run.bot.deliverer.wake()
        await self.run.settle()


@pytest_asyncio.fixture
async def stage(start: Start):
    async with start() as run:
        made = Stage(run)
        await library.follow(run.database, made.guild, made.news, made.ada, run.bot.clock.now())
        await made.take(ENGINE)
        await made.take(ROVER, *SAID)
        await made.settle()
        yield made


def titles(text):
    return [story.title for story in (ROVER, ENGINE) if story.title in text]


async def test_words_are_found_in_titles_texts_comments_and_names_and_marked(stage):
    answer = await stage.ask("hydrogen")
    assert answer.ephemeral
    (embed,) = answer.embeds
    assert embed["title"] == "Search: hydrogen"
    assert "2 matches" in embed["description"]
    assert "> The rover will need **hydrogen** fuel cells." in embed["description"]
    assert "Then **hydrogen** leaked." in embed["description"]
    assert "> The agreement was signed in **Tokyo**." in await stage.found("tokyo")
    assert "**Ann Lee**" in await stage.found('"ann lee"')
    assert titles(await stage.found("porter")) == [ROVER.title]
    assert titles(await stage.found("agree*")) == [ROVER.title]


async def test_a_hit_leads_to_the_message_here_and_to_the_original(stage):
    text = await stage.found("hydrogen fuel")
    (card,) = [
        m for m in stage.box.transcript()["channels"] for m in m["messages"] if m.get("thread") and "rover" in str(m)
    ]
    (comment,) = [m for m in card["thread"]["messages"] if "fuel cells" in m["content"]]
    assert f"(https://discord.com/channels/{stage.guild}/{card['id']}/{comment['id']})" in text
    assert "[at the site](<https://site.example/rover#c1>)" in text
    story = await stage.found("lunar", **{"in": "stories"})
    assert f"(https://discord.com/channels/{stage.guild}/{stage.news}/{card['id']})" in story


async def test_where_a_hit_stands_in_two_channels_they_are_named(stage):
    general = stage.box.world.channel("general").id
    now = stage.run.bot.clock.now()
    made = await library.follow(stage.database, stage.guild, general, stage.ada, now)
    await library.post_newest(stage.database, made, 2, now)
    assert "[open here](" in await stage.found("lunar", **{"in": "stories"})
    await stage.settle()
    text = await stage.found("lunar", **{"in": "stories"})
    assert "[in #space-news](" in text
    assert "[in #general](" in text
    assert "open here" not in text


async def test_nobody_is_led_into_a_channel_that_they_may_not_see(stage):
    world = stage.box.world
    general = world.channel("general").id
    world.set_permission(stage.news, stage.guild, deny=1 << 10)
    await asyncio.sleep(0)
    answer = await stage.box.command(stage.max, general, "stories search", {"query": "hydrogen"})
    assert "discord.com/channels" not in answer.embeds[0]["description"]


async def test_nobody_is_led_to_older_messages_that_they_may_not_read(stage):
    world = stage.box.world
    world.set_permission(stage.news, stage.max, deny=discord.Permissions(read_message_history=True).value)
    await asyncio.sleep(0)
    answer = await stage.box.command(stage.max, world.channel("general").id, "stories search", {"query": "hydrogen"})
    assert "discord.com/channels" not in answer.embeds[0]["description"]
    answer = await stage.box.command(stage.ada, world.channel("general").id, "stories search", {"query": "hydrogen"})
    assert "discord.com/channels" in answer.embeds[0]["description"]


async def test_all_words_must_occur_and_a_search_can_be_narrowed(stage):
    assert titles(await stage.found("engine rover")) == []
    assert "1 match" in await stage.found("rover", **{"in": "comments"})
    assert "only comments" in await stage.found("rover", **{"in": "comments"})
    assert "fuel cells" in await stage.found("rover", author="ann")
    assert "fits **rover** (by bo)." in await stage.found("rover", author="bo")
    both = await stage.found("engine", author="ann", since="today", **{"in": "comments"})
    assert re.search(r"fits \*\*engine\*\* \(only comments, by ann, since <t:\d+:d>\)\. Leave a limit out", both)
    assert "a star stands for any ending" in await stage.found("nowhere")
    assert "2 matches" in await stage.found("rover", since="today")
    assert "choose a source" in (await stage.ask("rover", source="moon")).content
    assert "as a time" in (await stage.ask("rover", since="soon")).content
    assert "at least one word" in (await stage.ask("!!!")).content


async def test_only_what_a_source_told_of_is_found_where_one_is_chosen(stage):
    now = stage.run.bot.clock.now()
    async with stage.database.write() as tx:
        ours = await sources.add(tx, "feed", "https://site.example/feed", "The Site", now, everyone=True)
        theirs = await sources.add(tx, "feed", "https://theirs.example/feed", "Theirs", now)
        await sources.share(tx, theirs.id, OTHER_GUILD, 1, now)
        await links.link(tx, ours.id, 1, now)
    assert titles(await stage.found("engine", source=str(ours.id))) == [ENGINE.title]
    assert titles(await stage.found("rover", source=f"#{ours.id}")) == []
    assert titles(await stage.found("engine", source="the site")) == [ENGINE.title]
    assert titles(await stage.found("rover", source="The Site")) == []
    assert "choose a source" in (await stage.ask("rover", source="Theirs")).content
    assert await stage.type("", "source") == [f"#{ours.id} The Site"]
    absent, foreign = [(await stage.ask("rover", source=str(n))).content for n in (999, theirs.id)]
    assert absent == foreign
    latest = await stage.box.command(stage.max, stage.news, "stories latest", {"source": str(ours.id)})
    assert titles(latest.embeds[0]["description"]) == [ENGINE.title]


async def test_a_list_of_the_newest_without_any_says_why(stage):
    async def latest(**options):
        answer = await stage.box.command(stage.max, stage.news, "stories latest", options)
        return answer.embeds[0]["description"]

    now = stage.run.bot.clock.now()
    async with stage.database.write() as tx:
        for name in ("Full", "Empty"):
            await sources.add(tx, "feed", f"https://{name}.example/feed", name, now, everyone=True)
        await links.link(tx, 1, 1, now)
    assert await latest(topic="mars") == "No story here is about **mars** yet."
    assert await latest(topic="mars, iss") == "No story here is about **mars**, **iss** yet."
    assert await latest(source="2") == "No story of that source is here yet."
    assert await latest(source="1", topic="mars") == "None of the newest stories of that source is about **mars**."
    for number in range(98):
        await stage.take(Story(f"Nothing {number}", url=f"https://site.example/{number}"))
    assert await latest(topic="mars") == "None of the newest 100 stories here is about **mars**."
    async with stage.database.write() as tx:
        await tx.execute("DELETE FROM subscriptions")
    assert (await latest(topic="mars")).startswith("No stories yet. An admin can begin with `/setup`")


async def test_the_index_follows_edits_and_deletions(stage):
    later = (Comment("c1", "Ann Lee", "It will need batteries.", url=SAID[0].url), SAID[1])
    await stage.take(ROVER, *later)
    assert titles(await stage.found("hydrogen")) == [ENGINE.title]
    assert "**batteries**" in await stage.found("batteries")
    await stage.take(ROVER, Comment("c1", "Ann Lee", "", deleted=True), SAID[1])
    assert "Nothing that I know here" in await stage.found("batteries")
    assert "Nothing that I know here" in await stage.found('"ann lee"')
    await stage.take(Story("A rocket is tested", url=ENGINE.url))
    assert titles(await stage.found("engine")) == []
    assert "Nothing that I know here" in await stage.found("leaked")


async def test_pages_are_turned_by_buttons_that_say_all(stage):
    said = [Comment(f"n{number}", f"User {number}", "comet " * (12 - number)) for number in range(12)]
    await stage.take(Story("Many", url="https://site.example/many"), *said)
    answer = await stage.ask("comet", author="user", since="last year")
    seen = await turned(stage, answer)
    assert seen == [f"User {number}" for number in range(12)]
    assert len(search_views._written(Search("x" * 150, Kind.BOTH, 10**16, "y" * 60, stage.run.bot.clock.now()))) == 3


def next_of(answer):
    return next((b["custom_id"] for r in answer.components for b in r["components"] if "Next" in b["label"]), None)


async def turned(stage, answer):
    """Turn all pages and return whom they name."""
    seen = []
    while True:
        seen += re.findall(r"\*\*(User \d+)\*\* on", answer.embeds[0]["description"])
        buttons = [b for row in answer.components for b in row["components"]]
        following = [b for b in buttons if "Next" in b["label"] and not b.get("disabled")]
        if not following:
            return seen
        answer = await stage.box.click(stage.max, answer.token, following[0]["custom_id"])


async def test_the_longest_search_fits_into_its_buttons(stage):
    long = " ".join(["comet", "dust", "𝒳" * 20, "ice " * 25])[:120].strip()
    said = [Comment(f"n{number}", "A" * 60, f"{long} {number}") for number in range(7)]
    await stage.take(Story("Many", url="https://site.example/many"), *said)
    answer = await stage.ask(long, author="A" * 60, since="last year")
    assert "7 matches" in answer.embeds[0]["description"]
    second = await stage.box.click(stage.max, answer.token, next_of(answer))
    assert second.embeds[0]["title"] == answer.embeds[0]["title"]
    assert second.embeds[0]["description"].count(" on `#") == 2


async def test_a19_a_forged_button_is_answered_with_a_sentence():

    for kept in ("", "x", "b||", "b|9999999999999999|a|b", "z1||a|b", "b||a|"):
        with pytest.raises(NotFound, match="search again"):
            search_views._read(kept)


async def test_suggestions_are_titles_and_names(stage):
    assert await stage.type("") == [ROVER.title, ENGINE.title]
    assert await stage.type("lunar ro") == [ROVER.title]
    assert await stage.type("AN") == [ROVER.title, ENGINE.title, "Ann Lee"]
    assert await stage.type("ann") == ["Ann Lee"]
    assert await stage.type("ann", "author") == ["Ann Lee"]
    assert await stage.type("port", "author") == ["Sam Porter"]
    assert await stage.type("d", "since") == ["today", "7d", "30d"]
    assert "mars" in await stage.type("mar", "topic", "stories latest")


async def test_the_newest_stories_about_a_topic(stage):
    async def latest(**options):
        answer = await stage.box.command(stage.max, stage.news, "stories latest", options)
        return titles(answer.embeds[0]["description"]) if answer.embeds else answer.content

    assert await latest() == [ROVER.title, ENGINE.title]
    assert await latest(count=1) == [ROVER.title]
    assert await latest(topic="space-cooperation") == [ROVER.title]
    assert "no topic named cheese" in await latest(topic="cheese")
    assert "choose a source" in await latest(source="x")


async def test_a04_suggestions_tell_nothing_of_other_servers(stage):
    foreign = Story("Hidden moonbase", url="https://site.example/hidden", author="Zed Spy")
    hidden = await stage.take(foreign, Comment("h", "Zoe Hidden", "moonbase"), public=False)
    for typed in ("hidden", "moon", "z", "Zoe", ""):
        offered = await stage.type(typed) + await stage.type(typed, "author")
        assert not [name for name in offered if name in ("Zoe Hidden", "Zed Spy", foreign.title)]
    await library.fetched(stage.database, stage.guild, stage.max, hidden, stage.run.bot.clock.now())
    assert await stage.type("zo", "author") == ["Zoe Hidden"]


async def test_a05_what_is_not_chosen_from_the_list_is_taken_as_text(stage):
    for text in ("**rover** @everyone", "<@&1> rover", "[rover](https://x.example)", "r" * 150, "`rover`"):
        (embed,) = (await stage.ask(text)).embeds
        shown = f"{embed['title']}{embed['description']}"
        assert "@everyone" not in shown
        assert not re.search(r"(?<!\\)<@&1|(?<!\\)\[rover\]", shown)
    for source in ("1; DROP TABLE", "٣", "-1", "9" * 30):
        assert "choose a source" in (await stage.ask("rover", source=source)).content


async def test_a06_a_storm_of_typing_is_answered_once_at_a_time_within_limits(stage):
    for number in range(60):
        await stage.take(Story(f"Storm {number} " + "long word " * 20, url=f"https://site.example/s{number}"))
    offered = await stage.type("storm")
    assert 0 < len(offered) <= 25
    assert all(0 < len(name) <= 100 for name in offered)
    looks, gate = [], asyncio.Event()

    async def look(number):
        looks.append(number)
        await gate.wait()
        return [number]

    typing = stage.run.bot.get_cog("stories").typing
    asked = [asyncio.create_task(typing.look_up(1, lambda number=number: look(number))) for number in range(20)]
    other = asyncio.create_task(typing.look_up(2, lambda: look("other")))
    while len(looks) < 2:
        await asyncio.sleep(0)
    gate.set()
    assert [await task for task in asked] == [[0], *[[]] * 18, [19]]
    assert await other == ["other"]
    assert sorted(map(str, looks)) == ["0", "19", "other"]
    assert (typing._newest, typing._locks) == ({}, {})


RAW = [
    '"', '""', "'", "*", "^", "-", "+", ":", "(", ")", "{", "}", "a OR", "NOT a", "AND", "NEAR(a b, 2)", "a^2",
    "title:a", "a - b", "-a", "{a b}:c", 'a "b', "a*b*", "\\", "a;b", "a\x00b", "\ud800", "%", "_", "😀", "col : \"x\"",
]  # fmt: skip


@pytest.mark.parametrize("where", list(Kind))
async def test_a16_no_text_is_syntax(stage, where):
    for text in RAW:
        try:
            await search.search(stage.database, stage.guild, Search(f"rover {text}", where))
            await search.search(stage.database, stage.guild, Search("rover", where, author=f"ann {text}"))
            await search.suggest(stage.database, stage.guild, text)
            await search.suggest_authors(stage.database, stage.guild, text)
        except UnicodeEncodeError as error:
            raise AssertionError(text) from error
        if not text.strip("\x00\ud800"):
            continue
        answer = await stage.ask(text)
        assert answer.embeds or "at least one word" in answer.content
    assert (await search.search(stage.database, stage.guild, Search("NOT", where))).count == 0


async def test_a17_hostile_searches_are_bound_short_and_quick(stage):
    words = " ".join(f"w{number}" for number in range(50_000))
    for text in (
        "'; DROP TABLE stories; --",
        "% _ rover",
        "rover\x00",
        words,
        '"' * 50_000 + "rover",
        "rover*" * 10_000,
    ):
        began = time.process_time()
        await search.search(stage.database, stage.guild, Search(text))
        await search.suggest(stage.database, stage.guild, text)
        assert time.process_time() - began < 0.1
    assert titles(await stage.found("rover")) == [ROVER.title]


async def test_a18_a_search_finds_only_what_its_server_may_see(stage):
    secret = Story("Secret sauce", url="https://site.example/secret", summary="sauce")
    hidden = await stage.take(secret, Comment("s", "Eve", "the sauce is hot"), public=False)
    await library.fetched(stage.database, OTHER_GUILD, 1, hidden, stage.run.bot.clock.now())

    async def counts(guild, text):
        return [(await search.search(stage.database, guild, Search(text, kind))).count for kind in Kind]

    assert await counts(stage.guild, "sauce") == [0, 0, 0]
    assert await counts(OTHER_GUILD, "sauce") == [2, 1, 1]
    assert await counts(OTHER_GUILD, "rover") == [0, 0, 0]
    await library.follow(stage.database, OTHER_GUILD, 5, 1, stage.run.bot.clock.now())
    assert await counts(OTHER_GUILD, "rover") == [2, 1, 1]
    assert await counts(3, "rover") == [0, 0, 0]


async def test_what_is_newer_is_told_by_its_own_date(stage):
    now = stage.run.bot.clock.now()
    said = [Comment(f"d{days}", f"Day {days}", "dated", posted_at=now - timedelta(days=days)) for days in (1, 8, 40)]
    await stage.take(Story("Dated", url="https://site.example/d", published_at=now - timedelta(days=40)), *said)

    async def names(since):
        found = await search.search(
            stage.database, stage.guild, Search("dated", since=now - timedelta(days=since) if since else None)
        )
        return sorted(hit.comment.comment.author if hit.comment else "story" for hit in found.hits)

    assert await names(None) == ["Day 1", "Day 40", "Day 8", "story"]
    assert await names(10) == ["Day 1", "Day 8"]
    assert await names(2) == ["Day 1"]


async def test_pages_are_turned_for_ever(tmp_path, start: Start):
    """A restart knows nothing of an answer: its buttons alone say what was asked."""
    async with start() as run:
        stage = Stage(run)
        await library.follow(run.database, stage.guild, stage.news, stage.ada, run.bot.clock.now())
        said = [Comment(f"n{number}", f"User {number}", "comet " * (12 - number)) for number in range(12)]
        await stage.take(Story("Many", url="https://site.example/many"), *said)
        kept = search_views._written(Search("comet", author="user"))
    async with start() as run:
        stage, buttons = Stage(run), []
        for way, part in zip(("b0", "c0", "n1"), kept, strict=True):
            button = discord.ui.Button(label=way, custom_id=f"{search_views.PREFIX}{way}:{part}")
            buttons.append(button)
        view = discord.ui.View(timeout=None)
        for button in buttons:
            view.add_item(button)
        view.stop()
        old = await run.bot.get_partial_messageable(stage.news).send("an answer of before", view=view)
        turned_to = await run.box.click(stage.max, old.id, buttons[2].custom_id)
        assert "by user" in turned_to.embeds[0]["description"]
        assert "User 5" in turned_to.embeds[0]["description"]
