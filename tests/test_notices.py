"""What admins are told: in the system channel, else in person, once, with a button that starts a source again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
import pytest_asyncio

from bot import sourcing
from bot.chat.notices import BLIND, GONE, NOBODY, TOO_LONG, NoticeSender
from bot.chat.source_views import AddButton, RestartButton
from bot.previews import Desk, Preview
from bot.schedule import Tell
from bot.store import notices, sources
from bot.telling import tell
from bot.words import say
from tests.fakes import FakeClock

pytestmark = pytest.mark.asyncio

SAYS = "**Orbit** could not be read for a day: could not read that address."
FEED = "https://orbit.example/feed"


class Stage:
    """A running bot with a sender of its own, whose clock the test turns."""

    def __init__(self, run):
        self.run, self.box, self.clock = run, run.box, FakeClock(run.bot.clock.now())
        self.sender = NoticeSender(run.bot, run.database, self.clock)
        world = run.box.world
        self.guild, self.general = world.guild.id, world.channel("general")
        self.ada, self.max = world.user("Ada").id, world.user("Max").id

    async def promise(self, subject="source:1", *, guild=None, user=None, source=None, says=SAYS):
        async with self.run.database.write() as tx:
            assert await notices.put(
                tx, guild or self.guild, subject, says, self.clock.now(), user_id=user, source_id=source
            )

    async def later(self, **span):
        self.clock.turn(timedelta(**span).total_seconds())
        return await self.sender.run_due()

    async def state(self):
        """Return whether the one notice was said, and why not."""
        async with self.run.database.read() as tx:
            ((sent_at, next_at, reason),) = await tx.execute_fetchall("SELECT sent_at, next_at, reason FROM notices")
        return "said" if sent_at else "waits" if next_at else "given up", reason

    def said(self, channel=None):
        return [message["content"] for message in self.box.messages((channel or self.general).id)]

    def direct(self):
        return self.said(self.box.world.dm(self.ada))

    def mute(self):
        """Take from the bot what it needs in the system channel."""
        self.box.world.deny_bot(self.general.id, discord.Permissions(send_messages=True).value)

    async def stopped(self, guild=None):
        """Return a source of a server that stopped."""
        preview, now = Preview("feed", "Feed", FEED, "Orbit", (), 0), self.clock.now()
        database, guild = self.run.database, guild or self.guild
        await sourcing.add(database, Desk(), preview, guild_id=guild, user_id=self.ada, now=now)
        async with database.write() as tx:
            source = await sources.at(tx, "feed", FEED)
            await sources.save(tx, replace(source, stopped_reason="it is gone", next_at=None))
        return source.id


@pytest_asyncio.fixture
async def stage(start):
    async with start() as run:
        yield Stage(run)


async def test_a_notice_stands_in_the_system_channel_once(stage):
    await stage.promise(user=stage.ada)
    assert await stage.sender.run_due() == 1
    assert await stage.later(hours=1) == 0
    assert stage.said() == [SAYS]
    assert stage.direct() == []
    assert (await stage.state())[0] == "said"


async def test_where_the_bot_may_not_write_the_admin_who_added_it_is_told_in_person(stage):
    stage.mute()
    source = await stage.stopped()
    await stage.promise(user=stage.ada, source=source)
    assert await stage.sender.run_due() == 1
    assert stage.said() == []
    assert stage.direct() == [f"In **Space Forum**: {SAYS}"]
    assert not stage.box.messages(stage.box.world.dm(stage.ada).id)[0]["components"]


async def test_where_nobody_can_be_told_it_is_kept_with_a_reason(stage):
    stage.mute()
    await stage.promise()
    assert await stage.sender.run_due() == 0
    assert await stage.state() == ("given up", NOBODY)
    assert await stage.later(days=1) == 0
    assert (await sourcing.listing(stage.run.database, stage.guild)).untold == [SAYS]
    assert (await sourcing.listing(stage.run.database, 4711)).untold == []


async def test_what_is_well_again_is_no_longer_what_nobody_could_be_told(stage):
    stage.mute()
    source = await stage.stopped()
    await stage.promise(f"stopped:{source}", source=source, says="It stopped.")
    await stage.promise("held:1", says="It is held.")
    await stage.sender.run_due()

    async def untold():
        return (await sourcing.listing(stage.run.database, stage.guild)).untold

    assert len(await untold()) == 2
    async with stage.run.database.write() as tx:
        await notices.over(tx, stage.guild, "held:1")
    assert await untold() == ["It stopped."]
    async with stage.run.database.write() as tx:
        await sources.restart(tx, source, stage.clock.now())
    assert await untold() == []


async def test_somebody_who_cannot_be_written_to_is_no_error(stage):
    stage.mute()
    await stage.promise(user=4711)
    await stage.sender.run_due()
    assert await stage.state() == ("given up", NOBODY)


async def test_a_direct_message_waits_while_discord_does_not_answer(stage):
    stage.mute()
    stage.box.faults.add(method="POST", path_regex="/users/@me/channels$", kind="520", times=1)
    await stage.promise(user=stage.ada)
    assert await stage.sender.run_due() == 0
    assert await stage.later(minutes=1) == 1
    assert stage.direct() == [f"In **Space Forum**: {SAYS}"]


@pytest.mark.parametrize("nonsense", ["<html>", {}, None], ids=str)
async def test_an_answer_that_makes_no_sense_puts_a_direct_message_off_and_ends_nothing(stage, monkeypatch, nonsense):
    async def answer(_):
        return nonsense

    stage.mute()
    await stage.promise(user=stage.ada)
    monkeypatch.setattr(stage.run.bot.http, "start_private_message", answer)
    assert await stage.sender.run_due() == 0
    assert (await stage.state())[0] == "waits"
    monkeypatch.undo()
    assert await stage.later(minutes=1) == 1
    assert stage.direct() == [f"In **Space Forum**: {SAYS}"]


async def test_a_server_that_removed_us_is_not_told(stage):
    await stage.promise(guild=4711)
    await stage.sender.run_due()
    assert await stage.state() == ("given up", GONE)


@pytest.mark.parametrize("after", [False, True], ids=["lost on the way", "answer lost"])
@pytest.mark.parametrize("kind", ["500", "reset"])
async def test_a_lost_answer_is_looked_for_and_said_once(stage, kind, after):
    stage.box.faults.add(method="POST", path_regex=r"/channels/\d+/messages$", kind=kind, after=after, times=1)
    await stage.promise()
    assert await stage.sender.run_due() == 0
    assert (await stage.state())[0] == "waits"
    assert await stage.later(seconds=10) == 0, "it backs off"
    stage.box.world.nonces.clear()  # the nonce alone would not help so much later
    assert await stage.later(minutes=1) == 1
    assert stage.said() == [SAYS]


async def test_without_a_look_nothing_is_said_again(stage):
    stage.box.faults.add(method="POST", path_regex=r"/channels/\d+/messages$", kind="500", after=True, times=1)
    await stage.promise()
    await stage.sender.run_due()
    stage.box.faults.add(method="GET", path_regex=r"/channels/\d+/messages", kind="520", times=1)
    assert await stage.later(minutes=1) == 0
    assert await stage.state() == ("waits", BLIND)
    assert stage.said() == [SAYS]


async def test_after_a_day_it_is_given_up(stage):
    stage.box.faults.add(method="POST", path_regex=r"/channels/\d+/messages$", kind="500", times=100)
    await stage.promise()
    for _ in range(12):
        await stage.later(hours=3)
    assert await stage.state() == ("given up", TOO_LONG)
    assert stage.said() == []


async def test_a_notice_pings_nobody(stage):
    await stage.promise(says="@everyone <@1> Orbit failed")
    await stage.sender.run_due()
    sent = [entry["body"] for entry in stage.box.traffic if entry["method"] == "POST" and "content" in entry["body"]]
    assert [body["allowed_mentions"]["parse"] for body in sent] == [[]]
    assert all(body["enforce_nonce"] for body in sent)


async def test_the_name_that_a_site_gives_itself_stays_text_in_a_notice(stage):
    database, now = stage.run.database, stage.clock.now()
    preview = Preview("feed", "Feed", FEED, "Orbit** [click](https://evil.example) <@1>", (), 0)
    await sourcing.add(database, Desk(), preview, guild_id=stage.guild, user_id=stage.ada, now=now)
    async with database.write() as tx:
        await tell(tx, await sources.at(tx, "feed", FEED), Tell.FAILING, now)
    await stage.sender.run_due()
    (said,) = stage.said()
    assert "[click](https" not in said
    assert "Orbit**" not in said
    assert "for a day" in said


async def test_a_stopped_source_carries_a_button_that_admins_of_that_server_alone_may_press(stage):
    source = await stage.stopped()
    stage.run.bot.poller = Waker()
    stage.run.bot.add_dynamic_items(AddButton, RestartButton)
    await stage.promise(source=source)
    await stage.sender.run_due()
    (message,) = stage.box.messages(stage.general.id)
    (button,) = message["components"][0]["components"]
    assert (button["label"], button["custom_id"]) == ("Restart", f"source:restart:{source}")
    refused = await stage.box.click(stage.max, int(message["id"]), button["custom_id"])
    assert refused.ephemeral
    assert "Manage Server" in refused.content
    assert await reason(stage, source) == "it is gone"
    pressed = await stage.box.click(stage.ada, int(message["id"]), button["custom_id"])
    assert "I read **Orbit** again" in pressed.content
    assert await reason(stage, source) is None
    assert stage.run.bot.poller.woken == 1
    again = await stage.box.click(stage.ada, int(message["id"]), button["custom_id"])
    assert "being read already" in again.content


async def test_a19_the_button_of_another_servers_source_says_what_an_absent_one_says(stage):
    source = await stage.stopped(guild=4711)
    stage.run.bot.add_dynamic_items(RestartButton)
    await stage.promise(source=source)
    await stage.sender.run_due()
    (message,) = stage.box.messages(stage.general.id)
    pressed = await stage.box.click(stage.ada, int(message["id"]), f"source:restart:{source}")
    assert pressed.content == say("sources.unknown")
    assert await reason(stage, source) == "it is gone"


class Waker:
    """Counts how often the poller is woken."""

    woken = 0

    def wake(self):
        self.woken += 1


async def reason(stage, source):
    async with stage.run.database.read() as tx:
        return (await sources.get(tx, source)).stopped_reason
