"""The tables of what members and admins do with commands: append-only once they are shipped."""

from __future__ import annotations

# Full-text search over stories and comments.
SEARCH: tuple[str, ...] = ()

# What of the wanted topics goes to a channel, and how it looks there.
FILTERS: tuple[str, ...] = ()

# Which members want to hear of new comments on a story.
FOLLOWS: tuple[str, ...] = ()

# What members wrote in mirrored threads, where an admin turned that on.
REPLIES: tuple[str, ...] = ()

# What a server chose for itself as a whole.
SETUP: tuple[str, ...] = (
    "CREATE TABLE guild_settings (guild_id INTEGER PRIMARY KEY, notices_channel_id INTEGER) STRICT",
)
