"""/sources as admins meet it: a real discord.py client in the sandbox, and a real site on this machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
import pytest_asyncio

from bot import sourcing
from bot.errors import as_sentence
from bot.http import Web
from bot.poll import Poller
from bot.previews import Desk, Preview
from bot.sources.kinds import Kinds
from bot.starter import STARTERS
from bot.store import sources
from bot.urls import NO_ADDRESS, UNREADABLE
from bot.words import say
from tests.news_site import news_site

pytestmark = pytest.mark.asyncio


class CountedPoller(Poller):
    """The real one, which the tests drive by hand; counts how often it was woken."""

    woken = 0

    def wake(self):
        self.woken += 1


class Stage:
    """A running bot and a site, and the people who use the commands."""

    def __init__(self, run, site):
        self.run, self.bot, self.box, self.site = run, run.bot, run.box, site
        world = run.box.world
        self.guild, self.general = world.guild.id, world.channel("general").id
        self.news = world.channel("space-news").id
        self.ada, self.max, self.mo = (world.user(name).id for name in ("Ada", "Max", "Mo"))

    async def ask(self, name, user=None, **options):
        return await self.box.command(user or self.ada, self.general, f"sources {name}", options)

    async def press(self, answer, user=None, custom_id=None):
        return await self.box.click(user or self.ada, answer.token, custom_id or button(answer))

    async def added(self):
        """Add the site as an admin does."""
        return await self.press(await self.ask("add", address=self.site.url))

    async def own(self):
        return (await sourcing.listing(self.run.database, self.guild)).own

    async def change(self, source, **values):
        async with self.run.database.write() as tx:
            await sources.save(tx, replace(await sources.get(tx, source), **values))


def button(answer):
    return answer.components[0]["components"][0]["custom_id"]


@pytest_asyncio.fixture
async def stage(start):
    async with (
        news_site() as site,
        Web.open(allow_loopback_ports={site.port}) as web,
        Kinds.open() as kinds,
        start(web) as run,
    ):
        run.bot.kinds = kinds
        wake = run.bot.deliverer.wake
        run.bot.poller = CountedPoller(run.database, web, kinds, run.bot.clock, on_promised=wake)
        yield Stage(run, site)


async def test_add_shows_the_newest_five_and_stores_only_after_a_yes(stage):
    await stage.run.follow()
    looked = await stage.ask("add", address=stage.site.url.removesuffix("/"))
    assert looked.ephemeral
    (embed,) = looked.embeds
    assert embed["title"] == "Orbit and Dock"
    assert f"**Feed** · <{stage.site.url}feed>" in embed["description"]
    shown = [line for line in embed["description"].split("\n") if line.startswith("•")]
    assert [line.split("agreement ")[1][0] for line in shown] == ["7", "6", "5", "4", "3"]
    assert "newest 5 of 7" in embed["footer"]["text"]
    assert await stage.own() == []
    done = await stage.press(looked)
    assert "Added **Orbit and Dock**" in done.content
    assert "only remembers what is there" in done.content
    assert f"<#{stage.news}>" in done.content
    assert done.embeds == []
    assert done.components == []
    assert [(s.kind, s.address) for s in await stage.own()] == [("feed", f"{stage.site.url}feed")]
    assert stage.bot.poller.woken == 1


async def test_add_says_that_no_channel_is_followed_yet(stage):
    done = await stage.added()
    assert "run `/channels follow`" in done.content


async def test_a_second_press_and_a_second_look_say_that_it_is_there(stage):
    looked = await stage.ask("add", address=stage.site.url)
    custom_id = button(looked)
    await stage.press(looked)
    source = (await stage.own())[0].id
    assert "This server has that source already" in (await stage.ask("add", address=stage.site.url)).content
    # The button is gone from the answer; whoever saved its id may still send it.
    forged = await keep_button(stage, custom_id)
    again = await stage.box.click(stage.ada, forged, custom_id)
    assert f"has that source already: it is #{source}" in again.content
    assert len(await stage.own()) == 1


async def keep_button(stage, custom_id):
    """Return a message of the bot that shows a button with any id: what a forger would like to have."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
    view.stop()
    return (await stage.bot.get_partial_messageable(stage.general).send("x", view=view)).id


async def test_a19_a23_the_yes_of_another_member_counts_nothing_and_rights_are_checked_again(stage):
    looked = await stage.ask("add", address=stage.site.url)
    message = await keep_button(stage, button(looked))
    refused = await stage.box.click(stage.max, message, button(looked))
    assert refused.ephemeral
    assert "Manage Server" in refused.content
    world = stage.box.world
    world.set_member_roles(stage.guild, stage.mo, world.guild.members[stage.ada].role_ids)
    assert (await stage.box.click(stage.mo, message, button(looked))).content == say("sources.too_old")
    world.guild.owner_id = stage.mo
    world.set_member_roles(stage.guild, stage.ada, [])
    assert "Manage Server" in (await stage.box.click(stage.ada, message, button(looked))).content
    assert await stage.own() == []


async def test_a19_a_preview_is_too_old_after_its_time_or_a_restart_and_for_any_made_up_token(stage):
    looked = await stage.ask("add", address=stage.site.url)
    stage.bot.desk = Desk()  # what a restart leaves
    assert (await stage.press(looked)).content == say("sources.too_old")
    made_up = f"source:add:{'A' * 22}"
    message = await keep_button(stage, made_up)
    assert (await stage.box.click(stage.ada, message, made_up)).content == say("sources.too_old")


HOSTILE = (
    "https://a.example/" + "a" * 5900,
    "https://a.example/\u202e\x07",
    "localhost",
    "http://localhost/feed",
    "http://127.0.0.1/",
    "http://10.0.0.1/feed",
    "http://[::1]/",
    "https://a.example:22/",
    "file:///etc/passwd",
    "folder:/etc",
    "/etc/passwd",
    "javascript:alert(1)",
    "https://user:secret@a.example/",
    "'; DROP TABLE sources; --",
    "hello",
    "what is that",
    "https://a.example/a b",
)
NO_ADDRESSES = {"localhost", "/etc/passwd", *HOSTILE[-4:]}


@pytest.mark.parametrize("address", HOSTILE, ids=range(len(HOSTILE)))
async def test_a12_a_bad_address_is_refused_before_any_request_and_what_is_none_is_told(stage, address):
    refused = await stage.ask("add", address=address)
    assert refused.ephemeral
    none = address in NO_ADDRESSES
    assert refused.content == as_sentence(NO_ADDRESS if none else UNREADABLE)
    assert refused.components == []
    assert stage.site.asked == []


async def test_a_site_that_answers_with_an_error_gets_the_same_sentence(stage):
    stage.site.status = 500
    assert (await stage.ask("add", address=stage.site.url)).content == as_sentence(UNREADABLE)


async def test_a01_a02_members_may_not_use_any_of_it_even_where_the_server_opened_the_commands(stage):
    await stage.added()
    stage.box.world.integrations_open = True
    commands = {
        "add": {"address": stage.site.url},
        "list": {},
        "starter": {},
        "check": {"source": "1"},
        "remove": {"source": "1"},
        "backfill": {"source": "1"},
    }
    for name, options in commands.items():
        refused = await stage.ask(name, stage.max, **options)
        assert refused.ephemeral
        assert "Manage Server" in refused.content
    for name in ("check", "remove", "backfill"):
        assert await stage.box.autocomplete(stage.max, stage.general, f"sources {name}", {"source": ""}, "source") == []
    assert len(await stage.own()) == 1


async def test_a03_a04_another_servers_source_is_not_there(stage):
    chosen = Preview("feed", "Feed", "https://theirs.example/", "Theirs", (), 0)
    database, now = stage.run.database, stage.bot.clock.now()
    await sourcing.add(database, Desk(), chosen, guild_id=4711, user_id=1, now=now)
    for name in ("check", "remove", "backfill"):
        for source in ("1", "99", "#1 Theirs", "no number", "9" * 30):
            assert (await stage.ask(name, source=source)).content == say("sources.unknown")
        choices = await stage.box.autocomplete(stage.ada, stage.general, f"sources {name}", {"source": "th"}, "source")
        assert choices == []
    assert "No source yet" in (await stage.ask("list")).embeds[0]["description"]


async def test_the_list_tells_how_each_fares_in_plain_words_and_restarts_what_stopped(stage):
    await stage.added()
    (source,) = await stage.own()
    now = stage.bot.clock.now()

    async def shown():
        listed = await stage.ask("list")
        assert listed.ephemeral
        return listed, listed.embeds[0]["description"]

    assert "not read yet" in (await shown())[1]
    await stage.change(source.id, last_read_at=now, interval=timedelta(minutes=10), next_at=now + timedelta(hours=5))
    told = f"read <t:{int(now.timestamp())}:R>, next <t:{int((now + timedelta(hours=5)).timestamp())}:R>"
    assert told in (await shown())[1], "what the source asks for counts, not the interval"
    await stage.change(source.id, failing_since=now, fails=3, last_error=UNREADABLE, next_at=now)
    listed, text = await shown()
    failing = f"⚠ failing since <t:{int(now.timestamp())}:f>, tried again <t:{int(now.timestamp())}:R>"
    assert text.replace("\\", "").endswith(
        f"\n-# {failing}\n⚠ `#{source.id}`: {UNREADABLE}. Only my operator can see why: "
        f"`rendezvous sources check {source.id}`."
    )
    assert listed.components == []
    await stage.change(source.id, stopped_reason="it says that it is gone for good", next_at=None)
    listed, text = await shown()
    assert "stopped: it says that it is gone for good" in text
    pressed = await stage.press(listed)
    assert "I read **Orbit and Dock** again" in pressed.content
    assert (await stage.own())[0].stopped_reason is None
    assert stage.bot.poller.woken == 2


async def test_a_hostile_name_stays_text_and_a_full_list_fits(stage):
    database, now = stage.run.database, stage.bot.clock.now()
    for number in range(25):
        address = f"https://{number}.example/{'long/' * 30}"
        chosen = Preview("feed", "Feed", address, f"**@everyone** [x](https://evil.example) {'n' * 200}", (), 0)
        await sourcing.add(database, Desk(), chosen, guild_id=stage.guild, user_id=1, now=now)
    await sourcing.add_everyone(database, "feed", "https://all.example/", "For all", now)
    await stage.change(25, stopped_reason="it is gone", next_at=None)
    listed = await stage.ask("list")
    (embed,) = listed.embeds
    assert "[x](https://evil.example)" not in embed["description"]
    assert "more" in embed["description"].split("\n")[-1]
    assert embed["description"].startswith("`#25`"), "trouble comes first"
    assert embed["fields"][0]["value"] == "For all"
    choices = await stage.box.autocomplete(stage.ada, stage.general, "sources remove", {"source": ""}, "source")
    assert len(choices) == 25
    assert all(len(choice["name"]) <= 100 for choice in choices)


async def test_what_befell_several_sources_is_said_once(stage):
    database, now = stage.run.database, stage.bot.clock.now()
    for number in range(25):
        chosen = Preview("feed", "Feed", f"https://{number}.example/", f"Site {number}", (), 0)
        await sourcing.add(database, Desk(), chosen, guild_id=stage.guild, user_id=1, now=now)
        await stage.change(number + 1, failing_since=now, last_error=UNREADABLE if number else "x" * 300, next_at=now)
    text = (await stage.ask("list")).embeds[0]["description"]
    assert text.replace("\\", "").count(UNREADABLE) == 1
    assert text.count("failing since") > 10
    assert len(text) <= 4096


async def test_a_source_is_known_by_its_name(stage):
    database, now = stage.run.database, stage.bot.clock.now()
    for guild, name in ((stage.guild, "NASA"), (stage.guild, "2001 News"), (4711, "Foreign")):
        chosen = Preview("feed", "Feed", f"https://{name[:4]}.example/", name, (), 0)
        await sourcing.add(database, Desk(), chosen, guild_id=guild, user_id=1, now=now)
    await sourcing.add_everyone(database, "feed", "https://all.example/", "For all", now)
    for typed in ("Foreign", "For all", "NAS", "#", "#x"):
        assert (await stage.ask("remove", source=typed)).content == say("sources.unknown")
    assert "**NASA** is read here no more" in (await stage.ask("remove", source=" nasa ")).content
    assert "**2001 News** is read here no more" in (await stage.ask("remove", source="2001 news")).content
    assert await sourcing.numbered(database, stage.guild, "for ALL") == 4
    assert await sourcing.numbered(database, stage.guild, "#4 For all") == 4


async def test_remove_and_starter(stage):
    await stage.added()
    choices = await stage.box.autocomplete(stage.ada, stage.general, "sources remove", {"source": "orb"}, "source")
    assert [choice["name"] for choice in choices] == ["#1 Orbit and Dock"]
    gone = await stage.ask("remove", source=choices[0]["value"])
    assert "**Orbit and Dock** is read here no more" in gone.content
    assert await stage.own() == []
    starter = await stage.ask("starter")
    assert all(f"**{first.name}**" in starter.content for first in STARTERS)
    assert len(await stage.own()) == len(STARTERS)


async def test_check_tells_what_was_found_and_new_stories_are_posted(stage):
    await stage.run.follow()
    await stage.added()
    choices = await stage.box.autocomplete(stage.ada, stage.general, "sources check", {"source": "orb"}, "source")
    (source,) = [choice["value"] for choice in choices]
    first = await stage.ask("check", source=source)
    assert first.ephemeral
    assert first.content.startswith("**Orbit and Dock**: 7 stories, which are remembered")
    await stage.run.settle()
    assert cards(stage) == []
    stage.site.titles.append("Agencies sign airlock agreement 8")
    second = await stage.ask("check", source=source)
    assert "8 stories, 1 of them new." in second.content
    await stage.run.settle()
    assert cards(stage) == ["Agencies sign airlock agreement 8"]
    stage.site.status = 500
    third = await stage.ask("check", source=source)
    assert third.content == f"**Orbit and Dock**: {UNREADABLE}.", "the status is for the operator alone"
    assert "failing since" in (await stage.ask("list")).embeds[0]["description"]


def cards(stage):
    found = [channel for channel in stage.box.transcript()["channels"] if channel["name"] == "space-news"]
    return [message["embeds"][0]["title"] for message in found[0]["messages"]]


async def test_backfill_posts_older_stories_the_oldest_first_and_goes_further_back(stage):
    await stage.added()
    await stage.ask("check", source="1")
    assert "run `/channels follow`" in (await stage.ask("backfill", source="1")).content
    await stage.run.follow()
    done = await stage.ask("backfill", source="1", count=2)
    assert done.content == f"Posting 2 older stories to <#{stage.news}>, the oldest first."
    await stage.run.settle()
    title = "Agencies sign airlock agreement {}".format
    assert cards(stage) == [title(6), title(7)]
    await stage.ask("backfill", source="1", count=20)
    await stage.run.settle()
    assert sorted(cards(stage)) == [title(number) for number in range(1, 8)]
    assert "nothing to post" in (await stage.ask("backfill", source="1")).content


async def test_a14_looking_and_checking_share_ten_a_minute(stage):
    await stage.added()
    for _ in range(9):
        await stage.ask("check", source="1")
    refused = await stage.ask("check", source="1")
    assert "10 addresses within a minute" in refused.content
    assert "10 addresses within a minute" in (await stage.ask("add", address=stage.site.url)).content
