"""Why a delivery ended, where another step asks for it: these endings can be taken back."""

DELETED = "deleted at its source"
UNPOSTED = "deleted before it was posted"
SHORTER = "the text became shorter"
WITHDRAWN = "it vanished at its source before it was posted"
ORPHAN = "waiting for the comment that it answers"
UNFOLLOWED = "the channel was unfollowed"
REMOVED = "the bot was removed from the server"
