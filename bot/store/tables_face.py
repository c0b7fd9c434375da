"""The tables of what members and admins do with commands: append-only once they are shipped."""

from __future__ import annotations

# Full-text search over stories and comments.
SEARCH: tuple[str, ...] = ()

# What of the wanted topics goes to a channel, and how it looks there.
FILTERS: tuple[str, ...] = (
    # Numbers of sources and patterns as JSON lists; none: no such filter.
    "ALTER TABLE subscriptions ADD COLUMN sources TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE subscriptions ADD COLUMN include TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE subscriptions ADD COLUMN exclude TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE subscriptions ADD COLUMN minimum REAL NOT NULL DEFAULT 0",
    "ALTER TABLE subscriptions ADD COLUMN role_id INTEGER",
    "ALTER TABLE subscriptions ADD COLUMN colour INTEGER",
    "ALTER TABLE subscriptions ADD COLUMN template TEXT NOT NULL DEFAULT ''",
)

# Which members want to hear of new comments on a story.
FOLLOWS: tuple[str, ...] = (
    # told_upto: the newest comment that was told, or that was known when the follow began. since: when something new
    # was seen, next_at: when it is to be told; both NULL while there is nothing new. ended: why it ended by itself, a
    # key of the catalogue, kept until the member is told. From nonce on: what is being told, written before it is sent.
    """CREATE TABLE follows (
        id INTEGER PRIMARY KEY, guild_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
        story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
        how TEXT NOT NULL CHECK (how IN ('dm', 'thread')), pace TEXT NOT NULL CHECK (pace IN ('now', 'hour', 'day')),
        language TEXT NOT NULL, created_at INTEGER NOT NULL, told_upto INTEGER NOT NULL, since INTEGER,
        next_at INTEGER, tries INTEGER NOT NULL DEFAULT 0, ended TEXT,
        nonce TEXT UNIQUE, upto INTEGER, text TEXT, place_id INTEGER, attempt_at INTEGER,
        last INTEGER NOT NULL DEFAULT 0, UNIQUE (guild_id, user_id, story_id)) STRICT""",
    "CREATE INDEX follows_story ON follows (story_id)",
    "CREATE INDEX follows_member ON follows (user_id)",
    "CREATE INDEX follows_due ON follows (next_at) WHERE next_at IS NOT NULL",
)

# What members wrote in mirrored threads, where an admin turned that on.
REPLIES: tuple[str, ...] = ()

# What a server chose for itself as a whole.
SETUP: tuple[str, ...] = (
    "CREATE TABLE guild_settings (guild_id INTEGER PRIMARY KEY, notices_channel_id INTEGER) STRICT",
)
