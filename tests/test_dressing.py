"""Cards as their channel wants them, on their way through the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import choosing, library
from bot.model import Options, StoryPage
from bot.options import Looks
from bot.post import Duty, Refused
from bot.store import links, sources, stories
from bot.store.database import Database
from tests.test_deliver import ADMIN, CHANNEL, GUILD, PAGE, STORY, World

pytestmark = pytest.mark.asyncio

ROLE = 4711
LOOKS = Looks(role_id=ROLE, colour=0xFF8800, template="{title}! {topic} {source}")


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Database.open(tmp_path / "t.sqlite3") as database:
        result = World(database)
        wanted = {"topics": "space-cooperation", "options": Options(looks=LOOKS)}
        await library.follow(database, GUILD, CHANNEL, ADMIN, result.clock.now(), **wanted)
        yield result


def card(world: World):
    return next(iter(world.messenger.posted.values()))[1]


AGREED = StoryPage(replace(STORY, title="India and Japan sign an agreement on a joint lunar rover"), PAGE.comments)


async def test_a_card_has_its_colour_its_text_and_its_role_and_its_comments_have_none(world: World) -> None:
    await world.read(AGREED)
    await world.drain()
    posts = [post for _, post in world.messenger.posted.values()]
    assert posts[0].content == f"<@&{ROLE}> {AGREED.story.title}! space-cooperation"
    assert (posts[0].role_id, posts[0].embed.colour) == (ROLE, 0xFF8800)
    assert [post.role_id for post in posts[1:]] == [None] * 3


async def test_a_refused_card_is_said_plainer_and_still_calls_its_role(world: World) -> None:
    world.messenger.answers = [Refused(50035, Duty.FALLBACK, "Invalid Form Body")]
    await world.read(replace(AGREED, comments=()))
    await world.drain()
    post = card(world)
    assert post.content.split("\n")[0] == f"**[{AGREED.story.title}](<{STORY.url}>)**"
    assert post.content.endswith(f"\n<@&{ROLE}>")
    assert (post.embed, post.role_id) == (None, ROLE)


async def test_only_sources_that_the_server_has_are_named(world: World) -> None:
    await world.read(AGREED)
    now = world.clock.now()
    async with world.database.write() as tx:
        for address, name, guild in (("https://a/", "Mine", GUILD), ("https://b/", "Theirs", 2)):
            source = await sources.add(tx, "feed", address, name, now)
            await sources.share(tx, source.id, guild, 1, now)
            await links.link(tx, source.id, 1, now)
    await world.drain()
    assert card(world).content.endswith("! space-cooperation Mine")


async def test_what_comes_a_day_late_calls_nobody(world: World) -> None:
    await world.read(AGREED)
    world.clock.turn(timedelta(hours=25).total_seconds())
    await world.drain()
    assert card(world).role_id is None
    assert f"<@&{ROLE}>" in card(world).content


async def test_another_template_holds_for_a_card_when_it_changes_next(world: World) -> None:
    await world.read(replace(AGREED, comments=()))
    await world.drain()
    await choosing.choose_template(world.database, GUILD, CHANNEL, "Now: {title}")
    await world.read(replace(AGREED, story=replace(AGREED.story, summary="Changed."), comments=()))
    await world.drain()
    assert card(world).content == f"<@&{ROLE}> Now: {AGREED.story.title}"
    await choosing.role_gone(world.database, GUILD, ROLE)
    async with world.database.read() as tx:
        assert (await stories.get(tx, 1)).revision == 2
    trial = await choosing.trial(world.database, GUILD, CHANNEL)
    assert trial.post is not None
    assert trial.post.content == f"Now: {AGREED.story.title}"


async def test_a_source_name_that_looks_like_a_placeholder_is_only_a_name(world: World) -> None:
    await world.read(replace(AGREED, story=replace(AGREED.story, site="{role}", author="{url}"), comments=()))
    await choosing.choose_template(world.database, GUILD, CHANNEL, "{site} {author}")
    await world.drain()
    assert card(world).content == f"<@&{ROLE}> {{role}} {{url}}"
