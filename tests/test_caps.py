"""How much of a discussion is mirrored: the oldest comments first, the rest told of on the card, floods bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import library
from bot.ingest import ingest
from bot.model import Comment, Options, State, StoryPage
from bot.plan import oldest
from bot.post import Unknown
from bot.store import comments, subscriptions
from tests.conftest import Start
from tests.fakes import FakeClock
from tests.test_deliver import ADMIN, CHANNEL, GUILD, STORY, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]

BARE = StoryPage(STORY)
NOW = FakeClock().now()


def said(first: int, last: int, **more: object) -> tuple[Comment, ...]:
    return tuple(Comment(f"k{n}", "Ann", f"text {n}", **more) for n in range(first, last))  # type: ignore[arg-type]


async def choose(world: World, options: Options) -> None:
    async with world.database.write() as tx:
        await subscriptions.choose_options(tx, GUILD, CHANNEL, options)


def cards(world: World) -> list[str]:
    return [post.embed.description for _, post in world.messenger.posted.values() if post.embed]


async def mirror(world: World, *found: Comment, complete: bool = True) -> None:
    await world.read(StoryPage(STORY, found, complete=complete))
    await world.drain(3000)


def line(number: int) -> str:
    site = f"[at the site](<{STORY.url}>)"
    return f"{number} more comments are not mirrored here: read on {site} or with `/stories discussion`."


async def test_the_first_mirror_is_capped_told_and_goes_on_with_what_comes_later(world: World) -> None:
    await mirror(world, *said(0, 300))
    assert world.said()[1:] == [f"text {n}" for n in range(50)]
    assert cards(world) == [f"They signed.\n\n{line(250)}"]
    await mirror(world, *said(0, 300), Comment("late", "Bob", "late", parent="k100"))
    assert world.said()[51:] == ["late"]
    *_, (_, late) = world.messenger.posted.values()
    assert f"-# in reply to [Ann](<{STORY.url}#k100>)" in late.content
    assert late.reply_to is None
    assert world.messenger.calls.count("edit") == 0
    await mirror(world, *(replace(c, body="edited") for c in said(0, 300)), complete=False)
    assert len(world.messenger.posted) == 52


async def test_comments_that_come_after_the_card_make_it_say_how_many_are_left_out(world: World) -> None:
    await mirror(world)
    assert cards(world) == ["They signed."]
    await mirror(world, *said(0, 60))
    assert cards(world) == [f"They signed.\n\n{line(10)}"]
    assert world.messenger.calls.count("edit") == 1
    await world.read(replace(BARE, story=replace(STORY, summary="New."), complete=False))
    await world.drain()
    assert cards(world) == [f"New.\n\n{line(10)}"]


@pytest.mark.parametrize(("cap", "number"), [(0, 300), (1, 1), (299, 299), (300, 300), (500, 300)])
async def test_the_cap_is_an_option(world: World, cap: int, number: int) -> None:
    await choose(world, Options(comment_cap=cap))
    await mirror(world, *said(0, 300))
    assert len(world.said()) == number + 1
    assert [("more comment" in text) for text in cards(world)] == [number < 300]


async def test_following_again_leaves_out_what_was_left_out(world: World) -> None:
    await mirror(world, *said(0, 60))
    await library.unfollow(world.database, GUILD, CHANNEL)
    again = await library.follow(world.database, GUILD, CHANNEL, ADMIN, NOW)
    await library.post_newest(world.database, again, 1, NOW)
    await world.drain()
    assert len(world.said()) == 51
    assert cards(world) == [f"They signed.\n\n{line(10)}"]


async def test_a_card_whose_answer_was_lost_says_it_in_the_end(world: World) -> None:
    world.messenger.answers = [Unknown("reset")]
    await world.read(BARE)
    await world.deliverer.run_due()
    await world.read(StoryPage(STORY, said(0, 60)))
    world.restart()
    await world.drain(200)
    assert cards(world) == [f"They signed.\n\n{line(10)}"]


async def test_h29_ten_thousand_comments_in_a_minute_are_capped_and_told(world: World) -> None:
    await mirror(world, *said(0, 10))
    for last in range(1000, 11_000, 1000):
        await world.read(StoryPage(STORY, said(0, last), complete=False))
        world.clock.turn(6)
    await world.drain(3000)
    assert world.said()[1:] == [f"text {n}" for n in range(510)]
    assert cards(world) == [f"They signed.\n\n{line(9490)}"]
    await mirror(world, *said(0, 10_001), complete=False)
    assert world.said()[511:] == ["text 10000"]


async def test_the_oldest_are_chosen_in_the_pages_order_and_no_reply_before_its_parent(
    world: World,
) -> None:
    newest_first = [
        Comment("new", "Ann", "new", posted_at=NOW),
        Comment("reply", "Bob", "reply with a wrong date", parent="new", posted_at=NOW - timedelta(days=9)),
        Comment("old", "Cy", "old", posted_at=NOW - timedelta(hours=5)),
        Comment("older", "Di", "older", posted_at=NOW - timedelta(hours=6)),
    ]
    await ingest(world.database, StoryPage(STORY, tuple(newest_first)), NOW, deliver=False)
    async with world.database.read() as tx:
        found = await comments.of_story(tx, 1)
    for limit, keys in enumerate(("", "older", "old older", "new old older", "new reply old older")):
        assert [stored.comment.key for stored in oldest(found, limit)] == keys.split()


async def test_a_deleted_comment_is_not_among_those_left_out(world: World) -> None:
    await mirror(world, *said(0, 40, deleted=True), *said(40, 100))
    assert world.said()[1:] == [f"text {n}" for n in range(40, 90)]
    assert cards(world) == [f"They signed.\n\n{line(10)}"]


async def test_discord_sees_fifty_comments_and_one_line_on_the_card(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(StoryPage(STORY, said(0, 60)))
        (card,) = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"]
        assert len(card["thread"]["messages"]) == 50
        assert card["embeds"][0]["description"] == f"They signed.\n\n{line(10)}"


async def grace(world: World, seconds: int) -> None:
    await choose(world, Options(grace=timedelta(seconds=seconds)))


async def test_a_new_comment_waits_for_its_grace_and_only_its_last_text_appears(world: World) -> None:
    await grace(world, 60)
    await mirror(world)
    await world.read(StoryPage(STORY, (Comment("a", "Ann", "tpyo"),)))
    for _ in range(3):
        await world.deliverer.run_due()
        world.clock.turn(15)
    assert world.said()[1:] == []
    await world.read(StoryPage(STORY, (Comment("a", "Ann", "typo"),)))
    await world.drain()
    assert world.said()[1:] == ["typo"]
    assert world.messenger.calls.count("create") == 2
    assert "edit" not in world.messenger.calls


@pytest.mark.parametrize("gone", [(), (Comment("a", "Ann", "", deleted=True),)], ids=["vanished", "tombstone"])
async def test_what_is_gone_within_its_grace_is_never_posted(world: World, gone: tuple[Comment, ...]) -> None:
    await grace(world, 60)
    await mirror(world)
    await world.read(StoryPage(STORY, (Comment("a", "Spam", "buy"),)))
    world.clock.turn(30)
    await world.read(StoryPage(STORY, gone))
    await world.drain()
    assert world.said()[1:] == []
    assert (await world.states())[State.GONE] == 1
    await mirror(world, Comment("a", "Ann", "buy"))
    assert world.said()[1:] == ["buy"], "it came back, so it was no spam"


async def test_the_backlog_of_a_first_mirror_waits_only_where_it_is_younger_than_the_grace(world: World) -> None:
    await grace(world, 60)
    old, new = NOW - timedelta(minutes=2), NOW - timedelta(seconds=20)
    await world.read(
        StoryPage(STORY, (Comment("a", "Ann", "old", posted_at=old), Comment("b", "Bob", "new", posted_at=new)))
    )
    for _ in range(4):
        await world.deliverer.run_due()
    assert world.said()[1:] == ["old"]
    world.clock.turn(39)
    assert await world.deliverer.run_due() == 0
    world.clock.turn(2)
    await world.drain()
    assert world.said()[1:] == ["old", "new"]


ORPHAN = Comment("b", "Bob", "yes", parent="a")


async def test_h28_an_orphan_waits_for_its_parent_and_answers_it_natively_when_it_comes(world: World) -> None:
    await mirror(world)
    await world.read(StoryPage(STORY, (ORPHAN,), complete=False))
    await world.deliverer.run_due()
    assert world.said()[1:] == []
    world.clock.turn(300)
    await world.read(StoryPage(STORY, (Comment("a", "Ann", "no"),), complete=False))
    await world.drain()
    _, parent, _ = world.messenger.posted
    assert world.said()[1:] == ["no", "yes"]
    assert [post.reply_to for _, post in world.messenger.posted.values()] == [None, None, parent]


async def test_h28_an_orphan_whose_parent_does_not_come_stands_plainly_and_is_not_doubled_later(world: World) -> None:
    await mirror(world)
    await world.read(StoryPage(STORY, (ORPHAN,), complete=False))
    world.clock.turn(599)
    assert await world.deliverer.run_due() == 0
    world.clock.turn(2)
    await world.drain()
    *_, (_, orphan) = world.messenger.posted.values()
    assert orphan.content.split("\n")[1:] == ["-# in reply to a comment that I could not read", "yes"]
    await mirror(world, Comment("a", "Ann", "no"), ORPHAN)
    assert world.said()[1:] == ["yes", "no"]


async def test_h28_in_a_read_of_everything_an_orphan_has_nothing_to_wait_for(world: World) -> None:
    await mirror(world)
    await world.read(StoryPage(STORY, (ORPHAN,)))
    await world.deliverer.run_due()
    assert world.said()[1:] == ["yes"]
