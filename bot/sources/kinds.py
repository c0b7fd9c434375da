"""The table of all kinds of source, and the questions that are put to all of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.errors import NotAStory, SourceError
from bot.model import StoryPage
from bot.sources import answers
from bot.sources.base import Document, Fetched, Kind, NotThisKind, Thread, Web
from bot.sources.discourse import Discourse
from bot.sources.disqus import Disqus
from bot.sources.embeds import threads_in
from bot.sources.feed import Feed, FeedParser
from bot.sources.folder import Folder
from bot.sources.hackernews import HackerNews
from bot.sources.json_document import load
from bot.sources.lemmy import Lemmy
from bot.sources.newsapi import NewsApi
from bot.sources.page import Page
from bot.sources.page_decode import charset_text
from bot.sources.page_thread import in_page_thread
from bot.sources.wordpress import WordPress

NOTHING_FITS = (
    "I know no way to follow this address; paste that of a feed, of a WordPress site, of a Discourse, Lemmy or "
    "Disqus forum, of Hacker News or of the Spaceflight News API."
)
NO_JSON = "This is JSON, but it holds no stories or comments of a kind that I know."
BROKEN_JSON = "This is broken JSON: it may have been cut short on its way; get it again."
NO_KIND = "This is neither a page with a story nor data of a kind that I know."

_SAMPLE = 65_536
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Needs:
    """What the makers of the kinds may take: whatever is opened once and shared."""

    feed: Feed
    disqus_key: str | None


# One line a kind. Asked in this order who knows a document: those who know exact shapes and addresses come first, and
# the page, which takes anything with a title and a text, last.
KINDS: Mapping[str, Callable[[Needs], Kind]] = {
    "newsapi": lambda needs: NewsApi(),
    "hackernews": lambda needs: HackerNews(),
    "lemmy": lambda needs: Lemmy(),
    "discourse": lambda needs: Discourse(),
    "wordpress": lambda needs: WordPress(needs.feed),
    "feed": lambda needs: needs.feed,
    "disqus": lambda needs: Disqus(needs.disqus_key, needs.feed),
    "folder": lambda needs: Folder(),
    "page": lambda needs: Page(),
}
# These know their addresses exactly, and none of them is an article's: a page of theirs is a list or a thread.
EXACT = ("newsapi", "hackernews", "lemmy", "discourse")


@dataclass(frozen=True, slots=True)
class Detected:
    """How a pasted address can be followed, and what the first read of it gave.

    ``instead``: the address itself held nothing, and the list of the site that it belongs to was read.
    """

    kind: str
    address: str
    fetched: Fetched
    instead: bool = False


class Kinds(Mapping[str, Kind]):
    """All kinds by their names, ready to be asked; made by ``Kinds.open``."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(kinds)
        self._page = Page()

    @classmethod
    @asynccontextmanager
    async def open(cls, disqus_key: str | None = None) -> AsyncIterator[Kinds]:
        """Make every kind of ``KINDS``; what they share, as the parser's worker process, ends with the context."""
        async with FeedParser.open() as parser:
            needs = Needs(Feed(parser), disqus_key)
            yield cls({name: make(needs) for name, make in KINDS.items()})

    def __getitem__(self, name: str) -> Kind:
        """Return the kind of a name; raises ``KeyError``."""
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names in the order of the table."""
        return iter(self._kinds)

    def __len__(self) -> int:
        """Return how many kinds there are."""
        return len(self._kinds)

    async def parse(self, document: Document, kind: str | None = None) -> tuple[str, Fetched]:
        """Return the kind that knows a document, and what is in it; with ``kind``, that one alone is asked.

        Raises ``SourceError`` with the sentence of the kind whose document it is.
        """
        if kind is not None:
            return kind, await self[kind].parse(document)
        for name in self:
            try:
                return name, await self[name].parse(document)
            except NotThisKind:
                continue
            except NotAStory:  # the page's, who is asked last
                await asyncio.to_thread(_refuse_json, document)
                raise
        raise NotThisKind(NO_KIND)

    async def detect(self, web: Web, url: str) -> Detected:
        """Find out how to follow what a person pasted, and read it once; raises ``FetchError`` or ``SourceError``.

        The kinds are asked in turn; the first that claims the address and can then read it wins.
        """
        return await self.detect_document(web, answers.document(await web.get(typed(url))))

    async def detect_document(self, web: Web, document: Document, among: Iterable[str] | None = None) -> Detected:
        """Like ``detect``, for a document that was fetched already, asking the kinds ``among`` these names alone."""
        failed: SourceError | None = None
        for name in self if among is None else [name for name in among if name in self]:
            kind = self[name]
            address = await _claim(kind, web, document)
            if address is None:
                continue
            try:
                return Detected(name, address, await kind.read(web, address, {}))
            except SourceError as error:  # another kind may do better: a site that closes its API still has a feed
                failed = failed or error
        raise failed or SourceError(NOTHING_FITS)

    async def probe(self, web: Web, story_url: str) -> tuple[StoryPage | None, tuple[Thread, ...]]:
        """Return the story on a page (None where it shows none) and the threads that the page names, best first.

        Raises ``FetchError`` where the page cannot be read.
        """
        document = answers.document(await web.get(story_url))
        try:
            read = (await self._page.parse(document)).items[0].page
        except NotAStory:
            read = None
        return read, await self.threads(document)

    async def threads(self, document: Document) -> tuple[Thread, ...]:
        """Return the threads that a story's page names, best first, as far as there is a kind that reads them."""
        found = await in_page_thread(_threads_in, document)
        return tuple(thread for thread in found if thread.kind in self)


def _threads_in(document: Document) -> tuple[Thread, ...]:
    return threads_in(charset_text(document.data, document.content_type), document.url or "")


def _refuse_json(document: Document) -> None:
    """Raise ``NotThisKind`` with a sentence of its own for JSON that nobody knew; pass what is none."""
    text = charset_text(document.data[:_SAMPLE], document.content_type).lstrip("\ufeff \t\r\n")
    if not re.match(r"\{\s*[\"}]|\[\s*[\[{\"\]]", text):
        return
    try:
        load(document)
    except NotThisKind as error:
        raise NotThisKind(BROKEN_JSON) from error
    raise NotThisKind(NO_JSON)


async def _claim(kind: Kind, web: Web, document: Document) -> str | None:
    """Ask one kind; a question of its that the site does not answer speaks against this kind, not for an error."""
    try:
        return await kind.find(web, document)
    except SourceError:
        return None


def typed(text: str) -> str:
    """Return the address that a person meant: without blanks and brackets around it, with the scheme left out added."""
    text = text.strip().removeprefix("<").removesuffix(">").strip()
    text = re.sub(r"^feed:(?://)?(?=https?://)", "", text, flags=re.IGNORECASE)
    text = re.sub(r"^feed://", "https://", text, flags=re.IGNORECASE)
    return text if _SCHEME.match(text) else f"https://{text}"
