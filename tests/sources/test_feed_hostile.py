"""Feeds that mean harm, by the rows of the fault list: each costs its own answer at most."""

import asyncio
import json
import logging
import os
import random
import select
import signal
import subprocess
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.sources import feed_worker
from bot.sources.base import Document, NotThisKind
from bot.sources.feed import FeedParser
from bot.sources.feed_entries import parsed
from bot.sources.feed_wire import encode
from bot.sources.feed_worker import read

ROOT = Path(__file__).resolve().parents[2]
GOOD = b'<rss version="2.0"><channel><title>Good</title><item><guid>1</guid><title>Fine</title></item></channel></rss>'
# The library needs the square of the number of attributes: this takes it far more than a minute.
ENDLESS = b'<rss version="2.0"><channel><item %s><title>x</title></item></channel></rss>' % b" ".join(
    b'a%d="1"' % number for number in range(200_000)
)
SLEEPER = (sys.executable, "-c", "import sys; sys.stdin.buffer.read()")


def rss(items, head='<?xml version="1.0" encoding="utf-8"?>'):
    return f'{head}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()


def stories(data, content_type=None, url="https://news.example/feed"):
    found = parsed(read(Document(data, url, content_type)), url).fetched
    return [item.page.story for item in found.items]


def titles(data, content_type=None):
    return [story.title for story in stories(data, content_type)]


def wait_until_gone(pid):
    """Wait for a process that is no child of ours; five seconds are for a very slow machine."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(5000))
    finally:
        os.close(handle)


UMLAUTS = rss("<item><title>Grüße</title></item>")
BARE = rss("<item><title>Grüße</title></item>", "").decode()


def declared(encoding):
    return f'<?xml version="1.0" encoding="{encoding}"?>'


@pytest.mark.parametrize(
    ("data", "content_type", "title"),
    [
        (UMLAUTS, "text/xml; charset=iso-8859-1", "Grüße"),
        (UMLAUTS, "text/xml; charset=utf-16", "Grüße"),
        (UMLAUTS, "text/xml; charset=klingon", "Grüße"),
        (rss("<item><title>Grüße</title></item>", declared("utf-16")), None, "Grüße"),
        (rss("<item><title>Grüße</title></item>", declared("klingon")), None, "Grüße"),
        (BARE.encode("cp1252"), "text/xml; charset=utf-8", "Grüße"),
        (BARE.replace("Grüße", "Привет").encode("cp1251"), "text/xml; charset=windows-1251", "Привет"),
        ((declared("Shift_JIS") + BARE.replace("Grüße", "日本")).encode("shift-jis"), None, "日本"),
        (BARE.encode("utf-16"), None, "Grüße"),
        (BARE.encode("utf-16-be"), None, "Grüße"),
    ],
)
def test_s21_a_wrong_character_set_is_mended(data, content_type, title):
    assert titles(data, content_type) == [title]


def test_s21_broken_characters_are_replaced():
    assert titles(rss("<item><title>Añb</title></item>").replace("ñ".encode(), b"\xc3")) == ["AÃb"]


@pytest.mark.parametrize("at", [*range(60, 400, 7), -1])
def test_s22_entries_before_a_cut_are_kept_and_none_after(at):
    whole = rss("".join(f"<item><guid>{n}</guid><title>Story {n}</title></item>" for n in range(8)))
    cut = whole[: -len("</channel></rss>")][:at]
    found = parsed(read(Document(cut)), None)
    complete = cut.count(b"</item>")
    assert [item.page.story.title for item in found.fetched.items] == [f"Story {n}" for n in range(complete)]
    assert found.whole == (cut.count(b"<item>") == complete)
    assert bool(found.fetched.notes) != found.whole


BOMBS = {
    "laughs": "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "|&a11;",
    "laughs in lines": "\n".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "\n|&a11;",
    "quadratic": f'<!ENTITY b "{"x" * 50_000}">|' + "&b;" * 50_000,
    "many short": '<!ENTITY c "' + "y" * 40 + '">|' + "&c;" * 50_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_s23_entity_bombs_are_not_expanded(bomb):
    entities, _, text = BOMBS[bomb].partition("|")
    data = rss(f"<item><guid>1</guid><title>{text}</title></item>", f'<?xml version="1.0"?><!DOCTYPE r [{entities}]>')
    begun = os.times().user
    found = stories(data)
    assert os.times().user - begun < 1.0
    assert len(found) == 1 and len(found[0].title) <= 300 and "lol" not in found[0].title


def test_s23_small_entities_of_text_still_work():
    head = '<!DOCTYPE rss [<!ENTITY euro "€"> <!ENTITY co \'Co &amp; Sons\'><!ENTITY ok "fine">]>'
    assert titles(rss("<item><title>5 &euro; are &ok;</title></item>", head)) == ["5 € are fine"]


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file://{path}">]>',
        '<!DOCTYPE r [\n<!ENTITY x SYSTEM "file://{path}">\n]>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "file://{path}"> %p;]>',
        '<!DOCTYPE r PUBLIC "-//x//y" "file://{path}" [<!ENTITY x PUBLIC "a" "file://{path}">]>',
    ],
)
def test_s24_nothing_is_opened_for_a_document(tmp_path, head):
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    data = rss("<item><guid>1</guid><title>a &x; b</title></item>", head.replace("{path}", str(secret)))
    # In a process of its own: an audit hook can never be taken off again.
    code = """
import sys
from bot.sources.base import Document
from bot.sources.feed_entries import parsed
from bot.sources.feed_wire import encode
from bot.sources.feed_worker import read
read(Document(sys.argv[2].encode()))  # what is loaded on first use is loaded now
seen = []
sys.addaudithook(lambda event, args: seen.append((event, str(args))) if event.startswith(("open", "socket")) else None)
found = parsed(read(Document(sys.argv[1].encode())), None).fetched.items
assert len(found) == 1, found
print(found[0].page.story.title, seen)
"""
    run = subprocess.run([sys.executable, "-c", code, data, GOOD], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("[]") and "hunter2" not in run.stdout


def test_s24_the_worker_could_not_open_anything_anyway():
    code = """
import socket, subprocess, sys, tempfile
from bot.sources import feed_jail
feed_jail.enter()
for attempt in (
    lambda: open("/etc/passwd"), lambda: open("README.md"), lambda: open(sys.executable, "r+b"),
    lambda: subprocess.run(["true"]),
    lambda: socket.create_connection(("127.0.0.1", 9)), lambda: socket.getaddrinfo("example.org", 80),
    lambda: bytearray(2**30),
):
    try:
        attempt()
    except (PermissionError, MemoryError) as error:
        print(type(error).__name__)
import colorsys
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["PermissionError"] * 6 + ["MemoryError"]


@pytest.mark.asyncio
async def test_s25_of_a_hundred_thousand_entries_the_first_500_are_read():
    text = "x" * 60
    data = rss(
        "".join(
            f"<item><guid>{n}</guid><title>S {n}</title><description>{text}</description></item>"
            for n in range(100_000)
        )
    )
    assert len(data) > 10_000_000
    async with FeedParser.open() as parser:
        found = await parser.parse(Document(data))
    assert [item.page.story.native_id for item in found.fetched.items] == [str(n) for n in range(500)]
    assert not found.whole


@pytest.mark.asyncio
async def test_s25_what_is_larger_than_the_limits_is_refused_in_a_sentence():
    async with FeedParser.open() as parser:
        with pytest.raises(SourceError, match="larger than 5 MiB"):
            await parser.parse(Document(rss("<item><title>" + "x" * (5 * 2**20) + "</title></item>")))
        with pytest.raises(SourceError, match="larger than 16 MiB"):
            await parser.parse(Document(rss("<item><title>" + "x" * (16 * 2**20) + "</title></item>")))
        assert (await parser.parse(Document(GOOD))).fetched.name == "Good"


@pytest.mark.asyncio
async def test_s25_a_feed_that_needs_too_much_memory_costs_its_process_and_leaves_no_traceback(capfd):
    attributes = "".join(f" a{number}='1'" for number in range(300_000))
    async with FeedParser.open(deadline=60.0) as parser:
        with pytest.raises(SourceError, match="too much time or memory") as raised:
            await parser.parse(Document(rss(f"<item><title a{attributes}>x</title></item>")))
        assert isinstance(raised.value.__cause__, EOFError)  # it ended by itself, before its time was over
        assert (await parser.parse(Document(GOOD))).fetched.name == "Good"
    assert capfd.readouterr().err == ""


@pytest.mark.asyncio
async def test_s26_a_feed_that_takes_too_long_costs_its_process_and_no_other_feed():
    async with FeedParser.open(deadline=2.0) as parser:
        hostile = asyncio.create_task(parser.parse(Document(ENDLESS)))
        assert (await parser.parse(Document(GOOD))).fetched.name == "Good"
        before = parser.pids
        with pytest.raises(SourceError, match="too much time or memory"):
            await hostile
        assert len(set(before) - set(parser.pids)) == 1
        assert (await parser.parse(Document(GOOD))).fetched.name == "Good"


@pytest.mark.asyncio
async def test_s26_the_queue_behind_a_hostile_feed_waits_no_longer_than_its_deadline():
    async with FeedParser.open(deadline=2.0, workers=1) as parser:
        await parser.parse(Document(GOOD))
        answers = [asyncio.create_task(parser.parse(Document(data))) for data in (ENDLESS, GOOD, GOOD)]
        first, *others = await asyncio.gather(*answers, return_exceptions=True)
    assert isinstance(first, SourceError)
    assert [found.fetched.name for found in others] == ["Good", "Good"]


def test_s26_nested_elements_are_read_or_refused():
    deep = "<a>" * 20_000 + "</a>" * 20_000
    assert titles(rss(f"<item><guid>1</guid><title>x</title>{deep}</item>")) == ["x"]


@pytest.mark.parametrize(
    "bad", ["&#xD800;", "&#xFFFE;", "&#0;", "&#x1F;", "&#99999999999999999999;", "\x00", "\x0b", "\ufffe"]
)
def test_s27_characters_that_do_not_exist_are_replaced(bad):
    found = stories(rss(f"<item><guid>1{bad}</guid><title>a{bad}b</title><description>c{bad}d</description></item>"))
    assert found[0].title[0] == "a" and found[0].title[-1] == "b"
    assert bad not in found[0].title and found[0].body.encode("utf-8")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"<!doctype html><html><head><title>Log in</title></head><body><input type=password></body></html>",
        b"<html><body><!-- <rss> --><p>x <code>&lt;rss&gt;</code> <feed>y</feed></p></body></html>",
        b'{"error": "log in first"}',
        b"[1, 2, 3]",
        random.Random(1).randbytes(20_000),
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        b"<?xml version='1.0'?><opml version='2.0'><body/></opml>",
        b"<!-- " * 20_000,
        b"<!-- x -->" * 20_000 + GOOD,
        b'{"rss": {"version": "2.0", "channel": {}}}',
    ],
)
def test_s28_what_is_no_feed_is_named_so(data):
    with pytest.raises(NotThisKind, match=r"not a feed|not JSON|RSS written as JSON"):
        read(Document(data))


@pytest.mark.asyncio
async def test_s28_a_page_is_refused_without_a_process():
    async with FeedParser.open(command=("/nonexistent",)) as parser:
        for data in (b"", b"<!doctype html><p>rss", b'{"version": 1}', random.Random(1).randbytes(20_000)):
            with pytest.raises(NotThisKind, match="not a feed"):
                await parser.parse(Document(data))
        assert parser.pids == ()


def test_s29_s30_new_ids_and_dates_leave_link_and_title_as_they_were():
    polls = [
        rss(
            f"<item><guid>{poll}</guid><link>https://a.example/x</link><title>X</title><pubDate>{date}</pubDate></item>"
        )
        for poll, date in ((1, "Mon, 01 Jan 2024 00:00:00 GMT"), (2, "Tue, 02 Jan 2024 00:00:00 GMT"))
    ]
    first, second = (stories(poll)[0] for poll in polls)
    assert (first.url, first.title, first.shared_url) == (second.url, second.title, False)
    assert first.native_id != second.native_id and first.published_at != second.published_at


def test_s31_of_two_entries_with_one_id_the_first_counts():
    found = stories(rss("<item><guid>1</guid><title>A</title></item><item><guid>1</guid><title>B</title></item>"))
    assert [story.title for story in found] == ["A"]


def test_s33_without_guid_and_link_title_and_date_make_an_id_and_an_empty_entry_is_left_out():
    dated = "<item><title>A</title><pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate></item>"
    found = stories(rss(f"{dated}<item><title>A</title></item><item></item><item><description> </description></item>"))
    assert [story.title for story in found] == ["A", "A"] and len({story.native_id for story in found}) == 2
    assert stories(rss(dated))[0].native_id == found[0].native_id


@pytest.mark.parametrize(
    "date",
    ["Fri, 01 Jan 99999 00:00:00 GMT", "1e20", "NaN", "", "0000-00-00", "1889-01-01T00:00:00Z", "9" * 5000, "-1"],
)
@pytest.mark.parametrize("field", ["pubDate", "updated", "dc:date"])
def test_s34_a_date_that_cannot_be_is_none(field, date):
    data = rss(
        f'<item xmlns:dc="http://purl.org/dc/elements/1.1/"><guid>1</guid><title>A</title><{field}>{date}</{field}></item>'
    )
    assert stories(data)[0].published_at is None


def test_s34_a_date_to_come_is_left_to_the_intake():
    data = rss("<item><guid>1</guid><title>A</title><pubDate>Fri, 01 Jan 2038 00:00:00 +0100</pubDate></item>")
    assert stories(data)[0].published_at == datetime(2037, 12, 31, 23, tzinfo=UTC)


DAMAGE = (
    b"<", b">", b"&", b"&#x", b"\xff", b"\x00", b"]]>", b"<![CDATA[", b"<item>", b"</item>", b"</title>", b'"',
    b"<a:b>", b"<source>", b"<image>", b"<link>", b"https://[", b"xml:base='http://['", b"#comment-5", b"<author>",
    b"{", b"null", b"<content type='base64'>", b"<thr:in-reply-to ref='x'/>", b"9" * 30, b"\xed\xa0\x80",
)  # fmt: skip
COMMENT = (
    "<item><guid>1#comment-1</guid><link>https://a.example/#comment-1</link><author>a@b.example (A)</author></item>"
)
WHOLE = (
    rss(COMMENT + "<item><guid>2</guid><title>T</title><enclosure url='a' type='image/png'/></item>"),
    b'<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="?p=2"/><entry><id>1</id><link href="x"/>'
    b'<title type="html">T</title><updated>2024-01-01T00:00:00Z</updated><content type="xhtml"><div>x</div></content>'
    b"</entry></feed>",
    b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "title": "T", "author": {"name": "A"}}]}',
)


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_surprises_us(seed):
    chance = random.Random(seed)
    for _ in range(150):
        data = bytearray(chance.choice(WHOLE))
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data) + 1)
            if chance.random() < 0.3:
                del data[at : at + chance.randint(1, 40)]
            else:
                data[at:at] = chance.choice(DAMAGE)
        for thread in (False, True):
            try:
                encode(parsed(read(Document(bytes(data), "https://a.example/")), None, thread=thread))
            except SourceError:
                pass
            except Exception as error:
                places = traceback.extract_tb(error.__traceback__)
                assert "feedparser" in places[-1].filename, bytes(data)  # which its process then answers for


def test_what_breaks_the_library_is_answered_as_damage():
    head = {"id": 3, "url": None, "content_type": None, "name": None, "thread": False}
    said, body = feed_worker.answer(head, b"<channel><item<category>c</entry</category<")
    assert (said["ok"], said["kind"], body) == (False, True, b"") and "damaged" in said["error"]
    assert said["detail"] == "KeyError: 'tags'"


VERSION = '"version": "https://jsonfeed.org/version/1.1"'


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" + VERSION + ', "items": [' + "[" * 100_000 + "]" * 100_000 + "]}",
        "{" + VERSION + ', "items": [' + "9" * 5000 + "]}",
        "{" + VERSION + ', "items": [{"id": 1}',
        "{" + VERSION + ', "items": {"id": 1}}',
    ],
)
def test_s41_json_without_bounds_is_refused(text):
    with pytest.raises(NotThisKind):
        read(Document(text.encode()))


def test_s41_odd_numbers_and_double_keys_do_no_harm():
    text = "{" + VERSION + ', "items": [{"id": 1e999, "id": "a", "title": "T", "title": "U"}, NaN, 1e999, null, "x"]}'
    assert [(story.native_id, story.title) for story in stories(text.encode())] == [("a", "U")]


def test_s42_ids_are_text_whatever_they_were():
    items = [{"id": value, "title": "T"} for value in (7, "7", 1.0, 2**63, -5, 3.5)]
    data = json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode()
    assert [story.native_id for story in stories(data)] == ["7", "1", str(2**63), "-5", "3.5"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's kernel who is alive")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_c02_a_killed_bot_leaves_no_process_behind_even_in_the_middle_of_a_parse(how):
    code = f"""
import asyncio, sys
from bot.sources.base import Document
from bot.sources.feed import FeedParser
async def main():
    async with FeedParser.open() as parser:
        await asyncio.gather(*(parser.parse(Document({GOOD!r})) for _ in range(2)))
        asyncio.create_task(parser.parse(Document(sys.stdin.buffer.read())))
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        print(*parser.pids, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bot:
        bot.stdin.write(ENDLESS)
        bot.stdin.close()
        pids = [int(pid) for pid in bot.stdout.readline().split()]
        os.kill(bot.pid, how)
    assert pids
    assert all(wait_until_gone(pid) for pid in pids)


@pytest.mark.asyncio
async def test_c13_a_killed_worker_is_an_error_of_that_feed_and_is_replaced():
    async with FeedParser.open(workers=1) as parser:
        await parser.parse(Document(GOOD))
        (pid,) = parser.pids
        hostile = asyncio.create_task(parser.parse(Document(ENDLESS)))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(SourceError, match="too much time or memory"):
            await hostile
        assert (await parser.parse(Document(GOOD))).fetched.name == "Good"
        assert parser.pids != (pid,)


@pytest.mark.asyncio
async def test_c13_a_worker_that_died_idle_is_replaced_unnoticed():
    async with FeedParser.open(workers=1) as parser:
        await parser.parse(Document(GOOD))
        (pid,) = parser.pids
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            while parser.pids:
                await asyncio.sleep(0)
        assert (await parser.parse(Document(GOOD))).fetched.name == "Good"


@pytest.mark.asyncio
async def test_a_cancelled_parse_never_answers_for_another_document():
    async with FeedParser.open(workers=1) as parser:
        await parser.parse(Document(GOOD))
        (pid,) = parser.pids
        for _ in range(3):
            task = asyncio.create_task(parser.parse(Document(GOOD.replace(b"Good", b"Other"))))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
            assert (await parser.parse(Document(GOOD))).fetched.name == "Good"
        assert parser.pids != (pid,)
        assert wait_until_gone(pid)


LIAR = """
import struct, sys
head = b'{"id": 999, "ok": true}'
sys.stdout.buffer.write(struct.pack(">II", len(head), 2) + head + b"{}")
sys.stdout.buffer.flush()
sys.stdin.buffer.read()
"""
ANSWERS = {
    "of another request": LIAR,
    "without an end": LIAR.replace("2)", "2**31)"),
    "without sense": "import sys; print('x' * 100, flush=True); sys.stdin.buffer.read()",
    "of plain death": "raise SystemExit(3)",
    "of memory": "from bot.sources import feed_jail; feed_jail.enter(); bytearray(2**30)",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_answer_that_cannot_be_is_an_error_of_that_feed(answer, capfd):
    async with FeedParser.open(command=(sys.executable, "-c", ANSWERS[answer]), workers=1) as parser:
        for _ in range(2):
            with pytest.raises(SourceError, match="could not be read"):
                await parser.parse(Document(GOOD))
        assert parser.pids == ()


@pytest.mark.asyncio
async def test_a_deadline_holds_for_a_worker_that_says_nothing(caplog):
    async with FeedParser.open(command=SLEEPER, deadline=0.2) as parser:
        with pytest.raises(SourceError, match="too much time"):
            await parser.parse(Document(GOOD, "https://site.example/feed?token=s3cret"))
        assert parser.pids == ()
    assert "url=site.example/feed error=" in caplog.text


@pytest.mark.asyncio
async def test_the_log_names_a_damaged_feed_without_its_query(caplog):
    caplog.set_level(logging.INFO)
    async with FeedParser.open() as parser:
        with pytest.raises(SourceError, match="damaged"):
            await parser.parse(
                Document(b"<channel><item<category>c</entry</category<", "https://site.example/feed?t=s3cret")
            )
    assert "feed damaged url=site.example/feed detail=" in caplog.text


def test_the_worker_is_light_and_the_bot_does_without_the_library():
    heavy = "print(sorted({'discord', 'aiohttp', 'aiosqlite', 'click', 'feedparser'} & set(sys.modules)))"
    for module, loaded in (("feed_worker", "['feedparser']"), ("feed", "[]")):
        code = f"import sys, bot.sources.{module}; {heavy}"
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == loaded
