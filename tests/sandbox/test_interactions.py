"""Commands, autocomplete, buttons, modals: what a person does and sees."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Client
from tests.sandbox.sandbox_commands import add_commands

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def synced(client: Client) -> AsyncIterator[Client]:
    add_commands(client.tree)
    await client.tree.sync()
    yield client


async def test_sync_gives_full_objects(box: Sandbox, synced: Client) -> None:
    fetched = await synced.tree.fetch_commands()
    assert {c.name for c in fetched} == {"stories", "manage", "silent"}
    before = {c.name: c.id for c in fetched}
    assert {c.name: c.id for c in await synced.tree.sync()} == before
    assert len(box.snapshot()["commands"]) == 3


async def test_command_and_button(box: Sandbox, synced: Client) -> None:
    max_id, place = box.world.user("Max").id, box.world.channel("general").id
    answer = await box.command(max_id, place, "stories latest", {"count": 3})
    assert (answer.kind, answer.content, answer.ephemeral) == ("message", "latest 3", False)
    assert answer.message_id is not None
    assert box.messages(place)[0]["content"] == "latest 3"
    picked = await box.click(max_id, answer.message_id, "pick", ["b"])
    assert picked.content == "picked b"
    updated = await box.click(max_id, answer.message_id, "update")
    assert (updated.kind, updated.content) == ("update", "updated")
    later = await box.click(max_id, answer.message_id, "later")
    assert (later.kind, later.content, later.components) == ("update", "later", [])


async def test_ephemeral_and_modal(box: Sandbox, synced: Client) -> None:
    max_id, place = box.world.user("Max").id, box.world.channel("general").id
    answer = await box.command(max_id, place, "stories latest", {"count": 5})
    assert answer.ephemeral
    assert box.messages(place) == []
    shown = await box.click(max_id, answer.token, "modal")
    assert shown.kind == "modal"
    assert shown.modal is not None
    sent = await box.submit_modal(max_id, place, shown.modal["custom_id"], {"word": "comet"})
    assert (sent.content, sent.ephemeral) == ("word comet", True)


async def test_deferred_answer(box: Sandbox, synced: Client) -> None:
    place = box.world.channel("general").id
    answer = await box.command(box.world.user("Max").id, place, "stories slow", {"channel": place})
    assert (answer.kind, answer.content, answer.ephemeral) == ("message", "slow general", True)
    assert box.messages(place) == []


async def test_autocomplete(box: Sandbox, synced: Client) -> None:
    place = box.world.channel("general").id
    found = await box.autocomplete(box.world.user("Max").id, place, "stories find", {"title": "Mars"}, "title")
    assert found == [{"name": "Mars!", "value": "Mars"}]


async def test_rights_and_silence(box: Sandbox, synced: Client) -> None:
    place, max_id, ada = box.world.channel("general").id, box.world.user("Max").id, box.world.user("Ada").id
    with pytest.raises(PermissionError):
        await box.command(max_id, place, "manage", {})
    assert (await box.command(ada, place, "manage", {})).content == "done"
    box.world.integrations_open = True
    assert (await box.command(max_id, place, "manage", {})).content == "done"
    box.world.limits.answer_seconds = 0.05
    answer = await box.command(max_id, place, "silent", {})
    assert (answer.kind, answer.content) == ("failed", "The application did not respond")
    with pytest.raises(LookupError):
        await box.command(max_id, place, "stories nothing", {})
    lounge = box.world.channel("lounge").id
    with pytest.raises(ValueError, match="not offered"):
        await box.command(max_id, place, "stories slow", {"channel": lounge})
    with pytest.raises(ValueError, match="out of range"):
        await box.command(max_id, place, "stories latest", {"count": 6})
