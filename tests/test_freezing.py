"""Row S38: when very many comments vanish at once, a story is frozen and its admins decide, or time does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from discord import Permissions

from bot import freezing
from bot.chat.notices import NoticeSender
from bot.errors import Conflict, NotFound
from bot.model import Comment, StoryPage
from bot.store import frozen
from tests.conftest import Start
from tests.fakes import FakeClock
from tests.test_deliver import ADMIN, GUILD, STORY, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]

MANY = tuple(Comment(f"k{n}", "Ann", f"text {n}") for n in range(20))
HALF = MANY[:10]
NEW = Comment("new", "Bob", "new")


async def read(world: World, *found: Comment, complete: bool = True, minutes: float = 11) -> None:
    world.clock.turn(minutes * 60)
    await world.read(StoryPage(STORY, found, complete=complete))
    await world.drain(200)


async def is_frozen(world: World) -> bool:
    async with world.database.read() as tx:
        return await frozen.since(tx, 1) is not None


async def notices(world: World) -> list[tuple[int, int, str]]:
    async with world.database.read() as tx:
        rows = await tx.execute_fetchall("SELECT guild_id, user_id, text FROM notices")
        return [(row[0], row[1], row[2]) for row in rows]


async def freeze(world: World) -> None:
    await read(world, *MANY)
    await read(world, *HALF, NEW)
    assert await is_frozen(world)


async def test_s38_nothing_of_a_read_that_lacks_so_many_is_believed_and_the_admins_are_asked_once(world: World) -> None:
    await freeze(world)
    await read(world, *HALF[:9], Comment("k9", "Ann", "changed"), NEW)
    assert len(world.said()) == 21
    assert not {"new", "changed"} & set(world.said())
    ((guild, user, text),) = await notices(world)
    assert (guild, user) == (GUILD, ADMIN)
    assert text.startswith("10 comments of **Two agencies share a dish** vanished at its source all at once")


async def test_s38_what_is_back_thaws_it_and_the_rest_goes_by_the_ordinary_rule(world: World) -> None:
    await freeze(world)
    await read(world, *MANY[:18], NEW)
    assert not await is_frozen(world)
    assert len(world.said()) == 20, "k18 and k19 lacked three times by now"
    assert "new" in world.said()


async def test_s38_confirmed_by_an_admin_they_go_at_once_and_new_ones_come(world: World) -> None:
    await freeze(world)
    assert await freezing.decide(world.database, GUILD, 1, "confirm", world.clock.now()) == 10
    await world.drain()
    assert world.said()[1:] == [f"text {n}" for n in range(10)]
    await read(world, *HALF, NEW)
    assert world.said()[-1] == "new"
    assert not await is_frozen(world)


async def test_s38_kept_by_an_admin_they_stay_for_good_until_their_source_has_them_again(world: World) -> None:
    await freeze(world)
    assert await freezing.decide(world.database, GUILD, 1, "keep", world.clock.now()) == 10
    for _ in range(4):
        await read(world, *HALF, NEW, minutes=24 * 60)
    assert len(world.said()) == 22
    await read(world, *MANY, NEW)
    for _ in range(2):
        await read(world, *MANY[:19], NEW)
    assert len(world.said()) == 21, "what was kept and came back may be deleted like any other"
    assert not await is_frozen(world)


async def test_s38_nobody_decides_so_they_go_after_a_day_and_two_more_reads(world: World) -> None:
    await freeze(world)
    for hours in (1, 22):
        await read(world, *HALF, NEW, minutes=hours * 60)
        assert len(world.said()) == 21
    await read(world, *HALF, NEW, minutes=61)
    assert world.said()[1:] == [*(f"text {n}" for n in range(10)), "new"]
    assert not await is_frozen(world)
    assert len(await notices(world)) == 1


async def test_s38_a_page_that_flickers_deletes_nothing(world: World) -> None:
    await freeze(world)
    for _ in range(6):
        await read(world, *MANY[10:], minutes=13 * 60)
        await read(world, *HALF, minutes=13 * 60)
    assert len(world.said()) == 21


async def test_only_an_admin_where_it_stands_decides_and_only_once(world: World) -> None:
    await freeze(world)
    with pytest.raises(NotFound):
        await freezing.decide(world.database, 4711, 1, "confirm", world.clock.now())
    with pytest.raises(NotFound):
        await freezing.decide(world.database, GUILD, 99, "confirm", world.clock.now())
    await freezing.decide(world.database, GUILD, 1, "keep", world.clock.now())
    with pytest.raises(Conflict):
        await freezing.decide(world.database, GUILD, 1, "confirm", world.clock.now())
    assert await freezing.undecided(world.database, GUILD) == []


@pytest.mark.parametrize(("label", "left"), [("Confirm: they are deleted", 10), ("Keep them", 20)])
async def test_discord_shows_two_buttons_that_only_those_who_manage_the_server_may_press(
    start: Start, label: str, left: int
) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(StoryPage(STORY, MANY))
        await run.deliver(StoryPage(STORY, HALF))
        clock = FakeClock(run.bot.clock.now() + timedelta(minutes=1))
        assert await NoticeSender(run.bot, run.database, clock).run_due() == 1
        world = run.box.world
        (notice,) = run.box.messages(world.channel("general").id)
        (row,) = notice["components"]
        assert [button["label"] for button in row["components"]] == ["Confirm: they are deleted", "Keep them"]
        (pressed,) = [b["custom_id"] for b in row["components"] if b["label"] == label]
        refused = await run.box.click(world.user("Max").id, int(notice["id"]), pressed)
        assert "Manage Server" in refused.content
        answer = await run.box.click(world.user("Ada").id, int(notice["id"]), pressed)
        assert answer.ephemeral
        assert "10 of its comments" in answer.content
        await run.settle()
        (card,) = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"]
        assert len(card["thread"]["messages"]) == left
        again = await run.box.click(world.user("Ada").id, int(notice["id"]), pressed)
        assert "decided already" in again.content


async def test_in_a_direct_message_there_are_no_buttons_but_words_where_to_find_them(start: Start) -> None:
    async with start() as run:
        await run.follow()
        world = run.box.world
        world.deny_bot(world.channel("general").id, Permissions(send_messages=True).value)
        await run.deliver(StoryPage(STORY, MANY))
        await run.deliver(StoryPage(STORY, HALF))
        clock = FakeClock(run.bot.clock.now() + timedelta(minutes=1))
        assert await NoticeSender(run.bot, run.database, clock).run_due() == 1
        (message,) = run.box.messages(world.dm(world.user("Ada").id).id)
        assert not message["components"]
        assert "`/channels history` has the buttons" in message["content"]
