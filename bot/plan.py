"""The pure decision: what a read changed, and what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from bot.identity import assign_keys
from bot.model import Comment, StoredComment

READS_UNTIL_GONE = 2
TIME_UNTIL_GONE = timedelta(minutes=10)
STEP = 1024
FREEZE_SHARE, FREEZE_NUMBER = 0.3, 5
# Without an answer, frozen comments that more reads lack are deleted after a day; see docs/decisions/0011.
FROZEN_READS, FROZEN_TIME = 3, timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CommentPlan:
    """What one read says about a story's comments; every known comment is in at most one of the lists.

    ``added`` comes with positions. ``vanished`` lacks in this read; ``deleted`` is so by a tombstone or by having
    lacked long enough. ``frozen``: so many vanished at once that nothing of this read but that is believed.
    ``thawed``: a read that lacked no longer so many, or an absence that lasted, ends that.
    """

    added: tuple[tuple[int, Comment], ...] = ()
    changed: tuple[tuple[StoredComment, Comment], ...] = ()
    vanished: tuple[StoredComment, ...] = ()
    deleted: tuple[StoredComment, ...] = ()
    returned: tuple[StoredComment, ...] = ()
    moved: tuple[tuple[StoredComment, int], ...] = ()
    frozen: bool = False
    thawed: bool = False


def compare(
    known: Sequence[StoredComment],
    fresh: Sequence[Comment],
    *,
    complete: bool,
    now: datetime,
    thread_id: int | None = None,
    was_frozen: bool = False,
) -> CommentPlan:
    """Compare a read with what is known; an incomplete read takes nothing away, a complete one what is its own."""
    keyed = _ordered(_first_of_each(assign_keys([stored.comment for stored in known], fresh)))
    by_key = {stored.comment.key: stored for stored in known}
    seen = {comment.key for comment in keyed}
    own = [stored for stored in known if stored.thread_id == thread_id]
    absent = [s for s in own if s.comment.key not in seen and not s.comment.deleted and not s.kept]
    many = complete and len(absent) > FREEZE_NUMBER and len(absent) > FREEZE_SHARE * len(own)
    both = [(by_key[comment.key], comment) for comment in keyed if comment.key in by_key]
    if many and not all(_gone(stored, now, FROZEN_READS, FROZEN_TIME) for stored in absent):
        back = tuple(stored for stored, _ in both if stored.missing_reads)
        return CommentPlan(vanished=tuple(absent), returned=back, frozen=True)
    deleted = [stored for stored in absent if complete and _gone(stored, now, READS_UNTIL_GONE, TIME_UNTIL_GONE)]
    changed = [(stored, comment) for stored, comment in both if _differs(stored, comment)]
    places = _places(known, keyed)
    ended = {stored.id for stored in deleted}
    return CommentPlan(
        added=tuple((places[comment.key], comment) for comment in keyed if comment.key not in by_key),
        changed=tuple(changed),
        vanished=tuple(stored for stored in absent if complete and stored.id not in ended),
        deleted=tuple(deleted),
        returned=tuple(s for s, comment in both if (s.missing_reads or s.kept) and not _differs(s, comment)),
        moved=tuple((s, places[s.comment.key]) for s in known if places[s.comment.key] != s.position),
        thawed=was_frozen and complete and any(stored.missing_reads for stored in own),
    )


def oldest(found: Sequence[StoredComment], limit: int) -> list[StoredComment]:
    """Return the ``limit`` oldest of comments in reading order, in that order; no reply is older than its parent."""
    times: dict[str, float] = {}
    for stored in found:
        own = stored.comment.posted_at.timestamp() if stored.comment.posted_at else 0.0
        times[stored.comment.key] = max(own, times.get(stored.comment.parent or "", 0.0))
    by_age = sorted(range(len(found)), key=lambda index: (times[found[index].comment.key], index))
    return [found[index] for index in sorted(by_age[:limit])]


def tree(found: Sequence[StoredComment]) -> list[tuple[int, StoredComment]]:
    """Return comments in reading order with their depth: replies under their parent, orphans at the root.

    Several reads together may close a circle of parents; its first member then stands at the root.
    """
    by_key = {stored.comment.key: stored for stored in found}
    roots, children = [], defaultdict(list)
    for stored in found:
        if stored.comment.parent in by_key:
            children[stored.comment.parent].append(stored)
        else:
            roots.append(stored)
    stack = [(0, stored) for stored in [*reversed(found), *reversed(roots)]]
    result: list[tuple[int, StoredComment]] = []
    done: set[str] = set()
    while stack:
        depth, stored = stack.pop()
        if stored.comment.key not in done:
            done.add(stored.comment.key)
            result.append((depth, stored))
            stack += [(depth + 1, child) for child in reversed(children[stored.comment.key])]
    return result


def _gone(stored: StoredComment, now: datetime, reads: int, time: timedelta) -> bool:
    """A vanished comment counts as deleted after some complete reads in a row, the last a while after the first."""
    since = stored.missing_since
    return stored.missing_reads + 1 >= reads and since is not None and now - since >= time


def _differs(stored: StoredComment, comment: Comment) -> bool:
    old = stored.comment
    if old.deleted and comment.deleted:
        return False
    return (old.author, old.body, old.deleted) != (comment.author, comment.body, comment.deleted)


def _first_of_each(fresh: Sequence[Comment]) -> list[Comment]:
    """Drop repeated keys: the first wins."""
    return list({comment.key: comment for comment in reversed(fresh)}.values())[::-1]


def _ordered(fresh: Sequence[Comment]) -> list[Comment]:
    """Return the comments with every parent before its replies, otherwise in the page's order.

    Orphans keep their parent's key, as it may come later; of a cycle the first member becomes a root.
    """
    by_key = {comment.key: comment for comment in fresh}
    done: dict[str, Comment] = {}
    for comment in fresh:
        chain: list[Comment] = []
        on_chain: set[str] = set()
        current: Comment | None = comment
        while current and current.key not in done and current.key not in on_chain:
            chain.append(current)
            on_chain.add(current.key)
            current = by_key.get(current.parent) if current.parent is not None else None
        if current is not None and current.key in on_chain:
            chain[-1] = replace(chain[-1], parent=None)
        for member in reversed(chain):
            done[member.key] = member
    return list(done.values())


def _places(known: Sequence[StoredComment], keyed: Sequence[Comment]) -> dict[str, int]:
    """Return everybody's position in the page's order; who stands right already keeps theirs, so gaps are left."""
    order = _order(known, keyed)
    held = {stored.comment.key: stored.position for stored in known}
    standing = [held[key] for key in order if key in held]
    places: dict[str, int] = {}
    if all(before < after for before, after in pairwise(standing)):
        places = _between(order, held)
    return places or {key: (index + 1) * STEP for index, key in enumerate(order)}


def _between(order: Sequence[str], held: Mapping[str, int]) -> dict[str, int]:
    """Place the new ones evenly between their neighbours; empty where there is no room left."""
    places: dict[str, int] = {}
    last, run = 0, list[str]()
    for key in [*order, None]:
        if key is not None and key not in held:
            run.append(key)
            continue
        following = held[key] if key is not None else last + STEP * (len(run) + 1)
        step = (following - last) // (len(run) + 1)
        if run and step < 1:
            return {}
        places |= {new: last + step * (index + 1) for index, new in enumerate(run)}
        if key is not None:
            places[key] = last = following
        run = []
    return places


def _order(known: Sequence[StoredComment], keyed: Sequence[Comment]) -> list[str]:
    """Return all keys in the page's order, with the absent ones after the neighbour that they had."""
    present = {comment.key for comment in keyed}
    followers: dict[str | None, list[str]] = defaultdict(list)
    neighbour: str | None = None
    for stored in known:
        if stored.comment.key in present:
            neighbour = stored.comment.key
        else:
            followers[neighbour].append(stored.comment.key)
    order = list(followers[None])
    for comment in keyed:
        order += [comment.key, *followers[comment.key]]
    return order
