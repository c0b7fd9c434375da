"""Which people a text notifies, after allowed_mentions."""

from __future__ import annotations

import re

from sandbox.model import Channel, Json, Message, Pings
from sandbox.permissions import MENTION_EVERYONE
from sandbox.world_base import WorldBase

USER, ROLE, EVERYONE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(everyone|here)")
DEFAULT: Json = {"parse": ["users", "roles", "everyone"], "replied_user": True}


def resolve(world: WorldBase, channel: Channel, author_id: int, text: str, allowed: Json | None) -> Pings:
    """Return who is notified by ``text``; without ``allowed`` everything parses, as Discord does."""
    rules = DEFAULT if allowed is None else allowed
    parse = rules.get("parse") or []
    # Whoever is no user is a webhook, which may mention everyone.
    strong = author_id not in world.users or bool(world.permissions(channel, author_id) & MENTION_EVERYONE)
    users = [u for u in _ids(USER, text) if u in world.users and _may(u, "users", rules, parse)]
    roles = [r for r in _ids(ROLE, text) if _role_pings(world, channel, r, strong) and _may(r, "roles", rules, parse)]
    return Pings(users, roles, strong and "everyone" in parse and bool(EVERYONE.search(text)))


def with_reply(pings: Pings, parent: Message | None, allowed: Json | None) -> Pings:
    """Add the author of the answered message, unless allowed_mentions says otherwise."""
    wanted = (DEFAULT if allowed is None else allowed).get("replied_user", False)
    if parent is not None and wanted and parent.author_id not in pings.users:
        pings.users.append(parent.author_id)
    return pings


def _ids(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(found) for found in pattern.findall(text)))


def _may(wanted: int, kind: str, rules: Json, parse: list[str]) -> bool:
    return kind in parse or wanted in {int(i) for i in rules.get(kind) or []}


def _role_pings(world: WorldBase, channel: Channel, role_id: int, strong: bool) -> bool:
    guild = world.guilds.get(channel.guild_id or 0)
    role = guild.roles.get(role_id) if guild else None
    return role is not None and (role.mentionable or strong)
