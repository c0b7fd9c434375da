"""Save reads that changed nothing together: one commit, which waits for the disk, for all that end while one runs."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from bot.model import Source
from bot.store import links, sources
from bot.store.brief import BriefDatabase
from bot.store.database import Database


class _Wish(NamedTuple):
    source: Source
    done: asyncio.Future[bool]


class QuietSaves:
    """A queue before the writer: whoever comes while a commit is under way shares the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wishes: list[_Wish] = []
        self._saving: asyncio.Task[None] | None = None

    async def save(self, source: Source) -> bool:
        """Save how far a source was read; tells whether stories of it still wait to be posted.

        Raises ``StoreError``. Its callers may be cancelled: what they asked for is then saved or not, as a whole.
        """
        wish = _Wish(source, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._run())
        return await wish.done

    async def ended(self) -> None:
        """Wait until nothing is being saved any more."""
        if self._saving:
            await asyncio.wait([self._saving])

    async def _run(self) -> None:
        while self._wishes:
            wishes, self._wishes = self._wishes, []
            try:
                waiting = await self._together([wish.source for wish in wishes])
            except BaseException as error:
                for wish in wishes:
                    if not wish.done.done():
                        wish.done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for wish in wishes:
                if not wish.done.done():
                    wish.done.set_result(wish.source.id in waiting)

    async def _together(self, found: list[Source]) -> set[int]:
        async with BriefDatabase(self._database).write() as tx:
            await sources.save_all(tx, found)
            return await links.with_queue(tx, [source.id for source in found])
