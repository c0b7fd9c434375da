"""/channels abused: without the right, from elsewhere, with another server's ids, too often (rows A01 to A09)."""

from __future__ import annotations

import pytest

from bot import choosing, library
from bot.words import say
from tests.conftest import Start

pytestmark = pytest.mark.asyncio

FORUM, VOICE, CATEGORY = 15, 2, 4
OTHER_GUILD, OTHER_CHANNEL = 4711, 4712
# Every command of /channels that takes a followed channel, with what else it needs.
OF_A_CHANNEL = {
    "edit": {"topics": "everything"},
    "filter": {"include": "mars"},
    "template": {},
    "preview": {},
    "test": {},
    "pause": {},
    "resume": {},
    "history": {},
    "unfollow": {},
}
OTHERS = {"list": {}, "notices": {"channel": "here"}}
AUTOCOMPLETED = [*OF_A_CHANNEL, "notices"]


def people(run):
    world = run.box.world
    return world.user("Ada").id, world.user("Max").id, world.channel("space-news").id


async def stored(run):
    async with run.database.read() as tx:
        rows = await tx.execute_fetchall("SELECT * FROM subscriptions ORDER BY id")
        settings = await tx.execute_fetchall("SELECT * FROM guild_settings")
        promises = await tx.execute_fetchall("SELECT count(*) FROM deliveries")
    return [tuple(row) for row in (*rows, *settings, *promises)]


async def other_guild_follows(run):
    """Let another server follow a channel, with a filter of its own."""
    await library.follow(run.database, OTHER_GUILD, OTHER_CHANNEL, 1, run.bot.clock.now(), topics="mars")
    asked = choosing.AskedFilters(include="their secret word")
    await choosing.choose_filters(run.database, OTHER_GUILD, OTHER_CHANNEL, asked)


async def all_commands(run, user, where, channel):
    for name, options in (OF_A_CHANNEL | OTHERS).items():
        more = {"channel": str(channel)} if name in OF_A_CHANNEL else {}
        yield name, await run.box.command(user, where, f"channels {name}", more | options)
    yield "follow", await run.box.command(user, where, "channels follow", {"channel": str(channel)})


async def test_a01_a_member_is_not_even_offered_the_commands(start: Start) -> None:
    async with start() as run:
        await run.follow()
        _, max_, news = people(run)
        before = await stored(run)
        for name, options in (OF_A_CHANNEL | OTHERS).items():
            more = {"channel": str(news)} if name in OF_A_CHANNEL else {}
            with pytest.raises(PermissionError):
                await run.box.command(max_, news, f"channels {name}", more | options)
        assert await stored(run) == before


async def test_a01_a02_the_bot_itself_refuses_a_member_whom_discord_lets_through(start: Start) -> None:
    async with start() as run:
        await run.follow()
        _, max_, news = people(run)
        before = await stored(run)
        run.box.world.integrations_open = True
        said = {}
        async for name, answer in all_commands(run, max_, news, news):
            assert answer.ephemeral, name
            said[name] = answer.content
        assert len(set(said.values())) == 1
        assert "Manage Server" in said["edit"]
        assert await stored(run) == before


async def test_a03_another_servers_channel_reads_like_one_that_does_not_exist_in_each_command(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        await other_guild_follows(run)
        before, requests = await stored(run), len(run.box.traffic)
        for name, options in OF_A_CHANNEL.items():
            if name == "history":
                continue  # it has no channel that must be followed: below
            answers = [
                await run.box.command(ada, news, f"channels {name}", {"channel": channel} | options)
                for channel in (str(OTHER_CHANNEL), "999999")
            ]
            assert {answer.content for answer in answers} == {say("channels.not_followed")}, name
            assert {answer.kind for answer in answers} == {"message"}
        shown = [
            await run.box.command(ada, news, "channels history", {"channel": channel})
            for channel in (str(OTHER_CHANNEL), "999999")
        ]
        assert shown[0].content == shown[1].content
        assert shown[0].embeds == shown[1].embeds
        assert await stored(run) == before
        assert "secret" not in str(run.box.traffic[requests:])


async def test_a03_another_servers_source_reads_like_one_that_does_not_exist(start: Start) -> None:
    async with start() as run:
        await run.follow()
        ada, _, news = people(run)
        answer = await run.box.command(ada, news, "channels filter", {"channel": str(news), "sources": "12345"})
        assert answer.content == say("sources.unknown")  # the foreign one's: tests/test_channel_options.py


async def test_a04_suggestions_are_of_the_own_server_alone(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await other_guild_follows(run)
        ada, max_, news = people(run)
        run.box.world.integrations_open = True
        for name in AUTOCOMPLETED:
            found = await run.box.autocomplete(ada, news, f"channels {name}", {}, "channel")
            assert str(OTHER_CHANNEL) not in str(found), name
            assert str(news) in [choice["value"] for choice in found], name
            assert await run.box.autocomplete(max_, news, f"channels {name}", {}, "channel") == [], name


@pytest.mark.parametrize("typed", ["<@&1> @everyone", "x" * 150, "'; DROP TABLE", "#no-such", "9" * 30, "-1", "٣"])
async def test_a05_a_channel_that_was_typed_and_not_chosen_is_only_text(start: Start, typed) -> None:
    async with start() as run:
        await run.follow()
        ada, _, news = people(run)
        before = await stored(run)
        for name, options in OF_A_CHANNEL.items():
            answer = await run.box.command(ada, news, f"channels {name}", {"channel": typed} | options)
            assert answer.ephemeral
            assert answer.content == "Please choose the channel from the list.", name
        found = await run.box.autocomplete(ada, news, "channels filter", {"sources": typed}, "sources")
        assert len(found) <= 25
        assert all(len(choice["value"]) <= 100 and len(choice["name"]) <= 100 for choice in found)
        assert await stored(run) == before


async def test_a07_in_a_direct_chat_there_is_no_such_command(start: Start) -> None:
    async with start() as run:
        ada, _, _ = people(run)
        direct = run.box.world.dm(ada).id
        for name, options in (OF_A_CHANNEL | OTHERS).items():
            with pytest.raises(LookupError):
                await run.box.command(ada, direct, f"channels {name}", {"channel": "1"} | options)


async def test_a08_only_channels_in_which_stories_can_stand_are_offered(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        world = run.box.world
        for kind in (VOICE, CATEGORY):
            other = world.add_channel(f"kind-{kind}", kind, world.guild.id)
            with pytest.raises(ValueError, match="not offered"):
                await run.box.command(ada, news, "channels follow", {"channel": str(other.id)})
            wrong = await run.box.command(ada, news, "channels notices", {"channel": str(other.id)})
            assert "choose a text channel" in wrong.content
        assert await library.followed_channels(run.database, world.guild.id) == []


async def test_a08_the_channel_of_another_server_is_refused(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        world = run.box.world
        there = world.add_guild("Elsewhere", owner_id=ada)
        foreign = next(c.id for c in world.channels.values() if c.guild_id == there.id)
        answer = await run.box.command(ada, news, "channels follow", {"channel": str(foreign)})
        assert answer.content in (
            "That channel is not in this server.",
            "I do not understand that value; please choose one from the list.",
        )
        wrong = await run.box.command(ada, news, "channels notices", {"channel": str(foreign)})
        assert "choose a text channel" in wrong.content
        assert await library.followed_channels(run.database, world.guild.id) == []


async def test_a08_who_may_not_post_there_cannot_have_the_bot_post_there(start: Start) -> None:
    async with start() as run:
        await run.follow()
        _, max_, news = people(run)
        world = run.box.world
        world.add_role(world.guild.id, "Staff", 1 << 5, [max_])
        general = world.channel("general").id
        world.set_permission(news, max_, deny=1 << 11)
        before = await stored(run)
        for name, options in (
            ("edit", {"colour": "red"}), ("filter", {"include": "mars"}), ("template", {}), ("test", {}),
            ("follow", {}), ("notices", {}),
        ):  # fmt: skip
            answer = await run.box.command(max_, general, f"channels {name}", {"channel": str(news)} | options)
            assert "may not post" in answer.content, (name, answer.content)
        assert await stored(run) == before


async def test_a09_five_channels_a_minute_and_fifty_in_all(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        world = run.box.world
        made = [world.add_channel(f"c{n}", 0, world.guild.id).id for n in range(8)]
        said = [
            (await run.box.command(ada, news, "channels follow", {"channel": str(one), "newest": 0})).content
            for one in made[:7]
        ]
        assert all("go to" in text for text in said[:5])
        assert all("followed 5 channels within a minute" in text for text in said[5:])
        for number in range(45):
            await library.follow(run.database, world.guild.id, 1000 + number, ada, run.bot.clock.now())
        run.bot.desk.follows._uses.clear()
        full = await run.box.command(ada, news, "channels follow", {"channel": str(made[7])})
        assert "50 channels already" in full.content
        assert len(await library.followed_channels(run.database, world.guild.id)) == 50
