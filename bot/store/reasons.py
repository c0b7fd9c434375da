"""Why a delivery ended, where another step asks for it: these endings can be taken back."""

DELETED = "deleted at its source"
UNFOLLOWED = "the channel was unfollowed"
REMOVED = "the bot was removed from the server"
