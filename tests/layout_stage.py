"""What the tests of layouts share: a story, a followed channel, and what stands there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.embedded import Embedded
from bot.model import Comment, Story, StoryPage

URL = "https://example.org/dish"
STORY = Story("Two agencies share a dish", url=URL, site="Dish News", summary="They signed.")
ANN = Comment("a", "Ann", "first", url=f"{URL}#a")
BOB = Comment("b", "Bob", "to Ann", parent="a", url=f"{URL}#b")
CEM = Comment("c", "Cem", "second", url=f"{URL}#c")
PAGE = StoryPage(STORY, (ANN, BOB, CEM))
Message = dict[str, Any]


def page(number: int, *said: Comment) -> StoryPage:
    """Return one of many stories."""
    return StoryPage(Story(f"Story {number}", url=f"https://example.org/{number}"), said)


def titled(title: str, base: StoryPage = PAGE) -> StoryPage:
    """Return a page whose story has another title."""
    return replace(base, story=replace(base.story, title=title))


async def say(run: Embedded, command: str, options: dict[str, Any]) -> str:
    """Let the admin type a command; returns the answer."""
    box = run.box
    answer = await box.command(box.world.user("Ada").id, box.world.channel("general").id, command, options)
    assert answer.ephemeral
    return str(answer.content or answer.embeds[0]["description"])


async def follow(run: Embedded, channel: str, **options: Any) -> str:
    """Let the admin follow a channel for all stories, without grace and without posting old ones."""
    where = {"channel": run.box.world.channel(channel).id, "topics": "everything", "newest": 0, "grace": 0}
    return await say(run, "channels follow", where | options)


def shown(run: Embedded, channel: str) -> list[Message]:
    """Return what a reader sees in a channel."""
    found: list[Message] = next(c for c in run.box.transcript()["channels"] if c["name"] == channel)["messages"]
    return found


def words(messages: list[Message]) -> list[str]:
    """Return what comments say, without their heads."""
    return [message["content"].partition("\n")[2] for message in messages]


def asked(run: Embedded, method: str, path: str) -> list[int]:
    """Return the statuses of all requests whose path ends so."""
    return [e["status"] for e in run.box.traffic if e["method"] == method and e["path"].endswith(path)]
