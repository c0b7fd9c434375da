"""Messages in the world: post, edit, delete, react - and remember nonces."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox import mentions
from sandbox.message_json import gateway_message_json
from sandbox.model import DEFAULT_MESSAGE, HAS_THREAD, REPLY, Channel, Json, Message, Pings
from sandbox.objects import channel_json
from sandbox.world_base import Event, WorldBase


@dataclass(slots=True)
class Draft:
    """What someone wants to post."""

    author_id: int
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    flags: int = 0
    type: int = DEFAULT_MESSAGE
    reply_to: int | None = None
    reference_channel: int | None = None
    nonce: str | int | None = None
    allowed_mentions: Json | None = None
    interaction: Json | None = None
    webhook_name: str | None = None
    id: int | None = None


class WorldMessages(WorldBase):
    """The world with everything that happens to messages."""

    def __init__(self) -> None:
        super().__init__()
        self.nonces: dict[tuple[int, str], tuple[float, int, int]] = {}

    def post(self, channel: Channel, draft: Draft) -> Message:
        """Put a message into a channel; an archived thread wakes up."""
        message = self.make(channel, draft)
        self.messages.setdefault(channel.id, {})[message.id] = message
        channel.last_message_id = message.id
        if channel.thread is not None:
            self._count_in_thread(channel, draft)
        if draft.nonce is not None:
            self.nonces[draft.author_id, str(draft.nonce)] = (self.clock.now(), channel.id, message.id)
        self.emit_message("MESSAGE_CREATE", message)
        return message

    def make(self, channel: Channel, draft: Draft) -> Message:
        """Build a message without storing it (an ephemeral one never is)."""
        message = Message(
            id=draft.id or self.ids.next(), channel_id=channel.id, author_id=draft.author_id, content=draft.content,
            created_at=self.clock.text(), type=draft.type, embeds=draft.embeds, components=draft.components,
            attachments=draft.attachments, flags=draft.flags, reply_to=draft.reply_to,
            reference_channel=draft.reference_channel, nonce=draft.nonce, interaction=draft.interaction,
            webhook_name=draft.webhook_name,
        )  # fmt: skip
        self.set_pings(channel, message, draft.allowed_mentions)
        return message

    def set_pings(self, channel: Channel, message: Message, allowed: Json | None) -> None:
        """Work out whom a new or edited message notifies."""
        pings = mentions.resolve(self, channel, message.author_id, _text(message), allowed)
        if message.type == REPLY and message.reply_to:
            parent = self.messages.get(channel.id, {}).get(message.reply_to)
            pings = mentions.with_reply(pings, parent, allowed)
        message.pings, message.mentions, message.mention_roles = pings, list(pings.users), list(pings.roles)

    def _count_in_thread(self, channel: Channel, draft: Draft) -> None:
        state = channel.thread
        assert state is not None
        if draft.id != channel.id:
            state.message_count += 1
            state.total_sent += 1
        joined = state.members.setdefault(draft.author_id, self.clock.text())
        if state.archived:
            state.archived, state.archive_at = False, joined
            self.emit(Event("THREAD_UPDATE", channel_json(self, channel), channel.guild_id, channel.id))

    def known_nonce(self, author_id: int, nonce: str) -> tuple[int, int] | None:
        """Return channel and id of the message that this nonce made in the past few minutes."""
        found = self.nonces.get((author_id, nonce))
        if found is None or self.clock.now() - found[0] > self.limits.nonce_window:
            return None
        return found[1], found[2]

    def edited(self, message: Message) -> None:
        """Mark a message as edited and tell everyone."""
        message.edited_at = self.clock.text()
        self.emit_message("MESSAGE_UPDATE", message)

    def delete_message(self, message: Message) -> None:
        """Remove a message; the thread that it started lives on."""
        channel = self.channels[message.channel_id]
        self._remove(channel, message)
        data = {"id": str(message.id)} | place_of(channel)
        self.emit(Event("MESSAGE_DELETE", data, channel.guild_id, channel.id))

    def delete_messages(self, channel: Channel, messages: list[Message]) -> None:
        """Remove many messages with one event."""
        for message in messages:
            self._remove(channel, message)
        data: Json = {"ids": [str(m.id) for m in messages]} | place_of(channel)
        self.emit(Event("MESSAGE_DELETE_BULK", data, channel.guild_id, channel.id))

    def _remove(self, channel: Channel, message: Message) -> None:
        del self.messages[channel.id][message.id]
        if channel.thread is not None and message.id != channel.id:
            channel.thread.message_count = max(0, channel.thread.message_count - 1)

    def typing(self, channel: Channel, user_id: int) -> None:
        """Show that someone is writing."""
        data = place_of(channel) | {"user_id": str(user_id), "timestamp": int(self.clock.now())}
        self.emit(Event("TYPING_START", data, channel.guild_id, channel.id, user_id))

    def flag_thread(self, message: Message) -> None:
        """Mark the message that a thread hangs on; Discord sends MESSAGE_UPDATE for it."""
        message.flags |= HAS_THREAD
        self.emit_message("MESSAGE_UPDATE", message)

    def emit_message(self, name: str, message: Message) -> None:
        """Tell everyone about a message, with all its content; the gateway hides what an intent does not allow."""
        guild_id = self.channels[message.channel_id].guild_id
        data = gateway_message_json(self, message)
        self.emit(Event(name, data, guild_id, message.channel_id, message.author_id))


def place_of(channel: Channel) -> Json:
    """Return the ids of channel and guild, as events about messages carry them."""
    place: Json = {"channel_id": str(channel.id)}
    return place if channel.guild_id is None else place | {"guild_id": str(channel.guild_id)}


def _text(message: Message) -> str:
    """All text that can ping: the content and, in Components V2, the text displays."""
    return "\n".join([message.content, *_displays(message.components)])


def _displays(components: list[Json]) -> list[str]:
    found: list[str] = []
    for component in components:
        if component.get("type") == 10:
            found.append(str(component.get("content", "")))
        found += _displays(component.get("components") or [])
    return found


__all__ = ["Draft", "Pings", "WorldMessages", "place_of"]
