"""The permissions that Rendezvous asks for, each with its reason; the one place that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.model import Layout
from bot.words import say


@dataclass(frozen=True, slots=True)
class Permission:
    """One Discord permission: its bit, the name that people see in Discord, and the key of why the bot needs it.

    Without a ``required`` one nothing can be posted; without another one the bot posts, but poorer. ``layouts`` are
    those of a channel that need it.
    """

    name: str
    bit: int
    title: str
    why: str
    required: bool = True
    layouts: frozenset[Layout] = frozenset(Layout)

    @property
    def reason(self) -> str:
        """Why the bot needs it, in the language at hand."""
        return say(self.why)


_THREADS = frozenset((Layout.THREAD, Layout.FORUM))

NEEDED: tuple[Permission, ...] = (
    Permission("VIEW_CHANNEL", 1 << 10, "View Channel", "permission.view"),
    Permission("SEND_MESSAGES", 1 << 11, "Send Messages", "permission.send"),
    Permission(
        "CREATE_PUBLIC_THREADS",
        1 << 35,
        "Create Public Threads",
        "permission.threads",
        layouts=frozenset((Layout.THREAD,)),
    ),
    Permission(
        "SEND_MESSAGES_IN_THREADS", 1 << 38, "Send Messages in Threads", "permission.threads_send", layouts=_THREADS
    ),
    Permission("EMBED_LINKS", 1 << 14, "Embed Links", "permission.embed", required=False),
    Permission("READ_MESSAGE_HISTORY", 1 << 16, "Read Message History", "permission.history"),
)

SCOPES = ("bot", "applications.commands")


def bits(needed: Iterable[Permission] = NEEDED) -> int:
    """Return the permissions as the one number that Discord calls ``permissions``."""
    total = 0
    for permission in needed:
        total |= permission.bit
    return total


def lacking(have: int, layout: Layout = Layout.THREAD) -> tuple[Permission, ...]:
    """Return what a channel of that layout needs and ``have`` lacks, in the table's order."""
    return tuple(permission for permission in NEEDED if layout in permission.layouts and not have & permission.bit)


ADMINISTRATOR = 1 << 3
VIEW_CHANNEL = NEEDED[0].bit
EVERYTHING = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel gives and takes for one role or member."""

    id: int
    allow: int
    deny: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a guild as far as permissions go; ``roles`` maps every role of the guild to its permissions."""

    id: int
    guild_id: int
    role_ids: tuple[int, ...]
    roles: Mapping[int, int]
    owner: bool = False


def in_channel(member: Member, overwrites: Iterable[Overwrite]) -> int:
    """Return what a member may do in a channel: roles first, then the overwrites of everyone, roles and member."""
    everyone = member.guild_id
    have = member.roles.get(everyone, 0)
    for role_id in member.role_ids:
        have |= member.roles.get(role_id, 0)
    if member.owner or have & ADMINISTRATOR:
        return EVERYTHING
    by_id = {overwrite.id: overwrite for overwrite in overwrites}
    for layer in ((everyone,), tuple(id_ for id_ in member.role_ids if id_ != everyone), (member.id,)):
        found = [by_id[id_] for id_ in layer if id_ in by_id]
        # Within one layer a gift outweighs a refusal, so all refusals come first.
        for overwrite in found:
            have &= ~overwrite.deny
        for overwrite in found:
            have |= overwrite.allow
    return have if have & VIEW_CHANNEL else 0
