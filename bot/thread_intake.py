"""Take in comment threads: which a story has, and what one read of one brought, in one transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot import schedule
from bot.ingest import silence, take_comments
from bot.model import StoredThread
from bot.plan import CommentPlan
from bot.sources.base import Cursor, Discussion, Thread
from bot.store import stories, threads
from bot.store.database import Database, Transaction
from bot.trust import BY_PAGE, BY_SOURCE, ELSEWHERE, unheard

_FEED_CUTS_AT = 10


async def put_threads(
    tx: Transaction, story_id: int, given: Sequence[Thread], now: datetime, *, rank: int = BY_SOURCE
) -> bool:
    """Remember a story's threads, given the best first, and wake one whose signal changed; tells whether any is new."""
    if not given:
        return False
    known = {(thread.kind, thread.address): thread for thread in await threads.of_story(tx, story_id)}
    changed = False
    for place, thread in enumerate(given):
        old = known.get((thread.kind, thread.address))
        if old is None:
            await _insert(tx, story_id, thread, rank + place)
            changed = True
            continue
        woken = replace(schedule.woken(old, thread.signal, now), rank=min(old.rank, rank + place))
        if woken != old:
            await threads.save(tx, woken)
            changed = True
    if changed:
        await _arrange(tx, story_id, now)
    return changed


async def withhold(tx: Transaction, story_id: int, now: datetime) -> int:
    """Forget the threads that may not speak any more where other servers came to have a story too."""
    known, found = await stories.get(tx, story_id), await threads.of_story(tx, story_id)
    gone, loose = await unheard(tx, known, found)
    if not gone and not loose:
        return 0
    moved = await silence(tx, story_id, gone, now, (ELSEWHERE,) if loose else ())
    await _arrange(tx, story_id, now)
    return moved


async def take_probe(database: Database, story_id: int, found: Sequence[Thread], now: datetime) -> None:
    """Store the threads that a story's page names: it need not be asked again."""
    async with database.write() as tx:
        await threads.probe(tx, story_id, None)
        await put_threads(tx, story_id, found, now, rank=BY_PAGE)


async def put_off_probe(database: Database, story_id: int, tries: int, now: datetime) -> None:
    """Ask a page again later that could not be read, or give it up."""
    async with database.write() as tx:
        await threads.probe(tx, story_id, schedule.next_probe(tries, now))


async def take_discussion(
    database: Database, thread: StoredThread, discussion: Discussion, now: datetime, *, full: bool, chance: float
) -> int:
    """Store what one read of a thread brought, and how far it was read; returns how many promises moved.

    Raises ``NotFound`` where its story is gone.
    """
    async with database.write() as tx:
        plan, moved = CommentPlan(), await withhold(tx, thread.story_id, now)
        if all(one.id != thread.id for one in await threads.of_story(tx, thread.story_id)):
            return moved
        if not discussion.unchanged:
            whole = discussion.complete or _counted(thread, discussion)
            plan, followed, _ = await take_comments(
                tx, thread.story_id, discussion.comments, now, complete=whole, thread_id=thread.id
            )
            moved += followed
        current = await threads.get(tx, thread.id)
        after = replace(
            schedule.thread_read(thread, now, chance=chance),
            cursor=_next_cursor(thread, discussion, plan),
            last_full_at=now if full and not plan.frozen else thread.last_full_at,
            rank=current.rank,
        )
        if current.signal != thread.signal:  # its source spoke while we read
            after = replace(after, signal=current.signal, woken_at=current.woken_at, next_at=current.next_at)
        await threads.save(tx, after)
        if thread.fails:
            await _arrange(tx, thread.story_id, now)
    return moved


def _counted(thread: StoredThread, discussion: Discussion) -> bool:
    """Say whether a comment feed holds as many as its story's source counts, and so few that it need not cut any off.

    A feed shows the newest ten or so, and says nowhere whether that is all.
    """
    found = len(discussion.comments)
    return thread.kind == "feed" and found < _FEED_CUTS_AT and thread.signal == str(found)


def _next_cursor(thread: StoredThread, discussion: Discussion, plan: CommentPlan) -> Cursor:
    """Return what the next read goes on from."""
    if plan.frozen:
        return thread.cursor  # of a read that was not believed nothing is kept: the next one brings it again
    if plan.vanished:
        return {}  # gone means missing twice: "unchanged" would say nothing of that
    return discussion.cursor or (thread.cursor if discussion.unchanged else {})


async def take_thread_failure(
    database: Database, thread: StoredThread, failure: schedule.Failure, now: datetime, *, chance: float
) -> None:
    """Store that a thread could not be read; after some failures the story's next one is read besides."""
    async with database.write() as tx:
        current = await threads.get(tx, thread.id)
        await threads.save(tx, schedule.thread_failed(current, failure, now, chance=chance))
        await _arrange(tx, thread.story_id, now)


async def _insert(tx: Transaction, story_id: int, thread: Thread, rank: int) -> None:
    stored = await stories.get(tx, story_id)
    born_at = stored.story.published_at or stored.first_seen
    await threads.insert(tx, story_id, thread.kind, thread.address, thread.signal, rank=rank, born_at=born_at)


async def _arrange(tx: Transaction, story_id: int, now: datetime) -> None:
    """Let the best thread that works be read, and those behind it rest."""
    known = await threads.of_story(tx, story_id)
    for old, new in zip(known, schedule.arranged(known, now), strict=True):
        if new != old:
            await threads.save(tx, new)
