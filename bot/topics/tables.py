"""Reads the topic tables that come with this package: tab-separated, with comments and a heading."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files


def names(prefix: str) -> list[str]:
    """Return the data files whose name begins so, sorted."""
    folder = files(__package__).joinpath("data")
    return sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(prefix))


def text(name: str) -> str:
    """Return one data file."""
    return files(__package__).joinpath("data", name).read_text(encoding="utf-8")


def rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of one data file as lists of cells; empty lines and those that begin with "# " are comments."""
    for line in text(name).splitlines():
        if line.strip() and not line.startswith("# "):
            yield [cell.strip() for cell in line.split("\t")]
