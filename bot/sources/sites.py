"""What is known of single sites, as data: their name, how to recognise their text, and what is not the story."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """One site: any of ``marks`` in a text, or one of ``hosts`` in its address, tells that it is this one.

    ``boilerplate`` are whole lines that stand on its pages without belonging to any story.
    """

    name: str
    hosts: tuple[str, ...]
    marks: tuple[str, ...]
    boilerplate: frozenset[str]


SITES = (
    Site(
        name="Parabolic Arc",
        hosts=("parabolicarc.com", "www.parabolicarc.com"),
        marks=("please follow Parabolic Arc on Twitter", "\nParabolic Arc\n", "Parabolic Archers"),
        boilerplate=frozenset((
            "Read the full story.",
            "For all the latest space news,",
            "please follow Parabolic Arc on Twitter.",
            "For all the latest space news, please follow Parabolic Arc on Twitter.",
            "Constellations, Launch, New Space and more…",
        )),
    ),
)  # fmt: skip


def recognise(text: str, url: str | None) -> Site | None:
    """Return the known site of a page, by its address or else by its words."""
    host = (urlsplit(url).hostname or "") if url else ""
    for site in SITES:
        if host in site.hosts or (not host and any(mark in text for mark in site.marks)):
            return site
    return None
