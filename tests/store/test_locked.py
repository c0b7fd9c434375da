"""Every function that writes, on a database that another program has locked: an error, and nothing half."""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import library
from bot.errors import StoreError
from bot.model import (
    Chore,
    ChoreKind,
    MemberReply,
    Options,
    Source,
    State,
    StoredComment,
    StoredStory,
    StoredThread,
    Subscription,
)
from bot.store import (
    chores,
    comments,
    deliveries,
    follows,
    frozen,
    guild_settings,
    history,
    late,
    links,
    member_replies,
    meta,
    notices,
    past,
    privacy,
    removals,
    replies,
    restore,
    schema,
    search,
    sources,
    standing,
    status,
    stories,
    subscriptions,
    tellings,
    threads,
    topics,
    wishes,
    words,
)
from bot.store.database import Database, Transaction
from bot.store.follows import How, Pace, Telling
from tests.store.files import ADMIN, CHANNEL, GUILD, NOW, PAGE, dump, locked, page, store

pytestmark = pytest.mark.asyncio

MODULES = (
    chores, comments, deliveries, follows, frozen, guild_settings, history, late, links, member_replies, meta,
    notices, past, privacy, removals, replies, restore, search, sources, standing, status, stories, subscriptions,
    tellings, threads, topics, wishes, words,
)  # fmt: skip
AFTER = NOW + timedelta(days=1)
FOLLOWED: dict[str, Any] = {"how": How.DM, "pace": Pace.NOW, "language": "en"}
LATE = replace(PAGE.comments[0], key="late")
REPLY = MemberReply(1, GUILD, CHANNEL, CHANNEL, 1, ADMIN, "Ann", "words", NOW)


@dataclass
class World:
    """A story with two comments, promised to one channel."""

    database: Database
    where: Subscription
    story: StoredStory
    found: list[StoredComment]
    source: Source
    thread: StoredThread
    CARD: int = 1
    ANN: int = 2


async def _retry(tx: Transaction, world: World) -> None:
    await history.retry(tx, await deliveries.get(tx, world.CARD), AFTER)


async def _told(tx: Transaction, world: World) -> None:
    follow = await follows.get(tx, 1)
    assert follow is not None
    await tellings.told(tx, follow, 2, NOW)


Write = Callable[[Transaction, World], Awaitable[object]]
WRITES: dict[str, Write] = {
    "chores.want_rename": lambda tx, w: chores.want_rename(tx, 1),
    "chores.want_publish": lambda tx, w: chores.want_publish(tx, w.CARD),
    "chores.done": lambda tx, w: chores.done(tx, Chore(w.CARD, ChoreKind.RENAME, 1, 0), NOW),
    "chores.postpone": lambda tx, w: chores.postpone(tx, Chore(w.CARD, ChoreKind.RENAME, 1, 0), NOW, "later"),
    "chores.wait": lambda tx, w: chores.wait(tx, ChoreKind.PUBLISH, CHANNEL, NOW),
    "chores.give_up": lambda tx, w: chores.give_up(tx, Chore(w.CARD, ChoreKind.RENAME, 1, 0), "x"),
    "comments.claim": lambda tx, w: comments.claim(tx, 1, w.found),
    "comments.insert": lambda tx, w: comments.insert(tx, w.story.id, [(9, LATE)]),
    "comments.update": lambda tx, w: comments.update(tx, [(w.found[0], LATE)], NOW),
    "comments.delete": lambda tx, w: comments.delete(tx, w.found[:1], NOW),
    "comments.like": lambda tx, w: comments.like(tx, w.found, [replace(w.found[0].comment, likes=5)]),
    "comments.missing": lambda tx, w: comments.missing(tx, w.found, NOW),
    "comments.present": lambda tx, w: comments.present(tx, w.found),
    "comments.move": lambda tx, w: comments.move(tx, [(w.found[0], 7)]),
    "deliveries.intend": lambda tx, w: deliveries.intend(tx, w.CARD, now=NOW, revision=1, payload="{}"),
    "deliveries.record_sent": lambda tx, w: deliveries.record_sent(tx, w.CARD, 1000),
    "deliveries.record_edited": lambda tx, w: deliveries.record_edited(tx, w.CARD, 1),
    "deliveries.intend_removal": lambda tx, w: deliveries.intend_removal(tx, w.CARD, NOW),
    "deliveries.editing": lambda tx, w: deliveries.editing(tx, w.CARD, True),
    "deliveries.record_thread": lambda tx, w: deliveries.record_thread(tx, w.CARD, 1000),
    "deliveries.postpone": lambda tx, w: deliveries.postpone(tx, w.CARD, until=NOW, reason="later"),
    "deliveries.hold": lambda tx, w: deliveries.hold(tx, w.CARD, "no permission"),
    "deliveries.release_held": lambda tx, w: deliveries.release_held(tx, CHANNEL),
    "deliveries.finish": lambda tx, w: deliveries.finish(tx, w.CARD, State.DEAD, "given up"),
    "follows.put": lambda tx, w: follows.put(tx, GUILD, 7, 1, NOW, **FOLLOWED),
    "follows.take_ended": lambda tx, w: follows.take_ended(tx, GUILD, ADMIN),
    "follows.remove": lambda tx, w: follows.remove(tx, 1),
    "follows.forget": lambda tx, w: follows.forget(tx, ADMIN),
    "follows.end": lambda tx, w: follows.end(tx, 1, "why"),
    "frozen.freeze": lambda tx, w: frozen.freeze(tx, w.story.id, NOW),
    "frozen.thaw": lambda tx, w: frozen.thaw(tx, w.story.id, "keep"),
    "frozen.keep": lambda tx, w: frozen.keep(tx, w.story.id),
    "history.retry": _retry,
    "history.pause": lambda tx, w: history.pause(tx, CHANNEL),
    "history.unlocked": lambda tx, w: history.unlocked(tx, 1000),
    "history.resume": lambda tx, w: history.resume(tx, CHANNEL),
    "links.link": lambda tx, w: links.link(tx, 1, w.story.id, NOW),
    "links.show": lambda tx, w: links.show(tx, 1, w.story.id, NOW),
    "links.queue": lambda tx, w: links.queue(tx, 1, [w.story.id], queued=True),
    "member_replies.put": lambda tx, w: member_replies.put(tx, replace(REPLY, message_id=2)),
    "member_replies.edit": lambda tx, w: member_replies.edit(tx, 1, "Ann", "other words", NOW),
    "member_replies.remove": lambda tx, w: member_replies.remove(tx, [1]),
    "member_replies.place_gone": lambda tx, w: member_replies.place_gone(tx, CHANNEL),
    "guild_settings.choose_notices_channel": lambda tx, w: guild_settings.choose_notices_channel(tx, GUILD, 1),
    "meta.put": lambda tx, w: meta.put(tx, "x", "1"),
    "notices.put": lambda tx, w: notices.put(tx, GUILD, "other", "Something else.", NOW),
    "notices.sent": lambda tx, w: notices.sent(tx, 1, NOW),
    "notices.failed": lambda tx, w: notices.failed(tx, 1, "no channel", until=None),
    "notices.over": lambda tx, w: notices.over(tx, GUILD, "some"),
    "late.leave_out": lambda tx, w: late.leave_out(tx, too_old=AFTER, late=AFTER, lately=NOW, now=AFTER, most=0),
    "removals.guild_back": lambda tx, w: removals.guild_back(tx, GUILD),
    "removals.purge": lambda tx, w: removals.purge(tx, AFTER),
    "removals.message_gone": lambda tx, w: removals.message_gone(tx, 1000),
    "removals.thread_gone": lambda tx, w: removals.thread_gone(tx, 1000),
    "removals.channel_gone": lambda tx, w: removals.channel_gone(tx, CHANNEL, "gone"),
    "removals.guild_gone": lambda tx, w: removals.guild_gone(tx, GUILD, NOW),
    "removals.followed_again": lambda tx, w: removals.followed_again(tx, CHANNEL),
    "removals.unfollowed": lambda tx, w: removals.unfollowed(tx, CHANNEL),
    "replies.answers": lambda tx, w: replies.answers(tx, w.ANN, 1000),
    "replies.renamed": lambda tx, w: replies.renamed(tx, w.found[0].id),
    "restore.notice": lambda tx, w: restore.notice(tx, w.database.path, NOW),
    "sources.add": lambda tx, w: sources.add(tx, "feed", "https://example.org/3", None, NOW),
    "sources.share": lambda tx, w: sources.share(tx, 1, 2, ADMIN, NOW),
    "sources.unshare": lambda tx, w: sources.unshare(tx, 1, GUILD),
    "sources.remove": lambda tx, w: sources.remove(tx, 1),
    "sources.save_all": lambda tx, w: sources.save_all(tx, [w.source]),
    "sources.restart": lambda tx, w: sources.restart(tx, 1, NOW),
    "sources.merge": lambda tx, w: sources.merge(tx, 1, 2),
    "stories.insert": lambda tx, w: stories.insert(tx, page(9).story, NOW, public=True),
    "stories.add_aliases": lambda tx, w: stories.add_aliases(tx, w.story.id, page(9).story),
    "stories.update": lambda tx, w: stories.update(tx, w.story, page(9).story, NOW),
    "stories.make_public": lambda tx, w: stories.make_public(tx, w.story.id),
    "stories.fetched": lambda tx, w: stories.fetched(tx, GUILD, w.story.id, ADMIN, NOW),
    "subscriptions.follow": lambda tx, w: subscriptions.follow(tx, GUILD, 23, ADMIN, NOW),
    "subscriptions.choose_topics": lambda tx, w: subscriptions.choose_topics(tx, GUILD, CHANNEL, ["stars"]),
    "subscriptions.choose_options": lambda tx, w: subscriptions.choose_options(
        tx, GUILD, CHANNEL, Options(publish=True)
    ),
    "subscriptions.unfollow": lambda tx, w: subscriptions.unfollow(tx, GUILD, CHANNEL),
    "subscriptions.pause": lambda tx, w: subscriptions.pause(tx, CHANNEL, "why"),
    "subscriptions.resume": lambda tx, w: subscriptions.resume(tx, CHANNEL),
    "subscriptions.pause_guild": lambda tx, w: subscriptions.pause_guild(tx, GUILD, "why"),
    "tellings.notice": lambda tx, w: tellings.notice(tx, NOW),
    "tellings.intend": lambda tx, w: tellings.intend(tx, 1, Telling("nonce", 2, "Hello", 1000, NOW, last=False)),
    "tellings.postpone": lambda tx, w: tellings.postpone(tx, 1, NOW),
    "tellings.told": _told,
    "tellings.unsay": lambda tx, w: tellings.unsay(tx, 1),
    "threads.insert": lambda tx, w: threads.insert(tx, 1, "feed", "https://b.example", None, rank=1, born_at=NOW),
    "threads.save": lambda tx, w: threads.save(tx, replace(w.thread, signal="7")),
    "threads.drop": lambda tx, w: threads.drop(tx, [w.thread]),
    "threads.probe": lambda tx, w: threads.probe(tx, 1, NOW),
    "threads.probe_fetched": lambda tx, w: threads.probe_fetched(tx, 2, NOW, NOW),
    "topics.add": lambda tx, w: topics.add(tx, GUILD, "moons", "moon", user_id=ADMIN, now=NOW),
    "topics.edit": lambda tx, w: topics.edit(tx, GUILD, "stars", "sun"),
    "topics.remove": lambda tx, w: topics.remove(tx, GUILD, "stars"),
    "wishes.want_story": lambda tx, w: wishes.want_story(tx, w.story, w.found, replace(w.where, channel_id=23), NOW),
    "wishes.want_comments": lambda tx, w: wishes.want_comments(tx, w.story.id, w.found, NOW),
    "wishes.withdraw": lambda tx, w: wishes.withdraw(tx, w.found),
    "wishes.take_back": lambda tx, w: wishes.take_back(tx, w.found),
    "wishes.adopt": lambda tx, w: wishes.adopt(tx, w.found),
    "wishes.want_revision": lambda tx, w: wishes.want_revision(tx, w.story.id, w.found[0], 2),
    "wishes.post_anew": lambda tx, w: wishes.post_anew(tx, w.ANN, CHANNEL, 0, w.found[0]),
    "wishes.ensure_parts": lambda tx, w: wishes.ensure_parts(tx, w.ANN, 3),
    "wishes.move": lambda tx, w: wishes.move(tx, [(w.found[0], 7)]),
    "words.add_story": lambda tx, w: words.add_story(tx, w.story.id),
    "words.take_story": lambda tx, w: words.take_story(tx, w.story.id),
    "words.add_new_comments": lambda tx, w: words.add_new_comments(tx, [replace(w.found[0], id=99)]),
    "words.add_comments": lambda tx, w: words.add_comments(tx, [1]),
    "words.take_comments": lambda tx, w: words.take_comments(tx, [1]),
}


def functions() -> dict[str, Callable[..., object]]:
    """Return every public coroutine function of the store, by its name."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": function
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        where = await library.follow(database, GUILD, CHANNEL, ADMIN, NOW)
        await store(database)
        async with database.write() as tx:
            await deliveries.intend(tx, World.CARD, now=NOW, revision=1, payload="{}")
            for address in ("https://example.org/1", "https://example.org/2"):
                source = await sources.add(tx, "feed", address, None, NOW)
            await sources.share(tx, 1, GUILD, ADMIN, NOW)
            await notices.put(tx, GUILD, "some", "Something.", NOW)
            await removals.guild_gone(tx, 99, NOW)
            await follows.put(tx, GUILD, ADMIN, 1, NOW, **FOLLOWED)
            await member_replies.put(tx, REPLY)
            await topics.add(tx, GUILD, "stars", "star", user_id=ADMIN, now=NOW)
            await threads.insert(tx, 1, "feed", "https://a.example", None, rank=0, born_at=NOW)
            (thread,) = await threads.of_story(tx, 1)
            said = await comments.of_story(tx, 1)
            made = World(database, where, await stories.get(tx, 1), said, source, thread)
        restore.mark(database.path, 5000)
        await database._writer.execute("PRAGMA busy_timeout = 0")
        yield made


@pytest.mark.parametrize("name", WRITES)
async def test_a_locked_database_is_an_error_and_nothing_half(world: World, name: str) -> None:
    before = dump(world.database.path)
    with locked(world.database.path):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await WRITES[name](world.database._writer, world)
        with pytest.raises(StoreError, match="locked"):
            async with world.database.write() as tx:
                await WRITES[name](tx, world)
    assert dump(world.database.path) == before
    async with world.database.write() as tx:
        await WRITES[name](tx, world)


@pytest.mark.parametrize("name", WRITES)
async def test_an_error_after_it_takes_it_back(world: World, name: str) -> None:
    before = dump(world.database.path)

    async def work() -> None:
        async with world.database.write() as tx:
            await WRITES[name](tx, world)
            raise RuntimeError("after it")

    with pytest.raises(RuntimeError):
        await work()
    assert dump(world.database.path) == before


@pytest.mark.parametrize("name", WRITES)
async def test_a_reader_cannot_be_used_for_it(world: World, name: str) -> None:
    with pytest.raises(StoreError, match="readonly"):
        async with world.database.read() as tx:
            await WRITES[name](tx, world)


async def test_every_function_that_writes_has_its_case():
    written = re.compile(
        r"\b(INSERT|UPDATE|DELETE)\b|_(INSERT|RENAME|PUBLISH|LEAVE_OUT)\b|\bawait _(end|want)\(|\bmeta\.put\("
    )
    writers = {name for name, function in functions().items() if written.search(inspect.getsource(function))}
    assert writers == set(WRITES)
    assert schema.__name__ not in {module.__name__ for module in MODULES}, "migrations have tests of their own"


async def test_no_module_of_the_store_is_forgotten():
    folder = Path(inspect.getfile(Database)).parent
    apart = {"__init__", "brief", "database", "instance", "lanes", "reasons", "values"}
    apart |= {"schema", "tables", "tables_face"}
    assert {path.stem for path in folder.glob("*.py")} - apart == {m.__name__.rpartition(".")[2] for m in MODULES}
