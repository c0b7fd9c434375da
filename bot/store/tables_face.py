"""The tables of what members and admins do with commands: append-only once they are shipped."""

from __future__ import annotations

# Full-text search over stories and comments.
SEARCH: tuple[str, ...] = (
    # The indexes hold no text of their own. Who changes a text takes the old words out first: bot.store.words does so,
    # a statement for many rows, as a trigger for each row takes three times as long.
    "CREATE VIEW story_texts AS SELECT id, title, author, summary, body FROM stories",
    """CREATE VIRTUAL TABLE story_words USING fts5 (title, author, summary, body, content='story_texts',
        content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='1 2 3')""",
    """INSERT INTO story_words (rowid, title, author, summary, body)
        SELECT id, title, author, summary, body FROM story_texts ORDER BY id""",
    # A row's number begins with its story's: what one story holds is one range, and the newest stories come last.
    """CREATE VIEW comment_texts AS SELECT (story_id << 32) | id AS number, author, body FROM comments
        WHERE NOT deleted""",
    """CREATE VIRTUAL TABLE comment_words USING fts5 (author, body, content='comment_texts',
        content_rowid='number', tokenize='unicode61 remove_diacritics 2', prefix='4')""",
    """INSERT INTO comment_words (rowid, author, body)
        SELECT number, author, body FROM comment_texts ORDER BY number""",
    "CREATE INDEX comments_author ON comments (author COLLATE NOCASE, story_id) WHERE NOT deleted",
    "CREATE INDEX comments_deleted ON comments (story_id) WHERE deleted",
)

# What of the wanted topics goes to a channel, and how it looks there.
FILTERS: tuple[str, ...] = (
    # Numbers of sources, each between two commas (",3,,5,"); patterns as JSON lists. None: no such filter.
    "ALTER TABLE subscriptions ADD COLUMN sources TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE subscriptions ADD COLUMN include TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE subscriptions ADD COLUMN exclude TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE subscriptions ADD COLUMN minimum REAL NOT NULL DEFAULT 0",
    "ALTER TABLE subscriptions ADD COLUMN role_id INTEGER",
    "ALTER TABLE subscriptions ADD COLUMN colour INTEGER",
    "ALTER TABLE subscriptions ADD COLUMN template TEXT NOT NULL DEFAULT ''",
    # The number of a source that is gone may be another's one day; 0 is nobody's.
    """CREATE TRIGGER subscriptions_source_gone AFTER DELETE ON sources BEGIN
        UPDATE subscriptions SET sources = replace(sources, ',' || OLD.id || ',', ',0,') WHERE sources <> ''; END""",
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
REPLIES: tuple[str, ...] = (
    "ALTER TABLE comments ADD COLUMN likes INTEGER",
    "ALTER TABLE subscriptions ADD COLUMN replies INTEGER NOT NULL DEFAULT 0",
    # place_id: the channel or thread that it stands in, channel_id: the followed channel that this belongs to.
    # answers: another member's reply; else comment_id, the mirrored comment; else the story itself. deleted = 1: gone,
    # but answered, so that its place is kept without its text and author.
    """CREATE TABLE member_replies (
        message_id INTEGER PRIMARY KEY, guild_id INTEGER NOT NULL, channel_id INTEGER NOT NULL,
        place_id INTEGER NOT NULL, story_id INTEGER NOT NULL REFERENCES stories ON DELETE CASCADE,
        comment_id INTEGER REFERENCES comments ON DELETE SET NULL, answers INTEGER, author_id INTEGER NOT NULL,
        author TEXT NOT NULL, body TEXT NOT NULL, posted_at INTEGER NOT NULL, edited_at INTEGER,
        deleted INTEGER NOT NULL DEFAULT 0) STRICT""",
    "CREATE INDEX member_replies_story ON member_replies (story_id, guild_id)",
    "CREATE INDEX member_replies_author ON member_replies (author_id)",
    "CREATE INDEX member_replies_channel ON member_replies (channel_id)",
    "CREATE INDEX member_replies_place ON member_replies (place_id)",
    "CREATE INDEX member_replies_answers ON member_replies (answers) WHERE answers IS NOT NULL",
    "CREATE INDEX member_replies_comment ON member_replies (comment_id) WHERE comment_id IS NOT NULL",
    "CREATE INDEX member_replies_deleted ON member_replies (message_id) WHERE deleted",
    # What members wrote is kept only as long as an admin wants it there, whatever ended that.
    """CREATE TRIGGER member_replies_unfollowed AFTER DELETE ON subscriptions
        BEGIN DELETE FROM member_replies WHERE channel_id = OLD.channel_id; END""",
    """CREATE TRIGGER member_replies_unwanted AFTER UPDATE OF replies ON subscriptions WHEN NOT NEW.replies
        BEGIN DELETE FROM member_replies WHERE channel_id = OLD.channel_id; END""",
)

# An edit left us and was never answered: it may still arrive, and would undo a later one.
LATE_EDITS: tuple[str, ...] = ("ALTER TABLE deliveries ADD COLUMN editing INTEGER NOT NULL DEFAULT 0",)

# What a server chose for itself as a whole.
SETUP: tuple[str, ...] = (
    "CREATE TABLE guild_settings (guild_id INTEGER PRIMARY KEY, notices_channel_id INTEGER) STRICT",
)
