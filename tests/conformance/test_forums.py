"""Forums: posts and tags."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from sandbox.permissions import CREATE_PUBLIC_THREADS, MANAGE_THREADS, SEND_MESSAGES
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
BAD = (400, 50035)


def anonymous(original: Any, world: Any, channel: Any, draft: Any) -> Any:
    draft.id = None
    return original(world, channel, draft)


async def tagged(stage: Stage, *names: str, **more: Any) -> list[discord.ForumTag]:
    """Offer tags and return them."""
    edited = await stage.forum.edit(available_tags=[discord.ForumTag(name=name) for name in names], **more)
    assert isinstance(edited, discord.ForumChannel)
    return list(edited.available_tags)


@behaviour(
    "forums.first-message",
    "A post's first message has the post's id",
    "sandbox.world_messages:WorldMessages.post",
    Around(anonymous),
)
async def test_the_first_message(stage: Stage) -> None:
    post = await stage.forum.create_thread(name="Post", content="card")
    assert post.message.id == post.thread.id
    assert (await post.thread.fetch_message(post.thread.id)).content == "card"


@behaviour(
    "forums.answerable",
    "In a post the first message can be answered",
    "sandbox.rest.messages:same_channel",
    Around(lambda original, channel, reference: original(channel, reference | {"channel_id": channel.parent_id})),
)
async def test_the_first_message_is_answered(stage: Stage) -> None:
    post = await stage.forum.create_thread(name="Post", content="card")
    assert (await post.message.reply("yes")).reference.message_id == post.thread.id


@behaviour("forums.no-messages", "A forum itself takes no messages (40058)", "sandbox.rest.guard:takes_messages")
async def test_forums_take_no_messages(stage: Stage) -> None:
    attempt = stage.bot.get_partial_messageable(stage.forum.id).send("x")
    assert await refusal(attempt) == (400, 40058)


@behaviour(
    "forums.right",
    "A post needs SEND_MESSAGES alone",
    "sandbox.rest.guard:need",
    Around(lambda original, call, channel, *wanted: original(call, channel)),
)
async def test_posts_need_one_right(stage: Stage) -> None:
    stage.deny(CREATE_PUBLIC_THREADS, where="stories-forum")
    await stage.forum.create_thread(name="Post", content="card")
    stage.deny(SEND_MESSAGES, where="stories-forum")
    assert await refusal(stage.forum.create_thread(name="Post", content="card")) == (403, 50013)


@behaviour("forums.tags.five", "A post wears at most 5 tags", "sandbox.rest.tags:few_tags")
async def test_posts_wear_few_tags(stage: Stage) -> None:
    tags = await tagged(stage, *"abcdef")
    body = {"name": "x", "message": {"content": "x"}, "applied_tags": [str(t.id) for t in tags]}
    assert await refusal(stage.call("POST", f"/channels/{stage.forum.id}/threads", **body)) == BAD


@behaviour("forums.tags.required", "A forum may ask for a tag (40067)", "sandbox.rest.tags:tag_needed")
async def test_a_tag_may_be_required(stage: Stage) -> None:
    [tag] = await tagged(stage, "News", require_tag=True)
    assert await refusal(stage.forum.create_thread(name="Post", content="x")) == (400, 40067)
    post = await stage.forum.create_thread(name="Post", content="x", applied_tags=[tag])
    assert [t.name for t in post.thread.applied_tags] == ["News"]


@behaviour("forums.tags.known", "A post wears only the forum's own tags", "sandbox.rest.tags:known_tags")
async def test_tags_are_known(stage: Stage) -> None:
    attempt = stage.forum.create_thread(name="Post", content="x", applied_tags=[discord.Object(1)])  # type: ignore[list-item]
    assert (await refusal(attempt))[0] == 400


@behaviour("forums.tags.unique", "Two tags have two names (40061)", "sandbox.rest.tags:unique_names")
async def test_tag_names_are_unique(stage: Stage) -> None:
    assert await refusal(tagged(stage, "News", "News")) == (400, 40061)


@behaviour("forums.tags.twenty", "A forum offers at most 20 tags", "sandbox.rest.tags:OFFERED", 99)
async def test_forums_offer_few_tags(stage: Stage) -> None:
    assert await refusal(tagged(stage, *[str(n) for n in range(21)])) == BAD


@behaviour("forums.tags.moderated", "A moderators' tag needs MANAGE_THREADS", "sandbox.rest.tags:moderated_tags")
async def test_moderators_tags(stage: Stage) -> None:
    edited = await stage.forum.edit(available_tags=[discord.ForumTag(name="Official", moderated=True)])
    stage.deny(MANAGE_THREADS, where="stories-forum")
    attempt = stage.forum.create_thread(name="Post", content="x", applied_tags=edited.available_tags)
    assert await refusal(attempt) == (403, 50013)


@behaviour(
    "forums.tags.changed",
    "A post's tags can be changed",
    "sandbox.rest.channels:forum_tags",
    always([]),
)
async def test_tags_change(stage: Stage) -> None:
    tags = await tagged(stage, "Old", "New")
    post = await stage.forum.create_thread(name="Post", content="x", applied_tags=tags[:1])
    edited = await post.thread.edit(applied_tags=tags[1:])
    assert [t.name for t in edited.applied_tags] == ["New"]


@behaviour(
    "forums.topic",
    "A forum's guidelines have 4096 characters, a topic 1024",
    "sandbox.rest.channels:topic_length",
    always(4096),
)
async def test_topics(stage: Stage) -> None:
    await stage.forum.edit(topic="x" * 4096)
    assert await refusal(stage.call("PATCH", f"/channels/{stage.forum.id}", topic="x" * 4097)) == BAD
    assert await refusal(stage.call("PATCH", f"/channels/{stage.news.id}", topic="x" * 1025)) == BAD


@behaviour(
    "forums.starter-deleted",
    "A post outlives its first message",
    "sandbox.world_messages:WorldMessages.delete_message",
    Around(lambda original, world, m: (original(world, m), world.channels.pop(m.id, None))[0]),
)
async def test_a_post_outlives_its_first_message(stage: Stage) -> None:
    post = await stage.forum.create_thread(name="Post", content="card")
    await post.message.delete()
    await post.thread.send("still here")
    assert await refusal(post.thread.fetch_message(post.thread.id)) == (404, 10008)
