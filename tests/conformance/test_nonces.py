"""Nonces: a repeated request is one message, for a while."""

from __future__ import annotations

import pytest

from tests.conformance.registry import Around, behaviour, nothing
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio


async def _twice(stage: Stage, **more: object) -> tuple[str, str]:
    sent = [await stage.call("POST", stage.messages, content="x", nonce="n-1", **more) for _ in range(2)]
    return sent[0]["id"], sent[1]["id"]


@behaviour(
    "nonces.enforced-returns-same",
    "An enforced nonce returns the first message again",
    "sandbox.rest.messages:sent_before",
)
async def test_an_enforced_nonce_returns_the_first_message(stage: Stage) -> None:
    first = await stage.news.send("x", nonce="n-1")
    again = await stage.news.send("other words", nonce="n-1")
    assert (again.id, again.content) == (first.id, "x")


@behaviour(
    "nonces.enforced-one-event",
    "An enforced nonce makes no second event",
    "sandbox.rest.messages:sent_before",
)
async def test_an_enforced_nonce_makes_one_event(stage: Stage) -> None:
    await _twice(stage, enforce_nonce=True)
    assert (await stage.bot.heard_now()).count("message") == 1


@behaviour(
    "nonces.not-enforced",
    "A nonce that is not enforced hinders nothing",
    "sandbox.rest.messages:sent_before",
    Around(lambda original, call, body: original(call, body | {"enforce_nonce": True})),
)
async def test_a_nonce_alone_does_nothing(stage: Stage) -> None:
    first, second = await _twice(stage)
    assert first != second


@behaviour(
    "nonces.window-ends",
    "After a few minutes a nonce is forgotten",
    "sandbox.world_messages:WorldMessages.known_nonce",
    lambda world, author, nonce: world.nonces[author, nonce][1:] if (author, nonce) in world.nonces else None,
)
async def test_nonces_are_forgotten(stage: Stage) -> None:
    first = await stage.news.send("x", nonce="n-1")
    stage.clock.advance(stage.limits.nonce_window + 1)
    assert (await stage.news.send("x", nonce="n-1")).id != first.id


@behaviour(
    "nonces.window-lasts",
    "For a few minutes a nonce is kept",
    "sandbox.world_messages:WorldMessages.known_nonce",
    nothing,
)
async def test_nonces_are_kept_for_a_while(stage: Stage) -> None:
    first = await stage.news.send("x", nonce="n-1")
    stage.clock.advance(stage.limits.nonce_window - 5)
    assert (await stage.news.send("x", nonce="n-1")).id == first.id


@behaviour(
    "nonces.deleted",
    "The nonce of a deleted message is 10008",
    "sandbox.rest.messages:sent_before",
)
async def test_the_nonce_of_a_deleted_message(stage: Stage) -> None:
    await (await stage.news.send("x", nonce="n-1")).delete()
    assert await refusal(stage.news.send("x", nonce="n-1")) == (404, 10008)


@behaviour("nonces.length", "A nonce has at most 25 characters", "sandbox.checks:NONCE", 99)
async def test_nonces_are_short(stage: Stage) -> None:
    await stage.call("POST", stage.messages, content="x", nonce="n" * 25)
    assert await refusal(stage.call("POST", stage.messages, content="x", nonce="n" * 26)) == (400, 50035)


@behaviour(
    "nonces.echoed",
    "An answer carries the nonce",
    "sandbox.world_messages:WorldMessages.make",
    Around(lambda original, world, channel, draft: (setattr(draft, "nonce", None), original(world, channel, draft))[1]),
)
async def test_nonces_are_echoed(stage: Stage) -> None:
    assert (await stage.call("POST", stage.messages, content="x", nonce="n-1"))["nonce"] == "n-1"


@behaviour(
    "nonces.no-forum",
    "A forum post knows no nonce: a repeated one is a second post",
    "sandbox.world_threads:WorldThreads.start_thread",
    Around(
        lambda original, world, parent, name, owner, **named: (
            next((t for t in world.channels.values() if t.parent_id == parent.id), None)
            or original(world, parent, name, owner, **named)
        )
    ),
)
async def test_forum_posts_know_no_nonce(stage: Stage) -> None:
    message = {"content": "x", "nonce": "n-1", "enforce_nonce": True}
    path = f"/channels/{stage.forum.id}/threads"
    posts = [await stage.call("POST", path, name="Post", message=message) for _ in range(2)]
    assert posts[0]["id"] != posts[1]["id"]
