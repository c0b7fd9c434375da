"""Slash commands: thin, one use case each."""
