"""Guilds, channels, roles and permissions in the world, and what moderators do to them."""

from __future__ import annotations

from sandbox.model import TEXT, Channel, Guild, Json, Member, Overwrite, Role
from sandbox.objects import channel_json, guild_create_json, guild_json, member_json, role_json
from sandbox.permissions import ALL, BOT, EVERYONE
from sandbox.world_base import Event
from sandbox.world_webhooks import WorldWebhooks


class WorldGuilds(WorldWebhooks):
    """The world with everything that admins do."""

    def add_guild(self, name: str, *, guild_id: int | None = None, owner_id: int | None = None) -> Guild:
        """Make a guild with one text channel that the bot has just been invited to."""
        owner = owner_id or next(u.id for u in self.users.values() if not u.bot)
        guild = self.empty_guild(guild_id or self.ids.next(), name, owner)
        self.add_channel("general", TEXT, guild.id)
        return guild

    def empty_guild(self, guild_id: int, name: str, owner_id: int) -> Guild:
        """Make a guild with its owner and the bot, but no channels."""
        guild = Guild(guild_id, name, owner_id)
        guild.roles[guild_id] = Role(guild_id, "@everyone", EVERYONE)
        bot_role = Role(guild_id + 1, "Rendezvous", BOT, 1, managed=True)
        guild.roles[bot_role.id] = bot_role
        guild.members[owner_id] = Member(owner_id)
        guild.members[self.bot_id] = Member(self.bot_id, [bot_role.id])
        self.guilds[guild_id] = guild
        data = guild_create_json(self, guild)
        # Only a guild that was known before says "unavailable": its absence tells the bot that it has joined.
        del data["unavailable"]
        self.emit(Event("GUILD_CREATE", data, guild_id))
        return guild

    def remove_guild(self, guild_id: int) -> None:
        """Throw the bot out of a guild; the guild is forgotten."""
        self.emit(Event("GUILD_DELETE", {"id": str(guild_id)}, guild_id))
        for channel in [c for c in self.channels.values() if c.guild_id == guild_id]:
            del self.channels[channel.id]
            self.messages.pop(channel.id, None)
        del self.guilds[guild_id]
        self.commands.pop(guild_id, None)

    def add_channel(
        self, name: str, kind: int, guild_id: int, *, channel_id: int | None = None, parent_id: int | None = None
    ) -> Channel:
        """Make a channel in a guild."""
        position = len(self.guild_channels(guild_id))
        channel = Channel(channel_id or self.ids.next(), kind, name, guild_id, parent_id, position)
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.emit(Event("CHANNEL_CREATE", channel_json(self, channel), guild_id, channel.id))
        return channel

    def channel_changed(self, channel: Channel) -> None:
        """Tell everyone that a channel was edited."""
        self.emit(Event("CHANNEL_UPDATE", channel_json(self, channel), channel.guild_id))

    def delete_channel(self, channel_id: int) -> None:
        """Delete a channel with its threads."""
        channel = self.get_channel(channel_id)
        if channel.thread is not None:
            self.delete_thread(channel_id)
            return
        self.emit(Event("CHANNEL_DELETE", channel_json(self, channel), channel.guild_id))
        for thread in [c for c in self.channels.values() if c.parent_id == channel_id and c.thread is not None]:
            del self.channels[thread.id]
            self.messages.pop(thread.id, None)
        del self.channels[channel_id]
        self.messages.pop(channel_id, None)
        self.drop_webhooks(channel_id)

    def set_permission(self, channel_id: int, target_id: int, *, allow: int = 0, deny: int = 0) -> None:
        """Set a channel's overwrite for a role or a user; both zero removes it."""
        channel = self.get_channel(channel_id)
        kind = 1 if target_id in self.users else 0
        channel.overwrites[target_id] = Overwrite(target_id, kind, allow, deny)
        if not allow and not deny:
            del channel.overwrites[target_id]
        self.channel_changed(channel)

    def deny_bot(self, channel_id: int, permissions: int) -> None:
        """Take permissions from the bot in one channel (0 gives them back)."""
        self.set_permission(channel_id, self.bot_id, deny=permissions)

    def bot_role(self, guild_id: int | None = None) -> Role:
        """Return the role that came with the bot."""
        guild = self.guilds[guild_id] if guild_id else self.guild
        return next(r for r in guild.roles.values() if r.managed)

    def set_role_permissions(self, guild_id: int, role_id: int, permissions: int) -> None:
        """Change what a role may do."""
        role = self.guilds[guild_id].roles[role_id]
        role.permissions = permissions
        data: Json = {"guild_id": str(guild_id), "role": role_json(role)}
        self.emit(Event("GUILD_ROLE_UPDATE", data, guild_id))

    def add_role(self, guild_id: int, name: str, permissions: int, members: list[int], *, admin: bool = False) -> Role:
        """Make a role and give it to members."""
        guild = self.guilds[guild_id]
        role = Role(self.ids.next(), name, ALL if admin else permissions, len(guild.roles))
        guild.roles[role.id] = role
        self.emit(Event("GUILD_ROLE_CREATE", {"guild_id": str(guild_id), "role": role_json(role)}, guild_id))
        for user_id in members:
            self.set_member_roles(guild_id, user_id, [*guild.members[user_id].role_ids, role.id])
        return role

    def set_member_roles(self, guild_id: int, user_id: int, role_ids: list[int]) -> None:
        """Change which roles a member has."""
        member = self.guilds[guild_id].members[user_id]
        member.role_ids = role_ids
        data = member_json(self, member) | {"guild_id": str(guild_id)}
        self.emit(Event("GUILD_MEMBER_UPDATE", data, guild_id, author_id=user_id))

    def rename_guild(self, guild_id: int, name: str) -> None:
        """Give a guild another name."""
        guild = self.guilds[guild_id]
        guild.name = name
        self.emit(Event("GUILD_UPDATE", guild_json(self, guild), guild_id))
