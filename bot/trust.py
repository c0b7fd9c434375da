"""Who speaks for a story: no server's own source says anything in another server's name, or in its channels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from bot.model import Source, StoredStory, StoredThread, Story
from bot.sources.base import Thread
from bot.store import links
from bot.store.database import Transaction
from bot.store.links import Trust
from bot.urls import site_of

# Threads that a story's page names come before those that its source named.
BY_PAGE, BY_SOURCE = 0, 100
# No thread's number: what came along with a story that was read at another site than its own.
ELSEWHERE = 0
# Where sites keep their comments with somebody else, who holds those of every site apart.
_SERVICES = frozenset(("disqus",))


class Talk(IntEnum):
    """Which comments are taken of who tells of a story: none, those of the story's own site, or all."""

    NONE = 0
    OWN = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Say:
    """What one who tells of a story may say of it. ``over``: it takes the story over from who is trusted so little.

    ``thread_id`` is under which number comments are kept that come along with the story.
    """

    text: bool = True
    over: Trust | None = None
    talk: Talk = Talk.ALL
    thread_id: int | None = None


async def say_of_source(tx: Transaction, source: Source, story: Story, known: StoredStory | None) -> Say:
    """Return what a source may say: who is trusted less than the story's speaker says nothing."""
    trust = links.trust(source.address, known.story if known else story, everyone=source.everyone)
    kept = ELSEWHERE if trust is Trust.STRANGER else None
    if known is None:
        return Say(thread_id=kept)
    speaker = await links.speaker(tx, known)
    over = speaker.trust if speaker.source_id != source.id and trust > speaker.trust else None
    text = over is not None or speaker.source_id == source.id or (speaker.source_id is None and trust == speaker.trust)
    if trust is Trust.OPERATOR:
        return Say(text, over)
    if not text:
        return Say(text, over, Talk.NONE)
    shared = await links.is_shared(tx, source.id, known.id, posted=True)
    return Say(text, over, (Talk.OWN if trust is Trust.HOME else Talk.NONE) if shared else Talk.ALL, kept)


async def say_of_operator(tx: Transaction, known: StoredStory | None) -> Say:
    """Return what the operator's import may say: anything, but for the text that a source for all gave."""
    if known is None:
        return Say()
    speaker = await links.speaker(tx, known)
    over = speaker.trust if speaker.trust < Trust.OPERATOR else None
    return Say(over is not None or speaker.source_id is None, over)


async def say_of_member(tx: Transaction, story: Story, known: StoredStory | None, address: str | None) -> Say:
    """Return what may be said by what a member had read at an address: what the story's own site says of it counts.

    Else a member could give any feed of one entry as another site's story.
    """
    home = address is None or links.trust(address, known.story if known else story) is Trust.HOME
    kept = None if home else ELSEWHERE
    if known is None:
        return Say(thread_id=kept)
    speaker = await links.speaker(tx, known)
    free = home or (speaker.trust is Trust.MEMBER and not await links.is_posted(tx, known.id))
    return Say(free and speaker.source_id is None, talk=Talk.ALL if free else Talk.NONE, thread_id=kept)


def heard(say: Say, threads: tuple[Thread, ...], story: Story) -> tuple[Thread, ...]:
    """Return those of the threads that are taken."""
    return tuple(one for one in threads if say.talk is Talk.ALL or (say.talk is Talk.OWN and _is_own(one, story)))


async def unheard(tx: Transaction, known: StoredStory, threads: list[StoredThread]) -> tuple[list[StoredThread], bool]:
    """Return the threads that are no longer taken, as other servers came to have the story.

    Also tells whether the comments are not either that came along with the story.
    """
    speaker = await links.speaker(tx, known)
    if speaker.source_id is None or speaker.trust is Trust.OPERATOR:
        return [], False
    if not await links.is_shared(tx, speaker.source_id, known.id, posted=False):
        return [], False
    home = speaker.trust is Trust.HOME
    return [one for one in threads if one.rank >= BY_SOURCE and not (home and _is_own(one, known.story))], not home


def _is_own(thread: Thread | StoredThread, story: Story) -> bool:
    site = site_of(story.url)
    return thread.kind in _SERVICES or (site is not None and site_of(thread.address) == site)
