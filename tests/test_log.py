"""Log lines are plain, one an event, and never hold a secret or drive the reader's terminal."""

from __future__ import annotations

import io
import logging

import pytest

from bot import log

SECRET = "correct-horse-battery"
SHAPED = "MTIzNDU2Nzg5MDEyMzQ1Njc4." + "GabcdE." + "x" * 38


@pytest.fixture
def lines():
    root = logging.getLogger()
    before = root.level, {name: logging.getLogger(name).level for name in log._TALKATIVE}
    stream = io.StringIO()
    log.set_up("debug", [SECRET, ""], stream)
    yield lambda: stream.getvalue().splitlines()
    for handler in [handler for handler in root.handlers if isinstance(handler, log._OurHandler)]:
        root.removeHandler(handler)
    root.setLevel(before[0])
    for name, level in before[1].items():
        logging.getLogger(name).setLevel(level)


def test_a_line_holds_time_level_place_and_message(lines):
    logging.getLogger("bot.example").info("story stored id=%d", 7)
    (line,) = lines()
    assert line.startswith("time=20")
    assert line.endswith("level=info at=bot.example story stored id=7")


def test_what_a_stranger_wrote_cannot_make_lines_or_drive_the_terminal(lines):
    logging.getLogger("bot").info("title=%s", "a\nlevel=error forged\x1b[2J\r\u2028\u202e\x9b1m\udcff")
    (line,) = lines()
    assert line.endswith(r"title=a\nlevel=error forged\x1b[2J\r\u2028\u202e\x9b1m\udcff")


def test_a_traceback_is_kept_and_marked_so_that_it_cannot_look_like_a_line(lines):
    try:
        raise ValueError("first\ntime=now level=info forged\x1b[0m " + SECRET)
    except ValueError:
        logging.getLogger("bot").exception("delivery failed id=%d", 3)
    head, *rest = lines()
    assert head.endswith("delivery failed id=3")
    assert rest[0].endswith("Traceback (most recent call last):")
    assert all(line.startswith("  | ") for line in rest)
    assert not {"\x1b"} & set("".join(rest))
    assert SECRET not in "".join(rest)


@pytest.mark.parametrize(
    "text",
    [SECRET, SHAPED, f"Authorization: Bot {SHAPED}", "POST /webhooks/123/aW50ZXJhY3Rpb246/messages/@original",
     "POST https://discord.com/api/v10/interactions/99/aW50ZXJhY3Rpb246/callback"],
)  # fmt: skip
def test_tokens_never_reach_the_log(lines, text):
    logging.getLogger("bot").warning("said %s", text)
    (line,) = lines()
    assert log.HIDDEN in line
    assert not any(secret in line for secret in (SECRET, SHAPED, "aW50ZXJhY3Rpb246"))


def test_libraries_that_write_payloads_at_debug_level_are_kept_at_info(lines):
    logging.getLogger("discord.http").debug("payload of a member's message")
    logging.getLogger("aiosqlite").debug("executing SQL")
    logging.getLogger("bot").debug("ours")
    assert [line.rpartition(" ")[2] for line in lines()] == ["ours"]


def test_the_lines_about_voice_are_left_out_and_others_of_their_place_are_not(lines):
    logging.getLogger("discord.client").warning("PyNaCl is not installed, voice will NOT be supported")
    logging.getLogger("discord.client").warning("something else")
    assert [line.rpartition("discord.client ")[2] for line in lines()] == ["something else"]


def test_setting_up_again_replaces_the_earlier_choice(lines):
    second = io.StringIO()
    log.set_up("warning", stream=second)
    logging.getLogger("bot").info("not now")
    logging.getLogger("bot").warning("once")
    assert lines() == []
    assert second.getvalue().count("once") == 1
