"""What is kept between two runs, and what the page is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.permissions import SEND_MESSAGES
from sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio


async def test_state_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    async with Sandbox.start(page=False, state=path) as box:
        ada, news = box.world.user("Ada").id, box.world.channel("space-news").id
        said = await box.say(ada, news, "kept")
        box.world.start_thread(box.world.channels[news], "T", ada, message=box.world.messages[news][said])
        box.world.deny_bot(news, SEND_MESSAGES)
        box.world.pin(box.world.messages[news][said], ada)
        hook = box.world.add_webhook(box.world.channels[news], "Wire", ada)
        told, token = box.transcript(), box.token
    async with Sandbox.start(page=False, state=path) as again:
        assert again.transcript() == told
        assert again.token == token
        assert again.world.webhooks == {hook.id: hook}
        assert [m.id for m in again.world.pins(news)] == [said]
        assert not again.world.permissions(again.world.channel("space-news"), again.world.bot_id) & SEND_MESSAGES


async def test_page_sees_changes(box: Sandbox) -> None:
    queue = box.page_events.subscribe()
    place = box.world.channel("general").id
    said = await box.say(box.world.user("Mo").id, place, "hi")
    assert (await queue.get())["d"]["content"] == "hi"
    await box.moderator_delete(said)
    assert (await queue.get())["t"] == "MESSAGE_DELETE"
    box.page_events.unsubscribe(queue)
    assert {u["name"]: u["role"] for u in box.snapshot()["users"]} == {
        "Ada": "admin", "Mo": "moderator", "Max": "member", "Rendezvous": "bot",
    }  # fmt: skip
