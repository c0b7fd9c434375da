"""The state of the local Discord, its lookups, and the one place where changes become events."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.errors import ApiError
from sandbox.limits import Limits
from sandbox.model import DM, PRIVATE_THREAD, THREADS, Channel, Guild, Json, Message, User
from sandbox.permissions import MANAGE_THREADS, channel_permissions, guild_permissions
from sandbox.snowflake import Snowflakes


@dataclass(frozen=True, slots=True)
class Event:
    """One gateway event; ``channel_id`` lets the gateway hide what the bot may not see."""

    name: str
    data: Json
    guild_id: int | None
    channel_id: int | None = None
    author_id: int | None = None


class WorldBase:
    """Users, guilds, channels, messages and registered commands; everything else is built on it."""

    def __init__(self) -> None:
        self.token = "sandbox." + secrets.token_urlsafe(24)
        self.limits = Limits()
        self.integrations_open = False
        self.files: dict[int, tuple[str, bytes]] = {}
        self.files_url = ""
        self.clock = Clock()
        self.ids = Snowflakes(self.clock)
        self.bot_id = 0
        self.home_id = 0
        # Who takes no direct messages.
        self.closed: set[int] = set()
        # Each person's language, as Discord names it; US English where none is said.
        self.locales: dict[int, str] = {}
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        self.commands: dict[int, list[Json]] = {}
        self.listeners: list[Callable[[Event], None]] = []

    @property
    def guild(self) -> Guild:
        """The default guild, or the first that is left."""
        return self.guilds.get(self.home_id) or next(iter(self.guilds.values()))

    def user(self, name: str) -> User:
        """Find a user by name."""
        return next(u for u in self.users.values() if u.name == name)

    def channel(self, name: str) -> Channel:
        """Find a channel or thread by name."""
        return next(c for c in self.channels.values() if c.name == name)

    def get_channel(self, channel_id: int) -> Channel:
        """Find a channel or refuse as Discord does."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise ApiError(10003)
        return channel

    def get_message(self, channel_id: int, message_id: int) -> Message:
        """Find a message in its channel or refuse as Discord does."""
        message = self.messages.get(channel_id, {}).get(message_id)
        if message is None:
            raise ApiError(10008)
        return message

    def find_message(self, message_id: int) -> Message | None:
        """Find a message wherever it is."""
        return next((c[message_id] for c in self.messages.values() if message_id in c), None)

    def parent_or_self(self, channel: Channel) -> Channel:
        """Return the channel whose permissions count: a thread has its parent's."""
        if channel.thread is None or channel.parent_id is None:
            return channel
        return self.channels.get(channel.parent_id, channel)

    def permissions(self, channel: Channel, user_id: int) -> int:
        """Return a user's permissions in a channel, thread or DM."""
        if channel.type == DM:
            return -1
        guild = self.guilds.get(channel.guild_id or 0)
        return channel_permissions(guild, self.parent_or_self(channel), user_id) if guild else 0

    def guild_rights(self, guild_id: int) -> int:
        """Return what the bot's roles give it in a guild."""
        return guild_permissions(self.guilds[guild_id], self.bot_id)

    def let_in(self, channel: Channel, user_id: int) -> bool:
        """Whether a thread is open to a user: a private one only to its members and to who manages threads."""
        if channel.type != PRIVATE_THREAD or channel.thread is None or user_id in channel.thread.members:
            return True
        return bool(self.permissions(channel, user_id) & MANAGE_THREADS)

    def guild_channels(self, guild_id: int) -> list[Channel]:
        """Return a guild's channels without its threads."""
        return [c for c in self.channels.values() if c.guild_id == guild_id and c.type not in THREADS]

    def guild_threads(self, guild_id: int) -> list[Channel]:
        """Return a guild's threads, archived ones too."""
        return [c for c in self.channels.values() if c.guild_id == guild_id and c.type in THREADS]

    def history(self, channel_id: int) -> Iterable[Message]:
        """Return a channel's messages, oldest first."""
        return self.messages.get(channel_id, {}).values()

    def emit(self, event: Event) -> None:
        """Tell every listener (gateway, page, state) about one change."""
        for listener in list(self.listeners):
            listener(event)
