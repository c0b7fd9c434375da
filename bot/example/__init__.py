"""A bundled example story of our own words, in two readings: then come an edit, a deletion and a late comment."""

from __future__ import annotations

from importlib.resources import files

URL = "https://example.org/2026/03/shared-ground-station/"


def readings() -> list[bytes]:
    """Return the page as it was read first, and as it was read later."""
    return [(files(__package__) / name).read_bytes() for name in ("story.html", "story-later.html")]
