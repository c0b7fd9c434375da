"""Threads: how they begin, sleep, wake and end."""

from __future__ import annotations

from datetime import datetime

import discord
import pytest

from sandbox.errors import ApiError
from sandbox.permissions import CREATE_PUBLIC_THREADS, MANAGE_THREADS, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
DAY = 86_400


def with_right(bit: int) -> Around:
    """Let everyone have one permission everywhere."""
    return Around(lambda original, *args: original(*args) | bit)


async def opened(stage: Stage) -> tuple[discord.Message, discord.Thread]:
    story = await stage.news.send("story")
    return story, await story.create_thread(name="Comments")


def forgetting_message(original, world, parent, name, owner_id, *, message=None, **named):
    return original(world, parent, name, owner_id, **named)


@behaviour(
    "threads.id",
    "A thread on a message has the message's id",
    "sandbox.world_threads:WorldThreads.start_thread",
    Around(forgetting_message),
)
async def test_a_thread_has_its_messages_id(stage: Stage) -> None:
    story, thread = await opened(stage)
    assert thread.id == story.id


@behaviour("threads.one-per-message", "A message has one thread (160004)", "sandbox.rest.threads:first_thread")
async def test_a_message_has_one_thread(stage: Stage) -> None:
    story, _ = await opened(stage)
    assert await refusal(story.create_thread(name="Again")) == (400, 160004)


@behaviour(
    "threads.flag",
    "The message gets HAS_THREAD and a MESSAGE_UPDATE",
    "sandbox.world_messages:WorldMessages.flag_thread",
)
async def test_the_message_is_flagged(stage: Stage) -> None:
    story, _ = await opened(stage)
    assert (await stage.bot.hear("message_edit")).flags.has_thread
    assert (await stage.news.fetch_message(story.id)).flags.has_thread


@behaviour(
    "threads.event",
    "A new thread is told as THREAD_CREATE, newly created",
    "sandbox.world_threads:WorldThreads.start_thread",
    Around(lambda original, world, *args, **named: _quietly(world, lambda: original(world, *args, **named))),
)
async def test_a_new_thread_is_told(stage: Stage) -> None:
    _, thread = await opened(stage)
    assert (await stage.bot.hear("thread_create")).id == thread.id


def _quietly(world, act):
    listeners, world.listeners = world.listeners, []
    try:
        return act()
    finally:
        world.listeners = listeners


@behaviour(
    "threads.starter",
    "A thread begins with a view of its message (type 21), not counted",
    "sandbox.world_threads:WorldThreads._announce",
)
async def test_a_thread_begins_with_its_starter(stage: Stage) -> None:
    story, thread = await opened(stage)
    [first] = [m async for m in thread.history(oldest_first=True)]
    assert (first.type, first.reference.message_id) == (discord.MessageType.thread_starter_message, story.id)
    assert thread.message_count == 0


@behaviour(
    "threads.starter-stays",
    "A thread's starter cannot be deleted in the thread (50021)",
    "sandbox.rest.messages:may_delete",
)
async def test_the_starter_stays(stage: Stage) -> None:
    _, thread = await opened(stage)
    [first] = [m async for m in thread.history()]
    assert await refusal(first.delete()) == (403, 50021)


@behaviour(
    "threads.alone-note",
    "A thread without message leaves a note (type 18) in its channel",
    "sandbox.world_threads:WorldThreads._announce",
)
async def test_a_lone_thread_leaves_a_note(stage: Stage) -> None:
    thread = await stage.news.create_thread(name="Alone", type=discord.ChannelType.public_thread)
    [note] = [m async for m in stage.news.history()]
    assert (note.type, note.reference.channel_id) == (discord.MessageType.thread_created, thread.id)


def _plain(original, *args, **named):
    thread = original(*args, **named)
    thread.type = 11
    return thread


@behaviour(
    "threads.announcement-kind",
    "In an announcement channel a thread is an announcement thread",
    "sandbox.world_threads:WorldThreads.start_thread",
    Around(_plain),
)
async def test_announcement_threads(stage: Stage) -> None:
    story = await stage.announcements.send("x")
    assert (await story.create_thread(name="c")).type is discord.ChannelType.news_thread


@behaviour(
    "threads.name",
    "A thread's name has 1 to 100 characters",
    "sandbox.checks:check_name",
    lambda _path, name, *_: str(name),
)
async def test_thread_names(stage: Stage) -> None:
    story = await stage.news.send("x")
    assert await refusal(story.create_thread(name="x" * 101)) == (400, 50035)


@behaviour(
    "threads.archive-times",
    "Threads fall asleep after 60, 1440, 4320 or 10080 minutes",
    "sandbox.rest.guard:archive_minutes",
    lambda value, default=None: int(value or default or 1440),
)
async def test_archive_times(stage: Stage) -> None:
    story = await stage.news.send("x")
    path = f"{stage.messages}/{story.id}/threads"
    assert await refusal(stage.call("POST", path, name="x", auto_archive_duration=61)) == (400, 50035)


@behaviour(
    "threads.archive-default",
    "Without a duration a thread takes its channel's",
    "sandbox.rest.guard:archive_minutes",
    Around(lambda original, value, default=None: original(value)),
)
async def test_archive_default(stage: Stage) -> None:
    await stage.news.edit(default_auto_archive_duration=4320)
    story = await stage.news.send("x")
    path = f"{stage.messages}/{story.id}/threads"
    thread = await stage.call("POST", path, name="x")
    assert thread["thread_metadata"]["auto_archive_duration"] == 4320


@behaviour(
    "threads.falls-asleep",
    "A silent thread is archived when its time is up, with THREAD_UPDATE",
    "sandbox.world_threads:is_idle",
    always(False),
)
async def test_a_thread_falls_asleep(stage: Stage) -> None:
    _, thread = await opened(stage)
    stage.clock.advance(DAY + 60)
    heard = await stage.bot.hear("raw_thread_update")
    assert (heard.thread_id, heard.data["thread_metadata"]["archived"]) == (thread.id, True)
    assert not await stage.guild.active_threads()


def _since_creation(thread, state, now):
    return not state.archived and now - datetime.fromisoformat(state.created_at).timestamp() > state.auto_archive * 60


@behaviour(
    "threads.kept-awake",
    "Every message begins the time anew",
    "sandbox.world_threads:is_idle",
    _since_creation,
)
async def test_messages_keep_a_thread_awake(stage: Stage) -> None:
    _, thread = await opened(stage)
    for _ in range(3):
        await thread.send("still here")
        stage.clock.advance(DAY * 0.6)
    assert not (await stage.bot.fetch_channel(thread.id)).archived


@behaviour(
    "threads.woken",
    "A message wakes a sleeping thread, with THREAD_UPDATE",
    "sandbox.world_messages:WorldMessages._count_in_thread",
)
async def test_a_message_wakes_a_thread(stage: Stage) -> None:
    _, thread = await opened(stage)
    await thread.edit(archived=True)
    await stage.bot.hear("raw_thread_update")
    await thread.send("good morning")
    assert (await stage.bot.hear("raw_thread_update")).data["thread_metadata"]["archived"] is False


@behaviour(
    "threads.asleep.edit", "In a sleeping thread nothing can be edited (50083)", "sandbox.rest.guard:not_archived"
)
async def test_nothing_is_edited_asleep(stage: Stage) -> None:
    _, thread = await opened(stage)
    sent = await thread.send("x")
    await thread.edit(archived=True)
    assert await refusal(sent.edit(content="y")) == (400, 50083)


@behaviour("threads.asleep.react", "In a sleeping thread nobody reacts (50083)", "sandbox.rest.guard:not_archived")
async def test_nobody_reacts_asleep(stage: Stage) -> None:
    _, thread = await opened(stage)
    sent = await thread.send("x")
    await thread.edit(archived=True)
    assert await refusal(sent.add_reaction("\N{ROCKET}")) == (400, 50083)


def _asleep(call, message, _rights):
    channel = call.world.channels[message.channel_id]
    if channel.thread is not None and channel.thread.archived:
        raise ApiError(50083)


@behaviour(
    "threads.asleep.delete",
    "In a sleeping thread messages can be deleted",
    "sandbox.rest.messages:may_delete",
    _asleep,
)
async def test_messages_are_deleted_asleep(stage: Stage) -> None:
    _, thread = await opened(stage)
    sent = await thread.send("x")
    await thread.edit(archived=True)
    await sent.delete()
    assert sent.id not in stage.world.messages[thread.id]


@behaviour(
    "threads.asleep.rename",
    "A sleeping thread is woken before it is changed (50083)",
    "sandbox.rest.channels:only_waking",
)
async def test_a_sleeping_thread_is_not_renamed(stage: Stage) -> None:
    _, thread = await opened(stage)
    await thread.edit(archived=True)
    assert await refusal(thread.edit(name="New")) == (400, 50083)
    assert (await thread.edit(name="New", archived=False)).name == "New"


@behaviour(
    "threads.locked.send",
    "In a locked thread only who manages threads writes (160005)",
    "sandbox.rest.guard:not_locked",
)
async def test_locked_threads_are_closed(stage: Stage) -> None:
    _, thread = await opened(stage)
    stage.world.lock_thread(thread.id)
    stage.deny(MANAGE_THREADS)
    assert await refusal(thread.send("x")) == (403, 160005)
    stage.deny()
    await thread.send("y")


@behaviour(
    "threads.locked.wake",
    "A locked thread is not woken by everyone (160005)",
    "sandbox.rest.guard:not_locked",
)
async def test_locked_threads_sleep_on(stage: Stage) -> None:
    _, thread = await opened(stage)
    stage.world.lock_thread(thread.id)
    stage.deny(MANAGE_THREADS)
    assert await refusal(thread.edit(archived=False)) == (403, 160005)


@behaviour(
    "threads.lock-right",
    "Locking needs MANAGE_THREADS, even for the owner",
    "sandbox.rest.channels:may_change_thread",
)
async def test_locking_needs_a_right(stage: Stage) -> None:
    _, thread = await opened(stage)
    stage.deny(MANAGE_THREADS)
    assert await refusal(thread.edit(locked=True)) == (403, 50013)
    await thread.edit(name="The owner may rename")


@behaviour(
    "threads.cap",
    "A server has only so many active threads (160006)",
    "sandbox.world_threads:WorldThreads.check_thread_room",
)
async def test_active_threads_are_capped(stage: Stage) -> None:
    stage.limits.active_threads = 1
    _, thread = await opened(stage)
    story = await stage.news.send("x")
    assert await refusal(story.create_thread(name="x")) == (400, 160006)
    await thread.edit(archived=True)
    await story.create_thread(name="x")


@behaviour(
    "threads.parent-deleted",
    "A thread outlives its message",
    "sandbox.world_messages:WorldMessages.delete_message",
    Around(lambda original, world, m: (original(world, m), world.channels.pop(m.id, None))[0]),
)
async def test_a_thread_outlives_its_message(stage: Stage) -> None:
    story, thread = await opened(stage)
    await story.delete()
    assert (await thread.send("still here")).channel.id == thread.id


@behaviour(
    "threads.deleted",
    "A deleted thread is told, and gone (10003)",
    "sandbox.world_threads:WorldThreads.delete_thread",
)
async def test_deleted_threads_are_gone(stage: Stage) -> None:
    _, thread = await opened(stage)
    await thread.delete()
    assert (await stage.bot.hear("raw_thread_delete")).thread_id == thread.id
    assert await refusal(thread.send("x")) == (404, 10003)


@behaviour(
    "threads.create-right",
    "A thread needs CREATE_PUBLIC_THREADS",
    "sandbox.world_base:WorldBase.permissions",
    with_right(CREATE_PUBLIC_THREADS),
)
async def test_threads_need_a_right(stage: Stage) -> None:
    story = await stage.news.send("x")
    stage.deny(CREATE_PUBLIC_THREADS)
    assert await refusal(story.create_thread(name="x")) == (403, 50013)


@behaviour(
    "threads.send-right",
    "Writing in a thread needs SEND_MESSAGES_IN_THREADS, not SEND_MESSAGES",
    "sandbox.world_base:WorldBase.permissions",
    with_right(SEND_MESSAGES_IN_THREADS),
)
async def test_writing_in_threads_needs_a_right(stage: Stage) -> None:
    _, thread = await opened(stage)
    stage.deny(SEND_MESSAGES_IN_THREADS)
    assert await refusal(thread.send("x")) == (403, 50013)
    await stage.news.send("the channel itself is open")


@behaviour(
    "threads.place",
    "A thread has no threads (50024)",
    "sandbox.rest.guard:text_place",
)
async def test_threads_have_no_threads(stage: Stage) -> None:
    _, thread = await opened(stage)
    sent = await thread.send("x")
    assert await refusal(sent.create_thread(name="x")) == (400, 50024)


@behaviour(
    "threads.active-list",
    "The active list has threads that are awake, newest first",
    "sandbox.world_threads:WorldThreads.set_archived",
    lambda world, thread, archived: world.thread_changed(thread),
)
async def test_the_active_list(stage: Stage) -> None:
    threads = [(await opened(stage))[1] for _ in range(3)]
    await threads[1].edit(archived=True)
    assert [t.id for t in await stage.guild.active_threads()] == [threads[2].id, threads[0].id]


@behaviour(
    "threads.archived-list",
    "The archived list has the others, latest archive first, in pages",
    "sandbox.rest.threads:_asleep",
    always([]),
)
async def test_the_archived_list(stage: Stage) -> None:
    threads = [(await opened(stage))[1] for _ in range(3)]
    for thread in threads:
        await thread.edit(archived=True)
    first = await stage.call("GET", f"/channels/{stage.news.id}/threads/archived/public?limit=2")
    assert ([t["id"] for t in first["threads"]], first["has_more"]) == ([str(t.id) for t in threads[:0:-1]], True)
    assert [t.id async for t in stage.news.archived_threads()] == [t.id for t in threads[::-1]]


@behaviour(
    "threads.private",
    "A private thread is closed to who is not in it (50001)",
    "sandbox.world_base:WorldBase.let_in",
    always(True),
)
async def test_private_threads_are_closed(stage: Stage) -> None:
    thread = await stage.news.create_thread(name="Secret", type=discord.ChannelType.private_thread)
    await thread.leave()
    stage.deny(MANAGE_THREADS)
    assert await refusal(stage.bot.fetch_channel(thread.id)) == (403, 50001)


@behaviour(
    "threads.private-silent",
    "Who is not in a private thread hears nothing of it",
    "sandbox.world_base:WorldBase.let_in",
    always(True),
)
async def test_private_threads_are_silent(stage: Stage) -> None:
    thread = await stage.news.create_thread(name="Secret", type=discord.ChannelType.private_thread)
    stage.world.join_thread(stage.world.channels[thread.id], stage.max)
    await thread.leave()
    stage.deny(MANAGE_THREADS)
    await stage.bot.heard_now()
    await stage.box.say(stage.max, thread.id, "whisper")
    assert "message" not in await stage.bot.heard_now()


@behaviour(
    "threads.members",
    "Joining and leaving are told as THREAD_MEMBERS_UPDATE",
    "sandbox.world_threads:WorldThreads._members_changed",
)
async def test_members_are_told(stage: Stage) -> None:
    _, thread = await opened(stage)
    await thread.add_user(discord.Object(stage.max))
    assert (await stage.bot.hear("thread_member_join")).id == stage.max
    assert {m.id for m in await thread.fetch_members()} == {stage.bot.user.id, stage.max}
    await thread.remove_user(discord.Object(stage.max))
    assert (await stage.bot.hear("thread_member_remove")).id == stage.max


@behaviour(
    "threads.parents-rights",
    "A thread has its parent's permissions",
    "sandbox.world_base:WorldBase.parent_or_self",
    lambda world, channel: channel,
)
async def test_threads_have_their_parents_rights(stage: Stage) -> None:
    _, thread = await opened(stage)
    stage.deny(VIEW_CHANNEL)
    assert await refusal(thread.send("x")) == (403, 50001)
