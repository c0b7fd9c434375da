"""rendezvous topics: which stories are about a topic, why, and how well that agrees with labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, repeat
from typing import IO, Any

import click

from bot import topics as library
from bot.cli.measure import report

LABELS = ("coop", "other", "borderline")
MATCH_HELP = """Say whether a story is about a topic, and why.

\b
Examples:
  rendezvous topics match "India and France sign a space pact"
  rendezvous topics match --topic launches "Headline" "First sentences of the story"
  rendezvous topics match --jsonl < stories.jsonl

With --jsonl, TEXT is a file or absent (standard input). Each line is an object with "title" and optionally "lede" and
"body"; each answer is a line with "match", "score" and "reasons", or with "error" for a line that cannot be read.
The exit status is then 1.
"""

topic_option = click.option(
    "--topic",
    type=click.Choice(library.names()),
    default=library.DEFAULT,
    show_default=True,
    help="One of `rendezvous topics list`.",
)


class BadLine(ValueError):
    """A line of JSON lines that is no story; the message says what is wrong with it."""


HELP = """Say which stories are about a topic, and why; the same rules decide what goes to a channel.

\b
Examples:
  rendezvous topics list
  rendezvous topics match "India and France sign a space pact"
  rendezvous topics evaluate labelled.jsonl      precision, recall and the misses
"""


@click.group(help=HELP)
def topics() -> None:
    """Group the commands; click shows the help."""


@topics.command("list", help="List the built-in topics.")
def list_() -> None:
    """Print name and sentence of each topic."""
    for name in library.names():
        click.echo(f"{name}: {library.describe(name)}")


@topics.command(help=MATCH_HELP)
@topic_option
@click.option("--jsonl", is_flag=True, help="Read JSON lines, write JSON lines in the same order.")
@click.argument("text", nargs=-1)
@click.pass_context
def match(ctx: click.Context, topic: str, jsonl: bool, text: tuple[str, ...]) -> None:
    """Judge one story from the arguments, or a line each."""
    if jsonl:
        if len(text) > 1:
            raise click.UsageError("--jsonl takes one file at most.")
        with _opened(text[0] if text else "-") as lines:
            ctx.exit(_answer_lines(topic, lines))
    if not 1 <= len(text) <= 2:
        raise click.UsageError("Give a headline and, if you like, a lede, each in quotation marks; or --jsonl.")
    verdict = library.match(topic, *text)
    click.echo(f"{'match' if verdict.match else 'no match'} ({topic}, score {verdict.score:.2f})")
    for reason in verdict.reasons:
        click.echo(f"  - {reason}")


@topics.command(help="Compare the verdicts with labels (coop, other, borderline) in a file of JSON lines.")
@topic_option
@click.option("--misses/--no-misses", default=True, show_default=True, help="List the wrong verdicts with reasons.")
@click.argument("file", type=click.File("rb"))
def evaluate(topic: str, misses: bool, file: IO[bytes]) -> None:
    """Print precision, recall and F1 with intervals, by stratum, and the misses."""
    rows = list(_labelled(file))
    if not rows:
        raise click.ClickException(f"{click.format_filename(file.name)} holds no labelled line.")
    verdicts = {id(row): library.match(topic, row["title"], row["lede"], row["body"]) for row in rows}
    for line in report(rows, lambda row: verdicts[id(row)].match):
        click.echo(line)
    for row in rows if misses else ():
        verdict = verdicts[id(row)]
        if row["label"] != "borderline" and verdict.match != (row["label"] == "coop"):
            click.echo(f"\n{row['label']}, but {verdict.score:.2f}: {row['title']}")
            click.echo("".join(f"  - {reason}\n" for reason in verdict.reasons), nl=False)


def _opened(name: str) -> IO[bytes]:
    try:
        found: IO[bytes] = click.open_file(name, "rb")
    except OSError as error:
        raise click.FileError(name, hint=error.strerror) from error
    return found


def _answer_lines(topic: str, lines: IO[bytes]) -> int:
    """Answer each line in its place; only blank lines at the very end are none."""
    status = blank = 0
    for line in lines:
        if not line.strip():
            blank += 1
            continue
        for given in chain(repeat(b"", blank), (line,)):
            answer = _answer(topic, given)
            click.echo(json.dumps(answer))
            status |= "error" in answer
        blank = 0
    return status


def _answer(topic: str, line: bytes) -> dict[str, object]:
    try:
        story = _story(line)
    except BadLine as error:
        return {"error": str(error)}
    verdict = library.match(topic, story["title"], story["lede"], story["body"])
    return {"match": verdict.match, "score": verdict.score, "reasons": list(verdict.reasons)}


def _labelled(lines: IO[bytes]) -> Iterator[dict[str, str]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _object(line)
            label = row.get("label")
            if label not in LABELS:
                raise BadLine(f'"label" must be one of {", ".join(LABELS)}')
            yield {**_texts(row), "label": label, "stratum": str(row.get("stratum") or "")}
        except BadLine as error:
            raise click.ClickException(f"line {number}: {error}") from error


def _story(line: bytes) -> dict[str, str]:
    return _texts(_object(line))


def _object(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine("this line is not JSON") from error
    if not isinstance(read, dict):
        raise BadLine("this line is not an object with a title")
    return read


def _texts(row: dict[str, Any]) -> dict[str, str]:
    if not isinstance(row.get("title"), str):
        raise BadLine('"title" must be there and be text')
    found = {name: row.get(name) if row.get(name) is not None else "" for name in ("title", "lede", "body")}
    for name, value in found.items():
        if not isinstance(value, str):
            raise BadLine(f'"{name}" must be text')
    return {name: str(value) for name, value in found.items()}
