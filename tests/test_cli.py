"""The command line as a person meets it: help that teaches, clear messages, imports that explain."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from bot import library
from bot.cli.group import COMMANDS, EX_CONFIG, cli
from bot.cli.invite import application_of
from bot.config import SETTINGS
from bot.permissions import bits
from bot.store import deliveries
from bot.store.database import Database

APPLICATION = 123456789012345678
TOKEN = base64.urlsafe_b64encode(str(APPLICATION).encode()).decode().rstrip("=") + ".GabcdE." + "s" * 38
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="https://orbit.example/{slug}/">
<meta property="og:type" content="article"><meta property="og:title" content="{title}"></head><body>
<article><h1>{title}</h1><p>Two agencies that never met agree on one door.</p><p>It opens next spring.</p></article>
<ol class="commentlist"><li class="comment depth-1" id="comment-1"><div class="comment-body">
<cite class="fn">Ines</cite><p>{comment}</p></div></li></ol></body></html>"""


@pytest.fixture
def rendezvous(tmp_path, monkeypatch):
    """Run the program in an empty folder with an environment that sets nothing of ours."""
    monkeypatch.chdir(tmp_path)
    unset = dict.fromkeys([setting.name for setting in SETTINGS], "")

    def run(*arguments, **environment):
        return CliRunner(env=unset | environment).invoke(cli, arguments, prog_name="rendezvous")

    return run


@pytest.fixture
def write(tmp_path):
    def page(name, title="A shared airlock", comment="About time.", slug=None):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        slug = slug or title.lower().replace(" ", "-")
        path.write_text(PAGE.format(title=title, comment=comment, slug=slug), encoding="utf-8")
        return str(path)

    return page


def test_help_teaches_the_way_from_nothing_to_a_running_bot(rendezvous):
    text = rendezvous("--help").output
    for name in COMMANDS:
        assert f"rendezvous {name}" in text
    assert "cp .env.example .env" in text


def test_help_imports_no_command_and_neither_discord_nor_rich():
    code = (
        "import sys; from click.testing import CliRunner; from bot.cli.group import cli;"
        "CliRunner().invoke(cli, ['--help']);"
        "print([m for m in sys.modules if m in ('discord', 'aiohttp', 'lxml', 'rich') or m.startswith('bot.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['bot.cli.group']"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_even_when_the_settings_are_wrong(rendezvous, name):
    result = rendezvous(name, "--help", LOG_LEVEL="loud")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: rendezvous {name}")


def test_an_unknown_command_is_a_usage_error(rendezvous):
    result = rendezvous("imprt")
    assert result.exit_code == 2
    assert "No such command 'imprt'" in result.output


def test_wrong_settings_are_all_named_and_end_with_the_status_that_forbids_a_restart(rendezvous):
    result = rendezvous("invite", LOG_LEVEL="loud", DISCORD_API_URL="discord.com")
    assert result.exit_code == EX_CONFIG
    assert result.output.count("\n  - ") == 2
    assert "Traceback" not in result.output


def test_settings_come_from_the_dotenv_of_the_folder_or_the_named_one(rendezvous, tmp_path):
    (tmp_path / ".env").write_text("LOG_LEVEL=loud\n")
    (tmp_path / "good.env").write_text(f"DISCORD_TOKEN={TOKEN}\n")
    assert rendezvous("invite").exit_code == EX_CONFIG
    assert str(APPLICATION) in rendezvous("--env-file", "good.env", "invite").stdout
    assert "does not exist" in rendezvous("--env-file", "absent.env", "invite").output


def test_the_invitation_asks_for_exactly_what_is_needed(rendezvous):
    result = rendezvous("invite", DISCORD_TOKEN=TOKEN)
    assert result.exit_code == 0
    link = urlsplit(result.stdout.strip())
    assert (link.scheme, link.netloc, link.path) == ("https", "discord.com", "/oauth2/authorize")
    assert parse_qs(link.query) == {
        "client_id": [str(APPLICATION)],
        "scope": ["bot applications.commands"],
        "permissions": [str(bits())],
    }
    assert "Read Message History: to" in result.stderr
    assert TOKEN not in result.output


def test_an_application_id_wins_over_the_token(rendezvous):
    assert "client_id=42&" in rendezvous("invite", "--application-id", "42", DISCORD_TOKEN=TOKEN).stdout


@pytest.mark.parametrize("token", ["", "sandbox", "a.b", "!!!.x.y", "YWJj.x.y", "MA.x.y", "4pyT.x.y", f".{TOKEN}"])
def test_without_an_id_the_invitation_says_where_to_find_one(rendezvous, token):
    result = rendezvous("invite", DISCORD_TOKEN=token)
    assert result.exit_code == 1
    assert "--application-id" in result.output
    assert "Traceback" not in result.output


def test_an_id_that_is_no_ascii_number_or_too_large_is_none():
    for text in ("٣٤", "-5", " 5", "9" * 30, "1_0"):
        assert application_of(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") + ".a.b") is None
    assert application_of(None) is None


def test_importing_says_what_was_stored_unchanged_changed_and_refused(rendezvous, write, tmp_path):
    airlock, seeds = write("airlock.html"), write("seeds.html", "Seeds in orbit")
    (tmp_path / "empty.html").write_text("")
    first = rendezvous("import", airlock, seeds)
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines()[-1] == "2 stored, 0 changed, 0 unchanged, 0 refused"
    assert f"stored     {airlock}: A shared airlock (1 comment)" in first.stdout

    write("airlock.html", comment="About time, and overdue.")
    again = rendezvous("import", airlock, seeds, "empty.html", "absent.html")
    assert again.exit_code == 1
    assert [line.split()[0] for line in again.stdout.splitlines()[:-1]] == [
        "changed",
        "unchanged",
        "refused",
        "refused",
    ]
    assert again.stdout.splitlines()[-1] == "0 stored, 1 changed, 1 unchanged, 2 refused"
    assert "This page is empty." in again.stdout


@pytest.mark.parametrize(("options", "promised"), [((), 0), (("--post",), 2)])
def test_a_new_story_is_posted_only_when_asked(rendezvous, write, tmp_path, options, promised):
    path = tmp_path / "rendezvous.sqlite3"

    async def follow():
        async with Database.open(path) as database:
            await library.follow(database, 1, 2, 3, datetime(2026, 8, 1, tzinfo=UTC))

    async def count():
        async with Database.open(path) as database, database.read() as tx:
            return sum((await deliveries.counts(tx)).values())

    asyncio.run(follow())
    assert rendezvous("import", *options, write("airlock.html")).exit_code == 0
    assert asyncio.run(count()) == promised


def test_a_folder_stands_for_the_saved_pages_in_it(rendezvous, write, tmp_path):
    write("pages/b.html", "Second")
    write("pages/a.HTM", "First")
    (tmp_path / "pages" / "picture.png").write_bytes(b"\x89PNG")
    result = rendezvous("import", "pages")
    assert result.exit_code == 0, result.output
    assert [line.rpartition(": ")[2].split(" (")[0] for line in result.stdout.splitlines()[:-1]] == ["First", "Second"]


def test_a_folder_without_pages_is_refused_by_name(rendezvous, tmp_path):
    (tmp_path / "bare").mkdir()
    result = rendezvous("import", "bare")
    assert result.exit_code == 1
    assert "refused    bare: the folder holds no saved page" in result.stdout


def test_a_title_cannot_drive_the_terminal(rendezvous, write):
    result = rendezvous("import", write("odd.html", "Bell &#27;[2J\u202e rings", slug="odd"))
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_a_file_name_that_is_no_text_is_named_all_the_same(rendezvous):
    result = rendezvous("import", "odd\udcff\x1b.html")
    assert r"refused    odd\udcff\x1b.html: There is no readable file" in result.stdout


def test_an_address_on_this_machine_is_refused_in_one_sentence(rendezvous):
    result = rendezvous("import", "http://127.0.0.1:1/story")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "0 stored, 0 changed, 0 unchanged, 1 refused"
    assert result.stdout.splitlines()[0].endswith("a public page (not a public address)"), "the operator gets the cause"


def test_a_page_of_the_operators_own_network_is_imported_where_that_is_allowed(rendezvous):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = PAGE.format(title="Home made", comment="Near by.", slug="home-made").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        result = rendezvous("import", f"http://127.0.0.1:{server.server_port}/", ALLOW_PRIVATE_NETWORKS="yes")
        server.shutdown()
    assert result.stdout.splitlines()[-1] == "1 stored, 0 changed, 0 unchanged, 0 refused"


def test_a_blank_name_imports_nothing_of_the_working_directory(rendezvous, write):
    write("airlock.html")
    result = rendezvous("import", "")
    assert result.exit_code == 1
    assert "An empty name leads nowhere" in result.stdout
    assert result.stdout.splitlines()[-1] == "0 stored, 0 changed, 0 unchanged, 1 refused"


def test_a_database_that_is_none_is_one_clear_message(rendezvous, write, tmp_path):
    (tmp_path / "not.sqlite3").write_text("this is a letter, not a database " * 50)
    result = rendezvous("import", write("airlock.html"), DATABASE_PATH="not.sqlite3")
    assert result.exit_code == 74
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_importing_nothing_is_a_usage_error(rendezvous):
    assert rendezvous("import").exit_code == 2


def test_the_doctor_says_what_to_do_and_makes_no_file(rendezvous, tmp_path):
    result = rendezvous("doctor")
    assert result.exit_code == 1
    assert "✓ the database rendezvous.sqlite3 will be made at the first start" in result.stdout
    assert "✗ no DISCORD_TOKEN is set\n    to do: set DISCORD_TOKEN" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_reports_wrong_settings_instead_of_refusing_to_run(rendezvous):
    result = rendezvous("doctor", LOG_LEVEL="loud")
    assert result.exit_code == 1
    assert "✗ a setting is wrong\n    to do: LOG_LEVEL must be one of" in result.stdout


def test_the_doctor_knows_a_sound_database_from_a_broken_one(rendezvous, write, tmp_path):
    rendezvous("import", write("airlock.html"))
    assert "is sound; channels followed: 0" in rendezvous("doctor").stdout
    (tmp_path / "not.sqlite3").write_text("this is a letter, not a database " * 50)
    assert (
        "✗ the database cannot be used\n    to do: not.sqlite3"
        in rendezvous("doctor", DATABASE_PATH="not.sqlite3").stdout
    )


def test_the_doctor_names_a_folder_that_is_missing(rendezvous):
    assert (
        "✗ the database absent/x.sqlite3 cannot be made"
        in rendezvous("doctor", DATABASE_PATH="absent/x.sqlite3").stdout
    )


def test_python_m_bot_is_the_same_program():
    done = subprocess.run([sys.executable, "-m", "bot", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("rendezvous, version ") or "is not installed" in done.stderr
