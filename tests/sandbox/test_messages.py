"""Messages: send, embed, reply, edit, delete, history, nonce, mentions."""

from __future__ import annotations

import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Client

pytestmark = pytest.mark.asyncio


async def test_ready(box: Sandbox, client: Client) -> None:
    assert client.user is not None
    assert client.user.name == "Rendezvous"
    assert [g.name for g in client.guilds] == ["Space Forum"]
    assert {c.name for c in client.guilds[0].channels} >= {"general", "space-news", "announcements", "stories-forum"}
    assert client.guilds[0].me.guild_permissions.send_messages


async def test_send_embed_reply(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    first = await news.send("  hello  ", embed=discord.Embed(title="T", description="D", url="https://example.org/"))
    assert first.content == "hello"
    assert first.embeds[0].title == "T"
    assert first.id > 2**53
    answer = await first.reply("answer")
    assert answer.reference is not None
    assert answer.reference.message_id == first.id
    assert [m.content async for m in news.history(oldest_first=True)] == ["hello", "answer"]
    told = box.transcript()["channels"][1]["messages"]
    assert [m["reply_to"] for m in told] == [None, str(first.id)]


async def test_edit_and_delete(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    message = await news.send("one")
    edited = await message.edit(content="two")
    assert edited.content == "two"
    assert edited.edited_at is not None
    await message.delete()
    await client.hear("raw_message_delete")
    with pytest.raises(discord.NotFound) as caught:
        await message.edit(content="three")
    assert caught.value.code == 10008


async def test_nonce_gives_the_original(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    first = await news.send("once", nonce="row-1")
    again = await news.send("twice", nonce="row-1")
    assert again.id == first.id
    assert again.content == "once"
    assert len(box.messages(news.id)) == 1
    told = [event for event, _ in [client.heard.get_nowait() for _ in range(client.heard.qsize())]]
    assert told.count("message") == 1
    await box.moderator_delete(first.id)
    with pytest.raises(discord.NotFound) as caught:
        await news.send("thrice", nonce="row-1")
    assert caught.value.code == 10008


async def test_reply_to_a_deleted_parent(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    parent = await news.send("parent")
    await box.moderator_delete(parent.id)
    with pytest.raises(discord.HTTPException) as caught:
        await news.send("child", reference=parent)
    assert caught.value.code == 50035
    assert "message_reference" in str(caught.value)
    loose = discord.MessageReference(message_id=parent.id, channel_id=news.id, fail_if_not_exists=False)
    plain = await news.send("child", reference=loose)
    assert plain.reference is None


async def test_refusals_of_bad_content(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    for content, code in (("x" * 2001, 50035), ("   ", 50006)):
        with pytest.raises(discord.HTTPException) as caught:
            await news.send(content)
        assert caught.value.code == code
    with pytest.raises(discord.HTTPException, match="title"):
        await news.send(embed=discord.Embed(title="x" * 257))
    big = [discord.Embed(description="x" * 4000), discord.Embed(description="y" * 2001)]
    with pytest.raises(discord.HTTPException, match="6000"):
        await news.send(embeds=big)


async def test_mentions_ping_only_who_is_allowed(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    ada = box.world.user("Ada").id
    quiet = await news.send(f"<@{ada}> @everyone")
    loud = await news.send(f"<@{ada}> @everyone", allowed_mentions=discord.AllowedMentions.all())
    stored = box.world.messages[news.id]
    assert stored[quiet.id].pings.users == []
    assert not stored[quiet.id].pings.everyone
    assert stored[loud.id].pings.users == [ada]
    assert not stored[loud.id].pings.everyone, "the bot lacks MENTION_EVERYONE"


async def test_content_is_hidden_without_its_intent(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    ada = box.world.user("Ada").id
    await box.say(ada, news.id, "secret")
    heard = await client.hear("message")
    assert isinstance(heard, discord.Message)
    assert heard.content == ""
    await box.say(ada, news.id, f"<@{box.world.bot_id}> hello")
    heard = await client.hear("message")
    assert isinstance(heard, discord.Message)
    assert heard.content.endswith("hello")


async def test_reactions_crosspost_dm_typing(box: Sandbox, client: Client, news: discord.TextChannel) -> None:
    message = await news.send("x")
    await message.add_reaction("\N{ROCKET}")
    assert (await news.fetch_message(message.id)).reactions[0].me
    await message.remove_reaction("\N{ROCKET}", discord.Object(box.world.bot_id))
    async with news.typing():
        pass
    announcements = client.get_channel(box.world.channel("announcements").id)
    assert isinstance(announcements, discord.TextChannel)
    published = await announcements.send("news")
    await published.publish()
    assert box.world.messages[announcements.id][published.id].flags & 1
    dm = await (await client.fetch_user(box.world.user("Max").id)).create_dm()
    await dm.send("hi")
    assert box.messages(dm.id)[0]["content"] == "hi"
