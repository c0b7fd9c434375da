"""Marks on messages: reactions and pins."""

from __future__ import annotations

from sandbox.message_json import emoji_json
from sandbox.model import PINNED, Channel, Json, Message
from sandbox.world_base import Event
from sandbox.world_messages import Draft, WorldMessages, place_of


class WorldMarks(WorldMessages):
    """The world with everything that people stick on messages."""

    def react(self, message: Message, user_id: int, emoji: str, *, add: bool) -> None:
        """Add or take back one reaction."""
        users = message.reactions.setdefault(emoji, [])
        if add == (user_id in users):
            if not users:
                del message.reactions[emoji]
            return
        (users.append if add else users.remove)(user_id)
        if not users:
            del message.reactions[emoji]
        about: Json = {"user_id": str(user_id), "emoji": emoji_json(emoji), "burst": False, "type": 0}
        self._tell("MESSAGE_REACTION_ADD" if add else "MESSAGE_REACTION_REMOVE", message, about)

    def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """Take away every reaction, or all with one emoji."""
        if emoji is None:
            message.reactions.clear()
            self._tell("MESSAGE_REACTION_REMOVE_ALL", message, {})
        elif message.reactions.pop(emoji, None):
            self._tell("MESSAGE_REACTION_REMOVE_EMOJI", message, {"emoji": emoji_json(emoji)})

    def _tell(self, name: str, message: Message, about: Json) -> None:
        channel = self.channels[message.channel_id]
        data = about | {"message_id": str(message.id)} | place_of(channel)
        self.emit(Event(name, data, channel.guild_id, channel.id))

    def pins(self, channel_id: int) -> list[Message]:
        """Return a channel's pins, the newest pin first."""
        found = [m for m in self.history(channel_id) if m.pinned_at is not None]
        return sorted(found, key=lambda m: m.pinned_at or "", reverse=True)

    def pin(self, message: Message, user_id: int) -> None:
        """Pin a message; Discord says so in the channel."""
        if message.pinned:
            return
        channel = self.channels[message.channel_id]
        message.pinned_at = self.clock.text()
        self._pins_changed(channel, message)
        note = Draft(user_id, type=PINNED, reply_to=message.id, reference_channel=channel.id)
        self.post(channel, note)

    def unpin(self, message: Message) -> None:
        """Take a pin away."""
        if message.pinned:
            message.pinned_at = None
            self._pins_changed(self.channels[message.channel_id], message)

    def _pins_changed(self, channel: Channel, message: Message) -> None:
        self.emit_message("MESSAGE_UPDATE", message)
        newest = next(iter(self.pins(channel.id)), None)
        data = place_of(channel) | {"last_pin_timestamp": newest.pinned_at if newest else None}
        self.emit(Event("CHANNEL_PINS_UPDATE", data, channel.guild_id, channel.id))
