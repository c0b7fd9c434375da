"""``rendezvous topics`` as a person and as a pipe meet it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot.cli.group import cli
from bot.cli.measure import Counts, bootstrap_f1, wilson
from bot.config import SETTINGS
from bot.topics import names

YES, NO = "India and France sign pact on satellites", "SpaceX lands booster"


@pytest.fixture
def topics(tmp_path, monkeypatch):
    """Run ``rendezvous topics`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    unset = dict.fromkeys([setting.name for setting in SETTINGS], "")

    def run(*arguments, given=None):
        return CliRunner(env=unset).invoke(cli, ["topics", *arguments], input=given, prog_name="rendezvous")

    return run


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_headline_is_answered_with_reasons(topics):
    result = topics("match", YES)
    assert result.exit_code == 0
    assert result.output.startswith("match (space-cooperation, score ")
    assert "  - Names two parties: India and France\n" in result.output


def test_a_lede_may_follow_and_another_topic_be_asked(topics):
    assert topics("match", "A step", "India and France signed a pact on satellites.").output.startswith("match")
    assert topics("match", "--topic", "launches", NO).output.startswith("no match (launches, score 0.")


def test_lines_are_answered_in_order_and_other_keys_are_ignored(topics):
    given = lines(
        {"title": YES, "lede": "", "url": 7}, {"title": NO, "lede": None}, {"title": NO, "body": 2 * f"{YES}. "}
    )
    result = topics("match", "--jsonl", given=given)
    assert result.exit_code == 0
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["match"] for answer in answers] == [True, False, True]
    assert all(set(answer) == {"match", "score", "reasons"} and answer["reasons"] for answer in answers)


def test_a_bad_line_is_answered_in_its_place_and_ends_with_1(topics):
    bad = ["not json", "", "[]", '{"lede": "x"}', '{"title": 5}', '{"title": "x", "lede": []}', "[" * 100_000]
    given = "\n".join([json.dumps({"title": YES}), *bad, json.dumps({"title": NO})]) + "\n"
    result = topics("match", "--jsonl", given=given)
    assert result.exit_code == 1
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["error" in answer for answer in answers] == [False, *[True] * len(bad), False]
    assert "Traceback" not in result.output


def test_bytes_that_are_no_text_are_a_bad_line(topics):
    result = topics("match", "--jsonl", given=b'{"title": "\xff"}\n{"title": "\\ud800"}\n')
    assert [set(json.loads(line)) for line in result.stdout.splitlines()] == [{"error"}, {"match", "score", "reasons"}]


def test_lines_may_come_from_a_file(topics, tmp_path):
    (tmp_path / "stories.jsonl").write_text(lines({"title": YES}))
    assert json.loads(topics("match", "--jsonl", "stories.jsonl").stdout)["match"] is True


@pytest.mark.parametrize("name", ["absent.jsonl", "folder"])
def test_a_file_that_cannot_be_opened_is_named_without_a_traceback(topics, tmp_path, name):
    (tmp_path / "folder").mkdir()
    result = topics("match", "--jsonl", name)
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert f"Could not open file '{name}'" in result.stderr


@pytest.mark.parametrize("end", ["", "\n", "\n\n \n"])
def test_blank_lines_at_the_end_are_no_lines_and_all_others_are(topics, end):
    row = json.dumps({"title": NO})
    result = topics("match", "--jsonl", given=f"\n{row}\n\n\n{row}{end}")
    assert ["error" in json.loads(line) for line in result.stdout.splitlines()] == [True, False, True, True, False]
    assert result.exit_code == 1
    good = topics("match", "--jsonl", given=f"{row}{end}")
    assert (good.exit_code, len(good.stdout.splitlines())) == (0, 1)


@pytest.mark.parametrize("arguments", [("match",), ("match", "a", "b", "c"), ("match", "--jsonl", "a", "b")])
def test_too_few_or_too_many_texts_are_a_usage_error(topics, arguments):
    assert topics(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("match", "x"), ("match", "--jsonl"), ("evaluate", "-")])
def test_an_unknown_topic_is_one_clear_error(topics, arguments):
    result = topics(*arguments, "--topic", "cricket", given="{}\n{}\n")
    assert result.exit_code == 2
    assert "'cricket' is not one of 'space-cooperation'" in result.output


def test_the_list_holds_every_topic_with_its_sentence(topics):
    listed = topics("list").output.splitlines()
    assert [line.partition(": ")[0] for line in listed] == list(names())


def test_an_evaluation_counts_by_stratum_and_shows_the_misses(topics, tmp_path):
    rows = [
        {"title": YES, "label": "coop", "stratum": "a"},
        {"title": NO, "label": "other", "stratum": "a"},
        {"title": NO + " again", "label": "coop", "stratum": "b"},
        {"title": YES, "label": "borderline", "stratum": "b"},
    ]
    (tmp_path / "rows.jsonl").write_text(lines(*rows))
    output = topics("evaluate", "rows.jsonl").output
    first = output.splitlines()[0]
    assert first.startswith("all ")
    assert "precision 1.000" in first and "recall 0.500" in first and "F1 0.667" in first
    assert first.endswith("n=3 positive=2")
    assert "borderline, left out: 1, of which 1 match" in output
    assert f"coop, but 0.00: {NO} again\n  - Names only one party: SpaceX" in output
    assert "again" not in topics("evaluate", "--no-misses", "rows.jsonl").output


def test_an_evaluation_refuses_a_line_without_a_label(topics, tmp_path):
    (tmp_path / "rows.jsonl").write_text(lines({"title": YES, "label": "coop"}, {"title": NO}))
    result = topics("evaluate", "rows.jsonl")
    assert result.exit_code == 1
    assert "line 2" in result.output and "label" in result.output


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_evaluation_of_nothing_is_an_error(topics, tmp_path, text):
    (tmp_path / "rows.jsonl").write_text(text)
    result = topics("evaluate", "rows.jsonl")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rows.jsonl holds no labelled line." in result.stderr


def test_an_evaluation_passes_over_blank_lines(topics, tmp_path):
    row = lines({"title": YES, "label": "coop"})
    (tmp_path / "rows.jsonl").write_text(f"\n{row}\n{row}\n")
    assert topics("evaluate", "rows.jsonl").stdout.splitlines()[0].endswith("n=2 positive=2")


def test_the_intervals_are_the_named_ones():
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(0, 0) == (0.0, 1.0)
    counts = Counts(tp=80, fp=5, fn=5, tn=400)
    low, high = bootstrap_f1(counts)
    assert low < counts.f1 < high
    assert bootstrap_f1(counts) == (low, high)
    assert bootstrap_f1(Counts()) == (0.0, 1.0)


def test_the_pure_room_loads_neither_click_nor_discord():
    code = (
        "import sys; from bot.topics import match; match('launches', 'x'); print({'click', 'discord'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
