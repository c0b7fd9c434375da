"""Permission bits and the rule that turns roles and overwrites into what a member may do."""

from __future__ import annotations

from sandbox.model import Channel, Guild

ADD_REACTIONS = 1 << 6
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_ROLES = 1 << 28
MANAGE_WEBHOOKS = 1 << 29
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
PIN_MESSAGES = 1 << 51
ALL = (1 << 53) - 1

EVERYONE = (
    VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | READ_MESSAGE_HISTORY | ADD_REACTIONS | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS | SEND_MESSAGES_IN_THREADS
)  # fmt: skip
BOT = (
    VIEW_CHANNEL | SEND_MESSAGES | CREATE_PUBLIC_THREADS | SEND_MESSAGES_IN_THREADS | EMBED_LINKS
    | READ_MESSAGE_HISTORY
)  # fmt: skip


def guild_permissions(guild: Guild, user_id: int) -> int:
    """Return what the roles alone give a member."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if user_id == guild.owner_id:
        return ALL
    total = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        role = guild.roles.get(role_id)
        total |= role.permissions if role else 0
    return ALL if total & ADMINISTRATOR else total


def channel_permissions(guild: Guild, channel: Channel, user_id: int) -> int:
    """Return what a member may do in a channel (give the parent for a thread)."""
    total = guild_permissions(guild, user_id)
    if total == ALL or user_id not in guild.members:
        return total
    total = _apply_overwrites(total, guild, channel, user_id)
    # Without the right to see a channel, every other right in it is gone as well.
    return total if total & VIEW_CHANNEL else 0


def _apply_overwrites(total: int, guild: Guild, channel: Channel, user_id: int) -> int:
    everyone = channel.overwrites.get(guild.id)
    if everyone:
        total = total & ~everyone.deny | everyone.allow
    roles = [channel.overwrites[r] for r in guild.members[user_id].role_ids if r in channel.overwrites]
    deny = allow = 0
    for overwrite in roles:
        deny, allow = deny | overwrite.deny, allow | overwrite.allow
    total = total & ~deny | allow
    own = channel.overwrites.get(user_id)
    return total & ~own.deny | own.allow if own else total
