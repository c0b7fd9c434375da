"""Threads and forum posts: ids, events, archive, lock, permissions, lists."""

from __future__ import annotations

import asyncio

import discord
import pytest

from sandbox.permissions import CREATE_PUBLIC_THREADS, READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL
from sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Client

pytestmark = pytest.mark.asyncio


async def test_thread_from_message(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    story = await news.send("story")
    thread = await story.create_thread(name="Comments")
    assert thread.id == story.id
    assert box.world.messages[news.id][story.id].flags & 32
    inside = await thread.send("first comment")
    await inside.reply("second comment")
    told = box.transcript()["channels"][1]["messages"]
    assert [m["content"] for m in told[0]["thread"]["messages"]] == ["first comment", "second comment"]
    assert (await news.fetch_message(story.id)).thread is not None
    heard = await client.hear("thread_create")
    assert heard == thread
    with pytest.raises(discord.HTTPException) as caught:
        await story.create_thread(name="Again")
    assert caught.value.code == 160004


async def test_thread_without_message(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    thread = await news.create_thread(name="Loose", type=discord.ChannelType.public_thread)
    await thread.send("x")
    assert box.transcript()["channels"][1]["messages"][0]["thread"]["name"] == "Loose"


async def test_archived_thread_wakes_unless_locked(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    thread = await (await news.send("story")).create_thread(name="Comments")
    comment = await thread.send("one")
    await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException) as caught:
        await comment.edit(content="changed")
    assert caught.value.code == 50083
    await thread.send("two")
    state = box.world.channels[thread.id].thread
    assert state is not None
    assert not state.archived
    box.world.lock_thread(thread.id)
    with pytest.raises(discord.Forbidden) as refused:
        await thread.send("three")
    assert refused.value.code == 160005
    await comment.delete()


async def test_thread_lists(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    one = await (await news.send("1")).create_thread(name="one")
    two = await (await news.send("2")).create_thread(name="two")
    box.world.set_archived(box.world.channels[one.id], True)
    assert [t.id for t in await news.guild.active_threads()] == [two.id]
    assert [t.id async for t in news.archived_threads()] == [one.id]


async def test_deleted_thread_is_unknown(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    thread = await (await news.send("story")).create_thread(name="Comments")
    box.world.delete_thread(thread.id)
    await client.hear("raw_thread_delete")
    with pytest.raises(discord.NotFound) as caught:
        await thread.send("x")
    assert caught.value.code == 10003


async def test_forum_post(box: Sandbox, client: Client) -> None:
    forum = client.get_channel(box.world.channel("stories-forum").id)
    assert isinstance(forum, discord.ForumChannel)
    thread, message = await forum.create_thread(name="A story", content="card", embed=discord.Embed(title="t"))
    assert message.id == thread.id
    await message.reply("a comment")
    post = box.transcript()["channels"][4]["messages"][0]
    assert post["content"] == "card"
    assert post["thread"]["messages"][0]["reply_to"] == str(message.id)
    with pytest.raises(discord.HTTPException) as caught:
        await client.get_partial_messageable(forum.id).send("direct")
    assert caught.value.code == 40058


async def test_permissions_are_computed(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    message = await news.send("kept")
    box.world.deny_bot(news.id, SEND_MESSAGES | CREATE_PUBLIC_THREADS)
    for attempt in (news.send("x"), message.create_thread(name="x")):
        with pytest.raises(discord.Forbidden) as caught:
            await attempt
        assert caught.value.code == 50013
    box.world.deny_bot(news.id, READ_MESSAGE_HISTORY)
    assert [m async for m in news.history()] == []
    with pytest.raises(discord.HTTPException) as unreadable:
        await message.reply("x")
    assert unreadable.value.code == 160002
    box.world.deny_bot(news.id, VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden) as hidden:
        await news.send("x")
    assert hidden.value.code == 50001


async def test_things_disappear(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    box.world.delete_channel(news.id)
    await client.hear("guild_channel_delete")
    with pytest.raises(discord.NotFound) as caught:
        await news.send("x")
    assert caught.value.code == 10003
    other = box.world.add_guild("Second")
    await client.hear("guild_join")
    box.world.remove_guild(other.id)
    await client.hear("guild_remove")
    with pytest.raises(discord.NotFound):
        await client.fetch_guild(other.id)


async def test_cap_of_active_threads(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    box.world.limits.active_threads = 1
    first, second = await asyncio.gather(news.send("1"), news.send("2"))
    await first.create_thread(name="one")
    with pytest.raises(discord.HTTPException) as caught:
        await second.create_thread(name="two")
    assert caught.value.code == 160006
