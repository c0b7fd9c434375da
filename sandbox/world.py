"""The whole world, and the guild that it starts with."""

from __future__ import annotations

from sandbox.model import ANNOUNCEMENT, DM, FORUM, TEXT, VOICE, Channel, Member, Role, User
from sandbox.permissions import ADMINISTRATOR, ALL, MANAGE_MESSAGES, MANAGE_THREADS
from sandbox.world_guilds import WorldGuilds

# Fixed, so that notes and tests may name them; above 2**53 like every real id of today.
SEED = 1_100_000_000_000_000_000
BOT, ADA, MO, MAX, GUILD, CHANNELS = SEED + 1, SEED + 11, SEED + 12, SEED + 13, SEED + 1000, SEED + 2000


class World(WorldGuilds):
    """Everything that exists in the local Discord."""

    def dm(self, user_id: int) -> Channel:
        """Return the bot's direct channel with a user, made when first asked for."""
        for channel in self.channels.values():
            if channel.recipient_id == user_id:
                return channel
        channel = Channel(self.ids.next(), DM, recipient_id=user_id)
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        return channel

    def role_of(self, user_id: int) -> str:
        """Return what a user is in the default guild: admin, moderator, member or bot."""
        if self.users[user_id].bot:
            return "bot"
        guild = next((g for g in self.guilds.values() if user_id in g.members), None)
        names = {guild.roles[r].name for r in guild.members[user_id].role_ids} if guild else set()
        return "admin" if "Admin" in names else "moderator" if "Moderator" in names else "member"


def default_world() -> World:
    """Build the guild "Space Forum" with Ada (admin), Mo (moderator), Max (member) and the bot."""
    world = World()
    world.bot_id, world.home_id = BOT, GUILD
    for user_id, name in ((ADA, "Ada"), (MO, "Mo"), (MAX, "Max")):
        world.users[user_id] = User(user_id, name)
    world.users[BOT] = User(BOT, "Rendezvous", bot=True)
    guild = world.empty_guild(GUILD, "Space Forum", ADA)
    guild.roles[GUILD + 2] = Role(GUILD + 2, "Admin", ALL | ADMINISTRATOR, 3)
    guild.roles[GUILD + 3] = Role(GUILD + 3, "Moderator", MANAGE_MESSAGES | MANAGE_THREADS, 2)
    guild.members[ADA].role_ids = [GUILD + 2]
    guild.members[MO] = Member(MO, [GUILD + 3])
    guild.members[MAX] = Member(MAX)
    kinds = [
        ("general", TEXT), ("space-news", TEXT), ("announcements", ANNOUNCEMENT), ("lounge", VOICE),
        ("stories-forum", FORUM),
    ]  # fmt: skip
    for number, (name, kind) in enumerate(kinds):
        world.add_channel(name, kind, GUILD, channel_id=CHANNELS + number)
    return world
