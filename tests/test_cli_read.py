"""rendezvous read as its user meets it: files, folders, a site on this machine, refusals, and lines for programs."""

from __future__ import annotations

import json
import os
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from bot.cli.group import cli
from bot.cli.read import address_of, verdict
from bot.cli.refusals import BLANK, PLAIN_HTTP, refusal
from bot.config import SETTINGS
from bot.errors import FetchError, SourceError
from bot.http import Web
from bot.model import Story
from bot.urls import UNREADABLE

STORY_KEYS = ["source_kind", "id", "url", "title", "author", "published_at", "updated_at", "summary", "text",
              "image_url", "tags", "comments"]  # fmt: skip
COMMENT_KEYS = ["id", "parent_id", "author", "posted_at", "edited_at", "deleted", "text"]
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="https://orbit.example/airlock/"><meta name="author" content="Ines">
<meta property="article:published_time" content="2026-03-01T13:00:00+01:00"></head><body><article>
<p>NASA and ESA sign an agreement on one *airlock*.</p></article><ol class="commentlist">
<li class="comment depth-1" id="comment-7"><div class="comment-body"><cite class="fn">Bo</cite>
<p>Who pays_it?</p></div></li>
<li class="comment depth-2" id="comment-9"><div class="comment-body"><cite class="fn">Cy</cite><p>Both.</p></div></li>
</ol></body></html>"""
FRONT = """<html><head><title>Orbit</title><link rel=alternate type=application/rss+xml href=/feed></head><body>
<article><p>Welcome to a front page that could be a story.</p></article></body></html>"""
DUMP = "Title\n\nA story of two agencies.\n\n  • Ann\n\n    One.\n\n  • Bob\n\n    Two."
ITEM = "<item><title>Agencies agree {0}</title><link>{1}/story/{0}</link><guid isPermaLink='false'>{0}</guid>" \
       "<pubDate>Sun, {0:02} Mar 2026 12:00:00 GMT</pubDate><description>Part {0}.</description></item>"  # fmt: skip
COMMENT = "<item><title>By: Eve</title><link>{0}/story/1#comment-{1}</link><guid>{0}/story/1#comment-{1}</guid>" \
          "<dc:creator>Eve</dc:creator><pubDate>Sun, 01 Mar 2026 1{1}:00:00 GMT</pubDate>" \
          "<description>Number {1}.</description></item>"  # fmt: skip
RSS = '<?xml version="1.0"?><rss version="2.0" xmlns:wfw="http://wellformedweb.org/CommentAPI/" ' \
      'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Orbit</title>{}</channel></rss>'  # fmt: skip


@pytest.fixture
def rendezvous(tmp_path, monkeypatch):
    """Run the program in an empty folder with an environment that sets nothing of ours."""
    monkeypatch.chdir(tmp_path)
    unset = dict.fromkeys([setting.name for setting in SETTINGS], "")

    def run(*arguments):
        return CliRunner(env=unset).invoke(cli, ["read", *map(str, arguments)], prog_name="rendezvous")

    return run


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "airlock.html"
    path.write_text(PAGE.format(title="NASA and ESA sign for an airlock"), encoding="utf-8")
    return path


@pytest.fixture
def site(monkeypatch):
    """Serve a feed, its stories and a thread on this machine; only its port may be read."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, kind, body = answers.get(self.path, (404, "text/plain", ""))
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        port = server.server_address[1]
        url = f"http://127.0.0.1:{port}"
        items = "".join(ITEM.format(number, url) for number in range(12, 0, -1))
        feed = RSS.format(items.replace("</guid>", f"</guid><wfw:commentRss>{url}/thread</wfw:commentRss>", 12))
        answers["/feed"] = (200, "application/rss+xml", feed)
        answers["/"] = (200, "text/html", FRONT)
        answers["/broken"] = (200, "text/html", FRONT[: FRONT.index("<body>")] + "<body></body></html>")
        answers["/thread"] = (200, "application/rss+xml", RSS.format("".join(COMMENT.format(url, n) for n in (2, 1))))
        answers["/story/1"] = (200, "text/html", PAGE.format(title="Agencies agree 1"))
        monkeypatch.setattr(Web, "open", partial(Web.open, allow_loopback_ports={port}))
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_saved_page_is_shown_with_its_verdict_and_stored_nowhere(rendezvous, saved, tmp_path):
    result = rendezvous("--comments", saved.name)
    assert result.exit_code == 0, result.output
    text = result.stdout
    assert text.startswith("airlock.html: Page, 1 story\n\nNASA and ESA sign for an airlock\n  by Ines · ")
    assert "2026-03-01 12:00 UTC" in text and "https://orbit.example/airlock/" in text
    assert "about space-cooperation (" in text
    assert "NASA and ESA sign an agreement on one *airlock*." in text
    assert "    Bo\n      Who pays_it?\n      ↳ Cy\n        Both.\n" in text
    assert [path.name for path in tmp_path.iterdir()] == ["airlock.html"]


def test_without_the_flag_comments_are_counted_alone(rendezvous, saved):
    text = rendezvous(saved.name).stdout
    assert "2 comments; --comments shows them" in text
    assert "Cy" not in text


def test_a_line_for_programs_has_exactly_these_keys(rendezvous, saved):
    (story,) = lines(rendezvous("--json", saved.name))
    assert list(story) == STORY_KEYS
    assert all(list(comment) == COMMENT_KEYS for comment in story["comments"])
    assert (story["source_kind"], story["title"], story["author"]) == (
        "page",
        "NASA and ESA sign for an airlock",
        "Ines",
    )
    assert (story["published_at"], story["updated_at"]) == ("2026-03-01T12:00:00Z", None)
    assert story["text"] == story["summary"] == "NASA and ESA sign an agreement on one *airlock*."
    assert [(c["id"], c["parent_id"], c["author"], c["text"], c["deleted"]) for c in story["comments"]] == [
        ("7", None, "Bo", "Who pays_it?", False),
        ("9", "7", "Cy", "Both.", False),
    ]


def test_comments_without_ids_get_some_that_stay(rendezvous, tmp_path):
    (tmp_path / "dump.txt").write_text(DUMP)
    first, again = (lines(rendezvous("--json", "dump.txt"))[0]["comments"] for _ in range(2))
    assert first == again
    assert len({comment["id"] for comment in first}) == 2
    assert all(comment["id"].startswith("t-") and comment["parent_id"] is None for comment in first)


def test_what_cannot_be_read_is_named_on_its_line_and_the_rest_is_shown(rendezvous, saved, tmp_path):
    (tmp_path / "empty.html").write_text("")
    (tmp_path / "data.json").write_text('{"a": 1}')
    result = rendezvous("--json", "empty.html", saved.name, "data.json", "absent.html")
    assert result.exit_code == 1
    first, story, third, last = lines(result)
    assert first == {"error": "This page is empty.", "input": "empty.html"}
    assert story["title"] == "NASA and ESA sign for an airlock"
    assert third["input"] == "data.json" and third["error"].startswith("This is JSON, but")
    assert last == {"error": "There is no readable file named absent.html.", "input": "absent.html"}
    told = rendezvous("empty.html", saved.name)
    assert told.exit_code == 1
    assert told.stderr == "empty.html: This page is empty.\n"
    assert "NASA and ESA sign" in told.stdout


def test_a_folder_stands_for_its_files_also_for_feeds_and_data(rendezvous, saved, tmp_path):
    folder = tmp_path / "kept" / "deep"
    folder.mkdir(parents=True)
    saved.rename(folder / "b.html")
    (folder / "a.xml").write_text(RSS.format(ITEM.format(1, "https://site.example")))
    (folder / "picture.png").write_bytes(b"\x89PNG")
    assert [story["source_kind"] for story in lines(rendezvous("--json", "kept"))] == ["feed", "page"]
    assert [story["source_kind"] for story in lines(rendezvous("--json", "--kind", "folder", folder))] == ["folder"]
    (tmp_path / "bare").mkdir()
    bare = rendezvous("bare")
    assert bare.exit_code == 1
    assert "holds no file that could be read" in bare.stderr


def test_a_feed_shows_its_newest_stories_and_a_program_gets_all(rendezvous, tmp_path):
    numbers = [3, 1, 2, *range(4, 13)]
    (tmp_path / "feed.xml").write_text(RSS.format("".join(ITEM.format(n, "https://site.example") for n in numbers)))
    text = rendezvous("--limit", "2", "feed.xml").stdout
    assert text.startswith("feed.xml: Feed Orbit, 12 stories, the newest 2 of them (--limit shows more)\n")
    assert [n for n in numbers if f"Agencies agree {n}\n" in text] == [11, 12]
    assert rendezvous("feed.xml").stdout.count("Agencies agree") == 10
    assert len(lines(rendezvous("--json", "feed.xml"))) == 12
    assert [story["id"] for story in lines(rendezvous("--json", "--limit", "1", "feed.xml"))] == ["12"]


def test_comments_alone_give_a_line_for_each_story_that_they_belong_to(rendezvous, tmp_path):
    comments = [{"id": 1, "post": 5, "parent": 0, "author_name": "A", "date_gmt": "2026-03-01T12:00:00",
                 "content": {"rendered": "<p>x</p>"}, "link": "https://s.example/p/#comment-1"},
                {"id": 2, "post": 6, "parent": 1, "author_name": "B", "date_gmt": "2026-03-01T12:00:00",
                 "content": {"rendered": "<p>y</p>"}, "link": "https://s.example/q/#comment-2"}]  # fmt: skip
    (tmp_path / "comments.json").write_text(json.dumps(comments))
    first, second = lines(rendezvous("--json", "comments.json"))
    assert [(story["source_kind"], story["id"], len(story["comments"])) for story in (first, second)] == [
        ("wordpress", "5", 1), ("wordpress", "6", 1),
    ]  # fmt: skip
    assert second["comments"][0]["parent_id"] == "1"


@pytest.mark.parametrize(
    "arguments", [(), ("--kind", "nonsense", "x"), ("--limit", "0", "x"), ("--topic", "nonsense", "x"), ("--nope", "x")]
)
def test_wrong_usage_ends_with_2(rendezvous, arguments):
    assert rendezvous(*arguments).exit_code == 2


def test_an_unknown_kind_is_answered_with_the_known_ones(rendezvous):
    result = rendezvous("--kind", "nonsense", "x")
    assert all(name in result.stderr for name in ("wordpress", "feed", "discourse", "page"))


def test_nothing_in_a_file_can_drive_the_terminal(rendezvous, tmp_path):
    evil = "Bell &#27;[2J&#7;\u202e\u0085 rings"
    (tmp_path / "odd\x1b.html").write_text(PAGE.format(title=evil).replace("Both.", evil).replace("Ines", evil))
    for options in ((), ("--comments",), ("--json",)):
        result = rendezvous(*options, "odd\x1b.html", "none\x1b.html", "odd\udcff.html")
        assert result.exit_code == 1
        assert not set(result.output) & set("\x1b\x07\u202e\x85\x7f\udcff")


def test_a_named_kind_alone_is_asked(rendezvous, saved):
    result = rendezvous("--json", "--kind", "feed", saved.name)
    assert result.exit_code == 1
    assert "error" in lines(result)[0]


def test_an_address_gives_its_story_with_the_comments_of_its_page(rendezvous, site):
    (story,) = lines(rendezvous("--json", f"{site}/story/1"))
    assert (story["source_kind"], story["title"], len(story["comments"])) == ("page", "Agencies agree 1", 2)


def test_a_front_page_is_read_as_the_list_that_it_leads_to(rendezvous, site):
    for target in (f"{site}/", f"{site}/feed", f" {site}/feed "):
        stories = lines(rendezvous("--json", target.strip()))
        assert [story["source_kind"] for story in stories] == ["feed"] * 12
        assert not any(story["comments"] for story in stories)
    assert [story["source_kind"] for story in lines(rendezvous("--json", "--kind", "page", f"{site}/"))] == ["page"]
    assert len(lines(rendezvous("--json", "--kind", "feed", f"{site}/"))) == 12


def test_the_threads_of_an_address_are_read_only_when_asked_for(rendezvous, site):
    stories = lines(rendezvous("--json", "--comments", "--limit", "2", f"{site}/feed"))
    assert [[comment["text"] for comment in story["comments"]] for story in stories] == [["Number 1.", "Number 2."]] * 2
    text = rendezvous("--comments", "--limit", "1", f"{site}/feed").stdout
    assert "2 comments of more:\n    Eve · 2026-03-01 11:00 UTC\n      Number 1.\n" in text


def test_an_address_that_cannot_be_read_is_refused_in_one_sentence(rendezvous, site):
    for target, cause in (
        (f"{site}/nothing", "HTTP status 404"),
        ("http://127.0.0.1:1/", "not a public address"),
        ("http://10.0.0.1/", "not a public address"),
    ):
        result = rendezvous("--json", target)
        assert result.exit_code == 1
        assert lines(result) == [{"error": f"{UNREADABLE} ({cause})", "input": target}]
        assert rendezvous(target).stderr == f"{target}: {UNREADABLE} ({cause})\n"
    result = rendezvous("--kind", "lemmy", f"{site}/story/1")
    assert result.exit_code == 1
    assert result.stderr.endswith("This address does not lead to a Lemmy community.\n")


def test_an_address_without_a_scheme_that_may_be_plain_http_is_told_how(rendezvous, site):
    bare = site.removeprefix("http://")
    result = rendezvous(f"{bare}/feed")
    assert result.exit_code == 1
    assert result.stderr == f"{bare}/feed: {UNREADABLE} (no safe connection). {PLAIN_HTTP}\n"


@pytest.mark.parametrize(
    ("target", "private", "status", "told"),
    [
        ("a.example:8080/x", False, None, True),
        ("a.example", True, None, True),
        ("a.example", False, None, False),
        ("http://a.example:8080", True, None, False),
        (" <HTTPS://a.example:8080>", True, None, False),
        ("a.example:8080", True, 404, False),
        ("[a.example:x", False, None, False),
    ],
)
def test_plain_http_is_named_where_it_may_be_the_cause(target, private, status, told):
    error = FetchError(UNREADABLE, status=status, detail="timed out")
    expected = f"{UNREADABLE} (timed out). {PLAIN_HTTP}" if told else f"{UNREADABLE} (timed out)"
    assert refusal(error, target, private=private) == expected


def test_a_cause_is_told_as_far_as_it_is_known():
    assert refusal(FetchError("No."), "https://a.example") == "No."
    assert refusal(FetchError("No.", status=403), "https://a.example") == "No (HTTP status 403)."
    assert refusal(SourceError("This page is empty."), "a.example:80") == "This page is empty."


def test_a_blank_name_is_not_the_working_directory(rendezvous, saved):
    for arguments in ((" ",), ("",), ("--kind", "folder", "")):
        result = rendezvous(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.endswith(f": {BLANK}\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_nobody_writes_into_is_refused_and_not_waited_for(rendezvous, saved, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    result = rendezvous("fifo", saved.name)
    assert result.exit_code == 1
    assert result.stderr == "fifo: fifo is not a file but a pipe, a folder or the like; save the page into a file.\n"
    assert "NASA and ESA sign" in result.stdout


def test_a_list_shown_instead_of_a_story_is_named(rendezvous, site):
    result = rendezvous("--json", f"{site}/broken")
    assert result.exit_code == 0
    assert len(lines(result)) == 12
    assert result.stderr == f"{site}/broken: that address holds no story; showing the newest of {site}/feed\n"
    for asked in ("/", "/feed", "/story/1"):
        assert rendezvous(f"{site}{asked}").stderr == ""


def test_an_address_may_lack_its_scheme_but_a_file_of_that_name_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.example").write_text("x")
    for target in ("https://a.example/x", "HTTP://a.example", "feed://a.example/rss", "a.example", "a.example/x/y"):
        assert address_of(target) == target
    for target in (
        "there.example",
        "story.html",
        "pages/story",
        "pages",
        "../up.html",
        "a.example/story.txt",
        "odd\x00",
    ):
        assert address_of(target) is None


def test_the_verdict_names_topic_and_reasons():
    told = verdict("space-cooperation", Story("NASA and ESA sign an agreement for a joint lunar mission"))
    assert told.startswith("about space-cooperation (")
    assert verdict("space-cooperation", Story("A recipe")).startswith("not about space-cooperation (")
