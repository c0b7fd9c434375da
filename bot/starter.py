"""The starter list: well-known public sources of space news, to begin with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Starter:
    """One source of the list, by the kind that reads it."""

    name: str
    kind: str
    address: str


# The addresses are public knowledge and were not verified from here, where there is no network. One that has moved
# says so in `/sources list`, like any other source, and does no harm to the rest. Sites known to run WordPress are read
# as such, for their comments; where they keep that closed, the kind reads their feed.
STARTERS: tuple[Starter, ...] = (
    Starter("Spaceflight News API", "newsapi", "https://api.spaceflightnewsapi.net/v4/articles/"),
    Starter("SpaceNews", "wordpress", "https://spacenews.com/"),
    Starter("NASA", "feed", "https://www.nasa.gov/news-release/feed/"),
    Starter("ESA", "feed", "https://www.esa.int/rssfeed/Our_Activities/Space_News"),
    Starter("European Spaceflight", "wordpress", "https://europeanspaceflight.com/"),
    Starter("Parabolic Arc", "wordpress", "https://parabolicarc.com/"),
    Starter("SatNews", "feed", "https://satnews.com/feed/"),
    Starter("NASASpaceFlight", "wordpress", "https://www.nasaspaceflight.com/"),
    Starter("Ars Technica Space", "feed", "https://arstechnica.com/space/feed/"),
    Starter("Payload", "wordpress", "https://payloadspace.com/"),
    Starter("The Space Review", "feed", "https://www.thespacereview.com/articles.xml"),
)
