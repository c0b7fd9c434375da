"""The outbox's rows: whose turn it is, what holds a lane up, and what ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import library
from bot.model import Comment, Delivery, Layout, Parent, State
from bot.store import comments, deliveries, lanes, meta, removals, replies, stories, subscriptions, wishes
from bot.store.database import Database, Transaction
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, PAGE, due, page, raw, store, threadless

pytestmark = pytest.mark.asyncio

LATER = NOW + timedelta(hours=1)
Name = tuple[int, int, str | None, int]


class Outbox:
    """One database whose rows are named by channel, story, comment's key and part."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.last_message = 1000

    async def name(self, tx: Transaction, row: Delivery) -> Name:
        key = None if row.comment_id is None else (await comments.get(tx, row.comment_id)).comment.key
        return row.channel_id, row.story_id, key, row.part

    async def due(self, now=NOW) -> list[Name]:
        async with self.database.read() as tx:
            return [await self.name(tx, row) for row in await due(tx, now)]

    async def all(self) -> dict[Name, Delivery]:
        with raw(self.database.path) as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM deliveries ORDER BY id")]
        async with self.database.read() as tx:
            found = [await deliveries.get(tx, id_) for id_ in ids]
            return {await self.name(tx, row): row for row in found}

    async def intend(self, name: Name) -> Delivery:
        row = (await self.all())[name]
        async with self.database.write() as tx:
            await deliveries.intend(tx, row.id, now=NOW, revision=row.want_rev, payload="{}")
        return row

    async def send(self, name: Name, *, thread: bool = True) -> int:
        """Let a row be posted, and a card's thread be opened; returns the message."""
        row = await self.intend(name)
        self.last_message += 1
        async with self.database.write() as tx:
            await deliveries.record_sent(tx, row.id, self.last_message)
            if row.comment_id is None and thread:
                await deliveries.record_thread(tx, row.id, self.last_message)
        return self.last_message

    async def write(self, function, *values: object, **named: object) -> None:
        async with self.database.write() as tx:
            await function(tx, *values, **named)

    async def states(self) -> dict[Name, State]:
        return {name: row.state for name, row in (await self.all()).items()}


@pytest_asyncio.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        yield Outbox(database)


def card(story: int = 1, channel: int = CHANNEL) -> Name:
    return channel, story, None, 0


def said(key: str, story: int = 1, part: int = 0) -> Name:
    return CHANNEL, story, key, part


async def test_cards_of_a_channel_go_one_by_one_oldest_story_first(outbox):
    for number in range(3):
        await store(outbox.database, page(number, comments=0))
    assert await outbox.due() == [card(1)]
    await outbox.intend(card(1))
    assert await outbox.due() == []
    await outbox.send(card(1))
    assert await outbox.due() == [card(2)]


async def test_channels_do_not_wait_for_each_other(outbox):
    await library.follow(outbox.database, 2, 44, ADMIN, NOW)
    await store(outbox.database, page(0, comments=0))
    assert sorted(await outbox.due()) == [card(1), card(1, 44)]
    await outbox.intend(card(1))
    assert await outbox.due() == [card(1, 44)]


async def test_comments_wait_for_the_thread_and_go_in_the_pages_order(outbox):
    await store(outbox.database, page(0, comments=3))
    await outbox.send(card(), thread=False)
    assert await outbox.due() == []
    async with outbox.database.read() as tx:
        (waiting,) = await threadless(tx, NOW)
    await outbox.write(deliveries.record_thread, waiting.id, 1001)
    for key in ("c0", "c1", "c2"):
        assert await outbox.due() == [said(key)]
        await outbox.send(said(key))
    assert await outbox.due() == []


async def test_a_comment_inserted_above_goes_before_those_that_still_wait(outbox):
    first, last = page(0, comments=2).comments
    await store(outbox.database, replace(page(0), comments=(first, last)))
    await outbox.send(card())
    await outbox.send(said("c0"))
    await store(outbox.database, replace(page(0), comments=(first, Comment("new", "Ann", "between"), last)))
    assert await outbox.due() == [said("new")]


async def test_parts_go_in_order_before_the_next_comment(outbox):
    await store(outbox.database, page(0, comments=2))
    await outbox.send(card())
    await outbox.write(wishes.ensure_parts, (await outbox.all())[said("c0")].id, 3)
    for name in (said("c0"), said("c0", part=1), said("c0", part=2), said("c1")):
        assert await outbox.due() == [name]
        await outbox.send(name)


async def test_parts_that_are_too_many_are_wanted_gone(outbox):
    await store(outbox.database, page(0))
    await outbox.send(card())
    await outbox.write(wishes.ensure_parts, (await outbox.all())[said("c0")].id, 3)
    for part in range(3):
        await outbox.send(said("c0", part=part))
    await outbox.write(wishes.ensure_parts, (await outbox.all())[said("c0")].id, 1)
    assert (await outbox.due())[0] == said("c0", part=1)
    assert [row.want_gone for row in (await outbox.all()).values()] == [False, False, True, True]


async def test_what_was_put_off_holds_its_lane_until_its_time(outbox):
    for number in range(2):
        await store(outbox.database, page(number))
    row = await outbox.intend(card(1))
    await outbox.write(deliveries.postpone, row.id, until=LATER, reason="later")
    assert await outbox.due() == []
    async with outbox.database.read() as tx:
        assert await lanes.next_due(tx, NOW) == LATER
    assert await outbox.due(LATER) == [card(1)]
    assert (await outbox.all())[card(1)].nonce == row.nonce


async def test_a_held_card_holds_the_channel_and_is_released(outbox):
    for number in range(2):
        await store(outbox.database, page(number))
    await outbox.write(deliveries.hold, (await outbox.all())[card(1)].id, "no permission")
    assert await outbox.due() == []
    async with outbox.database.read() as tx:
        assert await deliveries.held_places(tx) == [(GUILD, CHANNEL, Layout.THREAD)]
        assert await deliveries.unsettled(tx) == 0
    await outbox.write(deliveries.release_held, 44)
    assert await outbox.due() == []
    await outbox.write(deliveries.release_held, CHANNEL)
    assert await outbox.due() == [card(1)]


async def test_a_held_comment_holds_its_thread_alone(outbox):
    for number in range(2):
        await store(outbox.database, page(number, comments=2))
        await outbox.send(card(number + 1))
    await outbox.write(deliveries.hold, (await outbox.all())[said("c0")].id, "no permission")
    assert await outbox.due() == [said("c0", story=2)]


async def test_a_released_row_goes_on_from_where_it_was(outbox):
    await store(outbox.database, page(0, comments=2))
    await outbox.send(card())
    await outbox.send(said("c0"))
    await outbox.intend(said("c1"))
    for row in (await outbox.all()).values():
        await outbox.write(deliveries.hold, row.id, "no permission")
    await outbox.write(deliveries.release_held, CHANNEL)
    assert await outbox.states() == {card(): State.LIVE, said("c0"): State.LIVE, said("c1"): State.INFLIGHT}


async def test_a_card_that_is_given_up_takes_its_comments_along(outbox):
    await store(outbox.database)
    await outbox.write(deliveries.finish, (await outbox.all())[card()].id, State.DEAD, "refused")
    assert set((await outbox.states()).values()) == {State.DEAD}
    assert "refused" in str((await outbox.all())[said("a")].reason)


async def test_a_deleted_thread_ends_its_story_and_no_other(outbox):
    for number in range(2):
        await store(outbox.database, page(number, comments=2))
        thread = await outbox.send(card(number + 1))
    await outbox.send(said("c0", story=2))
    await outbox.write(removals.thread_gone, thread)
    states = await outbox.states()
    assert states[card(2)] is State.LIVE and (await outbox.all())[card(2)].thread_id == thread
    assert (states[said("c0", story=2)], states[said("c1", story=2)]) == (State.GONE, State.DEAD)
    assert await outbox.due() == [said("c0")]
    await store(outbox.database, page(1, comments=4))
    assert len(await outbox.states()) == 6


async def test_unfollowing_ends_what_was_not_posted_and_leaves_what_was(outbox):
    await library.follow(outbox.database, GUILD, 44, ADMIN, NOW)
    await store(outbox.database)
    await outbox.send(card())
    await outbox.send(said("a"))
    await library.unfollow(outbox.database, GUILD, CHANNEL)
    states = await outbox.states()
    assert [states[name] for name in (card(), said("a"), said("b"))] == [State.LIVE, State.LIVE, State.DEAD]
    assert await outbox.due() == [card(1, 44)]
    await store(outbox.database, replace(PAGE, comments=(*PAGE.comments, Comment("late", "Cy", "late"))))
    assert (CHANNEL, 1, "late", 0) not in await outbox.states()
    await library.follow(outbox.database, GUILD, CHANNEL, ADMIN, NOW)
    assert await outbox.due() == [card(1, 44)]


async def test_a_reply_answers_its_parent_while_that_stands_and_names_it_afterwards(outbox):
    answer = Comment("2", "Bob", "yes", parent="1")
    await store(outbox.database, replace(PAGE, comments=(Comment("1", "Ann", "no"), answer)))
    await outbox.send(card())
    ann = await outbox.send(said("1"))
    row = (await outbox.all())[said("2")]
    async with outbox.database.read() as tx:
        assert await replies.parent(tx, row) == Parent(ann)
    await outbox.write(removals.message_gone, ann)
    async with outbox.database.read() as tx:
        assert await replies.parent(tx, row) == Parent(None, Comment("1", "Ann", "no"))
    await outbox.write(replies.answers, row.id, ann)
    await outbox.send(said("2"))
    async with outbox.database.read() as tx:
        assert await replies.parent(tx, row) == Parent(ann), "what stands answers for ever what it was posted to"


async def test_a_nonce_is_short_stable_and_different_everywhere(outbox, tmp_path):
    async with outbox.database.read() as tx:
        nonces = {
            (channel, item, part): await wishes.nonce_of(tx, channel, item, part)
            for channel in range(50)
            for item in ("1", "2", wishes.item_of(1, "a"), wishes.item_of(11, "a"), wishes.item_of(1, "1a"))
            for part in range(4)
        }
        assert len(set(nonces.values())) == len(nonces) == 1000
        assert {len(nonce) for nonce in nonces.values()} == {22}
        assert await wishes.nonce_of(tx, 7, "2", 3) == nonces[7, "2", 3]
        secret = await meta.get(tx, "install_secret")
    async with Database.open(tmp_path / "other.sqlite3") as other, other.read() as tx:
        assert secret and await meta.get(tx, "install_secret") != secret
        assert await wishes.nonce_of(tx, 7, "2", 3) != nonces[7, "2", 3]


async def test_the_rows_of_an_item_keep_their_nonce_through_every_state(outbox):
    await store(outbox.database)
    nonces = {name: row.nonce for name, row in (await outbox.all()).items()}
    row = await outbox.intend(card())
    await outbox.write(deliveries.postpone, row.id, until=NOW, reason="nothing happened")
    await outbox.send(card())
    await outbox.send(said("a"))
    await outbox.write(deliveries.hold, (await outbox.all())[said("b")].id, "no permission")
    async with outbox.database.write() as tx:
        story, found = await stories.get(tx, 1), await comments.of_story(tx, 1)
        (where,) = await subscriptions.of_guild(tx, GUILD)
        assert await wishes.want_story(tx, story, found, where, NOW) == 0
    assert {name: row.nonce for name, row in (await outbox.all()).items()} == nonces
