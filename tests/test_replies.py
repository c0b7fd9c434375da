"""Whom a mirrored comment answers: natively where that stands, else by name and link, no quote (D23, H26 to H28)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Comment, StoryPage
from bot.post import Duty, Refused
from bot.store import removals
from tests.conftest import Start
from tests.test_deliver import PAGE, STORY, World, world

pytestmark = pytest.mark.asyncio
__all__ = ["world"]

ANN, BOB, CY = PAGE.comments
LINK = "https://example.org/dish#"


def heads(world: World) -> dict[str, tuple[str, int | None]]:
    """Return for each comment's text the lines between its first line and its text, and what it answers natively."""
    posts = [post for _, post in world.messenger.posted.values()][1:]
    return {p.content.split("\n")[-1]: ("\n".join(p.content.split("\n")[1:-1]), p.reply_to) for p in posts}


async def test_d23_a_reply_to_a_comment_that_a_moderator_deleted_names_and_links_it(world: World) -> None:
    await world.read(replace(PAGE, comments=(ANN,)))
    await world.drain()
    _, ann = world.messenger.posted
    async with world.database.write() as tx:
        await removals.message_gone(tx, ann)
    del world.messenger.posted[ann]
    await world.read(replace(PAGE, comments=(ANN, BOB)))
    await world.drain()
    assert heads(world) == {"answer to Ann": (f"-# in reply to [Ann](<{LINK}a>)", None)}


async def test_a_reply_to_what_was_given_up_names_it_and_its_own_replies_are_native(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(200000, Duty.DEAD, "AutoMod")]
    await world.drain()
    _, bob, _ = world.messenger.posted
    assert heads(world) == {
        "answer to Ann": (f"-# in reply to [Ann](<{LINK}a>)", None),
        "answer to Bob": ("", bob),
    }


async def test_a_reply_to_a_comment_deleted_before_it_was_posted_names_nobody(world: World) -> None:
    await world.read(replace(PAGE, comments=(replace(ANN, body="", deleted=True), BOB)))
    await world.drain()
    assert heads(world) == {"answer to Ann": ("-# in reply to a deleted comment", None)}


async def test_a_name_in_a_reply_goes_when_its_comment_is_deleted_and_natives_are_left_alone(world: World) -> None:
    await world.read(PAGE)
    await world.deliverer.run_due()
    await world.deliverer.run_due()
    world.messenger.answers = [Refused(200000, Duty.DEAD, "AutoMod")]
    await world.drain()
    await world.read(replace(PAGE, comments=(replace(ANN, author="Anna"), BOB, CY)))
    await world.drain()
    assert heads(world)["answer to Ann"][0] == f"-# in reply to [Anna](<{LINK}a>)"
    edits = world.messenger.calls.count("edit")
    await world.read(replace(PAGE, comments=(replace(ANN, body="", deleted=True), BOB, CY)))
    await world.drain()
    assert heads(world)["answer to Ann"][0] == "-# in reply to a deleted comment"
    assert "Ann](" not in str(world.messenger.posted)
    assert world.messenger.calls.count("edit") == edits + 1


async def test_an_edit_of_a_native_reply_names_nobody_even_when_its_parent_is_gone(world: World) -> None:
    await world.read(PAGE)
    await world.drain()
    _, ann, bob, _ = world.messenger.posted
    async with world.database.write() as tx:
        await removals.message_gone(tx, ann)
    await world.read(replace(PAGE, comments=(ANN, replace(BOB, body="changed"), CY)))
    await world.drain()
    assert heads(world)["changed"] == ("", ann)
    assert bob in world.messenger.posted


async def test_h27_a_circle_is_broken_at_one_member_and_all_stand_once(world: World) -> None:
    circle = (replace(ANN, parent="c"), BOB, CY, Comment("self", "Sy", "to myself", parent="self"))
    await world.read(replace(PAGE, comments=circle))
    await world.drain()
    _, bob, cy, *_ = world.messenger.posted
    assert heads(world) == {
        "answer to Ann": ("", None), "answer to Bob": ("", bob), "first": ("", cy), "to myself": ("", None)
    }  # fmt: skip


async def test_h27_a_circle_that_several_reads_close_is_shown_too(world: World) -> None:
    partial = replace(PAGE, complete=False)
    await world.read(replace(partial, comments=(replace(ANN, parent="b"),)))
    await world.read(replace(partial, comments=(BOB,)))
    await world.drain()
    (_, ann, bob), shown = world.messenger.posted, heads(world)
    assert {text: native for text, (_, native) in shown.items()} in (
        {"first": None, "answer to Ann": ann}, {"first": ann, "answer to Ann": None}
    )  # fmt: skip
    assert bob and sorted(line[:14] for line, _ in shown.values()) == ["", "-# in reply to"]


async def test_h26_a_tree_a_thousand_deep_is_a_chain_of_native_replies(world: World) -> None:
    chain = [Comment(f"k{n}", "Ann", f"text {n}", parent=f"k{n - 1}" if n else None) for n in range(1000)]
    await world.read(StoryPage(STORY, tuple(chain)))
    await world.drain(3000)
    ids = list(world.messenger.posted)[1:]
    replies = [post.reply_to for _, post in world.messenger.posted.values()][1:]
    assert replies == [None, *ids[:-1]]


async def test_discord_sees_one_line_that_names_and_links_and_no_native_reply(start: Start) -> None:
    async with start() as run:
        await run.follow()
        await run.deliver(replace(PAGE, comments=(ANN,)))
        card = int(next(iter(thread_of(run)))["thread"]["messages"][0]["id"])
        await run.box.moderator_delete(card)
        while card in await known(run):
            await run.bot.clock.sleep(0.01)
        await run.deliver(replace(PAGE, comments=(ANN, BOB)))
        (reply,) = next(iter(thread_of(run)))["thread"]["messages"]
        assert reply["reply_to"] is None
        assert reply["content"].split("\n")[1:] == [f"-# in reply to [Ann](<{LINK}a>)", "answer to Ann"]


def thread_of(run):  # type: ignore[no-untyped-def]
    return next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")["messages"]


async def known(run):  # type: ignore[no-untyped-def]
    sql = "SELECT message_id FROM deliveries WHERE state = 'live'"
    async with run.database.read() as tx:
        return {row[0] for row in await tx.execute_fetchall(sql)}
