"""The example site: what people change there, how the bot's own source reads it, and that it survives a restart."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot import sourcing
from bot.embedded import embedded
from bot.http import Web
from bot.sources.discourse import Discourse
from sandbox.example_server import example_site
from sandbox.example_site import SEEDS, ExampleSite

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def filled() -> ExampleSite:
    """A site with its first stories, whose clock stands still."""
    site = ExampleSite(lambda: NOW)
    site.seed()
    return site


def test_two_changes_within_one_moment_still_have_two_times():
    site = filled()
    times = [post.created_at for _, post in site.posts()]
    assert len(set(times)) == len(times)
    assert min(times) == NOW


def test_every_change_is_told_and_a_refused_one_is_not():
    site, told = filled(), []
    site.listeners.append(lambda: told.append(True))
    site.edit(1, "New words", "New headline")
    site.delete(2)
    assert len(told) == 2
    assert site.stories[1].title == "New headline"
    for wrong in (
        lambda: site.add_story(" ", "text"),
        lambda: site.add_story("x" * 201, "text"),
        lambda: site.add_comment(1, " \n ", "Max"),
        lambda: site.add_comment(1, "text", ""),
        lambda: site.edit(2, "It was deleted"),
    ):
        with pytest.raises(ValueError, match=r"needs|deleted"):
            wrong()
    for absent in (lambda: site.add_comment(9, "text", "Max"), lambda: site.add_comment(2, "t", "Max", 2)):
        with pytest.raises(LookupError):
            absent()
    assert len(told) == 2


@pytest.mark.asyncio
async def test_the_bots_source_for_forums_reads_it():
    async with example_site() as site:
        port = urlsplit(site.url).port
        async with Web.open(allow_loopback_ports=[port]) as web:
            kind = Discourse()
            site.seed()
            first = await kind.read(web, site.url, {})
            assert first.name == "Orbit Gazette"
            assert {item.page.story.title for item in first.items} == {title for title, _ in SEEDS}
            quiet = await kind.read(web, site.url, first.cursor)
            assert quiet.items == ()
            assert (await kind.read(web, site.url, quiet.cursor)).unchanged
            site.edit(2, "Who pays, then?")
            site.delete(3)
            second = await kind.read(web, site.url, quiet.cursor)
            [item] = second.items
            edited, deleted = item.page.comments
            assert (edited.body, edited.deleted, edited.edited_at is not None) == ("Who pays, then?", False, True)
            assert (deleted.body, deleted.deleted, deleted.parent) == ("", True, edited.key)
            assert item.page.complete
            discussion = await kind.discuss(web, item.threads[0].address, {})
            assert discussion.comments == item.page.comments


@pytest.mark.asyncio
async def test_a_long_thread_is_read_whole():
    async with example_site() as site:
        story = site.add_story("Much discussed", "text")
        for number in range(60):
            site.add_comment(story.id, f"Comment {number}", "Max")
        async with Web.open(allow_loopback_ports=[urlsplit(site.url).port]) as web:
            found = await Discourse().discuss(web, f"{site.url}t/{story.id}", {})
    assert (len(found.comments), found.complete) == (60, True)


@pytest.mark.asyncio
async def test_stories_and_port_survive_a_restart(tmp_path: Path):
    state = tmp_path / "deep" / "site.json"
    async with example_site(state) as site:
        site.seed()
        site.delete(2)
        first, dumped = site.url, site.dump()
    async with example_site(state) as site:
        assert (site.url, site.dump()) == (first, dumped)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", urlsplit(first).port))
        taken.listen()
        async with example_site(state) as site:
            assert (site.url != first, site.dump()) == (True, dumped)


@pytest.mark.asyncio
@pytest.mark.parametrize("damage", ["", "{", "[]", '{"port": 0}', '{"port": "x", "stories": [{"id": 1}]}'])
async def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: str):
    state = tmp_path / "site.json"
    state.write_text(damage)
    async with example_site(state) as site:
        assert site.stories == {}
    assert json.loads(state.read_text())["stories"] == []


@pytest.mark.asyncio
async def test_its_pages_are_text_under_a_policy():
    async with example_site() as site, aiohttp.ClientSession() as session:
        story = site.add_story("<b>Bold</b>", "<script>x</script>\n\nSee https://example.com/a?b=1&c=2.")
        async with session.get(f"{site.url}t/story/{story.id}") as answer:
            text = await answer.text()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in text
        assert "&lt;b&gt;Bold" in text
        assert '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow">' in text
        async with session.get(f"{site.url}t/story/99") as answer:
            assert answer.status == 404


@pytest.mark.asyncio
async def test_the_embedded_bot_forgets_a_site_of_another_port(tmp_path: Path):
    database, state = tmp_path / "t.sqlite3", tmp_path / "site.json"
    for _ in range(2):
        async with embedded(database, settle=timedelta(0), page=False, site=state) as run:
            source = await run._site_source()
            [(found, servers)] = await sourcing.overview(run.database)
            assert (found.id, found.address, found.everyone, servers) == (source, run.site.url, True, 0)
        state.unlink()
