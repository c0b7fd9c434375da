"""Topics as admins choose and write them: real interactions through the sandbox, and what then is posted."""

from __future__ import annotations

import pytest

from bot.ingest import ingest
from bot.model import Story, StoryPage
from tests.conftest import Start

pytestmark = pytest.mark.asyncio

TOGETHER = Story(
    "India and Japan sign an agreement on a joint lunar rover", url="https://site.example/together", summary="Signed."
)
ALONE = Story("A rover is tested in a sand pit", url="https://site.example/alone", summary="It drove well.")


def people(run):
    world = run.box.world
    return world.user("Ada").id, world.user("Max").id, world.channel("space-news").id


async def take(run, *found):
    for story in found:
        await ingest(run.database, StoryPage(story), run.bot.clock.now(), deliver=True)
    run.bot.deliverer.wake()
    await run.settle()


def titles(run):
    channel = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")
    return [message["embeds"][0]["title"] for message in channel["messages"] if message["embeds"]]


async def press(run, user, answer, label):
    buttons = [b for row in answer.components for b in row["components"] if b["label"] == label]
    return await run.box.click(user, answer.token, buttons[0]["custom_id"])


async def test_a_followed_channel_gets_space_cooperation_and_nothing_else_by_default(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        said = await run.box.command(ada, news, "channels follow", {"channel": str(news)})
        assert "**space-cooperation**" in said.content
        await take(run, ALONE, TOGETHER)
        assert titles(run) == [TOGETHER.title]
        listed = await run.box.command(ada, news, "channels list", {})
        assert "**space-cooperation**" in listed.embeds[0]["description"]


async def test_a_channel_may_want_everything_and_may_be_changed(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        await run.box.command(ada, news, "channels follow", {"channel": str(news), "topics": "everything"})
        await take(run, ALONE)
        assert titles(run) == [ALONE.title]
        said = await run.box.command(ada, news, "channels edit", {"channel": str(news), "topics": "space-cooperation"})
        assert "**space-cooperation**" in said.content
        await take(run, Story("Another rover in the pit", url="https://site.example/3"), TOGETHER)
        assert titles(run) == [ALONE.title, TOGETHER.title]


async def test_the_newest_story_that_fits_is_posted_at_once_not_the_newest(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        await take(run, TOGETHER, ALONE)
        said = await run.box.command(ada, news, "channels follow", {"channel": str(news), "newest": 1})
        assert "Posting the newest 1 now" in said.content
        await run.settle()
        assert titles(run) == [TOGETHER.title]


async def test_an_own_topic_is_tried_on_the_newest_stories_before_it_is_saved_and_then_works(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        await run.box.command(ada, news, "channels follow", {"channel": str(news), "topics": "everything", "newest": 0})
        await take(run, ALONE, TOGETHER)
        tried = await run.box.command(
            ada, news, "topics add", {"name": "Sand Rovers", "words": "rover sand -agreement"}
        )
        assert "1 of the newest 2 stories here fit" in tried.embeds[0]["description"]
        assert ALONE.title in tried.embeds[0]["description"]
        assert "It says" in tried.embeds[0]["description"]
        unsaved = await run.box.command(ada, news, "topics list", {})
        assert "sand-rovers" not in unsaved.embeds[0]["description"]
        saved = await press(run, ada, tried, "Save")
        assert "sand-rovers" in saved.content
        choices = await run.box.autocomplete(ada, news, "channels edit", {"topics": "sand"}, "topics")
        assert [choice["value"] for choice in choices] == ["sand-rovers"]
        await run.box.command(ada, news, "channels edit", {"channel": str(news), "topics": "sand-rovers"})
        await take(
            run, Story("A rover in the sand again", url="https://site.example/4"),
            Story("A rover in the snow", url="https://site.example/5"),
        )  # fmt: skip
        assert titles(run)[2:] == ["A rover in the sand again"]


async def test_a_topic_in_use_stays_and_an_unused_one_goes(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        await press(
            run, ada, await run.box.command(ada, news, "topics add", {"name": "mine", "words": "rover"}), "Save"
        )
        await run.box.command(ada, news, "channels follow", {"channel": str(news), "topics": "mine"})
        refused = await run.box.command(ada, news, "topics remove", {"name": "mine"})
        assert "still follows mine" in refused.content
        changed = await run.box.command(ada, news, "topics edit", {"name": "mine", "words": "lander"})
        await press(run, ada, changed, "Save")
        shown = await run.box.command(ada, news, "topics list", {})
        assert "`lander`" in shown.embeds[0]["description"]
        await run.box.command(ada, news, "channels edit", {"channel": str(news), "topics": "everything"})
        assert (await run.box.command(ada, news, "topics remove", {"name": "mine"})).content == "Removed."


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("topics add", {"name": "x", "words": "(mars"}, "no closing"),
        ("topics add", {"name": "everything", "words": "mars"}, "1 to 32 letters"),
        ("topics add", {"name": "space-cooperation", "words": "mars"}, "built-in"),
        ("topics add", {"name": "x", "words": "topic:cheese"}, "no built-in topic"),
        ("topics edit", {"name": "cheese", "words": "mars"}, "no topic of its own"),
        ("topics remove", {"name": "cheese"}, "no topic of its own"),
        ("topics test", {"topic": "cheese"}, "no topic named cheese"),
        ("channels follow", {"channel": "NEWS", "topics": "cheese"}, "no topic named cheese"),
        ("channels edit", {"channel": "NEWS", "topics": "everything"}, "not followed here"),
        ("channels edit", {"channel": "@everyone", "topics": "everything"}, "choose the channel"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(start: Start, command, options, words) -> None:
    async with start() as run:
        ada, _, news = people(run)
        answer = await run.box.command(
            ada, news, command, {k: str(news) if v == "NEWS" else v for k, v in options.items()}
        )
        assert words in answer.content
        assert answer.ephemeral


async def test_a_member_may_neither_use_the_commands_nor_be_told_of_topics(start: Start) -> None:
    async with start() as run:
        _, max_, news = people(run)
        for command, options in (("topics list", {}), ("topics add", {"name": "x", "words": "mars"})):
            with pytest.raises(PermissionError):
                await run.box.command(max_, news, command, options)
