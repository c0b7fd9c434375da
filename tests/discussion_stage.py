"""What the tests of discussions share: a mirrored story, members who answer below it, and commands typed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.embedded import Embedded, embedded
from bot.model import Comment, Story, StoryPage
from sandbox.interactions import Answer
from sandbox.world_messages import Draft
from tests.conftest import Check

URL = "https://example.org/dish"
PAGE = StoryPage(
    Story("Two agencies share a dish", url=URL, site="Dish News", summary="They signed."),
    (
        Comment("a", "Ann", "first words", url=f"{URL}#a", likes=3),
        Comment("b", "Bob", "to Ann", parent="a", url=f"{URL}#b"),
        Comment("c", "Cem", "second words", url=f"{URL}#c", likes=9),
    ),
)
Run = Callable[..., Any]


@asynccontextmanager
async def running(tmp_path: Path, check: Check, *, content: bool = False) -> AsyncIterator[Embedded]:
    """Start sandbox and bot, with or without the message-content intent; all traffic is judged at the end."""
    files = tmp_path / "bot.sqlite3", tmp_path / "world.json"
    settings = Settings(message_content=content)
    async with embedded(files[0], state=files[1], page=False, settle=timedelta(0), settings=settings) as run:
        run.box.world.limits.open()
        yield run
        assert check(run.box.traffic) == []


async def typed(run: Embedded, who: str, name: str, options: dict[str, Any] | None = None, where: str = "") -> Answer:
    """Let somebody type a command."""
    box = run.box
    channel = box.world.channel(where or "general").id
    answer: Answer = await box.command(box.world.user(who).id, channel, name, options or {})
    return answer


def card(run: Embedded, channel: str = "space-news") -> dict[str, Any]:
    """Return the first card of a channel as a reader sees it."""
    found: dict[str, Any] = next(c for c in run.box.transcript()["channels"] if c["name"] == channel)["messages"][0]
    return found


def file_text(run: Embedded, answer: Answer) -> str:
    """Return the file that came with an answer."""
    (attachment,) = answer.attachments
    return str(run.box.world.files[int(attachment["id"])][1].decode())


def custom_ids(answer: Answer) -> list[str]:
    """Return the ids of an answer's buttons and selects."""
    return [part["custom_id"] for row in answer.components for part in row["components"]]


def rewrite(run: Embedded, message_id: int, text: str) -> None:
    """Let the author of a message edit it."""
    message = run.box.world.find_message(message_id)
    assert message is not None
    message.content = text
    run.box.world.edited(message)


def write_as_webhook(run: Embedded, channel_id: int, text: str) -> int:
    """Let a webhook write."""
    channel = run.box.world.get_channel(channel_id)
    return int(run.box.world.post(channel, Draft(4711, text, webhook_name="Hook")).id)


async def until(check: Callable[[], Awaitable[bool]], *, tries: int = 500) -> None:
    """Wait until the bot took in what happened."""
    for _ in range(tries):
        if await check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to be so")
