"""Why a delivery ended, where another step asks for it: these endings can be taken back."""

DELETED = "deleted at its source"
UNPOSTED = "deleted before it was posted"
SHORTER = "the text became shorter"
UNFOLLOWED = "the channel was unfollowed"
REMOVED = "the bot was removed from the server"
