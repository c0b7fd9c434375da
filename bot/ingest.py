"""Take in one read of a story: store what changed and promise what follows, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.model import StoredStory, Story, StoryPage
from bot.plan import CommentPlan, compare
from bot.store import comments, stories, subscriptions, wishes
from bot.store.database import Database, Transaction
from bot.store.values import storable


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


async def ingest(
    database: Database, page: StoryPage, now: datetime, *, deliver: bool, public: bool = True
) -> IngestReport:
    """Store a story with its comments. Reading the same again writes nothing.

    ``deliver`` posts a story that is new to the followed channels; where a story stands already, its comments,
    edits and deletions follow in any case. ``public`` is False for a story that only a member asked for.
    """
    page = replace(page, story=storable(page.story), comments=tuple(map(storable, page.comments)))
    async with database.write() as tx:
        known = await stories.find(tx, page.story)
        if known is None:
            story_id = await stories.insert(tx, page.story, now, public=public)
        else:
            story_id = known.id
            page = replace(page, story=_completed(page.story, known.story))
        news = known is None or (public and await stories.make_public(tx, story_id))
        moved = await _update_story(tx, known, page, now)
        plan, followed = await _update_comments(tx, story_id, page, now)
        promised = moved + followed
        if deliver and public and news:
            promised += await _promise(tx, story_id)
    return _report(story_id, known is None, moved > 0 or _touched(known, page), plan, promised)


def _completed(story: Story, known: Story) -> Story:
    """Return a story with the names that this read lacks: they are kept, and their lack is no change."""
    return replace(story, url=story.url or known.url, native_id=story.native_id or known.native_id)


def _touched(known: StoredStory | None, page: StoryPage) -> bool:
    return known is not None and stories.story_digest(known.story) != stories.story_digest(page.story)


async def _update_story(tx: Transaction, known: StoredStory | None, page: StoryPage, now: datetime) -> int:
    if known is None or not _touched(known, page):
        return 0
    revision = await stories.update(tx, known, page.story, now)
    return await wishes.want_revision(tx, known.id, None, revision)


async def _update_comments(tx: Transaction, story_id: int, page: StoryPage, now: datetime) -> tuple[CommentPlan, int]:
    known = await comments.of_story(tx, story_id)
    plan = compare(known, page.comments, complete=page.complete, now=now)
    if plan == CommentPlan():
        return plan, 0
    await comments.insert(tx, story_id, plan.added)
    for stored, comment in plan.changed:
        await comments.update(tx, stored, comment, now)
    for stored in plan.deleted:
        await comments.delete(tx, stored, now)
    await comments.missing(tx, plan.vanished, now)
    await comments.present(tx, plan.returned)
    await comments.move(tx, plan.moved)
    await wishes.move(tx, plan.moved)
    return plan, await _follow_up(tx, story_id, plan)


async def _follow_up(tx: Transaction, story_id: int, plan: CommentPlan) -> int:
    """Promise new comments and new revisions wherever the story stands."""
    by_key = {stored.comment.key: stored for stored in await comments.of_story(tx, story_id)}
    promised = await wishes.want_comments(tx, story_id, [by_key[comment.key] for _, comment in plan.added])
    for key in [c.key for _, c in plan.changed] + [s.comment.key for s in plan.deleted]:
        promised += await wishes.want_revision(tx, story_id, by_key[key], by_key[key].revision)
    return promised


async def _promise(tx: Transaction, story_id: int) -> int:
    story, found = await stories.get(tx, story_id), await comments.of_story(tx, story_id)
    return sum([await wishes.want_story(tx, story, found, where) for where in await subscriptions.active(tx)])


def _report(story_id: int, new: bool, touched: bool, plan: CommentPlan, promised: int) -> IngestReport:
    changed = sum(not comment.deleted for _, comment in plan.changed)
    deleted = len(plan.deleted) + len(plan.changed) - changed
    some = touched or plan.added or plan.changed or plan.deleted or plan.vanished
    return IngestReport(
        story_id,
        "stored" if new else "changed" if some else "unchanged",
        added=len(plan.added),
        changed=changed,
        vanished=len(plan.vanished),
        deleted=deleted,
        frozen=plan.frozen,
        deliveries=promised,
    )
