"""Acting as the people of the guild: commands, clicks, modals, messages, moderation."""

from __future__ import annotations

from typing import Any

from sandbox import command_data, modal_data
from sandbox.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Answer, Interactions
from sandbox.model import FORUMS, REPLY, Json, Message
from sandbox.permissions import (
    MANAGE_THREADS,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    USE_APPLICATION_COMMANDS,
    VIEW_CHANNEL,
)
from sandbox.world import World
from sandbox.world_messages import Draft


class People:
    """What a person can do in front of a screen; ``Sandbox`` offers all of it."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions
        self._modals: dict[tuple[int, str], tuple[Json, Message | None]] = {}

    async def command(self, user_id: int, channel_id: int, name: str, options: dict[str, Any]) -> Answer:
        """Use a slash command ("stories latest") and return what the person sees in the end."""
        channel = self._world.get_channel(channel_id)
        rights = self._see(user_id, channel_id)
        command = command_data.find(self._world, channel.guild_id, name)
        command_data.check_place(command, channel.guild_id)
        if channel.guild_id is not None:
            command_data.check_rights(self._world, command, rights)
        data = command_data.build(self._world, channel.guild_id, name, options)
        found = self._interactions.send(COMMAND, user_id, channel_id, data, name=name)
        return self._keep_modal(user_id, await self._interactions.outcome(found), None)

    async def menu(self, user_id: int, message_id: int, name: str) -> Answer:
        """Use a command of a message's menu ("Apps") and return what the person sees in the end."""
        target = self._world.find_message(message_id)
        if target is None:
            raise LookupError(f"no message {message_id}")
        guild_id = self._world.get_channel(target.channel_id).guild_id
        rights = self._see(user_id, target.channel_id)
        data = command_data.menu_data(self._world, guild_id, name, target, rights)
        found = self._interactions.send(COMMAND, user_id, target.channel_id, data, name=name)
        return self._keep_modal(user_id, await self._interactions.outcome(found), None)

    async def autocomplete(
        self, user_id: int, channel_id: int, name: str, options: dict[str, Any], focused: str
    ) -> list[Json]:
        """Type into an option and return the choices offered."""
        channel = self._world.get_channel(channel_id)
        self._see(user_id, channel_id)
        given = options if focused in options else options | {focused: ""}
        data = command_data.build(self._world, channel.guild_id, name, given, focused)
        found = self._interactions.send(AUTOCOMPLETE, user_id, channel_id, data, name=name)
        await self._interactions.outcome(found)
        return found.choices

    async def click(
        self, user_id: int, message_id_or_answer_token: int | str, custom_id: str, values: list[str] | None = None
    ) -> Answer:
        """Press a button or choose in a select, on a message or on an ephemeral answer."""
        source = self._source(message_id_or_answer_token)
        data = modal_data.click_data(source, custom_id, values)
        if data["component_type"] in command_data.ENTITY_SELECTS:
            guild_id = self._world.get_channel(source.channel_id).guild_id
            data["resolved"] = command_data.resolved(self._world, guild_id, values or [])
        found = self._interactions.send(COMPONENT, user_id, source.channel_id, data, source=source)
        return self._keep_modal(user_id, await self._interactions.outcome(found), source)

    async def submit_modal(
        self, user_id: int, channel_id: int, custom_id: str, fields: dict[str, str], *, message_id: int | None = None
    ) -> Answer:
        """Send a filled-in modal that was shown before."""
        modal, source = self._modals.pop((user_id, custom_id), (None, None))
        if message_id is not None:
            source = self._source(message_id)
        data = modal_data.modal_data(modal, custom_id, fields)
        found = self._interactions.send(MODAL_SUBMIT, user_id, channel_id, data, source=source)
        return self._keep_modal(user_id, await self._interactions.outcome(found), source)

    async def say(self, user_id: int, channel_id: int, text: str, reply_to: int | None = None) -> int:
        """Write a message as a person and return its id."""
        channel = self._world.get_channel(channel_id)
        need = SEND_MESSAGES_IN_THREADS if channel.thread is not None else SEND_MESSAGES
        rights = self._world.permissions(channel, user_id)
        if not rights & need or channel.type in FORUMS:
            raise PermissionError("this person may not write here")
        if channel.thread is not None and channel.thread.locked and not rights & MANAGE_THREADS:
            raise PermissionError("this thread is locked")
        if reply_to is not None and reply_to not in self._world.messages[channel_id]:
            raise LookupError(f"no message {reply_to} in this channel")
        if not text.strip():
            raise ValueError("an empty message cannot be sent")
        kind = REPLY if reply_to is not None else 0
        return self._world.post(channel, Draft(user_id, text.strip(), type=kind, reply_to=reply_to)).id

    async def moderator_delete(self, message_id: int) -> None:
        """Delete any message, as a moderator would."""
        message = self._world.find_message(message_id)
        if message is None:
            raise LookupError(f"no message {message_id}")
        self._world.delete_message(message)

    def _see(self, user_id: int, channel_id: int) -> int:
        channel = self._world.get_channel(channel_id)
        rights = self._world.permissions(channel, user_id)
        if not rights & VIEW_CHANNEL or not rights & USE_APPLICATION_COMMANDS:
            raise PermissionError("this person cannot use commands in this channel")
        return rights

    def _source(self, key: int | str) -> Message:
        if isinstance(key, str) and key in self._interactions.by_token:
            message = self._interactions.by_token[key].original
        else:
            message = self._world.find_message(int(key)) or self._hidden(int(key))
        if message is None:
            raise LookupError(f"no message {key}")
        return message

    def _hidden(self, message_id: int) -> Message | None:
        hidden = (i.hidden for i in self._interactions.by_token.values())
        return next((h[message_id] for h in hidden if message_id in h), None)

    def _keep_modal(self, user_id: int, answer: Answer, source: Message | None) -> Answer:
        if answer.modal is not None:
            self._modals[user_id, str(answer.modal["custom_id"])] = (answer.modal, source)
        return answer
