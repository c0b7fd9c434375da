"""A bar on standard error for long work, and lines of results that go well with it."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


def bar(verb: str, total: int) -> Progress:
    """Return a bar on standard error, or an invisible one for a single thing and where no terminal shows it."""
    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    hidden = total < 2 or not console.is_terminal
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, disable=hidden)


def say(progress: Progress, line: str) -> None:
    """Write a line above the bar where both share a terminal; a redirected standard output gets it untouched."""
    if sys.stdout.isatty() and progress.console.is_terminal and not progress.disable:
        progress.console.print(Text(line), soft_wrap=True)
    else:
        click.echo(line)
