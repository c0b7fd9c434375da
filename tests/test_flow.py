"""The main job end to end: a page goes in, a real discord.py client posts it into the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import example, library
from bot.embedded import Embedded
from bot.http import Response
from bot.ingest import ingest
from bot.sources import page as page_source
from bot.store import deliveries
from tests.conftest import Start

pytestmark = pytest.mark.asyncio

SEED = "2017-08-04_russia-china-increase-space-cooperation.SEED.txt"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Message = dict[str, Any]


def story_channel(run: Embedded) -> list[Message]:
    channel = next(c for c in run.box.transcript()["channels"] if c["name"] == "space-news")
    messages: list[Message] = channel["messages"]
    return messages


def posts(run: Embedded) -> int:
    """Count the messages that the bot created."""
    return sum(entry["method"] == "POST" and entry["path"].endswith("/messages") for entry in run.box.traffic)


async def test_the_seed_becomes_one_story_one_thread_and_three_comments(start: Start, samples: Path) -> None:
    page = await page_source.read_path(samples / "parabolicarc" / SEED)
    async with start() as run:
        await run.follow()
        await run.deliver(page)
        (card,) = story_channel(run)
        (embed,) = card["embeds"]
        assert embed["title"] == "Russia & China to Increase Space Cooperation"
        assert "Read the full story" not in embed["description"]
        assert "Twitter" not in embed["description"]
        assert card["thread"]["name"] == "Russia & China to Increase Space Cooperation"
        comments = card["thread"]["messages"]
        heads = [message["content"].split("**")[1] for message in comments]
        assert heads == ["OldCodger", "windbourne", "duheagle"]
        assert comments[1]["content"].count("\n\n") == 1
        assert [message["reply_to"] for message in comments] == [None] * 3
        async with run.database.read() as tx:
            assert await deliveries.counts(tx) == {"live": 4}
    async with start() as run:
        await run.deliver(page)
        assert posts(run) == 0
        assert len(story_channel(run)) == 1


async def test_the_example_mirrors_the_reply_tree_then_an_edit_and_a_deletion(start: Start) -> None:
    first, later = (page_source.parse(data, url=example.URL) for data in example.readings())
    async with start() as run:
        await run.follow()
        await run.deliver(first)
        await run.deliver(later)
        (card,) = story_channel(run)
        assert mirrored_tree(card["thread"]["messages"]) == source_tree(later)
        created = [
            entry for entry in run.box.traffic if entry["method"] == "POST" and "message_reference" in entry["body"]
        ]
        assert created, "replies are native"
        assert all(entry["body"]["allowed_mentions"]["parse"] == [] for entry in writes(run))
        gone = next(comment for comment in first.comments if comment.key in deleted_keys(later))
        assert gone.body[:40] not in str(run.box.transcript())


def writes(run: Embedded) -> list[Message]:
    return [
        e
        for e in run.box.traffic
        if e["method"] in ("POST", "PATCH") and "/messages" in e["path"] and e["body"] and "content" in e["body"]
    ]


def deleted_keys(page: Any) -> set[str]:
    return {comment.key for comment in page.comments if comment.deleted}


def source_tree(page: Any) -> list[tuple[str, str | None]]:
    """Each comment's link and its parent's."""
    links = {comment.key: comment.url for comment in page.comments}
    return [(comment.url, links.get(comment.parent)) for comment in page.comments]


def mirrored_tree(messages: list[Message]) -> list[tuple[str, str | None]]:
    """The same read from Discord: by the permalink in each message that begins a comment."""
    links = {m["id"]: m["content"].split("](<")[1].split(">)")[0] for m in messages}
    return [(links[m["id"]], links.get(m["reply_to"])) for m in messages if "continued](<" not in m["content"]]


async def test_members_read_what_is_stored(start: Start) -> None:
    page = page_source.parse(example.readings()[0], url=example.URL)
    async with start() as run:
        await run.follow()
        await run.deliver(page)
        max_, news = run.box.world.user("Max").id, run.box.world.channel("space-news").id
        latest = await run.box.command(max_, news, "stories latest", {})
        assert latest.ephemeral
        assert page.story.title in latest.embeds[0]["description"]
        choices = await run.box.autocomplete(max_, news, "stories show", {"story": page.story.title[:5]}, "story")
        assert page.story.title in choices[0]["name"]
        shown = await run.box.command(max_, news, "stories show", {"story": choices[0]["value"]})
        assert shown.embeds[0]["title"].replace("\\", "") == page.story.title
        talk = await run.box.command(max_, news, "stories discussion", {"story": choices[0]["value"]})
        assert talk.ephemeral
        text = await whole(run, max_, talk)
        assert all(comment.author in text.replace("\\", "") for comment in page.comments)


async def whole(run: Embedded, user: int, answer: Any) -> str:
    """Turn all pages of a discussion."""
    text = answer.content
    while nexts := [
        part
        for row in answer.components
        for part in row["components"]
        if "Next" in part.get("label", "") and not part.get("disabled")
    ]:
        answer = await run.box.click(user, answer.token, nexts[0]["custom_id"])
        text += answer.content
    return str(text)


async def test_the_discussion_button_works_after_a_restart(start: Start) -> None:
    page = page_source.parse(example.readings()[0], url=example.URL)
    async with start() as run:
        await run.follow()
        await run.deliver(page)
    async with start() as run:
        card = story_channel(run)[0]
        message = int(card["id"])
        answer = await run.box.click(run.box.world.user("Max").id, message, "story:discussion:1")
        assert answer.ephemeral
        assert page.comments[0].author in answer.content


async def test_a_mention_is_answered_with_what_the_bot_can_do(start: Start) -> None:
    async with start() as run:
        general = run.box.world.channel("general").id
        events = run.box.page_events.subscribe()
        bot_id = run.bot.user.id if run.bot.user else 0
        await run.box.say(run.box.world.user("Max").id, general, f"<@{bot_id}> hello")
        while True:
            event = await events.get()
            if event["t"] == "MESSAGE_CREATE" and event["d"]["author"]["id"] == str(bot_id):
                assert "/stories latest" in event["d"]["content"]
                break


async def test_admins_follow_list_and_unfollow_and_members_may_not(start: Start) -> None:
    async with start() as run:
        box, general = run.box, run.box.world.channel("general").id
        ada, max_ = box.world.user("Ada").id, box.world.user("Max").id
        followed = await box.command(ada, general, "channels follow", {"channel": general})
        assert followed.ephemeral
        assert f"<#{general}>" in followed.content
        again = await box.command(ada, general, "channels follow", {"channel": general})
        assert "already" in again.content
        listed = await box.command(ada, general, "channels list", {})
        assert f"<#{general}>" in listed.embeds[0]["description"]
        choices = await box.autocomplete(ada, general, "channels unfollow", {"channel": "gen"}, "channel")
        assert choices == [{"name": "#general", "value": str(general)}]
        # A02: even where the server's owner opened the command to everyone, the bot checks again.
        box.world.integrations_open = True
        for name, options in (
            ("channels follow", {"channel": general}),
            ("channels list", {}),
            ("channels unfollow", {"channel": str(general)}),
        ):
            refused = await box.command(max_, general, name, options)
            assert refused.ephemeral
            assert "Manage Server" in refused.content
        assert await box.autocomplete(max_, general, "channels unfollow", {"channel": ""}, "channel") == []
        gone = await box.command(ada, general, "channels unfollow", {"channel": str(general)})
        assert "No more stories" in gone.content


async def test_follow_posts_the_newest_story_at_once(start: Start) -> None:
    page = page_source.parse(example.readings()[0], url=example.URL)
    async with start() as run:
        await run.follow()
        await run.deliver(page)
        general = run.box.world.channel("general").id
        answer = await run.box.command(run.box.world.user("Ada").id, general, "channels follow", {"channel": general})
        assert "Posting the newest 1" in answer.content
        await run.settle()
        channel = next(c for c in run.box.transcript()["channels"] if c["name"] == "general")
        assert len(channel["messages"][0]["thread"]["messages"]) >= len(page.comments)


async def test_a12_fetch_refuses_private_addresses_and_stores_nothing(start: Start) -> None:
    async with start() as run:
        max_, general = run.box.world.user("Max").id, run.box.world.channel("general").id
        for url in ("http://127.0.0.1/x", "file:///etc/passwd", "http://[::1]/", "nonsense", "http://10.0.0.1:22/"):
            answer = await run.box.command(max_, general, "stories fetch", {"url": url})
            assert answer.ephemeral
            assert answer.content
            assert "reference" not in answer.content
        latest = await run.box.command(max_, general, "stories latest", {})
        assert "No stories yet" in latest.embeds[0]["description"]


async def test_d22_a_moderator_deletes_a_mirrored_comment_for_good(start: Start) -> None:
    page = page_source.parse(example.readings()[0], url=example.URL)
    async with start() as run:
        await run.follow()
        await run.deliver(page)
        victim = story_channel(run)[0]["thread"]["messages"][1]
        await run.box.moderator_delete(int(victim["id"]))
        changed = replace(page.comments[1], body="edited at the source")
        await run.deliver(replace(page, comments=(page.comments[0], changed, *page.comments[2:])))
        assert "edited at the source" not in str(run.box.transcript())


async def test_fetch_reads_a_page_shows_it_to_the_member_and_to_no_other_server(start: Start) -> None:
    async with start() as run:
        run.bot.web = FakeWeb(example.readings()[0])  # type: ignore[assignment]
        max_, general = run.box.world.user("Max").id, run.box.world.channel("general").id
        answer = await run.box.command(max_, general, "stories fetch", {"url": example.URL})
        assert answer.ephemeral
        assert "stored" in answer.content
        assert answer.embeds[0]["url"] == example.URL
        again = await run.box.command(max_, general, "stories fetch", {"url": example.URL})
        assert "nothing changed" in again.content
        latest = await run.box.command(max_, general, "stories latest", {})
        assert example.URL in latest.embeds[0]["description"]
        assert await library.latest(run.database, 4711, 5) == []
        assert story_channel(run) == []


@dataclass
class FakeWeb:
    """Answers every address with one page."""

    body: bytes

    async def get(self, url: str) -> Response:
        return Response(url, 200, "text/html; charset=utf-8", self.body)


async def test_a03_a_story_that_is_not_visible_here_reads_like_one_that_does_not_exist(start: Start) -> None:
    async with start() as run:
        await ingest(run.database, page_source.parse(example.readings()[0], url=example.URL), NOW, deliver=False)
        max_, general = run.box.world.user("Max").id, run.box.world.channel("general").id
        texts = set()
        for story in ("1", "999", "#1"):
            for name in ("stories show", "stories discussion"):
                texts.add((await run.box.command(max_, general, name, {"story": story})).content)
        assert len(texts) == 1
        odd = await run.box.command(max_, general, "stories show", {"story": "'; DROP TABLE stories"})
        assert "choose a story" in odd.content


async def test_a24_a_mention_by_a_bot_is_not_answered(start: Start) -> None:
    async with start() as run:
        author = run.bot.user
        assert author is not None
        general = run.box.world.channel("general").id
        await run.bot.get_partial_messageable(general).send(f"<@{author.id}>")
        latest = await run.box.command(run.box.world.user("Max").id, general, "stories latest", {})
        assert latest.ephemeral  # the bot has handled what came before
        assert posts(run) == 1
