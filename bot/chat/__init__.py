"""The Discord edge: the client, the messenger and the views."""
