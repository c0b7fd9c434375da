"""Read what somebody asks for now: an address as the bot would see it, and a member's story into the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from bot import library
from bot.errors import NotAStory, SourceError
from bot.ingest import IngestReport, ingest
from bot.model import StoredStory, StoryPage
from bot.sources import answers, page
from bot.sources.base import Document, Fetched, Item, NotThisKind, Thread, Web
from bot.sources.kinds import EXACT, Detected, Kinds, typed
from bot.store.database import Database
from bot.urls import require_address
from bot.words import say

PAGE = page.Page.name


async def fetch(
    database: Database, web: Web, url: str, *, guild_id: int, user_id: int, now: datetime, kinds: Kinds | None = None
) -> tuple[StoredStory, IngestReport]:
    """Read, store and make visible the story at ``url``; raises ``FetchError`` or ``NotAStory``.

    With ``kinds``, a story whose page shows no comments gets them from the thread that its page names.
    """
    require_address(url)
    read, address = (await page.fetch(web, url), None) if kinds is None else await _story(web, kinds, url)
    report = await ingest(database, read, now, deliver=False, public=False, address=address)
    await library.fetched(database, guild_id, user_id, report.story_id, now)
    return await library.show(database, guild_id, report.story_id), report


def summary(report: IngestReport) -> str:
    """Return one line that says what a read changed."""
    if report.status == "unchanged":
        return say("stories.same")
    story = say("stories.stored" if report.status == "stored" else "stories.changed")
    facts = {
        "stories.comments_added": report.added,
        "stories.comments_changed": report.changed,
        "stories.comments_deleted": report.deleted,
    }
    details = ", ".join(say(key, number=number) for key, number in facts.items() if number)
    return f"{story} {say('stories.comments', what=details)}" if details else story


async def look(web: Web, kinds: Kinds, url: str, kind: str | None = None) -> Detected:
    """Return what an address holds: the one story of its page, or the newest stories of a list; nothing is stored.

    ``kind`` names the only kind to be asked. Raises ``FetchError`` or ``SourceError``.
    """
    document = answers.document(await web.get(typed(url)))
    if kind is not None:
        return await _look_as(web, kinds, document, kind)
    return await _look_at(web, kinds, document, None if _is_front(document.url or "") else EXACT)


async def discussed(web: Web, kinds: Kinds, item: Item, *, from_list: bool = True) -> tuple[StoryPage, str | None]:
    """Return an item's story with the comments of its thread, and a sentence where they could not be read.

    The story's own page is asked for its threads where the source named none, unless the item was read from it.
    """
    read, threads = item.page, item.threads
    if from_list and not (threads or read.comments) and read.story.url:
        try:
            shown, threads = await kinds.probe(web, read.story.url)
        except SourceError as error:
            return replace(read, complete=False), str(error)
        if shown:
            read = replace(read, comments=shown.comments, complete=shown.complete)
    if not threads or (read.comments and read.complete):
        return read, None
    return await _with_thread(web, kinds, read, threads)


async def _with_thread(
    web: Web, kinds: Kinds, read: StoryPage, threads: Sequence[Thread]
) -> tuple[StoryPage, str | None]:
    """Return a story with the comments of the best thread that has more than its page.

    Where none could be read, the page is not complete, whatever it said: known comments live elsewhere.
    """
    failed, whole = None, False
    for thread in threads:
        try:
            found = await kinds[thread.kind].discuss(web, thread.address, {})
        except SourceError as error:
            failed = failed or str(error)
            continue
        if found.comments and (found.complete or len(found.comments) > len(read.comments)):
            return replace(read, comments=found.comments, complete=found.complete), None
        whole = whole or found.complete
    return replace(read, complete=read.complete and whole and not failed), None if read.comments else failed


async def _story(web: Web, kinds: Kinds, url: str) -> tuple[StoryPage, str]:
    """Return the story at an address, and where it was read in the end."""
    found = await _look_at(web, kinds, answers.document(await web.get(url)), EXACT)
    if found.instead or len(found.fetched.items) != 1:
        raise NotAStory("This looks like a list of several stories, not like the page of one.")
    return (await discussed(web, kinds, found.fetched.items[0], from_list=found.kind != PAGE))[0], found.address


async def _look_at(web: Web, kinds: Kinds, document: Document, sites: Iterable[str] | None) -> Detected:
    """Return what a document holds; the kinds of ``sites`` (None for all) go before a page that could be a story."""
    address = document.url or ""
    try:
        name, fetched = await kinds.parse(document)
    except SourceError as error:
        return await _list_or_raise(web, kinds, document, error)
    if name != PAGE:
        return Detected(name, address, fetched)
    try:
        return await kinds.detect_document(web, document, sites)
    except SourceError:
        return Detected(PAGE, address, Fetched((Item(fetched.items[0].page, await kinds.threads(document)),)))


async def _look_as(web: Web, kinds: Kinds, document: Document, kind: str) -> Detected:
    """Ask one kind: whether the document is its own, else where the site that it belongs to can be read."""
    try:
        return Detected(kind, document.url or "", (await kinds.parse(document, kind))[1])
    except NotThisKind as error:
        address = await kinds[kind].find(web, document)
        if address is None:
            raise SourceError(f"This address does not lead to a {kinds[kind].label}.") from error
        return Detected(kind, address, await kinds[kind].read(web, address, {}))


async def _list_or_raise(web: Web, kinds: Kinds, document: Document, error: SourceError) -> Detected:
    """Read the list that an address leads to; where it is none, the error of the page says more."""
    try:
        found = await kinds.detect_document(web, document)
    except SourceError:
        raise error from None
    asked = document.url or ""
    return replace(found, instead=not (_is_front(asked) or found.kind in EXACT or found.address == asked))


def _is_front(address: str) -> bool:
    """Say whether an address is a site's front page, which is a list even where its newest story fills it."""
    parts = urlsplit(address)
    return parts.path in ("", "/") and not parts.query
