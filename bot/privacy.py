"""What is kept about a person: shown, given as a file, and forgotten, in all servers and for nobody else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.markdown import plain
from bot.store import member_replies
from bot.store import privacy as store
from bot.store.database import Database
from bot.store.values import from_ms

FORMAT, VERSION = "rendezvous-privacy", 1


@dataclass(frozen=True, slots=True)
class Kept:
    """How many things of each kind are kept about a person: in all servers, and in the one that was asked in.

    ``channels`` are those of that server where members' messages below stories are kept.
    """

    everywhere: Mapping[str, int]
    here: Mapping[str, int]
    channels: tuple[int, ...] = ()


async def show(database: Database, guild_id: int, user_id: int) -> Kept:
    """Return how much is kept about a person."""
    async with database.read() as tx:
        channels = await member_replies.switched_on(tx, guild_id)
        return Kept(await store.counts(tx, user_id), await store.counts(tx, user_id, guild_id), channels)


async def export(database: Database, user_id: int, now: datetime) -> bytes:
    """Return all that is kept about a person as JSON; ids are text, as they are too large for many readers."""
    async with database.read() as tx:
        found = await store.rows(tx, user_id)
    value = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _time(now),
        "user_id": str(user_id),
        **{name: [_row(row) for row in rows] for name, rows in found.items()},
    }
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


async def forget(database: Database, user_id: int) -> Mapping[str, int]:
    """Forget a person, in one transaction; returns how many things of each kind that concerned."""
    async with database.write() as tx:
        return await store.forget(tx, user_id)


def _row(row: Mapping[str, object]) -> dict[str, object]:
    return {("text" if name == "body" else name): _value(name, value) for name, value in row.items()}


def _value(name: str, value: object) -> object:
    if name.endswith("_at") and isinstance(value, int):
        return _time(from_ms(value))
    if name.endswith("_id"):
        return str(value)
    return plain(value) if name == "body" and isinstance(value, str) else value


def _time(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if time else None
