"""rendezvous sources as an operator uses it: beside a running bot, on a real site of this machine."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from click.testing import CliRunner

from bot import sourcing
from bot.cli.group import cli
from bot.cli.refusals import BLANK
from bot.cli.source_table import ago, table, until
from bot.config import SETTINGS
from bot.http import Web
from bot.model import Source
from bot.previews import Desk, Preview
from bot.starter import STARTERS
from bot.store.database import Database
from bot.urls import UNREADABLE
from tests.news_site import news_site

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def rendezvous(tmp_path, monkeypatch):
    """Run the program in an empty folder with an environment that sets nothing of ours."""
    monkeypatch.chdir(tmp_path)
    unset = dict.fromkeys([setting.name for setting in SETTINGS], "")

    def run(*arguments):
        return CliRunner(env=unset).invoke(cli, ["sources", *map(str, arguments)], prog_name="rendezvous")

    return run


@pytest.fixture
def site(monkeypatch):
    """Run a news site in a thread of its own, as the program brings its own event loop; only its port may be read."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []
    done = asyncio.Event()

    async def serve():
        async with news_site() as running:
            found.append(running)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    monkeypatch.setattr(Web, "open", partial(Web.open, allow_loopback_ports={found[0].port}))
    yield found[0]
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def stored(tmp_path):
    async def read():
        async with Database.open(tmp_path / "rendezvous.sqlite3") as database:
            return [source for source, _ in await sourcing.overview(database)]

    return asyncio.run(read())


def test_add_finds_out_the_kind_shows_the_newest_and_stores_it_for_everyone(rendezvous, site, tmp_path):
    result = rendezvous("add", site.url)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"added    Orbit and Dock (Feed): {site.url}feed"
    assert lines[1] == "  its newest 5 of 7:"
    assert lines[2] == "    2026-03-01  Agencies sign airlock agreement 7"
    assert lines[-1] == "1 added, 0 known, 0 refused"
    (source,) = stored(tmp_path)
    assert (source.kind, source.address, source.everyone) == ("feed", f"{site.url}feed", True)
    again = rendezvous("add", site.url)
    assert (again.exit_code, again.output.splitlines()[-1]) == (0, "0 added, 1 known, 0 refused")


def test_add_with_a_kind_asks_that_kind_alone(rendezvous, site):
    result = rendezvous("add", "--kind", "feed", f"{site.url}feed")
    assert result.exit_code == 0, result.output
    assert site.asked == ["/feed"]
    refused = rendezvous("add", "--kind", "feed", f"{site.url}nothing")
    assert refused.exit_code == 1
    assert f"{UNREADABLE} (HTTP status 404)" in refused.output


def test_add_takes_a_folder_that_the_operator_names(rendezvous, tmp_path):
    (tmp_path / "pages").mkdir()
    result = rendezvous("add", "pages")
    assert result.exit_code == 0, result.output
    (source,) = stored(tmp_path)
    assert (source.kind, source.address) == ("folder", f"folder:{tmp_path / 'pages'}")


def test_add_refuses_what_cannot_be_read_and_says_so(rendezvous, tmp_path):
    result = rendezvous("add", "http://10.0.0.1/", "file:///etc/passwd")
    assert result.exit_code == 1
    assert sorted(result.output.splitlines()[:2]) == [
        f"refused  file:///etc/passwd: {UNREADABLE} (not a public address)",
        f"refused  http://10.0.0.1/: {UNREADABLE} (not a public address)",
    ]
    assert stored(tmp_path) == []


@pytest.mark.parametrize("arguments", [("",), (" ",), ("--kind", "folder", ""), ("--kind", "feed", "")])
def test_add_takes_no_blank_name_for_the_working_directory(rendezvous, tmp_path, arguments):
    result = rendezvous("add", *arguments)
    assert result.exit_code == 1
    assert BLANK in result.stdout
    assert stored(tmp_path) == []


def test_add_without_anything_is_wrong_usage(rendezvous):
    result = rendezvous("add")
    assert result.exit_code == 2
    assert "--starter" in result.output


def test_the_starter_list_is_added_without_reading_and_once(rendezvous, tmp_path):
    assert rendezvous("add", "--starter").output.splitlines()[-1] == f"{len(STARTERS)} added, 0 known, 0 refused"
    assert rendezvous("add", "--starter").output.splitlines()[-1] == f"0 added, {len(STARTERS)} known, 0 refused"
    assert [(s.kind, s.address, s.name) for s in stored(tmp_path)] == [(s.kind, s.address, s.name) for s in STARTERS]
    listed = rendezvous("list").output
    assert all(starter.address in listed for starter in STARTERS)


OPML = """<opml version="2.0"><body><outline text="Space">
<outline text="My Orbit" xmlUrl="{url}feed"/><outline text="Bad" xmlUrl="http://10.0.0.1/"/>
<outline text="Gone" xmlUrl="{url}gone"/></outline></body></opml>"""


def test_import_keeps_the_good_ones_names_the_bad_ones_and_ends_with_1(rendezvous, site, tmp_path):
    (tmp_path / "feeds.opml").write_text(OPML.format(url=site.url), encoding="utf-8")
    result = rendezvous("import", "feeds.opml")
    assert result.exit_code == 1
    lines = sorted(result.stdout.splitlines())
    assert lines[0] == "1 added, 0 known, 2 refused"
    assert lines[1] == f"added    My Orbit (Feed): {site.url}feed"
    assert [line.split(": ")[0] for line in lines[2:]] == ["refused  http://10.0.0.1/", f"refused  {site.url}gone"]
    assert [source.name for source in stored(tmp_path)] == ["My Orbit"]


def test_a_list_that_somebody_else_wrote_adds_no_folder(rendezvous, tmp_path):
    (tmp_path / "pages").mkdir()
    for name in (tmp_path / "pages", "pages"):
        (tmp_path / "feeds.opml").write_text(f'<opml><outline xmlUrl="{name}"/></opml>', encoding="utf-8")
        assert rendezvous("import", "feeds.opml").exit_code == 1
    assert stored(tmp_path) == []


def test_a21_import_refuses_a_dtd_and_says_what_is_no_list(rendezvous, tmp_path):
    (tmp_path / "bad.opml").write_text('<!DOCTYPE x [<!ENTITY a "b">]><opml/>', encoding="utf-8")
    assert "DTD" in rendezvous("import", "bad.opml").output
    (tmp_path / "big.opml").write_bytes(b"<opml>" + b" " * 300_000)
    result = rendezvous("import", "big.opml")
    assert (result.exit_code, "256 kB" in result.output) == (1, True)
    assert rendezvous("import", "missing.opml").exit_code == 2


def test_check_reads_now_and_ends_with_1_where_one_cannot_be_read(rendezvous, site):
    assert "No source yet" in rendezvous("check").output
    rendezvous("add", site.url)
    first = rendezvous("check", "1")
    assert (first.exit_code, first.stdout) == (
        0,
        "read     #1 Orbit and Dock: 7 stories, which are remembered; what comes after them is news\n",
    )
    site.titles.append("Agencies sign airlock agreement 8")
    assert rendezvous("check").stdout == "read     #1 Orbit and Dock: 8 stories, 1 of them new\n"
    site.status = 500
    failed = rendezvous("check", f"{site.url}feed")
    assert (failed.exit_code, failed.stdout) == (
        1,
        f"failed   #1 Orbit and Dock: {UNREADABLE} (HTTP status 500)\n",
    )
    assert "failed once" in " ".join(rendezvous("list").output.split())


def test_remove_takes_ids_and_addresses_and_nothing_where_one_is_wrong(rendezvous, tmp_path):
    rendezvous("add", "--starter")
    wrong = rendezvous("remove", "1", "99")
    assert wrong.exit_code == 1
    assert "There is no source 99" in wrong.output
    assert len(stored(tmp_path)) == len(STARTERS)
    gone = rendezvous("remove", "1", STARTERS[1].address)
    assert gone.exit_code == 0
    assert STARTERS[0].name in gone.output
    assert [source.name for source in stored(tmp_path)] == [starter.name for starter in STARTERS[2:]]


def test_all_of_it_works_beside_a_running_bot(rendezvous, tmp_path):
    async def beside():
        async with Database.open(tmp_path / "rendezvous.sqlite3", realm="discord", exclusive=True) as database:
            chosen = Preview("feed", "Feed", "https://theirs.example/", "Theirs", (), 0)
            await sourcing.add(database, Desk(), chosen, guild_id=4711, user_id=1, now=NOW)
            result = await asyncio.to_thread(rendezvous, "add", "--starter")
            listed = await asyncio.to_thread(rendezvous, "list")
            return result.exit_code, listed.output

    code, listed = asyncio.run(beside())
    assert code == 0
    (line,) = [line for line in listed.splitlines() if "theirs.example" in line]
    assert "1 server" in line


def test_the_table_tells_state_times_and_errors_and_drives_no_terminal():
    source = Source(
        7, "feed", "https://a.example/\x1b[2J", "Evil\x1b[31m [bold]name", True, NOW, timedelta(minutes=5), {}
    )
    rows = {
        "waits for its first read": source,
        "well": replace(source, last_read_at=NOW - timedelta(minutes=3), next_at=NOW + timedelta(hours=2)),
        "failed 4 times since 2 d ago: it is down": replace(
            source, failing_since=NOW - timedelta(days=2), fails=4, last_error="it is down"
        ),
        "stopped: it is gone (it is down)": replace(source, stopped_reason="it is gone", last_error="it is down"),
    }
    for state, row in rows.items():
        text = table([(row, 2)], NOW, 250)
        assert state in text
        assert "\x1b" not in text
        assert "[bold]name" in text
    assert ago(NOW - timedelta(seconds=61), NOW) == "1 min ago"
    assert until(NOW + timedelta(days=3), NOW) == "in 3 d"
    assert until(NOW, NOW) == "now"
