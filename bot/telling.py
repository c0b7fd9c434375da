"""What the admins who added a source are told about it, in words; the operator reads the same in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from bot.markdown import clean_line, escape
from bot.model import Source
from bot.schedule import Tell
from bot.store import links, notices, sources
from bot.store.database import Transaction

log = logging.getLogger(__name__)

NAME_LIMIT = 80

_SAYS = {
    Tell.FAILING: "I could not read **{name}** for a day. I go on trying, and say so when it is back.",
    Tell.REFUSED: "**{name}** refuses to be read. I ask once a day from now on, and say so when it is back.",
    Tell.STOPPED: "I could not read **{name}** for seven days and stopped trying. `/sources list` starts it again.",
    Tell.GONE: "**{name}** says that it is gone for good, so I stopped reading it. `/sources remove` takes it away.",
    Tell.RECOVERED: "**{name}** can be read again.",
}


async def tell(tx: Transaction, source: Source, what: Tell, now: datetime) -> None:
    """Tell every server that added a source how it fares, and the operator."""
    log.warning("source %s source=%d kind=%s address=%s", what, source.id, source.kind, source.address)
    await _put(tx, [source], f"{what}:{source.id}", _SAYS[what], now)


async def tell_queued(tx: Transaction, source: Source, queued: int, now: datetime) -> None:
    """Say that a source gave more stories than are posted at once, and that the rest follows."""
    log.warning("many new stories source=%d queued=%d", source.id, queued)
    says = f"**{{name}}** gave very many stories at once. {queued} wait, and are posted a few with every read."
    await _put(tx, [source], f"many:{source.id}", says, now)


async def tell_skipped(tx: Transaction, source: Source, skipped: int, now: datetime) -> None:
    """Say that a source was not read for days, and that not all it gave meanwhile is posted."""
    log.warning("stories of days without a read were skipped source=%d skipped=%d", source.id, skipped)
    says = f"**{{name}}** was not read for days. I post its newest stories; {skipped} older ones are only remembered."
    await _put(tx, [source], f"skipped:{source.id}", says, now)


async def tell_vanished(tx: Transaction, story_id: int, number: int, now: datetime) -> None:
    """Say that very many comments of a story vanished at once, which looks like a fault of the site."""
    log.warning("many comments vanished story=%d comments=%d", story_id, number)
    found = [await sources.get(tx, source_id) for source_id in await links.sources_of(tx, story_id)]
    says = f"{number} comments of story {story_id} (**{{name}}**) vanished at once. Nothing is deleted for that."
    await _put(tx, found, f"vanished:{story_id}", says, now)


async def _put(tx: Transaction, about: Iterable[Source], subject: str, says: str, now: datetime) -> None:
    for source in about:
        # The name is the site's: it must not write Markdown of its own into a server's system channel.
        text = says.format(name=escape(clean_line(source.name or source.address)[:NAME_LIMIT]))
        for follower in await sources.followers(tx, source.id):
            await notices.put(tx, follower.guild_id, subject, text, now, user_id=follower.user_id, source_id=source.id)
