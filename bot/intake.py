"""Take in one read of a source: stories, links, threads, promises, cursor and schedule in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import catchup, schedule
from bot.ingest import Taken, promise, take
from bot.model import Source, Story, StoryPage, Subscription
from bot.plan import CommentPlan
from bot.sources.base import Fetched, Item
from bot.store import links, sources, stories, subscriptions, threads
from bot.store.brief import BriefDatabase
from bot.store.database import Database, Transaction
from bot.telling import tell, tell_queued, tell_skipped
from bot.thread_intake import put_threads, withhold
from bot.trust import heard, say_of_source

MOST_AT_ONCE = 20
LITTLE_COMMENTS, LITTLE_TEXT = 50, 50_000
# After so long without a read the newest stories are news, and the rest is remembered only.
AWAY = timedelta(days=1)
# A list that showed so many dated stories before is a window on a longer one.
WINDOW = 5
# A site of these kinds may have closed its own comments for those of a forum that its pages name.
UNSURE = frozenset(("feed", "wordpress"))


@dataclass(frozen=True, slots=True)
class Intake:
    """What one read of a source brought; ``promised`` counts promises made or moved, ``posted`` the stories."""

    source: Source
    found: int = 0
    new: int = 0
    posted: int = 0
    queued: int = 0
    promised: int = 0
    baseline: bool = False
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Stored:
    """What storing the items of a read did: stories told of for the first time, oldest first, and what else moved.

    ``news`` are those of them that nobody told of before, ``again`` those that others told of; both may be posted.
    """

    new: tuple[int, ...]
    again: tuple[int, ...]
    news: tuple[int, ...]
    changed: bool
    moved: int


async def take_read(
    database: Database, source: Source, fetched: Fetched, now: datetime, *, full: bool, chance: float
) -> Intake:
    """Store all that a read of a source brought, or nothing; raises ``NotFound`` where it was removed meanwhile.

    A source's first read is a baseline: remembered, and nothing of it posted. ``full``: it was read without cursor.
    """
    # What is little is taken in within milliseconds, which the many hops to a thread would double.
    async with (BriefDatabase(database) if _is_little(fetched.items) else database).write() as tx:
        source = await _current(tx, source)
        baseline = source.baseline_at is None
        stored = await _store(tx, source, fetched.items, now, baseline=baseline)
        posted, queued, promised = await _post(tx, source, stored.news, now)
        promised += await _post_where_awaited(tx, source, stored.again[-MOST_AT_ONCE:], now)
        changed = bool(stored.new) or stored.changed
        step = schedule.read(_read_up_to(source, fetched, now, full=full), now, changed=changed, chance=chance)
        await sources.save(tx, step.source)
        if step.tell:
            await tell(tx, step.source, step.tell, now)
    return Intake(
        step.source,
        found=len(fetched.items),
        new=len(stored.new),
        posted=posted,
        queued=queued,
        promised=promised + stored.moved,
        baseline=baseline,
        unchanged=fetched.unchanged,
    )


def unchanged(source: Source, fetched: Fetched, now: datetime, *, full: bool, chance: float) -> Source | None:
    """Return what a read that found nothing makes of its source, None where more must be stored than that."""
    if not fetched.unchanged or source.baseline_at is None or source.told_at is not None:
        return None
    return schedule.read(_read_up_to(source, fetched, now, full=full), now, changed=False, chance=chance).source


async def take_failure(
    database: Database, source: Source, failure: schedule.Failure, now: datetime, *, chance: float
) -> Source:
    """Store that a source could not be read, and tell who added it when it is time to."""
    async with database.write() as tx:
        step = schedule.failed(await _current(tx, source), failure, now, chance=chance)
        await sources.save(tx, step.source)
        if step.tell:
            await tell(tx, step.source, step.tell, now)
    return step.source


async def move(database: Database, source: Source) -> Source:
    """Let a source live where it says to have moved; where another source stands there already, it takes over."""
    address = source.moves[-1]
    async with database.write() as tx:
        other = await sources.at(tx, source.kind, address)
        if other and other.id != source.id:
            await sources.merge(tx, source.id, other.id)
            return other
        moved = replace(await sources.get(tx, source.id), address=address, moves=())
        await sources.save(tx, moved)
    return moved


def _is_little(items: Sequence[Item]) -> bool:
    comments = sum(len(item.page.comments) for item in items)
    texts = sum(len(item.page.story.summary) + len(item.page.story.body) for item in items)
    return len(items) <= MOST_AT_ONCE and comments <= LITTLE_COMMENTS and texts <= LITTLE_TEXT


async def _current(tx: Transaction, source: Source) -> Source:
    """Return a source as it stands now, with the moves that this read of it added."""
    return replace(await sources.get(tx, source.id), moves=source.moves)


def _read_up_to(source: Source, fetched: Fetched, now: datetime, *, full: bool) -> Source:
    hints, known = fetched.hints, fetched.unchanged  # an unchanged answer repeats few of its hints
    told_nothing = fetched.cursor is source.cursor and hints.interval in (None, source.least)
    if known and told_nothing and source.baseline_at and not full:
        return source  # most reads end here, and a copy costs more than all else in them
    return replace(
        source,
        name=source.name or fetched.name,
        cursor=(fetched.cursor or source.cursor) if known else fetched.cursor,
        least=hints.interval or (source.least if known else None),
        skip_hours=source.skip_hours if known else hints.skip_hours,
        skip_days=source.skip_days if known else hints.skip_days,
        baseline_at=source.baseline_at or now,
        last_full_at=now if full else source.last_full_at,
    )


async def _store(tx: Transaction, source: Source, items: Sequence[Item], now: datetime, *, baseline: bool) -> _Stored:
    seen, new, news = set[int](), list[tuple[int, Item]](), list[int]()
    told, changed, moved = list[datetime](), False, 0
    for item in _oldest_first(items, now):
        story = item.page.story
        known = await stories.find(tx, story)
        if known and known.id in seen:
            continue
        say = await say_of_source(tx, source, story, known)
        taken = await take(tx, item.page, known, now, public=source.everyone, say=say)
        seen.add(taken.story_id)
        moved += taken.moved
        changed |= taken.touched or taken.plan != CommentPlan()
        changed |= await put_threads(tx, taken.story_id, heard(say, item.threads, item.page.story), now)
        if not await links.link(tx, source.id, taken.story_id, now):
            told += [story.published_at] if story.published_at else []
            continue
        new.append((taken.story_id, item))
        if not source.everyone:
            await links.show(tx, source.id, taken.story_id, now)
            moved += await withhold(tx, taken.story_id, now)
        if not baseline and await _is_news(tx, source, taken):
            news.append(taken.story_id)
    late = {story_id for story_id, item in new if _slid_in(item.page.story, told)}
    for story_id, item in new:
        if not baseline and story_id not in late:
            await _plan_probe(tx, story_id, item, now)
    ids = tuple(story_id for story_id, _ in new)
    again = () if baseline else tuple(story_id for story_id in ids if story_id not in late | {*news})
    return _Stored(ids, again, tuple(story_id for story_id in news if story_id not in late), changed, moved)


def _oldest_first(items: Sequence[Item], now: datetime) -> list[Item]:
    """Return items by age, with dates of the future taken for now; of equals, the document's later one is older.

    Where two entries of one document are one story, the first wins.
    """
    names, kept = set[tuple[str, str]](), list[Item]()
    for item in items:
        own = set(stories.aliases(item.page.story))
        if not own & names:
            kept.append(replace(item, page=_clamped(item.page, now)))
        names |= own
    kept.reverse()
    return sorted(kept, key=lambda item: item.page.story.published_at or now)


def _clamped(page: StoryPage, now: datetime) -> StoryPage:
    published = page.story.published_at
    if published is None or published <= now:
        return page
    return replace(page, story=replace(page.story, published_at=now))


def _slid_in(story: Story, told: Sequence[datetime]) -> bool:
    """Tell whether an entry is older than all that its list showed before: it came up because another was removed."""
    return len(told) >= WINDOW and story.published_at is not None and story.published_at < min(told)


async def _is_news(tx: Transaction, source: Source, taken: Taken) -> bool:
    """A source for all makes news of what was not public; a server's own of what no source for all told of."""
    return taken.news if source.everyone else taken.new or not await stories.is_public(tx, taken.story_id)


async def _plan_probe(tx: Transaction, story_id: int, item: Item, now: datetime) -> None:
    story = item.page.story
    unsure = all(thread.kind in UNSURE for thread in item.threads)
    if story.url and unsure and schedule.is_fresh(story.published_at, now):
        await threads.probe(tx, story_id, now)


async def _post(tx: Transaction, source: Source, news: Sequence[int], now: datetime) -> tuple[int, int, int]:
    """Promise what waited and what is new, at most 20 stories a read; returns posted, queued and promises."""
    waiting = await links.queued(tx, source.id, MOST_AT_ONCE)
    if not waiting and not news:
        return 0, 0, 0
    if source.last_read_at and now - source.last_read_at > AWAY and len(news) > MOST_AT_ONCE:
        await tell_skipped(tx, source, len(news) - MOST_AT_ONCE, now)
        news = news[-MOST_AT_ONCE:]
    posted = promised = 0
    last_read = source.last_read_at
    audience, active = await links.audience(tx, source), await subscriptions.active(tx)
    turns = [*waiting, *news]
    while turns and posted < MOST_AT_ONCE:
        where = await _eligible(tx, source, turns[0], audience, active)
        made = await promise(tx, turns.pop(0), where, now, last_read=last_read)
        posted, promised = posted + (made > 0), promised + made
    if last_read and now - last_read >= catchup.LATE:
        await catchup.leave_out(tx, now)
    await links.queue(tx, source.id, [story for story in waiting if story not in turns], queued=False)
    queued = [story for story in turns if story not in waiting]
    await links.queue(tx, source.id, queued, queued=True)
    if queued:
        await tell_queued(tx, source, len(queued), now)
    return posted, len(queued), promised


async def _post_where_awaited(tx: Transaction, source: Source, again: Sequence[int], now: datetime) -> int:
    """Promise stories that are no news to the channels that want them from this source."""
    active = await subscriptions.active(tx) if again else []
    if not any(source.id in one.options.filters.sources for one in active):
        return 0
    audience, promised = await links.audience(tx, source), 0
    for story_id in again:
        where = await _awaiting(tx, source, story_id, _heard_by(active, audience))
        promised += await promise(tx, story_id, where, now, last_read=source.last_read_at)
    return promised


async def _awaiting(
    tx: Transaction, source: Source, story_id: int, active: Sequence[Subscription]
) -> list[Subscription]:
    """Return the subscriptions that want a story from this source and not from those that told of it before."""
    waiting = [one for one in active if source.id in one.options.filters.sources]
    others = {*await links.sources_of(tx, story_id)} - {source.id} if waiting else set[int]()
    return [one for one in waiting if not others & {*one.options.filters.sources}]


def _heard_by(active: Sequence[Subscription], audience: set[int] | None) -> list[Subscription]:
    return [one for one in active if audience is None or one.guild_id in audience]


async def _eligible(
    tx: Transaction, source: Source, story_id: int, audience: set[int] | None, active: Sequence[Subscription]
) -> list[Subscription]:
    """Return the subscriptions for whose servers this source was the first to tell of a story, or which awaited it."""
    all_knew, knew = await links.told_before(tx, source.id, story_id)
    heard_by = _heard_by(active, audience)
    if not all_knew and not knew:
        return heard_by
    awaiting = {one.id for one in await _awaiting(tx, source, story_id, heard_by)}
    return [one for one in heard_by if one.id in awaiting or not (all_knew or one.guild_id in knew)]
