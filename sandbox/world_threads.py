"""Threads in the world: start, change, join, delete."""

from __future__ import annotations

from datetime import datetime

from sandbox.errors import ApiError
from sandbox.model import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    FORUMS,
    PUBLIC_THREAD,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Json,
    Message,
    ThreadState,
)  # fmt: skip
from sandbox.objects import thread_json, thread_member_json
from sandbox.snowflake import made_at
from sandbox.world_base import Event
from sandbox.world_marks import WorldMarks
from sandbox.world_messages import Draft


def is_idle(thread: Channel, state: ThreadState, now: float) -> bool:
    """Whether an awake thread has been silent for longer than its auto-archive duration."""
    woken = datetime.fromisoformat(state.archive_at or state.created_at).timestamp()
    last = max(woken, made_at(thread.last_message_id or thread.id))
    return not state.archived and now - last > state.auto_archive * 60


class WorldThreads(WorldMarks):
    """The world with everything that happens to threads."""

    def check_thread_room(self, guild_id: int | None) -> None:
        """Refuse when the guild has as many active threads as it may."""
        active = [t for t in self.guild_threads(guild_id or 0) if t.thread is not None and not t.thread.archived]
        if len(active) >= self.limits.active_threads:
            raise ApiError(160006)

    def start_thread(
        self, parent: Channel, name: str, owner_id: int, *,
        message: Message | None = None, kind: int = PUBLIC_THREAD, auto_archive: int = 1440,
        tags: list[int] | None = None,
    ) -> Channel:  # fmt: skip
        """Open a thread; one that hangs on a message has that message's id."""
        now = self.clock.text()
        if parent.type == ANNOUNCEMENT and kind == PUBLIC_THREAD:
            kind = ANNOUNCEMENT_THREAD
        state = ThreadState(owner_id, now, auto_archive=auto_archive, applied_tags=tags or [], members={owner_id: now})
        thread = Channel(
            message.id if message else self.ids.next(), kind, name, parent.guild_id, parent.id, thread=state
        )
        self.channels[thread.id] = thread
        self.messages[thread.id] = {}
        data = thread_json(self, thread, newly_created=True)
        self.emit(Event("THREAD_CREATE", data, parent.guild_id, thread.id))
        if message is not None:
            self.flag_thread(message)
        if parent.type not in FORUMS:
            self._announce(parent, thread, owner_id, message)
        return thread

    def _announce(self, parent: Channel, thread: Channel, owner_id: int, message: Message | None) -> None:
        if message is None:
            note = Draft(owner_id, thread.name, type=THREAD_CREATED, reply_to=thread.id, reference_channel=thread.id)
            self.post(parent, note)
            return
        first = Draft(owner_id, type=THREAD_STARTER, reply_to=message.id, reference_channel=parent.id, id=None)
        self.post(thread, first)
        assert thread.thread is not None
        # The starter is a view of the parent's message: Discord does not count it.
        thread.thread.message_count = thread.thread.total_sent = 0

    def thread_changed(self, thread: Channel) -> None:
        """Tell everyone that a thread was renamed, archived, locked or woken."""
        self.emit(Event("THREAD_UPDATE", thread_json(self, thread), thread.guild_id, thread.id))

    def set_archived(self, thread: Channel, archived: bool) -> None:
        """Archive or wake a thread."""
        assert thread.thread is not None
        thread.thread.archived, thread.thread.archive_at = archived, self.clock.text()
        self.thread_changed(thread)

    def lock_thread(self, thread_id: int, locked: bool = True) -> None:
        """Lock (or unlock) a thread as a moderator would: it is archived as well."""
        thread = self.get_channel(thread_id)
        assert thread.thread is not None
        thread.thread.locked = locked
        self.set_archived(thread, locked)

    def delete_thread(self, thread_id: int) -> None:
        """Delete a thread with all its messages."""
        thread = self.get_channel(thread_id)
        data: Json = {
            "id": str(thread.id), "guild_id": str(thread.guild_id), "parent_id": str(thread.parent_id),
            "type": thread.type,
        }  # fmt: skip
        # Sent first: afterwards nobody could say who was allowed to see it.
        self.emit(Event("THREAD_DELETE", data, thread.guild_id, thread.id))
        del self.channels[thread_id]
        self.messages.pop(thread_id, None)

    def join_thread(self, thread: Channel, user_id: int) -> None:
        """Make a user a member of a thread."""
        assert thread.thread is not None
        if user_id in thread.thread.members:
            return
        thread.thread.members[user_id] = self.clock.text()
        self._members_changed(thread, [thread_member_json(thread, user_id)], [])

    def leave_thread(self, thread: Channel, user_id: int) -> None:
        """Take a user out of a thread."""
        assert thread.thread is not None
        if thread.thread.members.pop(user_id, None) is not None:
            self._members_changed(thread, [], [str(user_id)])

    def _members_changed(self, thread: Channel, added: list[Json], removed: list[str]) -> None:
        assert thread.thread is not None
        data: Json = {
            "id": str(thread.id), "guild_id": str(thread.guild_id), "member_count": len(thread.thread.members),
            "added_members": added, "removed_member_ids": removed,
        }  # fmt: skip
        self.emit(Event("THREAD_MEMBERS_UPDATE", data, thread.guild_id, thread.id))

    def archive_idle(self) -> None:
        """Archive every thread in which nothing happened for as long as it says."""
        now = self.clock.now()
        idle = [t for t in self.channels.values() if t.thread is not None and is_idle(t, t.thread, now)]
        for thread in idle:
            self.set_archived(thread, True)
