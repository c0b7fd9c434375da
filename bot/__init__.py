"""Rendezvous: space-cooperation stories and their comment threads, mirrored into Discord."""
