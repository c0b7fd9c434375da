"""Where stories come from: one file a kind of source."""
