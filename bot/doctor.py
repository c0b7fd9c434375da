"""What ``rendezvous doctor`` finds out, as values: each finding says what is, and what to do when it is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot import permissions
from bot.errors import RendezvousError, StoreError
from bot.model import Subscription
from bot.store import meta, subscriptions
from bot.store.database import Database

CONTENT = "Message Content"
PRIVILEGED = {"Presence": 0b11 << 12, "Server Members": 0b11 << 14, CONTENT: 0b11 << 18}
PORTAL = "the developer portal (Bot, Reset Token)"


class Rest(Protocol):
    """Discord as far as the doctor asks it; ``bot.chat.rest_check`` is the real one."""

    async def get(self, path: str) -> tuple[int, Any]:
        """Return status and decoded answer of a GET."""

    async def hello(self, url: str) -> None:
        """Raise unless the gateway at the address greets."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's answer; ``todo`` is empty when all is well."""

    what: str
    todo: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing needs to be done."""
        return not self.todo


async def check_database(path: Path) -> tuple[Finding, Sequence[Subscription]]:
    """Check the file and return what is followed; a file that is not there yet is not made."""
    if not path.exists():
        return _future(path), ()
    try:
        async with Database.open(path) as database, database.read() as tx:
            followed = await subscriptions.all_(tx)
            sandbox = await meta.get(tx, "realm") == "sandbox"
    except StoreError as error:
        return Finding("the database cannot be used", str(error)), ()
    if sandbox:
        return Finding(f"the database {path} belongs to a sandbox run", "set DATABASE_PATH to another file."), ()
    return Finding(f"the database {path} is sound; channels followed: {len(followed)}"), followed


def _future(path: Path) -> Finding:
    folder = path.resolve().parent
    if folder.is_dir() and os.access(folder, os.W_OK):
        return Finding(f"the database {path} will be made at the first start")
    return Finding(f"the database {path} cannot be made", f"make the folder {folder} and let this user write in it.")


async def check_discord(rest: Rest, followed: Sequence[Subscription], *, content: bool = False) -> list[Finding]:
    """Check the token, the gateway and every followed channel; stops early where the rest cannot be known.

    ``content``: the Message Content Intent is wanted.
    """
    try:
        status, me = await rest.get("/users/@me")
        if status != 200:
            return [_refused("the token", status, f"set DISCORD_TOKEN to a token of {PORTAL}.")]
        return [
            Finding(f"the token belongs to {me['username']} (id {me['id']})"),
            await _application(rest, content=content),
            await _gateway(rest),
            *await _channels(rest, int(me["id"]), followed),
        ]
    except RendezvousError as error:
        return [Finding(f"Discord cannot be asked: {error}", "check the network and DISCORD_API_URL, then try again.")]
    except (KeyError, TypeError, ValueError) as error:
        text = f"the answer at DISCORD_API_URL is not Discord's (no {error})"
        return [Finding(text, "check that DISCORD_API_URL is the address of a Discord API, ending in /api/v10.")]


async def _application(rest: Rest, *, content: bool) -> Finding:
    status, application = await rest.get("/oauth2/applications/@me")
    if status != 200:
        return _refused("the application", status, "look at it in the developer portal.")
    flags = int(application.get("flags") or 0)
    if content and not flags & PRIVILEGED[CONTENT]:
        todo = f"switch on {CONTENT} Intent in the developer portal (Bot, Privileged Gateway Intents), or set "
        return Finding(f"intents: {CONTENT} is wanted and not allowed", f"{todo}MESSAGE_CONTENT=no.")
    spare = [name for name, bits in PRIVILEGED.items() if flags & bits and not (content and name == CONTENT)]
    text = f"intents: {CONTENT} is allowed" if content else "intents: none of the privileged ones is needed"
    return Finding(f"{text} ({', '.join(spare)} could be switched off)" if spare else text)


async def _gateway(rest: Rest) -> Finding:
    status, gateway = await rest.get("/gateway/bot")
    if status != 200:
        return _refused("the gateway's address", status, "try again in a few minutes.")
    left = gateway["session_start_limit"]["remaining"]
    if left == 0:
        hours = gateway["session_start_limit"]["reset_after"] / 3_600_000
        return Finding(
            "no login is left for today", f"start the bot in {hours:.0f} hours, and find why it logs in so often."
        )
    await rest.hello(gateway["url"])
    return Finding(f"the gateway {gateway['url']} answers; {left} logins are left for today")


async def _channels(rest: Rest, me: int, followed: Iterable[Subscription]) -> list[Finding]:
    """Check each followed channel; a server's roles are asked for once."""
    members: dict[int, permissions.Member | Finding] = {}
    findings = []
    for subscription in followed:
        guild = subscription.guild_id
        if guild not in members:
            members[guild] = await _member(rest, guild, me)
        findings.append(await _channel(rest, members[guild], subscription))
    return findings or [Finding("no channel is followed yet; an admin can type /channels follow in Discord")]


async def _member(rest: Rest, guild_id: int, me: int) -> permissions.Member | Finding:
    status, guild = await rest.get(f"/guilds/{guild_id}")
    if status != 200:
        todo = "invite the bot again (rendezvous invite), or leave it: nothing is posted there."
        return _refused(f"server {guild_id}", status, todo)
    status, member = await rest.get(f"/guilds/{guild_id}/members/{me}")
    if status != 200:
        return _refused(f"our membership in {guild['name']}", status, "invite the bot again (rendezvous invite).")
    return permissions.Member(
        id=me,
        guild_id=guild_id,
        role_ids=tuple(int(role) for role in member["roles"]),
        roles={int(role["id"]): int(role["permissions"]) for role in guild["roles"]},
        owner=int(guild["owner_id"]) == me,
    )


async def _channel(rest: Rest, member: permissions.Member | Finding, subscription: Subscription) -> Finding:
    if isinstance(member, Finding):
        return Finding(f"channel {subscription.channel_id}: {member.what}", member.todo)
    status, channel = await rest.get(f"/channels/{subscription.channel_id}")
    if status != 200:
        todo = "give the bot's role View Channel there; if the channel is gone, type /channels unfollow."
        return _refused(f"channel {subscription.channel_id}", status, todo)
    name = f"#{channel['name']}"
    overwrites = [
        permissions.Overwrite(int(entry["id"]), int(entry["allow"]), int(entry["deny"]))
        for entry in channel.get("permission_overwrites") or ()
    ]
    lacking = permissions.lacking(permissions.in_channel(member, overwrites), subscription.options.layout)
    if lacking:
        wanted = "; ".join(f"{permission.title} ({permission.reason})" for permission in lacking)
        return Finding(f"{name}: {len(lacking)} permissions are missing", f"give the bot's role there: {wanted}.")
    if subscription.paused_reason:
        return Finding(f"{name}: paused ({subscription.paused_reason})", "type /channels resume there to go on.")
    return Finding(f"{name}: all permissions are there")


def _refused(what: str, status: int, todo: str) -> Finding:
    why = {401: "is refused", 403: "is not open to the bot", 404: "does not exist or is not open to the bot"}
    return Finding(f"{what} {why.get(status, f'cannot be read now (status {status})')}", todo)
