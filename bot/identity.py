"""Keys for comments that have none: a fresh read is laid beside the known one, author by author. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from bot.model import Comment

PREFIX = "t-"
_SIMILAR = 0.6
_NEAR = 12  # how many of an author's unmatched comments are compared with one of them
_COMPARED = 1000  # characters
_LONG_PREFIX = 20


def assign_keys(known: Sequence[Comment], fresh: Sequence[Comment]) -> tuple[Comment, ...]:
    """Return ``fresh`` with a key for every comment: that of the known comment it is, else a new one.

    An edited comment keeps its key, a new one gets its own, and no key is given twice. Comments that have a key keep
    it. Where the read broke off inside its last comment, the longer known text stays.
    """
    old = [comment for comment in known if comment.key.startswith(PREFIX) and not comment.deleted]
    new = [index for index, comment in enumerate(fresh) if not comment.key]
    pairs = _align(old, [fresh[index] for index in new])
    used = {comment.key for comment in (*known, *fresh) if comment.key}
    result = list(fresh)
    for place, index in enumerate(new):
        match = old[pairs[place]] if place in pairs else None
        is_last = index == len(fresh) - 1
        result[index] = _adopt(fresh[index], match, is_last) if match else _named(fresh[index], used)
    return tuple(result)


def _align(old: Sequence[Comment], new: Sequence[Comment]) -> dict[int, int]:
    """Return which new comment is which old one: equal ones first, then similar ones, then those in the same gap."""
    pairs: dict[int, int] = {}
    _pair_equal(old, new, pairs)
    _pair_similar(old, new, pairs)
    _pair_gaps(old, new, pairs)
    return pairs


def _pair_equal(old: Sequence[Comment], new: Sequence[Comment], pairs: dict[int, int]) -> None:
    """Pair equal comments of one author, the first with the first: so that two equal ones stay two."""
    waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for index, comment in enumerate(old):
        waiting[comment.author, comment.body].append(index)
    for index, comment in enumerate(new):
        if found := waiting.get((comment.author, comment.body)):
            pairs[index] = found.popleft()


def _pair_similar(old: Sequence[Comment], new: Sequence[Comment], pairs: dict[int, int]) -> None:
    """Pair what is left of each author by likeness, the most alike first; ties go to the earlier place."""
    rest_old, rest_new = _rest(old, set(pairs.values())), _rest(new, pairs)
    offers: list[tuple[float, int, int, int]] = []
    for author, places in rest_new.items():
        candidates = rest_old.get(author, [])
        for rank, place in enumerate(places):
            first = max(0, min(rank - _NEAR // 2, len(candidates) - _NEAR))
            for candidate in candidates[first : first + _NEAR]:
                likeness = _likeness(old[candidate].body, new[place].body)
                if likeness >= _SIMILAR:
                    offers.append((-likeness, abs(candidate - place), place, candidate))
    taken = set(pairs.values())
    for _, _, place, candidate in sorted(offers):
        if place not in pairs and candidate not in taken:
            pairs[place] = candidate
            taken.add(candidate)


def _pair_gaps(old: Sequence[Comment], new: Sequence[Comment], pairs: dict[int, int]) -> None:
    """Pair a rewritten comment: same author, and the comments before and behind it are the same as before."""
    taken = set(pairs.values())
    for place, comment in enumerate(new):
        before = pairs.get(place - 1, -1) if place else -1
        candidate = before + 1
        if place in pairs or candidate in taken or candidate >= len(old) or (place and place - 1 not in pairs):
            continue
        behind = pairs.get(place + 1)
        at_end = place == len(new) - 1 and candidate == len(old) - 1
        if (at_end or behind == candidate + 1) and old[candidate].author == comment.author:
            pairs[place] = candidate
            taken.add(candidate)


def _rest(comments: Sequence[Comment], paired: Mapping[int, int] | set[int]) -> dict[str, list[int]]:
    rest: defaultdict[str, list[int]] = defaultdict(list)
    for index, comment in enumerate(comments):
        if index not in paired:
            rest[comment.author].append(index)
    return rest


def _likeness(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1; the beginning of the other counts as alike."""
    if not one or not other:
        return 0.0
    short, long = sorted((one, other), key=len)
    if len(short) >= _LONG_PREFIX and long.startswith(short):
        return 0.99
    matcher = SequenceMatcher(None, one[:_COMPARED].split(), other[:_COMPARED].split(), autojunk=False)
    if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
        return 0.0
    return matcher.ratio()


def _adopt(fresh: Comment, known: Comment, is_last: bool) -> Comment:
    """Return the fresh comment under its known key; a last one that breaks off keeps the known text."""
    stump = fresh.body.rstrip(" .…\\")
    if is_last and stump and len(stump) < len(known.body) and known.body.startswith(stump) and _breaks_off(fresh.body):
        return replace(fresh, key=known.key, body=known.body)
    return replace(fresh, key=known.key)


def _breaks_off(body: str) -> bool:
    return body.endswith(("...", "…")) or not body.endswith((".", "!", "?", ")", '"', "”", "*", ">", "`"))


def _named(comment: Comment, used: set[str]) -> Comment:
    """Give a new key made of author and text, numbered so that it is the only one; ``used`` learns it."""
    digest = hashlib.sha256(f"{comment.author}\0{comment.body}".encode("utf-8", "replace")).hexdigest()[:10]
    number = 1
    while (key := f"{PREFIX}{digest}-{number}") in used:
        number += 1
    used.add(key)
    return replace(comment, key=key)


def keyless(comments: Iterable[Comment]) -> bool:
    """Say whether any of the comments still needs a key."""
    return any(not comment.key for comment in comments)
