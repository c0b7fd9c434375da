"""/setup as a new admin meets it: real interactions through the sandbox, and a site that is really read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot import choosing, library
from bot.choosing import AskedFilters
from bot.errors import Conflict, NotFound
from bot.model import Layout, Options
from bot.permissions import NEEDED
from bot.previews import Desk, Preview
from bot.setup import KEPT, MOST_OFFERED, Draft, Setups, carry_out
from bot.sourcing import add
from bot.starter import STARTERS, Starter
from bot.store import sources, subscriptions
from bot.words import say
from tests.setup_stage import setup_stage, soon
from tests.test_sources_cog import HOSTILE, keep_button

pytestmark = pytest.mark.asyncio

FITS = "Joint mission of India and Japan to map polar ice gets its launch date"
TOO_OLD = say("setup.too_old")
BITS = {need.name: need.bit for need in NEEDED}
MANAGE_GUILD = 1 << 5
DEAD = Starter("Dead Letters", "feed", "http://127.0.0.1:9/feed")


@pytest_asyncio.fixture
async def stage(tmp_path, check_traffic, monkeypatch):
    monkeypatch.setattr("bot.setup.POSTING_SECONDS", 60.0)  # a machine may be busy with other tests
    async with setup_stage(tmp_path, check_traffic) as made:
        yield made


async def chosen(stage, **choices):
    """Begin, and choose #space-news and whatever else is wanted."""
    panel = await stage.begin()
    await panel.press("channel", choices.pop("channel", stage.news))
    for step, value in choices.items():
        await panel.press(step, *(value if isinstance(value, tuple) else (value,)))
    return panel


async def previewed(stage, **choices):
    panel = await chosen(stage, **choices)
    await panel.press("preview")
    await panel.until("New stories about")
    return panel


async def finished(stage, **choices):
    panel = await previewed(stage, **choices)
    await panel.press("confirm")
    await panel.until("What next?")
    return panel


def demote(stage, *roles):
    """Leave Ada these roles alone, and give the server to Mo."""
    world = stage.box.world
    world.guild.owner_id = stage.mo
    world.rename_guild(stage.guild, "Mo's server")  # tells who owns it
    world.set_member_roles(stage.guild, stage.ada, list(roles))


async def nothing_is_stored(stage):
    return await stage.sources() == [] and await stage.channels() == []


async def test_from_an_empty_server_to_the_first_story(stage):
    panel = await stage.begin()
    assert panel.parts()["preview"]["disabled"], "there is no channel yet"
    await panel.press("channel", stage.news)
    assert f"**1. Channel:** <#{stage.news}>" in panel.text
    await panel.press("preview")
    shown = await panel.until("This is how the newest story that fits would look there")
    assert FITS in shown
    assert "I have every permission that I need" in shown
    assert await nothing_is_stored(stage), "before the yes"
    assert stage.titles() == []
    await panel.press("confirm")
    done = await panel.until("What next?")
    assert "Orbit Gazette**: 2 stories" in done
    assert f"**[{FITS}](https://discord.com/channels/{stage.guild}/{stage.news}/" in done
    assert "</sources add:" in done
    assert stage.titles() == [FITS]
    assert [source.address for source in await stage.sources()] == [stage.run.site.url]
    (channel,) = await stage.channels()
    assert (channel.topics, channel.options.layout) == (("space-cooperation",), Layout.THREAD)
    assert panel.parts() == {}
    stage.run.site.add_story("India and Japan sign an agreement on a joint lunar rover", "Signed today.")
    await stage.bot.poller.poll((await stage.sources())[0].id)
    await soon(lambda: len(stage.titles()) == 2)
    assert "publish the raw data this time" in str(stage.box.transcript()), "its comments came along at once"


async def test_what_is_written_at_the_example_site_arrives_at_once_after_the_setup(stage):
    await finished(stage)
    watching = asyncio.create_task(stage.run.watch_site())
    await asyncio.sleep(0)  # it listens
    stage.run.site.add_story("India and Japan sign an agreement on a joint lunar rover", "Signed today.")
    await soon(lambda: len(stage.titles()) == 2)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_another_address_is_typed_into_the_form_and_chosen(stage):
    stage.bot.starters = STARTERS
    panel = await chosen(stage, sources=())
    assert panel.parts()["preview"]["disabled"], "nothing is chosen to read"
    await panel.type(stage.run.site.url)
    text = await panel.until("can be read: Discourse forum")
    assert "**2. Sources:** Orbit Gazette" in text
    assert [option["label"] for option in panel.parts()["sources"]["options"] if option.get("default")] == [
        "Orbit Gazette"
    ]
    await panel.type(f"  <{stage.run.site.url}>")
    assert len(panel.parts()["sources"]["options"]) == len(STARTERS) + 1, "the same once"
    await panel.press("preview")
    await panel.until(FITS)
    await panel.press("confirm")
    await panel.until("What next?")
    assert stage.titles() == [FITS]


@pytest.mark.parametrize("address", HOSTILE, ids=range(len(HOSTILE)))
async def test_a12_a_bad_address_is_refused_with_one_sentence_and_all_stays_as_it_was(stage, address):
    panel = await chosen(stage)
    try:
        await panel.type(address)
    except ValueError:
        assert len(address) > 2000, "the form takes no more"
        return
    text = await panel.until("⚠")
    assert "reference" not in text
    assert "127.0.0.1:" not in text.split("⚠")[1]
    assert "**2. Sources:** Orbit Gazette\n" in text
    assert len(panel.parts()["sources"]["options"]) == len(STARTERS) + 1


async def test_a14_typed_addresses_and_previews_count_to_the_ten_of_a_minute(stage):
    panel = await chosen(stage)
    for _ in range(10):
        stage.bot.desk.may_read(stage.guild, stage.bot.clock.now())
    await panel.type(stage.run.site.url)
    assert "10 addresses within a minute" in await panel.until("⚠")
    await panel.press("topic", "mars")
    assert "⚠" not in panel.text
    await panel.press("preview")
    assert "10 addresses within a minute" in await panel.until("⚠")
    assert await nothing_is_stored(stage)


async def test_again_on_a_server_that_is_set_up_it_changes_nothing_before_the_yes_and_then_what_was_chosen(stage):
    await finished(stage)
    (before,) = await stage.channels()
    own = replace(before.options, grace=timedelta(seconds=7), comment_cap=3)
    await library.edit(stage.run.database, stage.guild, stage.news, "mars iss", own)
    panel = await chosen(stage)
    assert "**mars**, **iss**" in panel.text
    assert "It is followed already" in panel.text
    assert "one is read here already" in panel.text
    await panel.press("topic", "=")
    assert "**mars**, **iss**" in panel.text
    await panel.press("topic", "everything")
    await panel.press("layout", "inline")
    await panel.press("preview")
    await panel.until("its topics and layout change")
    assert (await stage.channels())[0].topics == ("mars", "iss")
    await panel.press("confirm")
    await panel.until("What next?")
    (after,) = await stage.channels()
    assert after.topics == ()
    assert after.options == replace(own, layout=Layout.INLINE)
    assert len(await stage.sources()) == 1
    assert "stands there already, or none fits yet" in panel.text
    assert stage.titles() == [FITS]


async def test_what_another_admin_chose_while_it_was_open_stays(stage):
    await finished(stage)
    panel = await chosen(stage, layout="inline")
    await panel.press("preview")
    await panel.until("its topics and layout change")
    asked = AskedFilters(exclude="rumour")
    before = await choosing.choose_filters(stage.run.database, stage.guild, stage.news, asked)
    await panel.press("confirm")
    await panel.until("What next?")
    (after,) = await stage.channels()
    assert after.options == replace(before.options, layout=Layout.INLINE)
    assert after.options.filters.exclude == ("rumour",)


async def test_a_second_run_that_is_cancelled_leaves_all_as_it_is(stage):
    await finished(stage)
    before = await stage.channels(), await stage.sources()
    panel = await chosen(stage, topic="everything")
    await panel.press("cancel")
    assert "Nothing was changed" in panel.text
    assert panel.parts() == {}
    assert (await stage.channels(), await stage.sources()) == before


async def test_a01_a02_members_may_not_even_where_the_server_opened_the_command(stage):
    with pytest.raises(PermissionError):
        await stage.box.command(stage.max, stage.general, "setup", {})
    stage.box.world.integrations_open = True
    refused = await stage.box.command(stage.max, stage.general, "setup", {})
    assert refused.ephemeral
    assert "Manage Server" in refused.content
    assert refused.components == []


@pytest.mark.parametrize("step", ["channel", "sources", "topic", "layout", "address", "preview", "back", "cancel"])
async def test_a19_each_step_is_for_who_began_and_only_while_they_may(stage, step):
    panel = await chosen(stage)
    token = panel.parts()["cancel"]["custom_id"].split(":")[2]
    custom_id = f"setup:{step}:{token}"
    message = await keep_button(stage, custom_id)
    assert "Manage Server" in (await stage.box.click(stage.max, message, custom_id)).content
    world = stage.box.world
    world.set_member_roles(stage.guild, stage.mo, world.guild.members[stage.ada].role_ids)
    foreign = await stage.box.click(stage.mo, message, custom_id)
    assert foreign.ephemeral
    assert foreign.content == TOO_OLD
    demote(stage)
    assert "Manage Server" in (await stage.box.click(stage.ada, message, custom_id)).content
    assert f"<#{stage.news}>" in panel.text, "nothing of it moved"


@pytest.mark.parametrize("step", ["confirm", "channel", "nonsense"])
async def test_a19_a_made_up_id_and_one_of_before_a_restart_are_told_to_begin_anew(stage, step):
    custom_id = f"setup:{step}:{'A' * 22}"
    message = await keep_button(stage, custom_id)
    assert (await stage.box.click(stage.ada, message, custom_id)).content == TOO_OLD
    panel = await chosen(stage)
    stage.bot.setups = Setups()  # what a restart leaves
    assert (await panel.press("topic", "mars")).content == TOO_OLD


async def test_a_setup_is_over_after_fifteen_minutes_without_a_press_and_only_its_owners_here():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    draft = Draft(1, 2, (), frozenset(), frozenset(), {})
    setups = Setups()
    token = setups.begin(draft, now)
    for guild, user in ((9, 2), (1, 9)):
        with pytest.raises(NotFound, match="over"):
            setups.get(token, guild, user, now)
    setups.keep(token, draft, now + KEPT / 2)
    assert setups.get(token, 1, 2, now + KEPT) == draft, "each press gives it its time anew"
    with pytest.raises(NotFound, match="run `/setup` again"):
        setups.get(token, 1, 2, now + KEPT * 1.5)
    setups.end(token)
    setups.keep(token, draft, now)
    with pytest.raises(NotFound):
        setups.get(token, 1, 2, now)


async def test_a23_who_lost_the_right_before_the_yes_changes_nothing(stage):
    panel = await previewed(stage)
    demote(stage)
    assert "Manage Server" in (await panel.press("confirm")).content
    assert await nothing_is_stored(stage)


async def test_a23_who_loses_the_right_while_the_sources_are_read_gets_no_story_posted(stage):
    panel = await previewed(stage)
    poll = stage.bot.poller.poll

    async def slowly(source_id):
        demote(stage)
        return await poll(source_id)

    stage.bot.poller.poll = slowly
    await panel.press("confirm")
    await panel.until("may not manage this server any more")
    await stage.run.settle()
    assert stage.titles() == []


async def test_missing_permissions_are_named_with_what_to_do_and_checked_again(stage):
    stage.box.world.deny_bot(stage.news, BITS["SEND_MESSAGES"] | BITS["CREATE_PUBLIC_THREADS"] | BITS["EMBED_LINKS"])
    panel = await previewed(stage)
    for title in ("Send Messages", "Create Public Threads", "Embed Links"):
        assert f"• **{title}**: to " in panel.text
    assert "Read Message History" not in panel.text
    assert "add **Rendezvous** there, allow these, and check again" in panel.text
    assert panel.parts()["confirm"]["disabled"]
    token = panel.parts()["confirm"]["custom_id"]
    forged = await keep_button(stage, token)
    assert "I lack: **Send Messages**" in (await stage.box.click(stage.ada, forged, token)).content
    assert await nothing_is_stored(stage)
    stage.box.world.deny_bot(stage.news, BITS["EMBED_LINKS"])
    await panel.press("preview")
    await panel.until("This is how")
    assert "posted as plain text" in panel.text
    assert not panel.parts()["confirm"].get("disabled")
    stage.box.world.deny_bot(stage.news, 0)
    await panel.press("preview")
    await panel.until("every permission")


async def test_a08_only_channels_of_this_server_in_which_stories_can_stand_are_taken(stage):
    panel = await stage.begin()
    world = stage.box.world
    theirs = world.add_channel("theirs", 0, world.add_guild("Elsewhere").id)
    world.integrations_open = True
    for foreign in (world.channel("lounge").id, theirs.id):
        refused = await panel.press("channel", foreign)
        assert refused.content == say("setup.no_such_channel")
    assert "*choose below*" in panel.text.split("\n")[4]
    world.set_permission(stage.news, stage.guild, deny=BITS["SEND_MESSAGES"])
    demote(stage, world.add_role(stage.guild, "Keeper", MANAGE_GUILD, [stage.ada]).id)
    await panel.press("channel", stage.news)
    assert "You may not post in" in panel.text


async def test_a_forum_gets_posts_and_a_text_channel_no_forum_layout(stage):
    forum = stage.box.world.channel("stories-forum").id
    panel = await chosen(stage, channel=forum)
    assert [option["value"] for option in panel.parts()["layout"]["options"]] == ["forum"]
    await panel.press("channel", stage.news)
    assert [option["value"] for option in panel.parts()["layout"]["options"]] == ["thread", "inline", "story-only"]
    await panel.press("layout", "forum")
    assert "Card with a thread" in panel.text
    await panel.press("channel", forum)
    await panel.press("preview")
    await panel.until("This is how")
    await panel.press("confirm")
    await panel.until("What next?")
    (made,) = await stage.channels()
    assert made.options.layout is Layout.FORUM
    assert FITS in str(stage.box.transcript())


async def test_a_source_that_cannot_be_read_says_why_and_keeps_no_other_back(stage):
    stage.bot.starters = (*stage.bot.starters[:1], DEAD)
    panel = await previewed(stage, sources=("0", "1"))
    assert "**Dead Letters**: Could not read that address: it did not answer with a public page." in panel.text
    assert FITS in panel.text
    await panel.press("confirm")
    done = await panel.until("What next?")
    assert "✔ **Orbit Gazette**: 2 stories" in done
    assert "⚠ **Dead Letters**: Could not read that address" in done
    assert "tried again by itself" in done
    assert stage.titles() == [FITS]


async def test_where_nothing_fits_it_says_so_before_and_after(stage):
    panel = await previewed(stage, topic="mars")
    assert "None of the 2 stories that I found fits that topic" in panel.text
    await panel.press("confirm")
    assert "No story is posted right now" in await panel.until("What next?")
    assert stage.titles() == []


async def test_a_second_yes_does_nothing_twice(stage):
    panel = await previewed(stage)
    custom_id = panel.parts()["confirm"]["custom_id"]
    await panel.press("confirm")
    await panel.until("What next?")
    again = await keep_button(stage, custom_id)
    assert (await stage.box.click(stage.ada, again, custom_id)).content == TOO_OLD
    assert stage.titles() == [FITS]
    assert len(await stage.sources()) == 1


async def test_a09_what_has_no_room_leaves_nothing_half_done(stage):
    database, now = stage.run.database, stage.bot.clock.now()
    for number in range(sources.LIMIT):
        one = Preview("feed", "Feed", f"https://{number}.example/", "N", (), 0)
        await add(database, Desk(), one, guild_id=stage.guild, user_id=1, now=now)
    panel = await previewed(stage, sources=("0",))
    await panel.press("confirm")
    await panel.until("25 sources of its own already")
    assert await stage.channels() == []
    assert "preview" in panel.parts(), "it can be changed and tried again"


async def test_a09_fifty_channels_are_the_most(stage):
    database, now = stage.run.database, stage.bot.clock.now()
    async with database.write() as tx:
        for number in range(subscriptions.LIMIT):
            await subscriptions.follow(tx, stage.guild, 5000 + number, 1, now)
    draft = Draft(stage.guild, 1, (DEAD,), frozenset((DEAD,)), frozenset(), {}, stage.news)
    with pytest.raises(Conflict, match="50 channels"):
        await carry_out(database, Desk(), draft, (await stage.channels())[0].options, now)
    assert await stage.sources() == [], "all or nothing"


async def test_a09_the_fifth_channel_of_a_minute_is_the_last_of_it(stage):
    database, desk, now = stage.run.database, Desk(), stage.bot.clock.now()
    draft = Draft(stage.guild, 1, (), frozenset(), frozenset(), {})
    for number in range(5):
        await carry_out(database, desk, replace(draft, channel_id=5000 + number), Options(), now)
    await carry_out(database, desk, replace(draft, channel_id=5000), Options(), now)  # it was followed before
    with pytest.raises(Conflict, match="5 channels within a minute"):
        await carry_out(database, desk, replace(draft, channel_id=6000), Options(), now)
    assert len(await stage.channels()) == 5


async def test_an_offer_has_room_for_25_and_keeps_what_is_chosen():
    many = tuple(Starter(f"S{n}", "feed", f"https://{n}.example/") for n in range(MOST_OFFERED))
    draft = Draft(1, 2, many, frozenset(many[:1]), frozenset(), {})
    one = Starter("More", "feed", "https://more.example/")
    after = draft.offer(one)
    assert after is not None
    assert len(after.offered) == MOST_OFFERED
    assert {many[0], one} == after.chosen
    assert many[-1] not in after.offered
    assert replace(draft, chosen=frozenset(many)).offer(one) is None
    assert draft.choose(["1", "99", "-1", "x", ""]).chosen == {many[1]}


async def test_hostile_names_stay_text(stage):
    hostile = Starter("**@everyone** [x](https://evil.example)\n# big", "feed", "http://127.0.0.1:9/x")
    stage.bot.starters = (hostile, *stage.bot.starters)
    panel = await previewed(stage, sources=("0", "1"))
    raw = "\n".join(embed.get("description", "") for embed in panel.message.embeds)
    assert "[x](https://evil.example)" not in raw
    assert "\n# big" not in raw
