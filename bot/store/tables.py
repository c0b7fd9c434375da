"""The tables up to the seventh migration, as they were shipped: append-only."""

from __future__ import annotations

FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # Where stories are read from, and how far each was read.
    """CREATE TABLE sources (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, address TEXT NOT NULL UNIQUE, added_at INTEGER NOT NULL,
        last_read_at INTEGER, last_error TEXT) STRICT""",
    """CREATE TABLE cursors (
        source_id INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (source_id, name)) STRICT, WITHOUT ROWID""",
    # public = 0: known only because a member fetched it, so seen only where it was fetched.
    """CREATE TABLE stories (
        id INTEGER PRIMARY KEY, title TEXT NOT NULL, url TEXT, native_id TEXT, author TEXT, site TEXT,
        summary TEXT NOT NULL, body TEXT NOT NULL, image_url TEXT, published_at INTEGER,
        digest TEXT NOT NULL, revision INTEGER NOT NULL, first_seen INTEGER NOT NULL,
        public INTEGER NOT NULL) STRICT""",
    "CREATE INDEX stories_title ON stories (title COLLATE NOCASE)",
    """CREATE TABLE story_aliases (
        kind TEXT NOT NULL, value TEXT NOT NULL, story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
        PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE story_revisions (
        story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE, revision INTEGER NOT NULL,
        title TEXT NOT NULL, summary TEXT NOT NULL, body TEXT NOT NULL, replaced_at INTEGER NOT NULL,
        PRIMARY KEY (story_id, revision)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE comments (
        id INTEGER PRIMARY KEY, story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE, key TEXT NOT NULL,
        parent_key TEXT, author TEXT NOT NULL, body TEXT NOT NULL, url TEXT, author_url TEXT, posted_at INTEGER,
        deleted INTEGER NOT NULL, digest TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
        missing_reads INTEGER NOT NULL DEFAULT 0, missing_since INTEGER, UNIQUE (story_id, key)) STRICT""",
    "CREATE INDEX comments_order ON comments (story_id, position)",
    "CREATE INDEX comments_children ON comments (story_id, parent_key)",
    """CREATE TABLE comment_revisions (
        comment_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE, revision INTEGER NOT NULL,
        author TEXT NOT NULL, body TEXT NOT NULL, replaced_at INTEGER NOT NULL,
        PRIMARY KEY (comment_id, revision)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE subscriptions (
        id INTEGER PRIMARY KEY, guild_id INTEGER NOT NULL, channel_id INTEGER NOT NULL UNIQUE,
        created_by INTEGER NOT NULL, created_at INTEGER NOT NULL, paused_reason TEXT) STRICT""",
    "CREATE INDEX subscriptions_guild ON subscriptions (guild_id)",
    """CREATE TABLE guild_stories (
        guild_id INTEGER NOT NULL, story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
        fetched_by INTEGER NOT NULL, fetched_at INTEGER NOT NULL,
        PRIMARY KEY (guild_id, story_id)) STRICT, WITHOUT ROWID""",
    # One row is one message of ours in one channel; a row outlives its subscription, so that nothing is said twice.
    """CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY, guild_id INTEGER NOT NULL, channel_id INTEGER NOT NULL,
        subscription_id INTEGER NOT NULL, story_id INTEGER NOT NULL REFERENCES stories,
        comment_id INTEGER REFERENCES comments, part INTEGER NOT NULL, position INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'inflight', 'live', 'gone', 'held', 'dead')),
        nonce TEXT NOT NULL UNIQUE, want_rev INTEGER NOT NULL, want_gone INTEGER NOT NULL DEFAULT 0,
        have_rev INTEGER NOT NULL DEFAULT 0, attempt_at INTEGER, sent_rev INTEGER, sent_payload TEXT,
        message_id INTEGER UNIQUE, thread_id INTEGER, thread_closed INTEGER NOT NULL DEFAULT 0,
        tries INTEGER NOT NULL DEFAULT 0, next_at INTEGER, reason TEXT) STRICT""",
    # UNIQUE takes NULLs as different, so a card's comment_id is spelt 0 here.
    "CREATE UNIQUE INDEX deliveries_once ON deliveries (channel_id, story_id, coalesce(comment_id, 0), part)",
    "CREATE INDEX deliveries_comment ON deliveries (comment_id, channel_id)",
    "CREATE INDEX deliveries_story ON deliveries (story_id, channel_id, comment_id)",
    "CREATE INDEX deliveries_pending ON deliveries (channel_id, story_id, position, part) WHERE state = 'pending'",
    "CREATE INDEX deliveries_inflight ON deliveries (channel_id, story_id) WHERE state = 'inflight'",
    "CREATE INDEX deliveries_held ON deliveries (channel_id, story_id) WHERE state = 'held'",
    "CREATE INDEX deliveries_stale ON deliveries (channel_id, story_id) WHERE state = 'live' AND have_rev < want_rev",
    """CREATE INDEX deliveries_threadless ON deliveries (channel_id)
        WHERE state = 'live' AND comment_id IS NULL AND thread_id IS NULL""",
    "CREATE INDEX deliveries_thread ON deliveries (thread_id) WHERE thread_id IS NOT NULL",
    "CREATE INDEX deliveries_guild ON deliveries (guild_id)",
)

# A server sees the newest public stories: those that members fetched for themselves must not be walked through.
PUBLIC = ("CREATE INDEX stories_public ON stories (id) WHERE public",)

# Sources that are polled, the threads that belong to their stories, and what admins are told about both.
SOURCES = (
    "DROP TABLE cursors",  # this and the next were made for a future that came out differently; nothing ever used them
    "DROP TABLE sources",
    # everyone = 1: the operator's own, for all servers. cursor: JSON that only the source's kind understands.
    """CREATE TABLE sources (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, address TEXT NOT NULL, name TEXT,
        everyone INTEGER NOT NULL DEFAULT 0, added_at INTEGER NOT NULL, cursor TEXT NOT NULL DEFAULT '{}',
        interval_s INTEGER NOT NULL, least_s INTEGER, skip_hours TEXT NOT NULL DEFAULT '[]',
        skip_days TEXT NOT NULL DEFAULT '[]', next_at INTEGER, last_read_at INTEGER, last_full_at INTEGER,
        last_change_at INTEGER, baseline_at INTEGER, fails INTEGER NOT NULL DEFAULT 0, failing_since INTEGER,
        last_error TEXT, told_at INTEGER, moves TEXT NOT NULL DEFAULT '[]', stopped_reason TEXT,
        UNIQUE (kind, address)) STRICT""",
    "CREATE INDEX sources_due ON sources (next_at) WHERE stopped_reason IS NULL",
    """CREATE TABLE guild_sources (
        guild_id INTEGER NOT NULL, source_id INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
        added_by INTEGER NOT NULL, added_at INTEGER NOT NULL,
        PRIMARY KEY (guild_id, source_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX guild_sources_source ON guild_sources (source_id)",
    # Which source told of which story; queued = 1: new, but this poll had enough to post already.
    """CREATE TABLE source_stories (
        source_id INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
        story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE, seen_at INTEGER NOT NULL,
        queued INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source_id, story_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX source_stories_story ON source_stories (story_id)",
    "CREATE INDEX source_stories_queued ON source_stories (source_id, story_id) WHERE queued",
    # Of a story's threads the one of the lowest rank is read. signal: as the source last gave it, read_signal: as of
    # the last read. born_at: when the story was published.
    """CREATE TABLE threads (
        id INTEGER PRIMARY KEY, story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE, kind TEXT NOT NULL,
        address TEXT NOT NULL, rank INTEGER NOT NULL, born_at INTEGER NOT NULL, signal TEXT, read_signal TEXT,
        woken_at INTEGER, cursor TEXT NOT NULL DEFAULT '{}', next_at INTEGER, last_read_at INTEGER,
        last_full_at INTEGER, fails INTEGER NOT NULL DEFAULT 0, failing_since INTEGER, last_error TEXT,
        UNIQUE (story_id, kind, address)) STRICT""",
    "CREATE INDEX threads_due ON threads (next_at) WHERE next_at IS NOT NULL",
    # What an admin is told, once: subject names what it is about, so that the same is not said twice.
    """CREATE TABLE notices (
        id INTEGER PRIMARY KEY, guild_id INTEGER NOT NULL, user_id INTEGER, subject TEXT NOT NULL, text TEXT NOT NULL,
        source_id INTEGER, nonce TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, next_at INTEGER,
        tries INTEGER NOT NULL DEFAULT 0, sent_at INTEGER, reason TEXT) STRICT""",
    "CREATE INDEX notices_subject ON notices (guild_id, subject)",
    "CREATE INDEX notices_due ON notices (next_at) WHERE sent_at IS NULL AND next_at IS NOT NULL",
    "ALTER TABLE stories ADD COLUMN updated_at INTEGER",
    "ALTER TABLE stories ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE stories ADD COLUMN origin TEXT",
    "ALTER TABLE stories ADD COLUMN shared_url INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE stories ADD COLUMN probe_at INTEGER",  # when its page is to be searched for a thread
    "ALTER TABLE stories ADD COLUMN probe_tries INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX stories_probe ON stories (probe_at) WHERE probe_at IS NOT NULL",
    "ALTER TABLE comments ADD COLUMN edited_at INTEGER",
    "ALTER TABLE comments ADD COLUMN thread_id INTEGER",  # whose reads gave it, and may take it away
    # Which topics a channel wants, as names between blanks; '' = every story, as before there were topics.
    "ALTER TABLE subscriptions ADD COLUMN topics TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE guild_topics (
        guild_id INTEGER NOT NULL, name TEXT NOT NULL, expression TEXT NOT NULL, created_by INTEGER NOT NULL,
        created_at INTEGER NOT NULL, PRIMARY KEY (guild_id, name)) STRICT, WITHOUT ROWID""",
)

# How stories look in a channel, and what faithful mirroring has to remember.
OPTIONS = (
    """ALTER TABLE subscriptions ADD COLUMN layout TEXT NOT NULL DEFAULT 'thread'
        CHECK (layout IN ('thread', 'forum', 'inline', 'story-only'))""",
    # Of a story's comments so many at its first mirror; 0 = all.
    "ALTER TABLE subscriptions ADD COLUMN comment_cap INTEGER NOT NULL DEFAULT 50",
    "ALTER TABLE subscriptions ADD COLUMN grace_s INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE subscriptions ADD COLUMN publish INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE subscriptions ADD COLUMN forum_tags TEXT NOT NULL DEFAULT '[]'",
    # A story keeps the layout in which it was posted; its comments' rows say the same as its card's.
    """ALTER TABLE deliveries ADD COLUMN layout TEXT NOT NULL DEFAULT 'thread'
        CHECK (layout IN ('thread', 'forum', 'inline', 'story-only'))""",
    # Within a channel: 0 for the channel itself, else the story whose thread it is. One create at a time in each.
    """ALTER TABLE deliveries ADD COLUMN lane INTEGER
        GENERATED ALWAYS AS (iif(comment_id IS NULL OR layout = 'inline', 0, story_id)) VIRTUAL""",
    # On a card's row: how many comments its first mirror left out.
    "ALTER TABLE deliveries ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX deliveries_threadless",
    """CREATE INDEX deliveries_threadless ON deliveries (channel_id)
        WHERE state = 'live' AND comment_id IS NULL AND thread_id IS NULL AND layout = 'thread'""",
    # Wishes about a card that Discord limits to few an hour, so that they must not hold up its lane. There is one to
    # keep where kept < wish; the row stays, as the next has to keep its distance from done_at.
    """CREATE TABLE chores (
        delivery_id INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('rename', 'publish')), wish INTEGER NOT NULL DEFAULT 1,
        kept INTEGER NOT NULL DEFAULT 0, done_at INTEGER, next_at INTEGER, tries INTEGER NOT NULL DEFAULT 0,
        reason TEXT, PRIMARY KEY (delivery_id, kind)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX chores_wanted ON chores (delivery_id) WHERE kept < wish",
    "CREATE INDEX chores_done ON chores (done_at) WHERE kind = 'publish'",
    # Set while so many comments vanished at once that admins are asked; the choice is the last one made.
    "ALTER TABLE stories ADD COLUMN frozen_at INTEGER",
    "ALTER TABLE stories ADD COLUMN frozen_choice TEXT CHECK (frozen_choice IN ('confirm', 'keep'))",
    "CREATE INDEX deliveries_dead ON deliveries (guild_id) WHERE state = 'dead'",
    "CREATE INDEX stories_frozen ON stories (frozen_at) WHERE frozen_at IS NOT NULL",
    # A comment that an admin kept: it lacks at its source, and is not taken as deleted for that.
    "ALTER TABLE comments ADD COLUMN kept INTEGER NOT NULL DEFAULT 0",
    # Since when it should stand: what comes far too late is left out.
    "ALTER TABLE deliveries ADD COLUMN promised_at INTEGER NOT NULL DEFAULT 0",
    # The message that a reply was posted to, natively; NULL where its parent is named in its text, 0 where unknown.
    "ALTER TABLE deliveries ADD COLUMN answers INTEGER",
    "UPDATE deliveries SET answers = 0 WHERE message_id IS NOT NULL AND comment_id IS NOT NULL",
    # Guilds that removed the bot; what they configured is kept for a while.
    "CREATE TABLE guilds_gone (guild_id INTEGER PRIMARY KEY, since INTEGER NOT NULL) STRICT",
)

# When the next of what was put off is due, asked for after each delivery.
PACING = (
    """CREATE INDEX deliveries_next ON deliveries (next_at)
        WHERE next_at IS NOT NULL AND state IN ('pending', 'live')""",
)

# Addresses are known without "www." now. Where both were known as two stories, the older key is never looked up again.
WITHOUT_WWW = (
    """UPDATE OR IGNORE story_aliases SET value = 'https://' || substr(value, 13)
        WHERE kind = 'url' AND value LIKE 'https://www.%.%'""",
)
