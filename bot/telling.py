"""What the admins who added a source are told about it, in words; the operator reads the same in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from bot.markdown import clean_line, escape
from bot.model import Source
from bot.schedule import Tell
from bot.store import frozen, notices, sources, stories
from bot.store.database import Transaction
from bot.urls import host_and_path
from bot.words import announce

log = logging.getLogger(__name__)

NAME_LIMIT = 80
VANISHED = "vanished:"

_SAYS = {
    Tell.FAILING: "notice.source_failing",
    Tell.REFUSED: "notice.source_refused",
    Tell.STOPPED: "notice.source_stopped",
    Tell.GONE: "notice.source_gone",
    Tell.RECOVERED: "notice.source_back",
}


async def tell(tx: Transaction, source: Source, what: Tell, now: datetime) -> None:
    """Tell every server that added a source how it fares, and the operator."""
    where = host_and_path(source.address)
    log.warning("source %s source=%d kind=%s address=%s", what, source.id, source.kind, where)
    await _put(tx, [source], f"{what}:{source.id}", _SAYS[what], now)


async def tell_queued(tx: Transaction, source: Source, queued: int, now: datetime) -> None:
    """Say that a source gave more stories than are posted at once, and that the rest follows."""
    log.warning("many new stories source=%d queued=%d", source.id, queued)
    await _put(tx, [source], f"many:{source.id}", "notice.source_queued", now, queued=queued)


async def tell_skipped(tx: Transaction, source: Source, skipped: int, now: datetime) -> None:
    """Say that a source was not read for days, and that not all it gave meanwhile is posted."""
    log.warning("stories of days without a read were skipped source=%d skipped=%d", source.id, skipped)
    await _put(tx, [source], f"skipped:{source.id}", "notice.source_skipped", now, skipped=skipped)


async def ask_about_vanished(tx: Transaction, story_id: int, number: int, now: datetime) -> None:
    """Ask the admins where a story stands whether the many comments that vanished at once are really deleted."""
    log.warning("many comments vanished story=%d comments=%d", story_id, number)
    title = escape(clean_line((await stories.get(tx, story_id)).story.title)[:NAME_LIMIT])
    says = announce("notice.vanished", number=number, title=title)
    asked = {subscription.guild_id: subscription.created_by for subscription in await frozen.mirrored_by(tx, story_id)}
    for guild_id, user_id in asked.items():
        await notices.put(tx, guild_id, f"{VANISHED}{story_id}", says, now, user_id=user_id)


async def _put(
    tx: Transaction, about: Iterable[Source], subject: str, key: str, now: datetime, **values: object
) -> None:
    for source in about:
        # The name is the site's: it must not write Markdown of its own into a server's system channel.
        text = announce(key, name=escape(clean_line(source.name or source.address)[:NAME_LIMIT]), **values)
        for follower in await sources.followers(tx, source.id):
            await notices.put(tx, follower.guild_id, subject, text, now, user_id=follower.user_id, source_id=source.id)
