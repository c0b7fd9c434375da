"""World to Discord JSON: users, members, roles, channels and threads."""

from __future__ import annotations

from sandbox.model import FORUMS, TEXT, VOICE, Channel, Guild, Json, Member, Role, User
from sandbox.permissions import guild_permissions
from sandbox.world_base import WorldBase


def user_json(user: User) -> Json:
    """Return a user object."""
    return {
        "id": str(user.id), "username": user.name, "avatar": None, "discriminator": "0000" if user.bot else "0",
        "public_flags": 0, "flags": 0, "bot": user.bot, "global_name": None, "primary_guild": None,
    }  # fmt: skip


def member_json(world: WorldBase, member: Member, *, with_user: bool = True) -> Json:
    """Return a guild member object; messages carry it without the user."""
    data: Json = {
        "avatar": None, "banner": None, "communication_disabled_until": None, "flags": 0,
        "joined_at": member.joined_at, "nick": None, "pending": False, "premium_since": None,
        "roles": [str(r) for r in member.role_ids], "mute": False, "deaf": False,
    }  # fmt: skip
    if with_user:
        data["user"] = user_json(world.users[member.user_id])
    return data


def role_json(role: Role) -> Json:
    """Return a role object."""
    return {
        "id": str(role.id), "name": role.name, "permissions": str(role.permissions), "position": role.position,
        "color": 0, "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
        "managed": role.managed, "mentionable": role.mentionable, "icon": None, "unicode_emoji": None, "flags": 0,
    }  # fmt: skip


def channel_json(world: WorldBase, channel: Channel) -> Json:
    """Return a channel object of whatever kind it is."""
    if channel.thread is not None:
        return thread_json(world, channel)
    if channel.recipient_id is not None:
        return {
            "id": str(channel.id), "type": 1, "flags": 0, "last_message_id": _id(channel.last_message_id),
            "recipients": [user_json(world.users[channel.recipient_id])],
        }  # fmt: skip
    return _guild_channel(channel)


def _guild_channel(channel: Channel) -> Json:
    data: Json = {
        "id": str(channel.id), "type": channel.type, "flags": channel.flags, "guild_id": str(channel.guild_id),
        "name": channel.name, "parent_id": _id(channel.parent_id), "position": channel.position,
        "topic": channel.topic, "nsfw": False, "rate_limit_per_user": channel.slowmode,
        "last_message_id": _id(channel.last_message_id),
        "default_auto_archive_duration": channel.default_archive or 1440,
        "permission_overwrites": [
            {"id": str(o.id), "type": o.kind, "allow": str(o.allow), "deny": str(o.deny)}
            for o in channel.overwrites.values()
        ],
    }  # fmt: skip
    if channel.type == VOICE:
        data |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if channel.type in FORUMS:
        data |= {
            "available_tags": channel.tags, "default_reaction_emoji": None, "default_sort_order": None,
            "default_forum_layout": 0,
        }  # fmt: skip
    return data


def thread_json(world: WorldBase, channel: Channel, *, newly_created: bool = False) -> Json:
    """Return a thread's channel object."""
    state = channel.thread
    assert state is not None
    data: Json = {
        "id": str(channel.id), "type": channel.type, "flags": channel.flags, "guild_id": str(channel.guild_id),
        "name": channel.name, "parent_id": _id(channel.parent_id), "owner_id": str(state.owner_id),
        "rate_limit_per_user": channel.slowmode, "last_message_id": _id(channel.last_message_id),
        "thread_metadata": {
            "archived": state.archived, "archive_timestamp": state.archive_at or state.created_at,
            "auto_archive_duration": state.auto_archive, "locked": state.locked, "create_timestamp": state.created_at,
        },
        "message_count": state.message_count, "member_count": len(state.members),
        "total_message_sent": state.total_sent,
    }  # fmt: skip
    parent = world.channels.get(channel.parent_id or 0)
    if parent is not None and parent.type in FORUMS:
        data["applied_tags"] = [str(t) for t in state.applied_tags]
    if newly_created:
        data["newly_created"] = True
    if world.bot_id in state.members:
        data["member"] = thread_member_json(channel, world.bot_id)
    return data


def thread_member_json(channel: Channel, user_id: int) -> Json:
    """Return a thread member object."""
    assert channel.thread is not None
    joined = channel.thread.members.get(user_id, channel.thread.created_at)
    return {"id": str(channel.id), "user_id": str(user_id), "join_timestamp": joined, "flags": 0}


def guild_json(world: WorldBase, guild: Guild) -> Json:
    """Return the guild object of GET /guilds."""
    channels = world.guild_channels(guild.id)
    system = next((c.id for c in channels if c.type == TEXT), None)
    return {
        "id": str(guild.id), "name": guild.name, "icon": None, "description": None, "home_header": None,
        "splash": None, "discovery_splash": None, "features": ["COMMUNITY", "NEWS"], "banner": None,
        "owner_id": str(guild.owner_id), "application_id": None, "region": "us-central", "afk_channel_id": None,
        "afk_timeout": 300, "system_channel_id": _id(system), "system_channel_flags": 0, "widget_enabled": False,
        "widget_channel_id": None, "verification_level": 0, "roles": [role_json(r) for r in guild.roles.values()],
        "default_message_notifications": 1, "mfa_level": 0, "explicit_content_filter": 0, "max_presences": None,
        "max_members": 500000, "max_stage_video_channel_users": 50, "max_video_channel_users": 25,
        "vanity_url_code": None, "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US",
        "rules_channel_id": None, "safety_alerts_channel_id": None, "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False, "nsfw": False, "nsfw_level": 0, "emojis": [], "stickers": [],
        "incidents_data": None,
    }  # fmt: skip


def guild_create_json(world: WorldBase, guild: Guild) -> Json:
    """Return the payload of GUILD_CREATE: the guild with channels, active threads and the bot's own member."""
    threads = [t for t in world.guild_threads(guild.id) if t.thread is not None and not t.thread.archived]
    members = [m for m in guild.members.values() if m.user_id == world.bot_id]
    return guild_json(world, guild) | {
        "joined_at": guild.members[world.bot_id].joined_at, "large": False, "unavailable": False,
        "member_count": len(guild.members), "voice_states": [], "members": [member_json(world, m) for m in members],
        "channels": [channel_json(world, c) for c in world.guild_channels(guild.id)],
        "threads": [thread_json(world, t) for t in threads], "presences": [], "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [],
    }  # fmt: skip


def my_guild_json(world: WorldBase, guild: Guild) -> Json:
    """Return the short guild object of GET /users/@me/guilds."""
    return {
        "id": str(guild.id), "name": guild.name, "icon": None, "banner": None,
        "owner": guild.owner_id == world.bot_id, "permissions": str(guild_permissions(guild, world.bot_id)),
        "features": ["COMMUNITY", "NEWS"],
    }  # fmt: skip


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)
