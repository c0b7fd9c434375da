"""Webhooks: doors into a channel."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from sandbox.model import Pings
from sandbox.permissions import MANAGE_WEBHOOKS
from tests.conformance.registry import Around, always, behaviour, given
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
BAD = (400, 50035)


@behaviour(
    "webhooks.write",
    "A webhook writes under its name",
    "sandbox.rest.webhooks:hook_name",
    always("Somebody"),
)
async def test_webhooks_write(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    sent = await hook.send("hello", wait=True)
    heard = await stage.bot.hear("message")
    assert (sent.content, heard.webhook_id, heard.author.name) == ("hello", hook.id, "Wire")
    assert (await hook.send("hi", username="Other", wait=True)).author.name == "Other"


@behaviour(
    "webhooks.wait",
    "A webhook answers with the message only when asked to wait",
    "sandbox.rest.followups:awaited",
    always(True),
)
async def test_webhooks_answer_when_asked(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    path = f"/webhooks/{hook.id}/{hook.token}"
    assert (await stage.raw("POST", path, {"content": "a"})).status == 204
    assert (await stage.raw("POST", path + "?wait=true", {"content": "b"})).body["content"] == "b"


@behaviour("webhooks.names", "A webhook is not called Discord or Clyde", "sandbox.rest.webhooks:hook_name", given(1))
async def test_webhook_names(stage: Stage) -> None:
    assert await refusal(stage.call("POST", f"/channels/{stage.news.id}/webhooks", name="My Discord")) == BAD


@behaviour("webhooks.fifteen", "A channel has at most 15 webhooks (30007)", "sandbox.rest.webhooks:hook_room")
async def test_webhooks_are_few(stage: Stage) -> None:
    for number in range(15):
        await stage.news.create_webhook(name=str(number))
    assert await refusal(stage.news.create_webhook(name="x")) == (400, 30007)


@behaviour(
    "webhooks.right",
    "Making webhooks needs MANAGE_WEBHOOKS",
    "sandbox.world_base:WorldBase.permissions",
    Around(lambda original, *args: original(*args) | MANAGE_WEBHOOKS),
)
async def test_webhooks_need_a_right(stage: Stage) -> None:
    stage.deny(MANAGE_WEBHOOKS)
    assert await refusal(stage.news.create_webhook(name="x")) == (403, 50013)


@behaviour(
    "webhooks.event",
    "New and changed webhooks are told as WEBHOOKS_UPDATE",
    "sandbox.world_webhooks:WorldWebhooks.webhooks_changed",
)
async def test_webhooks_are_told(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    assert (await stage.bot.hear("webhooks_update")).id == stage.news.id
    await hook.edit(name="Ticker")
    await stage.bot.hear("webhooks_update")
    assert [w.name for w in await stage.news.webhooks()] == ["Ticker"]


@behaviour(
    "webhooks.token",
    "A wrong token opens nothing (50027)",
    "sandbox.rest.webhooks:by_token",
    lambda call: call.world.get_webhook(call.id("webhook_id")),
)
async def test_webhook_tokens(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    answer = await stage.raw("POST", f"/webhooks/{hook.id}/wrong", {"content": "x"})
    assert (answer.status, answer.body["code"]) == (401, 50027)


@behaviour(
    "webhooks.gone",
    "A deleted webhook is 10015",
    "sandbox.world_webhooks:WorldWebhooks.delete_webhook",
)
async def test_deleted_webhooks(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    await hook.delete()
    assert await refusal(hook.send("x")) == (404, 10015)


@behaviour(
    "webhooks.gone-with-channel",
    "A channel takes its webhooks with it (10015)",
    "sandbox.world_webhooks:WorldWebhooks.drop_webhooks",
)
async def test_webhooks_go_with_their_channel(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    stage.world.delete_channel(stage.news.id)
    assert await refusal(hook.send("x")) == (404, 10015)


def _answering(original: Any, call: Any, channel: Any, body: Any, **named: Any) -> Any:
    draft = original(call, channel, body, **named)
    draft.reply_to = int((body.get("message_reference") or {}).get("message_id") or 0) or None
    return draft


@behaviour(
    "webhooks.no-reply",
    "A webhook cannot reply: the reference is ignored",
    "sandbox.rest.payload:draft_of",
    Around(_answering),
)
async def test_webhooks_cannot_reply(stage: Stage) -> None:
    hook, said = await stage.news.create_webhook(name="Wire"), await stage.say("x")
    path, reference = f"/webhooks/{hook.id}/{hook.token}?wait=true", {"message_id": str(said.id)}
    sent = await stage.call("POST", path, content="y", message_reference=reference)
    assert (sent["type"], sent.get("message_reference")) == (0, None)


def _once_only(original: Any, world: Any, channel: Any, draft: Any) -> Any:
    known = next((m for m in world.history(channel.id) if m.author_id == draft.author_id), None)
    return known or original(world, channel, draft)


@behaviour(
    "webhooks.no-nonce",
    "A webhook knows no nonce: a repeated request is a second message",
    "sandbox.world_messages:WorldMessages.post",
    Around(_once_only),
)
async def test_webhooks_know_no_nonce(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    path = f"/webhooks/{hook.id}/{hook.token}?wait=true"
    sent = [await stage.call("POST", path, content="x", nonce="n", enforce_nonce=True) for _ in range(2)]
    assert sent[0]["id"] != sent[1]["id"]


@behaviour(
    "webhooks.thread",
    "A webhook writes into a thread of its channel",
    "sandbox.rest.webhooks:own_thread",
    lambda channel, _thread: channel,
)
async def test_webhooks_write_into_threads(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    thread = await (await stage.news.send("story")).create_thread(name="Comments")
    sent = await hook.send("x", thread=thread, wait=True)
    assert sent.id in stage.world.messages[thread.id]


@behaviour(
    "webhooks.other-thread",
    "A webhook does not write into another channel's threads (10003)",
    "sandbox.rest.webhooks:own_thread",
    given(1),
)
async def test_webhooks_stay_in_their_channel(stage: Stage) -> None:
    hook = await stage.channel("general").create_webhook(name="Wire")
    thread = await (await stage.news.send("story")).create_thread(name="Comments")
    assert await refusal(hook.send("x", thread=thread)) == (404, 10003)


@behaviour(
    "webhooks.forum",
    "In a forum a webhook names a post or a thread (220001)",
    "sandbox.rest.webhooks:post_or_thread",
)
async def test_webhooks_in_forums(stage: Stage) -> None:
    hook = await stage.forum.create_webhook(name="Wire")
    assert await refusal(hook.send("x")) == (400, 220001)
    post = await hook.send("x", thread_name="Post", wait=True)
    assert stage.world.channels[post.id].name == "Post"


@behaviour(
    "webhooks.own-messages",
    "A webhook edits and deletes what it wrote, nothing else (10008)",
    "sandbox.rest.webhooks:written",
    lambda call: call.world.find_message(call.id("message_id")),
)
async def test_webhooks_keep_to_their_own(stage: Stage) -> None:
    hook, said = await stage.news.create_webhook(name="Wire"), await stage.say("mine")
    sent = await hook.send("x", wait=True)
    assert (await sent.edit(content="y")).content == "y"
    await sent.delete()
    assert await refusal(hook.delete_message(said.id)) == (404, 10008)


@behaviour(
    "webhooks.mentions",
    "A webhook may mention everyone",
    "sandbox.mentions:resolve",
    always(Pings()),
)
async def test_webhooks_mention_everyone(stage: Stage) -> None:
    hook = await stage.news.create_webhook(name="Wire")
    assert (await hook.send("@everyone", wait=True, allowed_mentions=discord.AllowedMentions.all())).mention_everyone
