"""Take in one read of a story: store what changed and promise what follows, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot import catchup, wanted
from bot.model import Comment, StoredComment, StoredStory, StoredThread, Story, StoryPage, Subscription
from bot.plan import CommentPlan, compare
from bot.store import comments, frozen, replies, stories, subscriptions, threads, wishes
from bot.store.brief import BriefDatabase
from bot.store.database import Database, Transaction
from bot.store.links import Trust
from bot.store.values import storable
from bot.telling import ask_about_vanished
from bot.trust import BY_SOURCE, ELSEWHERE, Say, Talk, say_of_member, say_of_operator
from bot.urls import site_of

AT_ONCE = 150


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one read; ``deliveries`` counts the promises that it made or moved."""

    story_id: int
    status: Literal["stored", "changed", "unchanged"]
    added: int = 0
    changed: int = 0
    vanished: int = 0
    deleted: int = 0
    frozen: bool = False
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a story. ``news``: it became known, or public, by this; ``moved`` counts promises that moved.

    ``found`` are all comments of a new story, None where there may be others.
    """

    story_id: int
    new: bool
    news: bool
    touched: bool
    plan: CommentPlan
    moved: int
    say: Say
    found: tuple[StoredComment, ...] | None = None


async def ingest(
    database: Database,
    page: StoryPage,
    now: datetime,
    *,
    deliver: bool,
    public: bool = True,
    address: str | None = None,
) -> IngestReport:
    """Store a story with its comments. Reading the same again writes nothing.

    ``deliver`` posts a story that is new to the followed channels; where a story stands already, its comments,
    edits and deletions follow in any case. ``public`` is False for a story that only a member asked for, which was
    read at ``address``, None: at its own.
    """
    # A usual story is taken in within milliseconds, which its many hops to a thread would double.
    at_once = len(page.comments) <= AT_ONCE
    async with (BriefDatabase(database) if at_once else database).write() as tx:
        known = await stories.find(tx, page.story)
        say = await say_of_operator(tx, known) if public else await say_of_member(tx, page.story, known, address)
        taken = await take(tx, page, known, now, public=public, say=say)
        promised = taken.moved
        if deliver and public and taken.news:
            promised += await promise(tx, taken.story_id, await subscriptions.active(tx), now, found=taken.found)
    return _report(taken, promised)


async def take(
    tx: Transaction,
    page: StoryPage,
    known: StoredStory | None,
    now: datetime,
    *,
    public: bool,
    say: Say,
) -> Taken:
    """Store a story, known or not, and its comments; what stands in channels follows, nothing new is promised.

    A story's text is that of the most trusted source, and of those the first: what others and its page say of it
    would only make it change to and fro.
    """
    page = replace(page, story=storable(page.story))
    if known is None:
        story_id = await stories.insert(tx, page.story, now, public=public)
    else:
        story_id = known.id
        page = replace(page, story=_completed(page.story, known.story))
    news = known is None or (public and await stories.make_public(tx, story_id))
    touched = known is not None and _differs(known, page.story) and say.text
    moved = await _take_over(tx, known, page.story, say.over, now) if known and say.over is not None else 0
    moved += await _update_story(tx, known, page.story, now) if known and touched else 0
    plan, followed, added = CommentPlan(), 0, tuple[StoredComment, ...]()
    if say.talk is not Talk.NONE and (page.comments or page.complete):
        plan, followed, added = await take_comments(
            tx, story_id, page.comments, now, complete=page.complete, thread_id=say.thread_id
        )
    return Taken(story_id, known is None, news, touched, plan, moved + followed, say, added if known is None else None)


async def take_comments(
    tx: Transaction,
    story_id: int,
    fresh: Iterable[Comment],
    now: datetime,
    *,
    complete: bool,
    thread_id: int | None = None,
) -> tuple[CommentPlan, int, tuple[StoredComment, ...]]:
    """Compare comments with the known ones and store what changed.

    Returns that, how many promises it moved, and the new ones in the order of the page.
    """
    fresh = tuple(fresh)
    if fresh and await comments.says(tx, story_id, fresh, thread_id):
        return CommentPlan(), 0, ()
    fresh = tuple(map(storable, fresh))
    known = await comments.of_story(tx, story_id)
    was_frozen = await frozen.since(tx, story_id) is not None
    plan = compare(known, fresh, complete=complete, now=now, thread_id=thread_id, was_frozen=was_frozen)
    if thread_id:
        given = {comment.key for comment in fresh}
        claimed = [stored for stored in known if stored.thread_id != thread_id and stored.comment.key in given]
        await comments.claim(tx, thread_id, claimed)
    await comments.like(tx, known, fresh)
    if plan == CommentPlan():
        return plan, 0, ()
    if plan.frozen and not was_frozen:
        await frozen.freeze(tx, story_id, now)
        await ask_about_vanished(tx, story_id, len(plan.vanished), now)
    elif plan.thawed:
        await frozen.thaw(tx, story_id)
    added = await comments.insert(tx, story_id, plan.added, thread_id)
    changed = await comments.update(tx, plan.changed, now)
    await comments.missing(tx, plan.vanished, now)
    await wishes.withdraw(tx, plan.vanished)
    await comments.present(tx, plan.returned)
    await wishes.take_back(tx, plan.returned)
    await comments.move(tx, plan.moved)
    await wishes.move(tx, plan.moved)
    keys = {stored.comment.key for stored in [*known, *added]}
    # What a read of everything does not give will hardly come; else the next read may give it.
    orphans = [] if complete else [s.comment.key for s in added if s.comment.parent and s.comment.parent not in keys]
    moved = await wishes.want_comments(tx, story_id, added, now, orphans)
    await wishes.adopt(tx, added if known else ())  # what waits for a parent is known itself
    moved += await _want_changed(tx, changed, plan.changed)
    moved += await take_away(tx, plan.deleted, now)
    return plan, moved, tuple(added)


async def take_away(tx: Transaction, gone: Sequence[StoredComment], now: datetime) -> int:
    """Take comments as deleted at their source; returns how many promises that moves."""
    moved = 0
    await comments.delete(tx, gone, now)
    for stored in gone:
        deleted = await comments.get(tx, stored.id)
        moved += await wishes.want_revision(tx, stored.story_id, deleted, deleted.revision)
    return moved + await _rename(tx, gone)


async def silence(
    tx: Transaction, story_id: int, gone: Sequence[StoredThread], now: datetime, loose: Iterable[int | None] = ()
) -> int:
    """Forget threads and take away what they gave, and what is kept under the numbers ``loose``."""
    await threads.drop(tx, gone)
    ids = {*loose, *(thread.id for thread in gone)}
    given = [stored for stored in await comments.of_story(tx, story_id) if stored.thread_id in ids]
    return await take_away(tx, [stored for stored in given if not stored.comment.deleted], now)


async def promise(
    tx: Transaction,
    story_id: int,
    where: Sequence[Subscription],
    now: datetime,
    *,
    last_read: datetime | None = None,
    found: Sequence[StoredComment] | None = None,
) -> int:
    """Promise a story with its comments to the channels that want it; returns how many promises are new.

    ``last_read`` is when its source was read before: after long it comes late, as ``bot.catchup`` says. ``found`` are
    its comments where they are known.
    """
    story = await stories.get(tx, story_id)
    found = await comments.of_story(tx, story_id) if found is None else found
    chosen = await wanted.wanting(tx, story, where)
    since = catchup.owed_since(story.story.published_at, last_read, now)
    return sum([await wishes.want_story(tx, story, found, one, now, since=since) for one in chosen])


def _completed(story: Story, known: Story) -> Story:
    """Return a story with the names that this read lacks: they are kept, and their lack is no change."""
    return replace(story, url=story.url or known.url, native_id=story.native_id or known.native_id)


def _differs(known: StoredStory, story: Story) -> bool:
    return stories.story_digest(known.story) != stories.story_digest(story)


async def _take_over(tx: Transaction, known: StoredStory, story: Story, former: Trust, now: datetime) -> int:
    """Let nothing remain of what was said by who is trusted less; what the story's own page names is nobody's say."""
    moved = site_of(story.url) != site_of(known.story.url)
    gone = [thread for thread in await threads.of_story(tx, known.id) if moved or thread.rank >= BY_SOURCE]
    # What came along at the story's own site was its source's say only where that spoke for it.
    loose = (ELSEWHERE, None) if former is Trust.HOME else (ELSEWHERE,)
    return await silence(tx, known.id, gone, now, loose)


async def _update_story(tx: Transaction, known: StoredStory, story: Story, now: datetime) -> int:
    revision = await stories.update(tx, known, story, now)
    return await wishes.want_revision(tx, known.id, None, revision)


async def _want_changed(
    tx: Transaction, changed: Iterable[StoredComment], before: Sequence[tuple[StoredComment, Comment]]
) -> int:
    """Promise new revisions wherever their comments stand."""
    moved = 0
    for stored in changed:
        moved += await wishes.want_revision(tx, stored.story_id, stored, stored.revision)
    return moved + await _rename(tx, [old for old, new in before if _is_renamed(old, new)])


def _is_renamed(old: StoredComment, new: Comment) -> bool:
    return (old.comment.author, old.comment.deleted) != (new.author, new.deleted)


async def _rename(tx: Transaction, parents: Iterable[StoredComment]) -> int:
    """Let replies that name one of these comments in their text say what is true of it now."""
    touched = [comment_id for parent in parents for comment_id in await replies.renamed(tx, parent.id)]
    found = [await comments.get(tx, comment_id) for comment_id in touched]
    return sum([await wishes.want_revision(tx, one.story_id, one, one.revision) for one in found])


def _report(taken: Taken, promised: int) -> IngestReport:
    plan = taken.plan
    changed = sum(not comment.deleted for _, comment in plan.changed)
    deleted = len(plan.deleted) + len(plan.changed) - changed
    some = taken.touched or plan.added or plan.changed or plan.deleted or plan.vanished
    return IngestReport(
        taken.story_id,
        "stored" if taken.new else "changed" if some else "unchanged",
        added=len(plan.added),
        changed=changed,
        vanished=len(plan.vanished),
        deleted=deleted,
        frozen=plan.frozen,
        deliveries=promised,
    )
